//! Minimal HTTP client for servers on this machine.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

/// Response of a server.
pub(crate) struct Response {
    /// Status code: `200`, `404` …
    pub(crate) status: u16,
    /// Body as text.
    pub(crate) body: String,
}

/// Sends one request, in HTTP 1.0, so that the response is not chunked and ends with the connection.
#[track_caller]
pub(crate) fn request(
    server: SocketAddr,
    method: &str,
    path: &str,
    header: &[(&str, &str)],
    body: &str,
) -> Response {
    let mut text =
        format!("{method} {path} HTTP/1.0\r\nHost: {server}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in header {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);

    let mut stream = TcpStream::connect(server).unwrap_or_else(|error| panic!("{server}: {error}"));
    stream.write_all(text.as_bytes()).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap_or_else(|error| panic!("{method} {path}: {error}"));

    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{method} {path}: {answer}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Response { status: status.unwrap_or_else(|| panic!("{method} {path}: {head}")), body: body.to_owned() }
}
