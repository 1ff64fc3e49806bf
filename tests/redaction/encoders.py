"""Writes each text of a JSON list on standard input in the ways in which Python programs write texts."""

import base64
import json
import shlex
import sys
import urllib.parse

QUOTINGS = {
    "repr": repr,
    "ascii": ascii,
    "repr of bytes": lambda text: repr(text.encode()),
    "json.dumps": json.dumps,
    "json.dumps, not ASCII": lambda text: json.dumps(text, ensure_ascii=False),
    "shlex.quote": shlex.quote,
}

ENCODINGS = {
    "json.dumps": json.dumps,
    "json.dumps, not ASCII": lambda text: json.dumps(text, ensure_ascii=False),
    "urllib quote": urllib.parse.quote,
    "urllib quote, nothing safe": lambda text: urllib.parse.quote(text, safe=""),
    "urllib quote_plus": urllib.parse.quote_plus,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 in a URL": lambda text: urllib.parse.quote(base64.b64encode(text.encode()), safe=""),
    "base64 behind a user name": lambda text: base64.b64encode(b"user:" + text.encode() + b"@host").decode(),
    "hex": lambda text: text.encode().hex(),
    "hex in upper case": lambda text: text.encode().hex().upper(),
}

LINES = {
    "base64 in lines of 76": lambda text: base64.encodebytes(text.encode()).decode(),
}

DUMPS = {
    "hex with spaces": lambda text: text.encode().hex(" "),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex in groups of two bytes": lambda text: text.encode().hex(" ", -2),
}

found = []
for text in json.load(sys.stdin):
    spellings = {name: write(text) for name, write in (QUOTINGS | ENCODINGS | LINES | DUMPS).items()}
    for first, quote in QUOTINGS.items():
        for second, encode in ENCODINGS.items():
            spellings[f"{second} of {first}"] = encode(quote(text))
    for first in ["json.dumps", "json.dumps, not ASCII"]:
        for second, wrap in LINES.items():
            spellings[f"{second} of {first}"] = wrap(QUOTINGS[first](text))
    found.append(spellings)
json.dump(found, sys.stdout)
