//! The table's rows: what each is called, in what unit, what it is to reach, who stands beside it, and which program
//! measures it. The names stay, so that runs of different days can be laid side by side.

/// One row, before it is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row {
    /// Its name; the part before the first dot is its group.
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// Digits behind the point.
    pub(crate) digits: usize,
    /// The value to reach, in `unit`.
    pub(crate) goal: f64,
    pub(crate) better: Better,
    pub(crate) peer: Peer,
    pub(crate) program: Program,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Lower,
    Higher,
}

/// Where the figure beside ours comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Peer {
    /// Runs in the same run, by the same method; the program that measures says its name, version and value.
    Live,
    /// Was measured once; see [`RECORDED`].
    Recorded,
}

/// The program that measures a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// A bench of the package `trialog-benches`.
    Bench(&'static str),
    /// We ourselves, by SIPp: see [`super::calls`].
    Calls,
}

/// A figure of a peer that was measured once, on two shared virtual cores at 2.5 GHz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) row: &'static str,
    /// Name and version.
    pub(crate) peer: &'static str,
    pub(crate) value: f64,
}

const PJMEDIA: &str = "pjmedia 2.17";
const PJSUA: &str = "pjsua 2.17";
/// The crate `webrtc-audio-processing`.
const WEBRTC: &str = "webrtc 2.1";

/// The recorded figures, in the units of their rows.
pub(crate) const RECORDED: &[Figure] = &[
    figure("mixer.3", PJMEDIA, 10.8),
    figure("mixer.4", PJMEDIA, 17.8),
    figure("mixer.16", PJMEDIA, 252.0),
    figure("mixer.64", PJMEDIA, 3852.0),
    figure("mixer.254", PJMEDIA, 62449.0),
    figure("mouth_to_ear.3.opus", PJSUA, 93.0),
    figure("bridge.rtp_to_rtp", PJSUA, 21.3),
    figure("bridge.rtp_to_rtp.p95", PJSUA, 21.8),
    figure("cpu.3.pcmu", PJSUA, 2.5),
    figure("cpu.3.opus", PJSUA, 7.0),
    figure("memory.3", PJSUA, 9.7),
    figure("calls.cpu", PJSUA, 0.9),
    figure("rtp.interval.sd", PJSUA, 0.47),
    figure("voice.echo", WEBRTC, 42.0),
    figure("voice.cost", WEBRTC, 150.0),
];

const fn figure(row: &'static str, peer: &'static str, value: f64) -> Figure {
    Figure { row, peer, value }
}

const ALLOCATIONS: &str = "allocations";

/// All rows, in the table's order.
pub(crate) const ROWS: &[Row] = &[
    row("mixer.3", "µs", 2, 2.0, Peer::Recorded, "mixer"),
    row("mixer.4", "µs", 2, 2.5, Peer::Recorded, "mixer"),
    row("mixer.16", "µs", 2, 10.0, Peer::Recorded, "mixer"),
    row("mixer.64", "µs", 1, 40.0, Peer::Recorded, "mixer"),
    row("mixer.254", "µs", 1, 200.0, Peer::Recorded, "mixer"),
    row("parser.invite", "µs", 2, 1.5, Peer::Live, "parser"),
    row(
        "parser.invite.allocations",
        ALLOCATIONS,
        0,
        4.0,
        Peer::Live,
        "allocations",
    ),
    row("parser.offer", "µs", 0, 600.0, Peer::Live, "parser"),
    row(
        "serialise.invite",
        ALLOCATIONS,
        0,
        1.0,
        Peer::Live,
        "allocations",
    ),
    row(
        "mouth_to_ear.2.pcmu",
        "ms",
        1,
        38.0,
        Peer::Live,
        "mouth_to_ear",
    ),
    row(
        "mouth_to_ear.3.pcmu",
        "ms",
        1,
        53.0,
        Peer::Live,
        "mouth_to_ear",
    ),
    row(
        "mouth_to_ear.3.opus",
        "ms",
        1,
        65.0,
        Peer::Recorded,
        "mouth_to_ear",
    ),
    row("bridge.rtp_to_rtp", "ms", 1, 15.0, Peer::Recorded, "bridge"),
    row(
        "bridge.rtp_to_rtp.p95",
        "ms",
        1,
        23.0,
        Peer::Recorded,
        "bridge",
    ),
    row(
        "cpu.3.pcmu",
        "% of a core",
        2,
        1.2,
        Peer::Recorded,
        "conference",
    ),
    row(
        "cpu.3.opus",
        "% of a core",
        2,
        5.0,
        Peer::Recorded,
        "conference",
    ),
    row(
        "cpu.3.srtp",
        "% of RTP's",
        1,
        110.0,
        Peer::Live,
        "conference",
    ),
    row("memory.3", "MB", 1, 15.0, Peer::Recorded, "conference"),
    Row {
        name: "calls.rate",
        unit: "calls/s",
        digits: 0,
        goal: 1200.0,
        better: Better::Higher,
        peer: Peer::Live,
        program: Program::Calls,
    },
    Row {
        name: "calls.cpu",
        unit: "ms a call",
        digits: 2,
        goal: 0.45,
        better: Better::Lower,
        peer: Peer::Recorded,
        program: Program::Calls,
    },
    Row {
        name: "calls.rate.agent",
        unit: "calls/s",
        digits: 1,
        goal: 40.0,
        better: Better::Higher,
        peer: Peer::Live,
        program: Program::Calls,
    },
    Row {
        name: "calls.cpu.agent",
        unit: "ms a call",
        digits: 2,
        goal: 2.5,
        better: Better::Lower,
        peer: Peer::Live,
        program: Program::Calls,
    },
    row("rtp.interval.sd", "ms", 2, 0.3, Peer::Recorded, "bridge"),
    more("voice.echo", "dB", 40.0, Peer::Recorded, "voice"),
    more("voice.noise", "dB", 15.0, Peer::Live, "voice"),
    row("voice.cost", "µs", 0, 300.0, Peer::Recorded, "voice"),
    heard("audio.pcmu.clean", 4.0),
    heard("audio.pcmu.loss5", 3.35),
    heard("audio.pcmu.stall60", 3.6),
    heard("audio.pcmu.stall120", 3.6),
    heard("audio.pcmu.stall200", 3.0),
    heard("audio.pcmu.jitter60", 3.25),
    row(
        "audio.pcmu.jitter60.delay",
        "ms",
        0,
        70.0,
        Peer::Live,
        "network_to_ear",
    ),
    heard("audio.pcmu.copies10", 4.0),
    heard("audio.g722.loss5", 3.3),
    heard("audio.opus.loss5", 3.9),
    heard("audio.opus24.loss10", 3.5),
];

