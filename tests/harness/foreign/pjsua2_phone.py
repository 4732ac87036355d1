"""A pjsua2 phone without sound card, told by one JSON object a line on stdin; each is answered by one on stdout.

The first object says who it is: user, port, pilot, silence and record (WAV files), log, rate; with a registrar also aor, registrar,
proxy, password, transport, and ca, the issuer of its certificate, where it is reached by TLS. Then {"do": ...}, see Phone.do. All of pjsua runs on this one thread.
"""

import ctypes
import json
import os
import select
import sys
import time

import pjsua2 as pj


def load_digests():
    """PJSIP asks OpenSSL for MD5 by name. The old one that the package brings knows none until it is told to load them."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "libcrypto" in line}
    for path in paths:
        load = getattr(ctypes.CDLL(path), "OpenSSL_add_all_digests", None)
        if load:
            load()


class Call(pj.Call):
    def __init__(self, phone, call_id=pj.PJSUA_INVALID_ID):
        super().__init__(phone, call_id)
        self.phone = phone
        self.up = False
        self.offered = call_id != pj.PJSUA_INVALID_ID

    def onCallState(self, prm):
        ci = self.getInfo()
        self.up = ci.state == pj.PJSIP_INV_STATE_CONFIRMED
        if ci.state == pj.PJSIP_INV_STATE_DISCONNECTED and self in self.phone.all:
            self.phone.all.remove(self)
            # Python must not free it while pjsua is in its callback.
            self.phone.gone.append(self)

    def onCallMediaState(self, prm):
        # A temporary's .media reads freed memory: ci is kept.
        ci = self.getInfo()
        for index, media in enumerate(ci.media):
            active = media.status in (
                pj.PJSUA_CALL_MEDIA_ACTIVE,
                pj.PJSUA_CALL_MEDIA_REMOTE_HOLD,
            )
            if media.type == pj.PJMEDIA_TYPE_AUDIO and active:
                sound = self.getAudioMedia(index)
                # Who holds us plays music to us, and we speak to nobody.
                if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                    self.phone.pilot.startTransmit(sound)
                sound.startTransmit(self.phone.recorder)

    def onCallTransferRequest(self, prm):
        if self.phone.refuse:
            if self.phone.refuse == 603:
                # A person takes longer than a second; at once it is the "can't" of a PBX. The sound has a thread of its own.
                time.sleep(1.2)
            prm.statusCode = self.phone.refuse
            return
        prm.statusCode = pj.PJSIP_SC_ACCEPTED
        call = Call(self.phone)
        self.phone.all.append(call)
        prm.newCall = call

    def onCallTransferStatus(self, prm):
        # Whom we sent elsewhere is there: the call with us has done its duty.
        if prm.finalNotify and prm.statusCode // 100 == 2:
            self.hangup(pj.CallOpParam())

    def onCallReplaceRequest(self, prm):
        prm.statusCode = pj.PJSIP_SC_OK

    def onCallReplaced(self, prm):
        call = Call(self.phone, prm.newCallId)
        call.offered = False
        call.up = True
        self.phone.all.append(call)
        prm.newCall = call


class Phone(pj.Account):
    def __init__(self, me):
        super().__init__()
        self.me = me
        self.all = []
        self.gone = []
        self.refuse = 0
        self.registered = False
        self.end = pj.Endpoint()
        load_digests()
        self.end.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = 8
        config.medConfig.clockRate = me["rate"]
        config.medConfig.sndClockRate = me["rate"]
        config.medConfig.channelCount = 1
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        config.medConfig.sndAutoCloseTime = -1
        config.logConfig.level = 5
        config.logConfig.consoleLevel = 0
        config.logConfig.filename = me["log"]
        self.end.libInit(config)
        transport = pj.TransportConfig()
        transport.port = me["port"]
        transport.boundAddress = "127.0.0.1"
        self.end.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        self.end.transportCreate(pj.PJSIP_TRANSPORT_TCP, transport)
        if me.get("ca"):
            transport.port = 0
            transport.tlsConfig.CaListFile = me["ca"]
            transport.tlsConfig.verifyServer = True
            self.end.transportCreate(pj.PJSIP_TRANSPORT_TLS, transport)
        for codec in self.end.codecEnum2():
            wanted = codec.codecId.startswith("PCMU")
            self.end.codecSetPriority(codec.codecId, 255 if wanted else 0)
        self.end.libStart()
        self.end.audDevManager().setNullDev()

        self.recorder = pj.AudioMediaRecorder()
        self.recorder.createRecorder(me["record"])
        self.silence = pj.AudioMediaPlayer()
        self.silence.createPlayer(me["silence"])
        self.pilot = pj.AudioMediaPlayer()
        self.pilot.createPlayer(me["pilot"])
        self.silence.startTransmit(self.recorder)
        self.started_us = int(time.time() * 1e6)

        account = pj.AccountConfig()
        account.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
        account.mediaConfig.transportConfig.port = 0
        if me.get("ca"):
            # Keys in SDP (RFC 4568), beside plain RTP unless it is to have none.
            account.mediaConfig.srtpUse = (
                pj.PJMEDIA_SRTP_MANDATORY if me["requires_srtp"] else pj.PJMEDIA_SRTP_OPTIONAL
            )
            account.mediaConfig.srtpSecureSignaling = 0
        account.callConfig.timerUse = pj.PJSUA_SIP_TIMER_INACTIVE
        if "registrar" in me:
            account.idUri = me["aor"]
            account.regConfig.registrarUri = me["registrar"]
            account.regConfig.timeoutSec = 600
            account.sipConfig.proxies.append(me["proxy"])
            account.sipConfig.authCreds.append(
                pj.AuthCredInfo("digest", "*", me["user"], 0, me["password"])
            )
        else:
            account.idUri = "sip:%s@127.0.0.1:%d" % (me["user"], me["port"])
            self.registered = True
        self.create(account)

    def onRegState(self, prm):
        self.registered = prm.code // 100 == 2

    def onIncomingCall(self, prm):
        call = Call(self, prm.callId)
        self.all.append(call)
        ringing = pj.CallOpParam()
        ringing.statusCode = pj.PJSIP_SC_RINGING
        call.answer(ringing)

    def handle(self, ms):
        self.end.libHandleEvents(ms)
        self.gone.clear()

    def last(self, fits):
        for call in reversed(self.all):
            if fits(call):
                return call
        raise ValueError("no such call")

    def do(self, order):
        what = order["do"]
        param = pj.CallOpParam(True)
        if what == "calls":
            states = ["up" if c.up else "offered" if c.offered else "placed" for c in self.all]
            return {"calls": states}
        if what == "call":
            call = Call(self)
            self.all.append(call)
            try:
                call.makeCall(order["to"], param)
            except pj.Error:
                if call in self.all:
                    self.all.remove(call)
                raise
        elif what == "answer":
            param.statusCode = pj.PJSIP_SC_OK
            self.last(lambda c: c.offered and not c.up).answer(param)
        elif what == "hang_up":
            call = self.last(lambda c: True)
            param.statusCode = pj.PJSIP_SC_BUSY_HERE if call.offered and not call.up else 0
            call.hangup(param)
        elif what == "hold":
            self.last(lambda c: c.up).setHold(pj.CallOpParam())
        elif what == "resume":
            param.opt.flag = pj.PJSUA_CALL_UNHOLD
            self.last(lambda c: c.up).reinvite(param)
        elif what == "transfer":
            self.last(lambda c: c.up).xfer(order["to"], pj.CallOpParam())
        elif what == "transfer_attended":
            self.all[0].xferReplaces(self.all[1], pj.CallOpParam())
        elif what == "refuse":
            self.refuse = order["status"]
        else:
            raise ValueError("no such order")
        return {}


# PJLIB writes its first words to stdout, which is for the answers alone: they get a descriptor of their own.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def answer(value):
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def main():
    phone = Phone(json.loads(sys.stdin.readline()))
    end = time.time() + 8
    while not phone.registered:
        phone.handle(10)
        if time.time() > end:
            answer({"error": "is not registered"})
            return
    answer({"started_us": phone.started_us})
    while True:
        phone.handle(10)
        while select.select([sys.stdin], [], [], 0)[0]:
            line = sys.stdin.readline()
            if not line:
                return
            try:
                answer(phone.do(json.loads(line)))
            except pj.Error as error:
                answer({"error": error.info()})
            except (ValueError, IndexError) as error:
                answer({"error": str(error)})


main()
