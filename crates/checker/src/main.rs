//! `trialog-checker --story NAME [--lossy] DIR`: judges the recordings and traces in a folder, writes `report.json`, `ladder.svg` and
//! `timeline.svg` there, prints the table of claims. Status 0 only if all claims hold, 1 if not, 2 for a wrong command line.
//! `--lossy`: on their way sound was lost and late, and only what can be told then is claimed. `trialog-checker --claims` prints what is claimed for each story.
use std::path::PathBuf;
use std::process::ExitCode;
use trialog_checker::{Course, Evidence, Line, STORIES, Story, judge, ladder, story, timeline};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let mut name = None;
    let mut folder = None;
    let mut line = Line::Good;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--claims" => {
                print!("{}", trialog_checker::claims_as_markdown());
                return ExitCode::SUCCESS;
            }
            "--lossy" => line = Line::Lossy,
            "--story" => name = words.next(),
            _ if word.starts_with('-') => return usage(&format!("unknown option {word}")),
            _ => folder = Some(PathBuf::from(word)),
        }
    }
    let (Some(name), Some(folder)) = (name, folder) else {
        return usage("a story and a folder are needed");
    };
    let Some(story) = story(&name) else {
        let names: Vec<&str> = STORIES.iter().map(|s| s.name).collect();
        return usage(&format!("no story {name}; there are {}", names.join(", ")));
    };
    match check(story, &folder, line) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("trialog-checker: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn check(story: &Story, folder: &std::path::Path, line: Line) -> Result<bool, String> {
    let evidence = Evidence::read(folder).map_err(|e| e.to_string())?;
    let report = judge(story, &evidence, line);
    let course = Course::of(&evidence.wire);
    let files = [
        ("report.json", format!("{:#}\n", report.to_json())),
        ("ladder.svg", ladder(story, &evidence, &course)),
        ("timeline.svg", timeline(story, &evidence, &course)),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    print!("{}", report.table());
    Ok(report.holds())
}

fn usage(fault: &str) -> ExitCode {
    eprintln!(
        "trialog-checker: {fault}\nusage: trialog-checker --story NAME [--lossy] DIR | --claims"
    );
    ExitCode::from(2)
}
