//! `trialog phone --keep`: a small process that starts the phone, and starts it anew when it dies, so that its calls go on. It opens
//! nothing and knows nothing of calls, so that there is little by which it could die itself.
use crate::os::{Signals, Wish, apart, ask_to_end, ask_to_reload, has_died};
use std::io;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::sleep;

/// The pause before the second start; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Who has lived for so long has not died of its start.
const STEADY: Duration = Duration::from_secs(60);

/// Keeps a phone that is started by the same command line without `--keep`, until that ends in good order or is told to end. Returns
/// its exit status.
pub(crate) fn run() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime.and_then(|runtime| runtime.block_on(keep())) {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("trialog: --keep: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn keep() -> io::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let mut back_off = BackOff::default();
    loop {
        let started = Instant::now();
        let (status, asked) = one_life(&mut signals).await?;
        if asked || !has_died(status) {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(code.map_or(ExitCode::FAILURE, ExitCode::from));
        }
        let pause = back_off.after(started.elapsed());
        tracing::error!(%status, ?pause, "the phone has died, and is started again");
        let end = async { while signals.next().await != Wish::End {} };
        tokio::select! {
            () = sleep(pause) => {}
            () = end => return Ok(ExitCode::FAILURE),
        }
    }
}

/// How the phone has ended, and whether it was told to. Each signal is passed on: the first may wait for a conference.
async fn one_life(signals: &mut Signals) -> io::Result<(ExitStatus, bool)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1).filter(|word| word != "--keep"));
    let mut child = apart(&mut command).spawn()?;
    let id = child.id();
    let (ended, mut end) = oneshot::channel();
    std::thread::spawn(move || ended.send(child.wait()));
    let mut asked = false;
    loop {
        tokio::select! {
            biased;
            status = &mut end => {
                let status = status.map_err(io::Error::other)?;
                return Ok((status?, asked));
            }
            wish = signals.next() => match wish {
                Wish::End => {
                    asked = true;
                    ask_to_end(id);
                }
                Wish::Reload => ask_to_reload(id),
            },
        }
    }
}

/// The pauses between starts.
#[derive(Debug, Default)]
struct BackOff(Duration);

impl BackOff {
    /// The pause after a phone has died that has lived for so long: none at first.
    fn after(&mut self, lived: Duration) -> Duration {
        if lived >= STEADY {
            self.0 = Duration::ZERO;
        }
        let pause = self.0;
        self.0 = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_death_costs_no_time_and_one_after_the_other_costs_more_and_more() {
        let mut back_off = BackOff::default();
        let mut die = |lived| back_off.after(Duration::from_secs(lived)).as_millis();
        assert_eq!([die(3), die(0), die(0)], [0, 100, 200]);
        let last = (0..20).map(|_| die(0)).last();
        assert_eq!(last, Some(10_000));
        assert_eq!([die(61), die(0)], [0, 100]);
    }
}
