//! The timeline: who heard whom when, drawn from the recordings. A light bar is the other's pilot in this ear; the dark shape
//! in it is the other's speech as this ear had it.
use super::svg::{Anchor, GREY, INK, MUSIC, PALE, Svg, capital, colours, shade};
use crate::hear::{self, Recording};
use crate::judge::name;
use crate::{Course, Evidence, Party, Story};

const WIDTH: f64 = 1_240.0;
const LEFT: f64 = 186.0;
const RIGHT: f64 = 1_216.0;
const LANE: f64 = 34.0;
const TOP: f64 = 78.0;
const HEAD: f64 = 30.0;

/// Draws who heard whom.
#[must_use]
pub fn timeline(story: &Story, evidence: &Evidence, course: &Course) -> String {
    let first = evidence
        .ears
        .iter()
        .map(|e| e.started_us)
        .min()
        .unwrap_or(0);
    let from = course
        .phases
        .first()
        .map_or(first, |(_, s)| s.from_us.min(first + 1_500_000));
    let to = evidence
        .ears
        .iter()
        .map(Recording::ended_us)
        .max()
        .unwrap_or(from + 1);
    let scale = Scale { from, to };
    let mut svg = Svg::new();
    let title = format!("{}: who heard whom", story.name);
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
    legend(&mut svg);

    let said = evidence.spoken.each_ref().map(hear::envelope);
    let panels: Vec<Panel> = Party::ALL.map(|p| Panel::of(evidence, &said, p)).into();
    let height: f64 = panels.iter().map(|p| p.height() + 14.0).sum();
    let bottom = TOP + HEAD + height;
    phases(&mut svg, course, &scale, bottom);
    let mut y = TOP + HEAD + 8.0;
    for panel in &panels {
        panel.draw(&mut svg, &scale, y);
        y += panel.height() + 14.0;
    }
    axis(&mut svg, &scale, bottom);
    svg.finish(WIDTH, bottom + 42.0, &title)
}

struct Scale {
    from: i64,
    to: i64,
}

impl Scale {
    fn x(&self, t_us: i64) -> f64 {
        let part = (t_us - self.from) as f64 / (self.to - self.from).max(1) as f64;
        LEFT + part.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }
}

