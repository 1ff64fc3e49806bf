"""Runs moto's server so that it sends each answer in one piece.

As it comes, it sends the header and then the body. On a busy machine the AWS SDK for Go now and then drops an answer
whose header came alone, and asks again: the lock that DynamoDB has already given is then refused to its own holder.
"""

import socketserver

socketserver.StreamRequestHandler.wbufsize = -1

from moto.server import main  # noqa: E402

main()
