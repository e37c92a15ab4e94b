"""The ways in which the vendor's clients send a file, written anew from a description of their traffic."""

import http.client
import json
import socket
import subprocess
from urllib.parse import quote, urlsplit

import requests

ANDROID_SLICE = 2 * 1024 * 1024
WEB_SLICE = 5 * 1024 * 1024


class Refused(Exception):
    """The upload host answered with another code than 1."""

    def __init__(self, reply):
        super().__init__(f"code {reply.get('code')}: {reply.get('msg')}")
        self.code = reply.get("code")
        self.message = reply.get("msg") or ""


def accepted(reply):
    if reply.get("code") != 1:
        raise Refused(reply)
    return reply


def multipart(url, part, name, data):
    """One post with one file part."""
    answer = requests.post(url, files={part: (name, data, "video/mp4")}, timeout=30)
    answer.raise_for_status()
    return accepted(answer.json())


def curl(*arguments):
    """What curl prints. It fails on a status of 400 or above."""
    command = ["curl", "-sS", "--fail", "--max-time", "30", "--noproxy", "*", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=40).stdout


def curl_form(url, part, path):
    return accepted(json.loads(curl("-F", f"{part}=@{path}", url)))


def content_range(first, length, total):
    """Positions count from one and both ends are included, unlike anywhere else in HTTP."""
    return f"bytes {first + 1}-{first + length}/{total}"


def slice_of(data, offset, size):
    return data[offset:offset + size]


def post_slice(url, piece, span, headers):
    """A raw post whose headers are exactly these, `Host` and `Content-Length` apart."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("POST", f"{parts.path}?{parts.query}", body=piece, headers={**headers, "Content-Range": span})
        answer = connection.getresponse()
        reply = json.loads(answer.read())
        if answer.status != 200:
            raise Refused({"code": None, "msg": f"status {answer.status}"})
        return accepted(reply)
    finally:
        connection.close()


ANDROID_HEADERS = {"Content-Type": "application/octet-stream"}


def web_headers(name):
    return {"Content-Type": "", "X_FILENAME": quote(name, safe="")}


def android(resume, data, stop_after=None):
    """Asks where to go on before every slice, the first one too, and seeks to exactly there. Returns the offsets it sent from."""
    offsets = []
    while stop_after is None or len(offsets) < stop_after:
        ticket = resume()
        offset = int(ticket["upload_size"])
        if offset >= len(data):
            break
        piece = slice_of(data, offset, ANDROID_SLICE)
        post_slice(ticket["upload_url"], piece, content_range(offset, len(piece), len(data)), ANDROID_HEADERS)
        offsets.append(offset)
    return offsets


def web(url, stored, name, data, stop_after=None):
    """Keeps to a grid of slices: what is stored of the last one is sent again. Returns the offsets it sent from."""
    offsets = []
    start = stored // WEB_SLICE * WEB_SLICE
    for offset in range(start, len(data), WEB_SLICE):
        if stop_after is not None and len(offsets) == stop_after:
            break
        piece = slice_of(data, offset, WEB_SLICE)
        post_slice(url, piece, content_range(offset, len(piece), len(data)), web_headers(name))
        offsets.append(offset)
    return offsets


def break_off(url, headers, announced, sent):
    """Announces a body, sends only the beginning of it and closes the connection."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {announced}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall("\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + sent)
