//! What Prometheus reads: counters of this run of the phone, and what it is like now, in the text format 0.0.4. Names of parties are no
//! part of it.
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use trialog_api::{RegistrationState, Status};
use trialog_call::{CallId, CallRecord};
use trialog_desk::names;
use trialog_engine::Stats;

/// What is counted as it happens.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Calls that go on: whether they came in.
    calls: HashMap<CallId, bool>,
    /// By direction and outcome.
    ended: BTreeMap<(&'static str, &'static str), u64>,
    /// By reason.
    turned_away: BTreeMap<&'static str, u64>,
    /// By the agent, and by the timer.
    wrap_ups: BTreeMap<&'static str, u64>,
    /// By account and state.
    registrations: BTreeMap<(u16, &'static str), u64>,
    records_refused: u64,
}

/// What is only known when it is asked for.
pub(crate) struct Now<'a> {
    pub(crate) status: &'a Status,
    /// In Unix seconds.
    pub(crate) started: f64,
    pub(crate) sound: Stats,
    /// Of the legs that are over, and those that are not.
    pub(crate) rtp: Rtp,
    /// By webhook.
    pub(crate) waiting: Vec<(&'a str, u64)>,
}

/// Packets of legs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rtp {
    pub(crate) received: u64,
    pub(crate) lost: u64,
    pub(crate) late: u64,
    pub(crate) sent: u64,
    pub(crate) concealed_ms: u64,
}

impl Rtp {
    pub(crate) fn add(&mut self, leg: &trialog_engine::LegStats) {
        self.received += leg.received;
        self.lost += leg.lost;
        self.late += leg.late;
        self.sent += leg.sent;
        self.concealed_ms += leg.concealed_ms;
    }
}

impl Metrics {
    pub(crate) fn record(&mut self, record: &CallRecord) {
        match record {
            CallRecord::Began { call, incoming, .. } => {
                self.calls.insert(*call, *incoming);
            }
            CallRecord::Finished { call, outcome, .. } => {
                let direction = match self.calls.remove(call) {
                    Some(false) => "outgoing",
                    Some(true) | None => "incoming",
                };
                let outcome = names::outcome(*outcome).name();
                *self.ended.entry((direction, outcome)).or_default() += 1;
            }
            CallRecord::TurnedAway { how, calls, .. } => {
                let reason = names::away_reason(how.why).name();
                *self.turned_away.entry(reason).or_default() += u64::from(*calls);
            }
            CallRecord::WrapUpSubmitted { timed, .. } => {
                let by = if *timed { "timer" } else { "agent" };
                *self.wrap_ups.entry(by).or_default() += 1;
            }
            _ => {}
        }
    }

    /// An account's registration is in another state.
    pub(crate) fn registration(&mut self, account: u16, state: RegistrationState) {
        let changes = self.registrations.entry((account, state.name()));
        *changes.or_default() += 1;
    }

    /// The disk has refused something.
    pub(crate) fn records_refused(&mut self) {
        self.records_refused += 1;
    }

    /// All of it.
    pub(crate) fn text(&self, now: &Now<'_>) -> String {
        let mut text = Text::default();
        self.phone(&mut text, now);
        self.calls(&mut text, now);
        sound(&mut text, now);
        self.kept(&mut text, now);
        text.0
    }

    fn phone(&self, text: &mut Text, now: &Now<'_>) {
        let version = ("version", now.status.version.as_str());
        text.gauge("build_info", "The program.", [(&[version][..], 1.0)]);
        let started = [(&[][..], now.started)];
        text.gauge(
            "start_time_seconds",
            "When the phone was started, in Unix seconds.",
            started,
        );
        let accounts: Vec<_> = now.status.accounts.iter().collect();
        let ids: Vec<_> = accounts.iter().map(|of| of.id.to_string()).collect();
        let labels: Vec<_> = ids.iter().map(|id| [("account", id.as_str())]).collect();
        let is_up = |state| match state {
            RegistrationState::Registered | RegistrationState::Direct => 1.0,
            _ => 0.0,
        };
        let up = labels.iter().zip(&accounts);
        text.gauge(
            "account_up",
            "1: the account can be called.",
            up.map(|(labels, of)| (&labels[..], is_up(of.state))),
        );
        let changes: Vec<_> = self
            .registrations
            .iter()
            .map(|((account, state), count)| (account.to_string(), *state, *count))
            .collect();
        let labels: Vec<_> = changes
            .iter()
            .map(|(account, state, _)| [("account", account.as_str()), ("state", *state)])
            .collect();
        text.counter(
            "registration_changes_total",
            "How often an account's registration came into this state.",
            labels
                .iter()
                .zip(&changes)
                .map(|(labels, (.., count))| (&labels[..], *count)),
        );
    }

