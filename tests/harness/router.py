"""The internet between the hosts of a test: one TUN device for each host, and a router that loses and delays packets.

Usage: router.py SEED DEVICE ADDRESS [DEVICE ADDRESS]…   (needs the right to make TUN devices)

It makes the devices, says "ready", and forwards each IPv4 packet to the device of its destination's address. Told by lines on
standard input: "weather NUMBER LOSS LEAST MOST" (of a host's line, both ways: share of packets lost, 0 to 1; delay in
milliseconds, drawn evenly for each packet, so that packets overtake each other) "cut NUMBER" / "mend NUMBER", and "move NUMBER ADDRESS" (a host has another address).
It ends with its standard input.
"""
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
LARGEST = 65536


class Line:
    """One host's line."""

    def __init__(self, name, address):
        self.device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
        self.address = socket.inet_aton(address)
        self.loss, self.least, self.most, self.is_cut = 0.0, 0.0, 0.0, False

    def delay(self, chance):
        """Seconds that a packet takes on this line; nothing: it is lost."""
        if self.is_cut or chance.random() < self.loss:
            return None
        return chance.uniform(self.least, self.most) / 1000


def obey(order, lines, by_address):
    verb, number, *rest = order.split()
    line = lines[int(number)]
    if verb == "move":
        del by_address[line.address]
        line.address = socket.inet_aton(rest[0])
        by_address[line.address] = line
    elif verb == "weather":
        line.loss, line.least, line.most = map(float, rest)
    else:
        line.is_cut = {"cut": True, "mend": False}[verb]


def main():
    chance = random.Random(int(sys.argv[1]))
    lines = [Line(name, address) for name, address in zip(sys.argv[2::2], sys.argv[3::2])]
    by_device = {line.device: line for line in lines}
    by_address = {line.address: line for line in lines}
    under_way, number, orders = [], 0, b""
    print("ready", flush=True)
    while True:
        wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        readable, _, _ = select.select([0, *by_device], [], [], wait)
        for source in readable:
            if source == 0:
                read = os.read(0, LARGEST)
                if not read:
                    return
                *whole, orders = (orders + read).split(b"\n")
                for order in whole:
                    obey(order.decode(), lines, by_address)
                    print("done", flush=True)
                continue
            packet = os.read(source, LARGEST)
            to = by_address.get(packet[16:20])
            if packet[0] >> 4 != 4 or to is None:
                continue
            delays = [by_device[source].delay(chance), to.delay(chance)]
            if None not in delays:
                number += 1
                heapq.heappush(under_way, (time.monotonic() + sum(delays), number, to, packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, to, packet = heapq.heappop(under_way)
            if not to.is_cut:
                try:
                    os.write(to.device, packet)
                except OSError:
                    pass  # The host is not up yet, or gone.


main()
