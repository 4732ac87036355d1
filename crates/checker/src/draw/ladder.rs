//! The ladder: each SIP message among the three as an arrow, in the order in which it was sent.
use super::svg::{Anchor, GREY, INK, Svg, capital, colours, escape, shade};
use crate::judge::name;
use crate::wire::{Line, Seen, key_facts};
use crate::{Course, Evidence, Party, Story};

const WIDTH: f64 = 1_060.0;
const TOP: f64 = 104.0;
const ROW: f64 = 29.0;
const BAND: f64 = 34.0;
const LIFELINE: [f64; 3] = [190.0, 560.0, 930.0];

/// Draws the SIP among the three.
#[must_use]
pub fn ladder(story: &Story, evidence: &Evidence, course: &Course) -> String {
    let messages = &evidence.wire.messages;
    let start = messages.first().map_or(0, |m| m.at_us);
    let mut rows = Svg::new();
    let mut y = TOP;
    let mut bands = course.phases.iter().peekable();
    let mut last = start;
    for seen in messages {
        let is_ack = seen.message.method() == "ACK";
        // An ACK belongs to what was before it.
        while let Some((phase, _)) = bands.next_if(|(_, span)| !is_ack && span.from_us < seen.at_us)
        {
            rows.rect(
                24.0,
                y + 3.0,
                WIDTH - 48.0,
                BAND - 10.0,
                shade(*phase),
                r#"rx="6""#,
            );
            let style =
                format!(r#"fill="{INK}" font-size="12" font-weight="600" letter-spacing="0.4""#);
            rows.text(
                WIDTH / 2.0,
                y + BAND / 2.0 + 2.5,
                Anchor::Middle,
                &style,
                &capital(name(*phase)),
            );
            y += BAND;
        }
        let since = (seen.at_us - last) as f64 / 1e6;
        if since >= 0.5 {
            let style = format!(r#"fill="{GREY}" font-size="11" font-style="italic""#);
            rows.text(
                94.0,
                y + 13.0,
                Anchor::End,
                &style,
                &format!("{since:.1} s later"),
            );
            y += 20.0;
        }
        arrow(&mut rows, seen, y, start);
        y += ROW;
        last = seen.at_us;
    }
    if messages.is_empty() {
        rows.text(WIDTH / 2.0, y + 20.0, Anchor::Middle, "", "no SIP was seen");
        y += 40.0;
    }

    let bottom = y + 12.0;
    let mut svg = Svg::new();
    let title = format!("{}: the SIP among the three", story.name);
    svg.text(
        24.0,
        34.0,
        Anchor::Start,
        &format!(r#"fill="{INK}" font-size="20" font-weight="700""#),
        &title,
    );
    svg.text(
        24.0,
        54.0,
        Anchor::Start,
        &format!(r#"fill="{GREY}""#),
        story.about,
    );
    for party in Party::ALL {
        let x = LIFELINE[party.index()];
        let (dark, light) = colours(party);
        svg.line(
            (x, TOP - 6.0),
            (x, bottom),
            dark,
            r#"stroke-width="1.5" stroke-opacity="0.55""#,
        );
        for y in [TOP - 34.0, bottom] {
            svg.rect(
                x - 62.0,
                y,
                124.0,
                28.0,
                light,
                &format!(r#"rx="7" stroke="{dark}""#),
            );
            let style = format!(r#"fill="{dark}" font-weight="700""#);
            let who = capital(party.name().trim_start_matches("the "));
            svg.text(x, y + 19.0, Anchor::Middle, &style, &who);
        }
    }
    svg.raw(rows.finish_body());
    svg.finish(WIDTH, bottom + 46.0, &title)
}

fn arrow(svg: &mut Svg, seen: &Seen, y: f64, start: i64) {
    let (from, to) = (LIFELINE[seen.from.index()], LIFELINE[seen.to.index()]);
    let side = (to - from).signum();
    let (what, quiet) = label(seen);
    let (dark, _) = colours(seen.from);
    let colour = if quiet { GREY } else { dark };
    let line = y + 20.0;
    let at = format!("{:.3} s", (seen.at_us - start) as f64 / 1e6);
    let small = format!(r#"fill="{GREY}" font-size="11""#);
    svg.text(94.0, line + 4.0, Anchor::End, &small, &at);
    let style = match (&seen.message.line, quiet) {
        (_, true) => r#"stroke-width="1""#,
        (Line::Request { .. }, _) => r#"stroke-width="1.8""#,
        (Line::Response { .. }, _) => r#"stroke-width="1.4" stroke-dasharray="5 3""#,
    };
    svg.line(
        (from + side * 3.0, line),
        (to - side * 9.0, line),
        colour,
        style,
    );
    let (tip, back) = (to - side * 2.0, to - side * 11.0);
    svg.raw(format_args!(
        r#"<path d="M{tip:.1} {line:.1} L{back:.1} {:.1} L{back:.1} {:.1} Z" fill="{colour}"/>"#,
        line - 4.5,
        line + 4.5
    ));

    // The words stand over the arrow, on the side of the one who says them.
    let facts = key_facts(&seen.message);
    let mut words = format!(
        r#"<tspan font-weight="{}">{}</tspan>"#,
        if quiet { 400 } else { 700 },
        escape(&what)
    );
    if !facts.is_empty() {
        let list = escape(&facts.join(" · "));
        words.push_str(&format!(
            r#"<tspan dx="7" fill="{INK}" font-size="12">{list}</tspan>"#
        ));
    }
    if seen.times > 1 {
        words.push_str(&format!(
            r##"<tspan dx="7" fill="#b42318" font-size="12">sent {}×</tspan>"##,
            seen.times
        ));
    }
    let (x, anchor) = if side > 0.0 {
        (from + 12.0, "start")
    } else {
        (from - 12.0, "end")
    };
    // White behind the letters, so that a lifeline does not run through them.
    svg.raw(format_args!(
        r##"<text x="{x:.1}" y="{:.1}" text-anchor="{anchor}" fill="{colour}" stroke="#ffffff" stroke-width="4" paint-order="stroke" stroke-linejoin="round">{words}</text>"##,
        line - 5.0
    ));
}

/// What a message is called, and whether a reader may pass over it.
fn label(seen: &Seen) -> (String, bool) {
    match &seen.message.line {
        Line::Request { method, .. } => {
            let again = method == "INVITE" && seen.message.tag("to").is_some();
            let what = if again {
                "re-INVITE".to_owned()
            } else {
                method.clone()
            };
            (what, method == "ACK" || method == "PRACK")
        }
        Line::Response { status, reason } => {
            let method = seen.message.cseq().1;
            let about = match method {
                "INVITE" => String::new(),
                other => format!(" ({other})"),
            };
            let quiet = *status == 100 || (*status < 300 && !["INVITE", "REFER"].contains(&method));
            (format!("{status} {reason}{about}"), quiet)
        }
    }
}