/// How speech is heard that a network has harmed.
const fn heard(name: &'static str, goal: f64) -> Row {
    Row {
        better: Better::Higher,
        ..row(name, "PESQ", 2, goal, Peer::Live, "network_to_ear")
    }
}

/// A row of which more is better, in whole units.
const fn more(
    name: &'static str,
    unit: &'static str,
    goal: f64,
    peer: Peer,
    bench: &'static str,
) -> Row {
    Row {
        better: Better::Higher,
        ..row(name, unit, 0, goal, peer, bench)
    }
}

const fn row(
    name: &'static str,
    unit: &'static str,
    digits: usize,
    goal: f64,
    peer: Peer,
    bench: &'static str,
) -> Row {
    Row {
        name,
        unit,
        digits,
        goal,
        better: Better::Lower,
        peer,
        program: Program::Bench(bench),
    }
}

impl Row {
    /// The group that it belongs to: the name's first part; writing goes with reading.
    pub(crate) fn group(&self) -> &'static str {
        match self.name.split('.').next().unwrap_or(self.name) {
            "serialise" => "parser",
            first => first,
        }
    }

    /// The peer's recorded figure.
    pub(crate) fn recorded(&self) -> Option<&'static Figure> {
        RECORDED.iter().find(|figure| figure.row == self.name)
    }
}

/// The groups, in the table's order.
pub(crate) fn groups() -> Vec<&'static str> {
    let mut groups: Vec<&str> = Vec::new();
    for row in ROWS {
        if !groups.contains(&row.group()) {
            groups.push(row.group());
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_names_stay() {
        let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        assert_eq!(
            names.join(" "),
            "mixer.3 mixer.4 mixer.16 mixer.64 mixer.254 \
             parser.invite parser.invite.allocations parser.offer serialise.invite \
             mouth_to_ear.2.pcmu mouth_to_ear.3.pcmu mouth_to_ear.3.opus \
             bridge.rtp_to_rtp bridge.rtp_to_rtp.p95 \
             cpu.3.pcmu cpu.3.opus cpu.3.srtp memory.3 calls.rate calls.cpu calls.rate.agent calls.cpu.agent rtp.interval.sd \
             voice.echo voice.noise voice.cost \
             audio.pcmu.clean audio.pcmu.loss5 audio.pcmu.stall60 audio.pcmu.stall120 audio.pcmu.stall200 \
             audio.pcmu.jitter60 audio.pcmu.jitter60.delay audio.pcmu.copies10 audio.g722.loss5 audio.opus.loss5 audio.opus24.loss10"
        );
    }

    #[test]
    fn the_groups_are_the_names_first_parts() {
        assert_eq!(
            groups().join(" "),
            "mixer parser mouth_to_ear bridge cpu memory calls rtp voice audio"
        );
    }

    #[test]
    fn every_recorded_row_has_its_figure_and_no_figure_is_without_a_row() {
        for row in ROWS {
            let figures = RECORDED.iter().filter(|figure| figure.row == row.name);
            let expected = usize::from(row.peer == Peer::Recorded);
            assert_eq!(figures.count(), expected, "{}", row.name);
        }
        for figure in RECORDED {
            assert!(
                ROWS.iter().any(|row| row.name == figure.row),
                "{}",
                figure.row
            );
            assert!(figure.value > 0.0 && figure.peer.contains(' '));
        }
    }
}
