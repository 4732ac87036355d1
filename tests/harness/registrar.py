"""A registrar that takes every REGISTER, and says which Contacts it was given.

Usage: registrar.py ADDRESS   (UDP, port 5060)

It says "ready", and for each REGISTER one line: "REGISTER" and its Contacts. It ends when it is killed.
"""
import socket
import sys


def main():
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind((sys.argv[1], 5060))
    print("ready", flush=True)
    while True:
        octets, source = wire.recvfrom(65535)
        start, *lines = octets.decode().split("\r\n\r\n")[0].split("\r\n")
        if not start.startswith("REGISTER "):
            continue
        headers = [line.partition(":")[::2] for line in lines]
        contacts = [value.strip() for name, value in headers if name == "Contact"]
        print("REGISTER", ", ".join(contacts), flush=True)
        answer = ["SIP/2.0 200 OK"]
        for name, value in headers:
            if name in ("Via", "From", "Call-ID", "CSeq", "Contact", "Expires"):
                answer.append(f"{name}:{value}")
            elif name == "To":
                answer.append(f"{name}:{value};tag=registrar")
        answer += ["Content-Length: 0", "", ""]
        wire.sendto("\r\n".join(answer).encode(), source)


main()