    fn calls(&self, text: &mut Text, now: &Now<'_>) {
        let calls = [(&[][..], now.status.calls.len() as f64)];
        text.gauge("calls", "Calls that there are.", calls);
        let labels: Vec<_> = self
            .ended
            .iter()
            .map(|((direction, outcome), count)| {
                ([("direction", *direction), ("outcome", *outcome)], *count)
            })
            .collect();
        text.counter(
            "calls_ended_total",
            "Calls that are over, by how they ended.",
            labels.iter().map(|(labels, count)| (&labels[..], *count)),
        );
        text.by(
            "calls_turned_away_total",
            "Callers that were refused at once.",
            "reason",
            &self.turned_away,
        );
        text.by(
            "wrap_ups_submitted_total",
            "Wrap-ups that were handed in.",
            "by",
            &self.wrap_ups,
        );
        let due = now.status.wrap_ups.iter().filter(|wrap_up| wrap_up.due);
        let due = [(&[][..], due.count() as f64)];
        text.gauge("wrap_ups_due", "Wrap-ups that are due.", due);
    }

    fn kept(&self, text: &mut Text, now: &Now<'_>) {
        text.one(
            "records_refused_total",
            "How often the disk has refused a record.",
            self.records_refused,
        );
        let failing = now.status.records.failing.is_some();
        let failing = [(&[][..], f64::from(u8::from(failing)))];
        text.gauge(
            "records_failing",
            "1: the disk refuses records now.",
            failing,
        );
        let labels: Vec<_> = now
            .waiting
            .iter()
            .map(|(webhook, depth)| ([("webhook", *webhook)], *depth))
            .collect();
        text.gauge(
            "webhook_waiting",
            "Messages that wait for a webhook.",
            labels
                .iter()
                .map(|(labels, depth)| (&labels[..], *depth as f64)),
        );
    }
}

fn sound(text: &mut Text, now: &Now<'_>) {
    let Rtp {
        received,
        lost,
        late,
        sent,
        concealed_ms,
    } = now.rtp;
    text.one(
        "rtp_packets_received_total",
        "RTP packets that came.",
        received,
    );
    text.one(
        "rtp_packets_sent_total",
        "RTP packets that were sent.",
        sent,
    );
    text.one(
        "rtp_packets_lost_total",
        "RTP packets that never came.",
        lost,
    );
    text.one(
        "rtp_packets_late_total",
        "RTP packets that came when their sound was replaced already.",
        late,
    );
    text.one(
        "concealed_milliseconds_total",
        "Sound that was made up for what was lost.",
        concealed_ms,
    );
    text.one("audio_ticks_total", "Ticks of 10 ms.", now.sound.ticks);
    text.one(
        "audio_ticks_late_total",
        "Ticks that took longer than 10 ms.",
        now.sound.overrun,
    );
    text.one(
        "audio_clock_taken_over_total",
        "How often the timer took over because the sound card did not tick.",
        now.sound.taken_over,
    );
    let longest = [(&[][..], now.sound.longest_tick_us as f64 / 1e6)];
    text.gauge(
        "audio_longest_tick_seconds",
        "The longest time that one tick took.",
        longest,
    );
    let device = [(&[][..], f64::from(u8::from(now.sound.device)))];
    text.gauge(
        "audio_device_drives",
        "1: the sound card drives the ticks.",
        device,
    );
}

type Labels<'a> = &'a [(&'a str, &'a str)];

/// Metrics as text. Each has its help and type before its values; what has no value is left out whole.
#[derive(Default)]
struct Text(String);

impl Text {
    fn gauge<'a>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (Labels<'a>, f64)>,
    ) {
        self.metric(name, "gauge", help, values);
    }

    fn counter<'a>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (Labels<'a>, u64)>,
    ) {
        self.metric(name, "counter", help, values);
    }

    fn one(&mut self, name: &str, help: &str, count: u64) {
        self.counter(name, help, [(&[][..], count)]);
    }

    fn by(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        counts: &BTreeMap<&'static str, u64>,
    ) {
        let labels: Vec<_> = counts
            .iter()
            .map(|(value, count)| ([(label, *value)], *count))
            .collect();
        self.counter(
            name,
            help,
            labels.iter().map(|(labels, count)| (&labels[..], *count)),
        );
    }

    fn metric<'a, V: std::fmt::Display>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        values: impl IntoIterator<Item = (Labels<'a>, V)>,
    ) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return;
        }
        let mut put = |text: std::fmt::Arguments<'_>| {
            self.0.write_fmt(text).expect("a String takes all");
        };
        put(format_args!(
            "# HELP trialog_{name} {help}\n# TYPE trialog_{name} {kind}\n"
        ));
        for (labels, value) in values {
            let labels: Vec<_> = labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            if labels.is_empty() {
                put(format_args!("trialog_{name} {value}\n"));
            } else {
                put(format_args!(
                    "trialog_{name}{{{}}} {value}\n",
                    labels.join(",")
                ));
            }
        }
    }
}

/// A label's value.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
