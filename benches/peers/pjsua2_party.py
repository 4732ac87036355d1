"""One party of a call by PJSIP, without a sound device: what it says is samples from a file, what it hears is written to one.

A party waits for a call (and, as a bridge, calls on to another one and joins the two), or calls. Its standard input says
when to end; its standard output says where it listens and, in the end, when its samples were said or heard. The samples go
in and out by ports of PJSIP's conference bridge, as its own WAV player and recorder do. All settings are PJSIP's own,
except: one codec only, no echo canceller, and sound is sent while nobody speaks, too.
"""
import argparse
import os
import select
import sys
import time

import pjsua2 as pj

RATE = 16000
PTIME = 0.020


class End(pj.AudioMediaPort):
    """Mouth and ear: says its samples again and again, keeps what it hears, and notes the time of each frame."""

    def __init__(self, samples):
        super().__init__()
        self.samples = samples
        self.at = 0
        self.said = []
        self.heard = []
        self.kept = bytearray()
        shape = pj.MediaFormatAudio()
        shape.type = pj.PJMEDIA_TYPE_AUDIO
        shape.clockRate = RATE
        shape.channelCount = 1
        shape.bitsPerSample = 16
        shape.frameTimeUsec = int(PTIME * 1e6)
        self.createPort("end", shape)

    def onFrameRequested(self, frame):
        self.said.append(time.time())
        octets = bytearray()
        while len(octets) < frame.size:
            piece = self.samples[self.at : self.at + frame.size - len(octets)]
            octets += piece
            self.at = (self.at + len(piece)) % len(self.samples)
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.buf = pj.ByteVector(bytes(octets))

    def onFrameReceived(self, frame):
        self.heard.append(time.time())
        octets = bytes(frame.buf)
        # Frames without sound are silence, so that all that follows stays in its place.
        self.kept += octets.ljust(int(RATE * PTIME) * 2, b"\0")


class Call(pj.Call):
    """A call whose sound, once it is there, is joined by its party."""

    def __init__(self, party, number=pj.PJSUA_INVALID_ID):
        super().__init__(party, number)
        self.party = party
        self.sound = None

    def onCallMediaState(self, _):
        # Kept in a variable: the list belongs to it.
        info = self.getInfo()
        for index, media in enumerate(info.media):
            active = media.status == pj.PJSUA_CALL_MEDIA_ACTIVE
            if media.type == pj.PJMEDIA_TYPE_AUDIO and active and self.sound is None:
                self.sound = self.getAudioMedia(index)
                self.party.join()
                print("joined", flush=True)


class Party(pj.Account):
    def __init__(self, end, onward):
        super().__init__()
        self.end = end
        self.onward = onward
        self.calls = []

    def onIncomingCall(self, prm):
        call = Call(self, prm.callId)
        self.calls.append(call)
        answer = pj.CallOpParam()
        answer.statusCode = 200
        call.answer(answer)
        if self.onward:
            self.call(self.onward)

    def call(self, uri):
        call = Call(self)
        self.calls.append(call)
        call.makeCall(uri, pj.CallOpParam(True))

    def join(self):
        """Everybody who is there hears everybody else."""
        there = [call.sound for call in self.calls if call.sound] + [self.end]
        for one in there:
            for other in there:
                if one is not other:
                    one.startTransmit(other)


def origin(times):
    """Unix time of the first sample, by the middle of all frames: a clock's tick may come late, but not always."""
    firsts = sorted(t - n * PTIME for n, t in enumerate(times))
    return firsts[len(firsts) // 2]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--say", required=True)
    arguments.add_argument("--keep-said", required=True)
    arguments.add_argument("--keep-heard", required=True)
    arguments.add_argument("--call")
    arguments.add_argument("--onward")
    arguments.add_argument("--codec", default="PCMU")
    wish = arguments.parse_args()

    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 1
    config.uaConfig.threadCnt = 0
    config.medConfig.ecTailLen = 0
    config.medConfig.noVad = True
    endpoint.libInit(config)
    transport = pj.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    number = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    address = endpoint.transportGetInfo(number).localName
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith(f"{wish.codec}/") else 0)

    with open(wish.say, "rb") as file:
        end = End(file.read())
    party = Party(end, wish.onward)
    account = pj.AccountConfig()
    account.idUri = f"sip:party@{address}"
    account.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    party.create(account)
    print(f"version {endpoint.libVersion().full}")
    print(f"listens sip:party@{address}", flush=True)
    if wish.call:
        party.call(wish.call)
    while not select.select([sys.stdin], [], [], 0)[0]:
        endpoint.libHandleEvents(10)
    said, heard = end.said[:], end.heard[:]
    with open(wish.keep_heard, "wb") as file:
        # A copy: the bridge goes on.
        file.write(bytes(end.kept))
    with open(wish.keep_said, "wb") as file:
        size = int(RATE * PTIME) * 2
        whole = end.samples * (len(said) * size // len(end.samples) + 1)
        file.write(whole[: len(said) * size])
    if said:
        print(f"said {origin(said) * 1000:.3f}")
    if heard:
        print(f"heard {origin(heard) * 1000:.3f}")
    sys.stdout.flush()
    # The library takes seconds to end in order, and nobody is left to hear of it.
    os._exit(0)


main()
