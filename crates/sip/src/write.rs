//! Message to octets. The length is reckoned first, so that there is one allocation.
use crate::header_name::Known;
use crate::{Headers, Request, Response};
use std::io::Write as _;

const VERSION: &str = "SIP/2.0";

pub(crate) fn request(request: &Request) -> Vec<u8> {
    let start = request.method.as_str().len() + request.uri.length_hint() + VERSION.len() + 4;
    let mut out = Vec::with_capacity(start + rest_length(&request.headers, &request.body));
    // Writing to a vector can't fail.
    let _ = write!(out, "{} {} {VERSION}\r\n", request.method, request.uri);
    rest(&mut out, &request.headers, &request.body);
    out
}

pub(crate) fn response(response: &Response) -> Vec<u8> {
    let start = VERSION.len() + response.reason.len() + 7;
    let mut out = Vec::with_capacity(start + rest_length(&response.headers, &response.body));
    let _ = write!(out, "{VERSION} {} ", response.status);
    // The reason phrase is the one text here that does not come through `Headers`.
    out.extend(response.reason.bytes().map(|c| match c {
        b'\r' | b'\n' => b' ',
        _ => c,
    }));
    out.extend_from_slice(b"\r\n");
    rest(&mut out, &response.headers, &response.body);
    out
}

fn rest_length(headers: &Headers, body: &[u8]) -> usize {
    let lines = headers.lines();
    let lines: usize = lines.map(|(_, n, v)| n.len() + v.len() + 4).sum();
    // "Content-Length: " with at most 20 digits, and two line ends.
    lines + 40 + body.len()
}

fn rest(out: &mut Vec<u8>, headers: &Headers, body: &[u8]) {
    for (known, name, value) in headers.lines() {
        if known == Known::ContentLength {
            continue;
        }
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    let _ = write!(out, "Content-Length: {}\r\n\r\n", body.len());
    out.extend_from_slice(body);
}
