//! As much of SVG as the pictures need, and the colours that both share.
use crate::{Party, Phase};
use std::fmt::{Display, Write};

/// A picture while it is being drawn.
pub(super) struct Svg {
    body: String,
}

/// How a text stands to its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(super) fn new() -> Self {
        Self {
            body: String::new(),
        }
    }

    /// Anything, as it is.
    pub(super) fn raw(&mut self, text: impl Display) {
        let _ = writeln!(self.body, "{text}");
    }

    pub(super) fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, fill: &str, more: &str) {
        self.raw(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{:.1}" height="{h:.1}" fill="{fill}" {more}/>"#,
            w.max(0.0)
        ));
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, more: &str) {
        self.raw(format_args!(
            r#"<line x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="{stroke}" {more}/>"#,
            from.0, from.1, to.0, to.1
        ));
    }

    pub(super) fn text(&mut self, x: f64, y: f64, anchor: Anchor, more: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.raw(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" {more}>{}</text>"#,
            escape(text)
        ));
    }

    /// What was drawn, to be put into another picture.
    pub(super) fn finish_body(self) -> String {
        self.body
    }

    pub(super) fn finish(self, width: f64, height: f64, title: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             font-family=\"system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif\" font-size=\"13\">\n<title>{}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}</svg>\n",
            escape(title),
            self.body
        )
    }
}

/// Text as it may stand in XML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A party's colour, and a light one of the same hue.
pub(super) fn colours(party: Party) -> (&'static str, &'static str) {
    match party {
        Party::Customer => ("#1d5fc4", "#d3e3fb"),
        Party::Agent1 => ("#0b7a55", "#cdeee0"),
        Party::Agent2 => ("#b35309", "#fbe3c8"),
    }
}

pub(super) const MUSIC: (&str, &str) = ("#7a3fb0", "#ead9f7");
pub(super) const INK: &str = "#1f2933";
pub(super) const GREY: &str = "#7b8794";
pub(super) const PALE: &str = "#e4e7eb";

/// The background of a phase.
pub(super) fn shade(phase: Phase) -> &'static str {
    match phase {
        Phase::Hold | Phase::Consult | Phase::ConsultAgain | Phase::Swapped => "#f4edfb",
        Phase::Conference | Phase::ConferenceAfter | Phase::TakenUp => "#e8f6ee",
        Phase::Transferred | Phase::Anchored => "#fdf1e1",
        Phase::TwoParty | Phase::AfterExit | Phase::Back => "#ebf2fd",
        Phase::PostCall => "#eef0f2",
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
