//! The file of an earlier version of the phone, one JSON object a line, taken over once. Its calls and wrap-ups get numbers that are
//! used once only; before, they began anew with each start.
use crate::clock::Clock;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use trialog_store::{
    Began, CallNumber, Entry, OpenFile, Origin, Party, StoreError, TurnedAway, WrapUpNumber,
};

/// Whether a file is of that kind: it begins with an object.
pub(super) fn is_json_lines(path: &Path) -> bool {
    let mut first = [0];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut first).is_ok() && first == *b"{")
}

/// Takes the file over where it is there and was not taken over before. It stays where it is.
pub(super) fn import(
    file: &mut OpenFile,
    old: &Path,
    phone: &str,
    clock: Clock,
) -> Result<(), StoreError> {
    let name = std::path::absolute(old).unwrap_or_else(|_| old.to_owned());
    let name = name.to_string_lossy();
    if !old.is_file() || file.has_imported(&name)? {
        return Ok(());
    }
    let failed = |error: std::io::Error| StoreError::Open {
        path: old.to_owned(),
        why: error.to_string(),
    };
    let (mut lines, mut unreadable) = (Vec::new(), 0);
    for line in BufReader::new(File::open(old).map_err(failed)?).split(b'\n') {
        match serde_json::from_slice::<Line>(&line.map_err(failed)?) {
            Ok(line) => lines.push(line),
            // A crash may have torn it.
            Err(_) => unreadable += 1,
        }
    }
    let entries = Numbers::default().entries(&lines);
    let (path, entries_read) = (old.display(), entries.len());
    file.import(&name, clock.wall_us(clock.now()), phone, entries)?;
    tracing::info!(%path, entries = entries_read, unreadable, "earlier records were taken over");
    Ok(())
}

/// A line of the old file.
#[derive(Debug, Deserialize)]
struct Line {
    run: u64,
    at_us: i64,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
enum What {
    Began {
        call: u32,
        role: String,
        peer: Peer,
        incoming: bool,
        called: Option<Peer>,
        #[serde(default)]
        diverted_from: Vec<Peer>,
        referred_by: Option<Peer>,
    },
    Connected {
        call: u32,
    },
    Owned {
        call: u32,
        peer: Peer,
    },
    Identified {
        call: u32,
        peer: Peer,
    },
    Finished {
        call: u32,
        outcome: String,
        status: Option<u16>,
    },
    TurnedAway {
        peer: Peer,
        status: u16,
        why: String,
        calls: u32,
    },
    WrapUpOpened {
        wrap_up: u32,
        call: u32,
        due: bool,
    },
    WrapUpDrafted {
        wrap_up: u32,
        reason: String,
    },
    WrapUpSubmitted {
        wrap_up: u32,
        reason: String,
        timed: bool,
    },
}

/// A party; the first versions had its name alone.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Peer {
    Name(String),
    Party(Party),
}

impl Peer {
    fn party(&self) -> Party {
        match self {
            Self::Name(name) => Party {
                name: Some(name.clone()),
                ..Party::default()
            },
            Self::Party(party) => party.clone(),
        }
    }
}

/// New numbers for what each run has numbered from 1 on.
#[derive(Default)]
struct Numbers {
    calls: HashMap<(u64, u32), CallNumber>,
    wrap_ups: HashMap<(u64, u32), WrapUpNumber>,
}

impl Numbers {
    fn entries(mut self, lines: &[Line]) -> Vec<Entry> {
        // What an earlier run than the last has left owed is long forgotten by all.
        let last = lines.last().map(|line| line.run);
        let submitted: HashSet<_> = lines
            .iter()
            .filter_map(|line| match line.what {
                What::WrapUpSubmitted { wrap_up, .. } => Some((line.run, wrap_up)),
                _ => None,
            })
            .collect();
        let is_wanted =
            |run: u64, wrap_up| Some(run) == last || submitted.contains(&(run, wrap_up));
        lines
            .iter()
            .filter(|line| match line.what {
                What::WrapUpOpened { wrap_up, .. } => is_wanted(line.run, wrap_up),
                _ => true,
            })
            .filter_map(|line| self.entry(line))
            .collect()
    }

    /// `None`: it is about a call or a wrap-up whose beginning is not in the file.
    fn entry(&mut self, line: &Line) -> Option<Entry> {
        let (run, at_us) = (line.run, line.at_us);
        let call = |call: &u32| self.calls.get(&(run, *call)).copied();
        let wrap_up = |wrap_up: &u32| self.wrap_ups.get(&(run, *wrap_up)).copied();
        Some(match &line.what {
            What::Began {
                call,
                role,
                peer,
                incoming,
                called,
                diverted_from,
                referred_by,
            } => {
                let number = CallNumber(next(self.calls.len()));
                self.calls.insert((run, *call), number);
                Entry::Began(Box::new(Began {
                    call: number,
                    role: role.clone(),
                    peer: peer.party(),
                    origin: Origin {
                        called: called.as_ref().map(Peer::party),
                        diverted_from: diverted_from.iter().map(Peer::party).collect(),
                        referred_by: referred_by.as_ref().map(Peer::party),
                    },
                    incoming: *incoming,
                    at_us,
                }))
            }
            What::Connected { call: number } => Entry::Connected {
                call: call(number)?,
                at_us,
            },
            What::Owned { call: number, peer } => Entry::Owned {
                call: call(number)?,
                peer: peer.party(),
                at_us,
            },
            What::Identified { call: number, peer } => Entry::Identified {
                call: call(number)?,
                peer: peer.party(),
            },
            What::Finished {
                call: number,
                outcome,
                status,
            } => Entry::Finished {
                call: call(number)?,
                outcome: outcome.clone(),
                status: *status,
                at_us,
            },
            What::TurnedAway {
                peer,
                status,
                why,
                calls,
            } => Entry::TurnedAway(Box::new(TurnedAway {
                peer: peer.party(),
                status: *status,
                why: why.clone(),
                calls: *calls,
                at_us,
            })),
            What::WrapUpOpened {
                wrap_up: id,
                call: number,
                due,
            } => {
                let call = call(number)?;
                let new = WrapUpNumber(next(self.wrap_ups.len()));
                let wrap_up = *self.wrap_ups.entry((run, *id)).or_insert(new);
                Entry::WrapUpOpened {
                    wrap_up,
                    call,
                    due: *due,
                    at_us,
                }
            }
            What::WrapUpDrafted {
                wrap_up: id,
                reason,
            } => Entry::WrapUpDrafted {
                wrap_up: wrap_up(id)?,
                reason: Some(reason.clone()),
                note: None,
            },
            What::WrapUpSubmitted {
                wrap_up: id,
                reason,
                timed,
            } => Entry::WrapUpSubmitted {
                wrap_up: wrap_up(id)?,
                reason: reason.clone(),
                note: None,
                timed: *timed,
                at_us,
            },
        })
    }
}

fn next(so_many: usize) -> u32 {
    u32::try_from(so_many).unwrap_or(u32::MAX).saturating_add(1)
}
