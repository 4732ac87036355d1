//! What became of a story: the checker's word, or why there is none.
use crate::Fault;
use std::fmt;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What became of one story.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) story: &'static str,
    pub(crate) folder: PathBuf,
    pub(crate) outcome: Result<Judged, Fault>,
}

/// The checker's word.
#[derive(Debug)]
pub(crate) struct Judged {
    table: String,
    claims: usize,
    held: usize,
    holds: bool,
}

impl Verdict {
    pub(crate) fn holds(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|j| j.holds)
    }
}

/// The checker's program, beside this one.
pub(crate) fn checker() -> Result<PathBuf, Fault> {
    let here = std::env::current_exe()
        .map_err(|e| Fault::File(PathBuf::from("this program"), e.to_string()))?;
    let path = here.with_file_name(format!("trialog-checker{}", std::env::consts::EXE_SUFFIX));
    if path.is_file() {
        Ok(path)
    } else {
        Err(Fault::NoChecker(path))
    }
}

/// Lets the checker judge the folder of a story. `lossy`: the network between the phones was.
pub(crate) fn judge(
    checker: &Path,
    story: &str,
    folder: &Path,
    lossy: bool,
) -> Result<Judged, Fault> {
    let report = folder.join("report.json");
    // An older story's verdict must not pass for this one's.
    let _ = std::fs::remove_file(&report);
    let starting = crate::phones::starting();
    let child = Command::new(checker)
        .args(["--story", story])
        .args(lossy.then_some("--lossy"))
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    drop(starting);
    let output = child
        .and_then(Child::wait_with_output)
        .map_err(|e| Fault::Checker(e.to_string()))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let text = std::fs::read_to_string(&report)
        .map_err(|_| Fault::Checker(said(&output.stderr).trim().to_owned()))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| Fault::Checker(e.to_string()))?;
    let claims = value["claims"].as_array().cloned().unwrap_or_default();
    Ok(Judged {
        table: said(&output.stdout),
        claims: claims.len(),
        held: claims.iter().filter(|c| c["holds"] == true).count(),
        holds: output.status.success() && value["holds"] == true,
    })
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Ok(judged) => {
                writeln!(f, "\n{}", judged.table)?;
                let folder = self.folder.display();
                writeln!(
                    f,
                    "listen   {folder}/customer.wav, agent-1.wav, agent-2.wav"
                )?;
                writeln!(
                    f,
                    "look     {folder}/timeline.svg (who heard whom), ladder.svg (the SIP)"
                )?;
                writeln!(f, "read     {folder}/report.json\n")
            }
            Err(fault) => writeln!(f, "{}: FAILED: {fault}\n", self.story),
        }
    }
}

/// One line a story.
pub(crate) fn summary(verdicts: &[Verdict], codec: &str) -> String {
    let mut text = format!("story              claims   ({codec})\n");
    for v in verdicts {
        let (sign, words) = match &v.outcome {
            Ok(j) => (
                if j.holds { "✔" } else { "✖" },
                format!("{:>2} of {:>2} hold", j.held, j.claims),
            ),
            Err(fault) => ("✖", fault.to_string()),
        };
        let _ = writeln!(text, "{sign} {:<17}{words}", v.story);
    }
    let held = verdicts.iter().filter(|v| v.holds()).count();
    let _ = writeln!(text, "{held} of {} stories hold", verdicts.len());
    text
}
