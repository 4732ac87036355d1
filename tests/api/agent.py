#!/usr/bin/env python3
"""An agent that is a script: answers the next call, consults a colleague, joins all three, and hands its wrap-up in.

    agent.py API.JSON COLLEAGUE REASON

API.JSON is the file that the running phone has written ($XDG_RUNTIME_DIR/trialog/NAME/api.json). It never asks the phone how it
stands: the events say so. GET /api/openapi.json describes all of it. Only Python's standard library is needed; with the package
`websockets` the class Events shrinks to a few lines.
"""
import base64
import http.client
import json
import os
import socket
import sys
from urllib.parse import urlsplit


class Phone:
    def __init__(self, file):
        with open(file, encoding="utf-8") as text:
            api = json.load(text)
        self.address = urlsplit(api["url"]).netloc
        self.token = api["token"]

    def post(self, path, **members):
        """Asks for something; a refusal says why and how to put it right."""
        connection = http.client.HTTPConnection(self.address, timeout=10)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(members), headers)
        answer = connection.getresponse()
        body = json.load(answer)
        if answer.status >= 400:
            raise SystemExit(f"{path}: {body['reason']} {body['hint']}")
        return body


class Events:
    """The events, one dictionary after the other: as much of RFC 6455 as a client needs that only reads."""

    def __init__(self, phone):
        host, port = phone.address.rsplit(":", 1)
        self.stream = socket.create_connection((host, int(port)), timeout=60)
        self.file = self.stream.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.stream.sendall(
            f"GET /api/events HTTP/1.1\r\nHost: {phone.address}\r\nAuthorization: Bearer {phone.token}\r\n"
            f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        status = self.file.readline().decode()
        if " 101 " not in status:
            raise SystemExit(f"no WebSocket: {status}")
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def __iter__(self):
        while True:
            kind, payload = self.frame()
            if kind == 1:
                yield json.loads(payload)
            elif kind == 9:
                self.pong(payload)
            elif kind == 8:
                return

    def frame(self):
        first, length = self.file.read(2)
        if length == 126:
            length = int.from_bytes(self.file.read(2), "big")
        elif length == 127:
            length = int.from_bytes(self.file.read(8), "big")
        return first & 15, self.file.read(length)

    def pong(self, payload):
        # What a client sends is masked (RFC 6455 §5.3); a mask of zeros leaves it as it is.
        self.stream.sendall(bytes([0x8A, 0x80 | len(payload)]) + bytes(4) + payload)


def main(file, colleague, reason):
    phone = Phone(file)
    for event in Events(phone):
        kind, view = event["event"], event.get("view", {})
        if kind == "status":
            print("ready", flush=True)
        elif kind == "call-offered":
            print(f"{event['peer']['name']} calls", flush=True)
            phone.post(f"/api/calls/{event['call']}/answer")
        elif kind == "call-answered":
            phone.post(f"/api/calls/{event['call']}/consult", to=colleague)
        elif kind == "call-changed" and "stage" in event["changed"]:
            print(f"call {event['call']}: {view['stage_text']}", flush=True)
            if view["stage"] == "consulting":
                phone.post(f"/api/calls/{event['call']}/conference")
            elif view["stage"] == "conference":
                print("all three hear each other", flush=True)
            elif view["stage"] == "post-call":
                phone.post(f"/api/calls/{event['call']}/end")
        elif kind == "wrap-up-due":
            phone.post(f"/api/wrap-ups/{event['wrap_up']}/submit", reason=reason)
        elif kind == "wrap-up-submitted":
            print(f"wrap-up {event['wrap_up']} is handed in: {event['reason']}", flush=True)
            return
        elif kind == "notice":
            print(f"! {event['notice']['text']}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