fn legend(svg: &mut Svg) {
    let small = format!(r#"fill="{GREY}" font-size="12""#);
    let (dark, light) = ("#52606d", "#cbd2d9");
    svg.rect(WIDTH - 540.0, 22.0, 34.0, 14.0, light, r#"rx="3""#);
    svg.text(
        WIDTH - 498.0,
        34.0,
        Anchor::Start,
        &small,
        "pilot in this ear",
    );
    svg.rect(WIDTH - 376.0, 26.0, 34.0, 6.0, dark, r#"rx="3""#);
    svg.text(
        WIDTH - 334.0,
        34.0,
        Anchor::Start,
        &small,
        "speech in this ear",
    );
    svg.rect(
        WIDTH - 200.0,
        22.0,
        34.0,
        14.0,
        MUSIC.1,
        &format!(r#"rx="3" stroke="{}""#, MUSIC.0),
    );
    svg.text(
        WIDTH - 158.0,
        34.0,
        Anchor::Start,
        &small,
        "music or a tone",
    );
}

fn phases(svg: &mut Svg, course: &Course, scale: &Scale, bottom: f64) {
    let mut low = false;
    let mut free = 0.0;
    for (phase, span) in &course.phases {
        let (x, end) = (scale.x(span.from_us), scale.x(span.to_us));
        if end - x < 2.0 {
            continue;
        }
        svg.rect(x, TOP, end - x, bottom - TOP, shade(*phase), "");
        svg.line(
            (x, TOP),
            (x, bottom),
            "#c3cad2",
            r#"stroke-width="1" stroke-dasharray="2 3""#,
        );
    }
    // The names are drawn last: one may be wider than its phase.
    for (phase, span) in &course.phases {
        let (x, end) = (scale.x(span.from_us), scale.x(span.to_us));
        let words = capital(name(*phase));
        let wide = words.chars().count() as f64 * 6.6;
        let centre = f64::midpoint(x, end);
        // A name that is wider than its phase moves to a second line, out of its neighbour's way.
        low = centre - wide / 2.0 < free && !low;
        free = centre + wide / 2.0 + 6.0;
        let y = TOP + if low { 26.0 } else { 13.0 };
        let style = format!(r#"fill="{INK}" font-size="11.5" font-weight="600""#);
        svg.text(centre, y, Anchor::Middle, &style, &words);
    }
}

fn axis(svg: &mut Svg, scale: &Scale, y: f64) {
    let seconds = (scale.to - scale.from) as f64 / 1e6;
    let step = if seconds > 60.0 { 10 } else { 5 };
    svg.line((LEFT, y), (RIGHT, y), GREY, "");
    for s in 0..=(seconds as i64) {
        let x = scale.x(scale.from + s * 1_000_000);
        let long = s % step == 0;
        svg.line((x, y), (x, y + if long { 7.0 } else { 4.0 }), GREY, "");
        if long {
            let small = format!(r#"fill="{GREY}" font-size="11""#);
            svg.text(x, y + 20.0, Anchor::Middle, &small, &format!("{s} s"));
        }
    }
}

/// One ear's part of the picture.
struct Panel {
    party: Party,
    started: i64,
    pilots: [Vec<bool>; 3],
    /// Without pilots, each 20 ms.
    level: Vec<f64>,
    /// What each of the three said, each 20 ms, by this ear's clock.
    spoken: [Vec<f64>; 3],
}

const TRACK: i64 = 50_000;
const STEP: i64 = 20_000;

impl Panel {
    fn of(evidence: &Evidence, said: &[Vec<f64>; 3], party: Party) -> Self {
        let ear = &evidence.ears[party.index()];
        Self {
            party,
            started: ear.started_us,
            pilots: Party::ALL.map(|p| hear::pilot_track(ear, p.pilot())),
            level: hear::envelope(ear),
            spoken: Party::ALL.map(|p| {
                let spoken = &evidence.spoken[p.index()];
                let shift = (spoken.started_us - ear.started_us).div_euclid(STEP);
                let levels = &said[p.index()];
                let at = |i: i64| usize::try_from(i).ok().and_then(|i| levels.get(i)).copied();
                (0..ear.samples.len() as i64 / 960)
                    .map(|i| {
                        (0..8)
                            .filter_map(|late| at(i - shift - late))
                            .fold(-150.0, f64::max)
                    })
                    .collect()
            }),
        }
    }

    /// Those with a lane: the others, and oneself only where one heard oneself.
    fn lanes(&self) -> Vec<Party> {
        let itself = self.pilots[self.party.index()].contains(&true);
        let others = self.party.others().into_iter();
        others.chain(itself.then_some(self.party)).collect()
    }

    fn height(&self) -> f64 {
        LANE * (self.lanes().len() as f64 + 0.75)
    }

    fn draw(&self, svg: &mut Svg, scale: &Scale, y: f64) {
        let (dark, light) = colours(self.party);
        svg.rect(
            14.0,
            y,
            92.0,
            self.height(),
            light,
            &format!(r#"rx="8" stroke="{dark}""#),
        );
        let who = capital(self.party.name().trim_start_matches("the "));
        svg.text(
            24.0,
            y + 22.0,
            Anchor::Start,
            &format!(r#"fill="{dark}" font-weight="700""#),
            &who,
        );
        svg.text(
            24.0,
            y + 39.0,
            Anchor::Start,
            &format!(r#"fill="{dark}" font-size="12""#),
            "hears",
        );
        let mut lane = y;
        for whom in self.lanes() {
            self.lane(svg, scale, whom, lane);
            lane += LANE;
        }
        self.music(svg, scale, lane);
    }

    fn label(svg: &mut Svg, lane: f64, colour: &str, text: &str) {
        let style = format!(r#"fill="{colour}" font-size="12""#);
        svg.text(LEFT - 12.0, lane + 21.0, Anchor::End, &style, text);
    }

    fn lane(&self, svg: &mut Svg, scale: &Scale, whom: Party, lane: f64) {
        let itself = whom == self.party;
        let (dark, light) = if itself {
            ("#b42318", "#fbd5d0")
        } else {
            colours(whom)
        };
        let text = if itself {
            "ITSELF"
        } else {
            whom.name().trim_start_matches("the ")
        };
        Self::label(svg, lane, dark, text);
        let middle = lane + LANE / 2.0;
        svg.line((LEFT, middle), (RIGHT, middle), PALE, "");
        let track = &self.pilots[whom.index()];
        for (from, to) in runs(track) {
            let (from, to) = (self.at(scale, from, TRACK), self.at(scale, to, TRACK));
            svg.rect(from, lane + 5.0, to - from, LANE - 10.0, light, r#"rx="4""#);
        }
        // Speech as this ear had it: never louder than it was said, and only where the speaker's pilot is there.
        let heard = |i: usize| {
            let there = track.get(i * 2 / 5).copied().unwrap_or(false);
            let level = self.level[i].min(*self.spoken[whom.index()].get(i).unwrap_or(&-150.0));
            if there {
                ((level + 45.0) / 35.0).clamp(0.0, 1.0)
            } else {
                0.0
            }
        };
        let mut path = String::new();
        for i in 0..self.level.len() {
            let size = heard(i) * (LANE / 2.0 - 5.0);
            if size > 0.2 {
                let x = self.at(scale, i, STEP);
                path.push_str(&format!("M{x:.1} {:.1}v{:.1}", middle - size, 2.0 * size));
            }
        }
        if !path.is_empty() {
            svg.raw(format_args!(
                r#"<path d="{path}" stroke="{dark}" stroke-width="0.9" fill="none"/>"#
            ));
        }
    }

    fn music(&self, svg: &mut Svg, scale: &Scale, lane: f64) {
        let heard: Vec<bool> = (0..self.level.len())
            .map(|i| {
                let pilot = self
                    .pilots
                    .iter()
                    .any(|t| t.get(i * 2 / 5).copied().unwrap_or(false));
                self.level[i] > -40.0 && !pilot
            })
            .collect();
        let runs: Vec<_> = runs(&heard)
            .into_iter()
            .filter(|(a, b)| b - a > 15)
            .collect();
        let colour = if runs.is_empty() { "#9aa5b1" } else { MUSIC.0 };
        let style = format!(r#"fill="{colour}" font-size="12""#);
        svg.text(LEFT - 12.0, lane + 16.0, Anchor::End, &style, "tones");
        for (from, to) in runs {
            let (x, end) = (self.at(scale, from, STEP), self.at(scale, to, STEP));
            // What was before the picture begins is not in it.
            if end - x < 2.0 {
                continue;
            }
            svg.rect(
                x,
                lane + 4.0,
                end - x,
                15.0,
                MUSIC.1,
                &format!(r#"rx="4" stroke="{}" stroke-width="0.8""#, MUSIC.0),
            );
            if end - x > 30.0 {
                let style = format!(r#"fill="{}" font-size="12""#, MUSIC.0);
                svg.text(
                    f64::midpoint(x, end),
                    lane + 16.0,
                    Anchor::Middle,
                    &style,
                    "♪",
                );
            }
        }
    }

    fn at(&self, scale: &Scale, i: usize, step: i64) -> f64 {
        scale.x(self.started + i as i64 * step)
    }
}

fn runs(track: &[bool]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (i, _) in track.iter().enumerate().filter(|(_, there)| **there) {
        match runs.last_mut() {
            Some((_, end)) if *end == i => *end = i + 1,
            _ => runs.push((i, i + 1)),
        }
    }
    runs
}
