//! Damage: of octets anywhere, and of sequences of records.

/// Ends a record (ASCII's record separator).
pub(crate) const END: u8 = 0x1e;

/// A repeatable chance (xorshift64*).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// From any seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(drawn).unwrap_or(0) % bound.max(1)
    }
}

/// What breaks parsers of text, and what makes SIP mean something else.
const PIECES: &[&str] = &[
    "\r\n",
    "\r\n ",
    "\r\n\r\n",
    ",",
    ";",
    "\"",
    "\\",
    "<",
    ">",
    "@",
    ":",
    "[",
    "]",
    "=",
    "?",
    "%00",
    "%zz",
    "\0",
    "\u{fc}",
    " ",
    "-1",
    "0",
    "4294967296",
    "99999999999999999999",
    "Content-Length: 5\r\n",
    "l:7\r\n",
    "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx\r\n",
    "Require: 100rel\r\n",
    "Expires: 0\r\n",
    "Contact: *\r\n",
    "Contact: <sip:x@10.0.0.9>\r\n",
    "Record-Route: <sip:10.0.0.7;lr>\r\n",
    "Max-Forwards: 0\r\n",
    ";tag=",
    "{tag}",
    "{id}",
    "{via}",
    "{from}",
    "{to}",
    "{cseq}",
    "sendonly",
    "inactive",
    "a=inactive\r\n",
    "m=audio 0 RTP/AVP 0\r\n",
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "UPDATE",
    "INFO",
    "REFER",
    "NOTIFY",
    "SUBSCRIBE",
    "PRACK",
    "OPTIONS",
    "MESSAGE",
    "100",
    "180",
    "183",
    "200",
    "202",
    "302",
    "401",
    "407",
    "422",
    "481",
    "487",
    "491",
    "500",
    "503",
    "603",
];

/// Damages octets in one to four places.
pub fn mutate(octets: &mut Vec<u8>, chance: &mut Chance) {
    for _ in 0..=chance.below(4) {
        let at = chance.below(octets.len() + 1);
        let upto = (at + chance.below(20)).min(octets.len());
        let piece = PIECES[chance.below(PIECES.len())].bytes();
        match chance.below(7) {
            0 => drop(octets.drain(at..upto)),
            1 => drop(octets.splice(at..at, piece)),
            2 => drop(octets.splice(at..upto, piece)),
            3 if at < octets.len() => octets[at] = chance.below(256) as u8,
            4 if at < octets.len() => octets[at] ^= 1 << chance.below(8),
            5 => {
                let copy = octets[at..upto].to_vec();
                let to = chance.below(octets.len() + 1);
                drop(octets.splice(to..to, copy));
            }
            _ => octets.truncate(octets.len().saturating_sub(chance.below(4))),
        }
    }
}

/// Damages a sequence of records: drops, doubles or moves some, takes some from `others`, waits between, or damages one inside.
pub fn mutate_records(octets: &mut Vec<u8>, others: &[u8], chance: &mut Chance) {
    let cut = |octets: &[u8]| {
        let records = octets.split(|octet| *octet == END);
        records.map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let mut records = cut(octets);
    let others = cut(others);
    for _ in 0..=chance.below(3) {
        let at = chance.below(records.len());
        let to = chance.below(records.len() + 1);
        match chance.below(8) {
            0 if records.len() > 1 => drop(records.remove(at)),
            1 => records.insert(to, records[at].clone()),
            2 => {
                let moved = records.remove(at);
                records.insert(to.min(records.len()), moved);
            }
            3 | 4 => records.insert(to, others[chance.below(others.len())].clone()),
            5 => {
                const PAUSES: [&str; 6] = ["w10", "w250", "w500", "w4000", "w32000", "w100000"];
                let pause = PAUSES[chance.below(PAUSES.len())];
                records.insert(to, pause.as_bytes().to_vec());
            }
            _ => mutate(&mut records[at], chance),
        }
    }
    *octets = records.join(&END);
}
