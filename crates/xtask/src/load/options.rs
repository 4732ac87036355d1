//! The command's arguments.
use super::{Options, Phone, Sound};
use lexopt::prelude::*;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub(super) const HELP: &str = "\
cargo xtask load [OPTIONS]

Calls one headless phone by SIPp on the loopback interface, and says what it cost.

  --rate N       calls a second that are begun (50)
  --for S        for so many seconds (10)
  --hold S       from the ACK to the BYE (0.1)
  --calls N      so many calls in all, instead of --for
  --audio WHAT   what a caller hears: none (silence, sent as RTP) or echo (himself) (none)
  --max-calls N  most calls at once; the phone answers 486 beyond (10000)
  --search       looks for the highest rate without a failure or a retransmission; for 2 s each
  --phone WHAT   trialog or baresip (trialog)
  --no-capture   don't look at the wire: that costs computing time, but gives INVITE→200 and counts RTP
  --csv FILE     writes the figures there as well, one line a run

Exit status: 0 no call failed and nothing was left behind; 1 a call failed, or the phone kept
something; 2 it could not be tried.
";

/// The command line as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) rate: u32,
    pub(super) seconds: f64,
    pub(super) hold: Duration,
    pub(super) calls: Option<u64>,
    pub(super) sound: Sound,
    pub(super) max_calls: u32,
    pub(super) search: bool,
    pub(super) baresip: bool,
    pub(super) capture: bool,
    pub(super) csv: Option<PathBuf>,
}

impl Asked {
    /// Reads the arguments; `None`: help is asked for. The error says what was expected.
    pub(super) fn read(arguments: &[String]) -> Result<Option<Self>, lexopt::Error> {
        let mut asked = Self {
            rate: 50,
            seconds: 10.0,
            hold: Duration::from_millis(100),
            calls: None,
            sound: Sound::None,
            max_calls: 10_000,
            search: false,
            baresip: false,
            capture: true,
            csv: None,
        };
        let mut words = lexopt::Parser::from_args(arguments);
        while let Some(word) = words.next()? {
            match word {
                Long("help") | Short('h') => return Ok(None),
                Long("search") => asked.search = true,
                Long("no-capture") => asked.capture = false,
                Long("rate") => asked.rate = number("--rate", &mut words, 1..=10_000)?,
                Long("calls") => asked.calls = Some(number("--calls", &mut words, 1..=10_000_000)?),
                Long("max-calls") => {
                    asked.max_calls = number("--max-calls", &mut words, 1..=100_000)?
                }
                Long("for") => asked.seconds = number("--for", &mut words, 0.1..=86_400.0)?,
                Long("hold") => {
                    asked.hold =
                        Duration::from_secs_f64(number("--hold", &mut words, 0.0..=3600.0)?);
                }
                Long("audio") => {
                    let sounds = [("none", Sound::None), ("echo", Sound::Echo)];
                    asked.sound = choice("--audio", &mut words, sounds)?;
                }
                Long("phone") => {
                    asked.baresip = choice(
                        "--phone",
                        &mut words,
                        [("trialog", false), ("baresip", true)],
                    )?;
                }
                Long("csv") => asked.csv = Some(words.value()?.into()),
                _ => return Err(word.unexpected()),
            }
        }
        Ok(Some(asked))
    }

    /// One run of it.
    pub(super) fn options(&self, phone: Phone) -> Options {
        let calls = (f64::from(self.rate) * self.seconds).ceil() as u64;
        Options {
            phone,
            rate: self.rate,
            calls: self.calls.unwrap_or(calls).max(1),
            hold: self.hold,
            max_calls: self.max_calls,
            capture: self.capture,
        }
    }
}

/// The value of the option `key`, which must be in this range.
fn number<T>(
    key: &str,
    words: &mut lexopt::Parser,
    range: RangeInclusive<T>,
) -> Result<T, lexopt::Error>
where
    T: FromStr + PartialOrd + Display,
{
    let word = words.value()?.string()?;
    let number = word.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        format!("{key}: expected a number from {least} to {most}, found {word}").into()
    })
}

/// The value of the option `key`, which must be one of these words.
fn choice<T: Copy>(
    key: &str,
    words: &mut lexopt::Parser,
    choices: [(&str, T); 2],
) -> Result<T, lexopt::Error> {
    let word = words.value()?.string()?;
    let chosen = choices.iter().find(|(name, _)| *name == word);
    chosen.map(|(_, value)| *value).ok_or_else(|| {
        let [(one, _), (other, _)] = choices;
        format!("{key}: expected {one} or {other}, found {word}").into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Asked, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let asked = Asked::read(&words).map_err(|error| error.to_string())?;
        asked.ok_or_else(|| "help".to_owned())
    }

    #[test]
    fn the_number_of_calls_follows_from_rate_and_time_or_is_named() {
        let options = |line| read(line).unwrap().options(Phone::Baresip);
        assert_eq!(options("").calls, 500);
        assert_eq!(options("--rate 3 --for 0.5").calls, 2);
        assert_eq!(options("--rate=200 --calls 7").calls, 7);
        assert_eq!(options("--hold 1.5").hold, Duration::from_millis(1500));
        assert_eq!(read("--rate 3 -h"), Err("help".to_owned()));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_was_expected() {
        for (line, said) in [
            (
                "--rate 0",
                "--rate: expected a number from 1 to 10000, found 0",
            ),
            ("--rate", "missing argument for option '--rate'"),
            (
                "--hold x",
                "--hold: expected a number from 0 to 3600, found x",
            ),
            ("--audio loud", "--audio: expected none or echo, found loud"),
            ("--csv", "missing argument for option '--csv'"),
            ("--fast", "invalid option '--fast'"),
        ] {
            assert_eq!(read(line), Err(said.to_owned()));
        }
    }
}
