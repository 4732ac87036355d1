//! The command's arguments.
use super::{Options, Phone, Sound};
use std::path::PathBuf;
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

/// What was asked for.
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
    /// Reads the arguments; else what is wrong with them.
    pub(super) fn read(arguments: &[String]) -> Result<Self, String> {
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
        let mut words = arguments.iter().map(String::as_str);
        while let Some(key) = words.next() {
            match key {
                "--search" => asked.search = true,
                "--no-capture" => asked.capture = false,
                "--rate" => asked.rate = number(key, words.next(), 1, 10_000)?,
                "--calls" => asked.calls = Some(number(key, words.next(), 1, 10_000_000)?),
                "--max-calls" => asked.max_calls = number(key, words.next(), 1, 100_000)?,
                "--for" => asked.seconds = seconds(key, words.next(), 0.1, 86_400.0)?,
                "--hold" => {
                    let hold = seconds(key, words.next(), 0.0, 3600.0)?;
                    asked.hold = Duration::from_secs_f64(hold);
                }
                "--audio" => {
                    asked.sound =
                        choice(key, words.next(), "none", "echo", Sound::None, Sound::Echo)?;
                }
                "--phone" => {
                    asked.baresip = choice(key, words.next(), "trialog", "baresip", false, true)?;
                }
                "--csv" => {
                    let file = words
                        .next()
                        .ok_or("--csv: expected a file, found nothing")?;
                    asked.csv = Some(file.into());
                }
                _ => return Err(format!("there is no option `{key}`")),
            }
        }
        Ok(asked)
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

fn number<T>(key: &str, word: Option<&str>, least: T, most: T) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    let found = word.unwrap_or("nothing");
    match found.parse::<T>() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => Err(format!(
            "{key}: expected a number from {least} to {most}, found {found}"
        )),
    }
}

fn seconds(key: &str, word: Option<&str>, least: f64, most: f64) -> Result<f64, String> {
    number(key, word, least, most).map_err(|why| why.replace("a number", "seconds"))
}

fn choice<T>(
    key: &str,
    word: Option<&str>,
    one: &str,
    other: &str,
    if_one: T,
    if_other: T,
) -> Result<T, String> {
    match word {
        Some(word) if word == one => Ok(if_one),
        Some(word) if word == other => Ok(if_other),
        _ => Err(format!(
            "{key}: expected {one} or {other}, found {}",
            word.unwrap_or("nothing")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Asked, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Asked::read(&words)
    }

    #[test]
    fn the_number_of_calls_follows_from_rate_and_time_or_is_named() {
        let options = |line| read(line).unwrap().options(Phone::Baresip);
        assert_eq!(options("").calls, 500);
        assert_eq!(options("--rate 3 --for 0.5").calls, 2);
        assert_eq!(options("--rate 200 --calls 7").calls, 7);
        assert_eq!(options("--hold 1.5").hold, Duration::from_millis(1500));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_was_expected() {
        for (line, said) in [
            (
                "--rate 0",
                "--rate: expected a number from 1 to 10000, found 0",
            ),
            (
                "--rate",
                "--rate: expected a number from 1 to 10000, found nothing",
            ),
            (
                "--hold x",
                "--hold: expected seconds from 0 to 3600, found x",
            ),
            ("--audio loud", "--audio: expected none or echo, found loud"),
            ("--csv", "--csv: expected a file, found nothing"),
            ("--fast", "there is no option `--fast`"),
        ] {
            assert_eq!(read(line), Err(said.to_owned()));
        }
    }
}
