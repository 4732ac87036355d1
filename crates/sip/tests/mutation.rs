//! A bounded fuzzing that everybody runs: many messages, mutated by a fixed seed, through the same entry as the
//! targets of `tests/fuzz`. A panic or a broken promise prints the octets that made it.
mod common {
    pub(crate) mod exercise;
}
use common::exercise::exercise;
use std::panic::{AssertUnwindSafe, catch_unwind};

const SEEDS: &[&str] = &[
    "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\nTO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\nfrom   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\nMaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\nContent-Length   : 3\r\ncseq: 0009\r\n  INVITE\r\nVia  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\nv:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\nm:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\nabc",
    "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];rport=5061;branch=z9hG4bKas3-111\r\nFrom: <sip:a@[::1];transport=tcp>;tag=1\r\nTo: \"B, C\" <sips:b:pw@c.example:5061;lr?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2&x=y>;tag=2\r\nCall-ID: 1@2\r\nCSeq: 1 REGISTER\r\nWWW-Authenticate: Digest realm=\"a \\\"b\\\"\", nonce=\"n,1\", algorithm=SHA-256, qop=\"auth,auth-int\", stale=true, opaque=\"\"\r\nContent-Length: 0\r\n\r\n",
    "REFER sip:b@c SIP/2.0\r\nv: SIP/2.0/TCP h;branch=z9hG4bK1\r\nf: <sip:a@b>;tag=1\r\nt: <sip:c@d>;tag=2\r\ni: x\r\nCSeq: 4 REFER\r\nr: <sip:g@h?Replaces=12%40x%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\nb: \"R\" <sip:r@s>\r\nReplaces: 98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff;early-only\r\nTarget-Dialog: fa77;local-tag=kkaz-;remote-tag=6544\r\nk: replaces, timer\r\nx: 1800;refresher=uac\r\no: refer;id=7\r\nSubscription-State: terminated;reason=noresource\r\nReason: SIP;cause=200;text=\"done; really\"\r\nRAck: 1 2 INVITE\r\nRetry-After: 5 (soon);duration=3\r\nc: multipart/mixed;boundary=\"a b\"\r\nl: 26\r\n\r\n--a b\r\n\r\nhallo\r\n--a b--\r\n\r\n",
    "tel:+49-30-123;phone-context=x",
    "\"A \\\" <b>\" <sip:%41:b@c:5;d=\"e\"?f=%20>;g;h=\"i;j\"",
    "SIP/2.0/UDP h:1;branch=z9hG4bK1;rport",
    "Digest username=\"a\", realm=\"b\", nonce=\"c\", uri=\"d\", response=\"e\", nc=0000000a, qop=auth, cnonce=\"f\", userhash=true",
    "SIP/2.0 200 OK\r\n",
    "\r\n\r\n\r\nOPTIONS sip:a SIP/2.0\nl: 0\n\n\r\n\r\n",
];

const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\r\n ",
    "\r\n\r\n",
    ",",
    ";",
    ";;",
    ";,",
    "\"",
    "\\",
    "\\\"",
    "<",
    ">",
    "<>",
    "@",
    ":",
    "::",
    "[",
    "]",
    "=",
    "?",
    "&",
    "%",
    "%00",
    "%zz",
    "%41",
    "\0",
    "\u{7f}",
    "\u{fc}",
    "\u{5927}",
    " ",
    "\t",
    "/",
    "*",
    "-1",
    "0",
    "99999999999999999999",
    "4294967296",
    "2147483648",
    "Content-Length: 5\r\n",
    "l:7\r\n",
    "Via: SIP/2.0/UDP a, SIP/2.0/UDP b\r\n",
    "v: \r\n",
    "SIP/2.0",
    "sip:",
    "sips:",
    "tel:",
    "tag=",
    ";tag=1;tag=2",
    "Digest ",
    "boundary=",
    "z9hG4bK",
    "\r\n--a b\r\n",
    "--a b--",
    "(",
    ")",
    "((((((((",
    "ACK ",
    "INVITE ",
];

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

fn mutate(random: &mut Random, octets: &mut Vec<u8>) {
    let at = random.below(octets.len() + 1);
    let upto = (at + random.below(16)).min(octets.len());
    match random.below(7) {
        0 => drop(octets.drain(at..upto)),
        1 => {
            let piece = PIECES[random.below(PIECES.len())];
            octets.splice(at..at, piece.bytes()).for_each(drop);
        }
        2 => {
            let piece = PIECES[random.below(PIECES.len())];
            octets.splice(at..upto, piece.bytes()).for_each(drop);
        }
        3 if at < octets.len() => octets[at] = random.next() as u8,
        4 if at < octets.len() => octets[at] ^= 1 << random.below(8),
        5 => {
            let copy = octets[at..upto].to_vec();
            let to = random.below(octets.len() + 1);
            octets.splice(to..to, copy).for_each(drop);
        }
        _ => octets.truncate(octets.len().saturating_sub(random.below(4))),
    }
}

#[test]
fn no_mutated_message_breaks_anything() {
    let mut random = Random(0x7a1a_0106_5eed_0001);
    for round in 0..200_000 {
        let mut octets = SEEDS[random.below(SEEDS.len())].as_bytes().to_vec();
        if random.below(8) == 0 {
            octets.extend(SEEDS[random.below(SEEDS.len())].bytes());
        }
        for _ in 0..=random.below(6) {
            mutate(&mut random, &mut octets);
        }
        if catch_unwind(AssertUnwindSafe(|| exercise(&octets))).is_err() {
            panic!("round {round}: {:?}", String::from_utf8_lossy(&octets));
        }
    }
}
