//! The network's weather: drawn by the seed, or one kind for all seeds.
use crate::chance::Chance;
use crate::network::Link;
use std::fmt::Write;
use std::str::FromStr;
use std::time::Duration;

/// Which weather a course may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weather {
    /// Whatever the seed draws.
    #[default]
    Any,
    /// Nothing goes wrong.
    Fair,
    /// Up to a tenth is lost, some comes twice or late.
    Rain,
    /// Up to 30 % is lost, much comes twice, in any order, up to 3 s late.
    Storm,
}

/// The longest that a datagram is late.
const LATEST: Duration = Duration::from_secs(3);

impl Weather {
    /// A link in this weather.
    #[must_use]
    pub fn link(self, chance: &mut Chance) -> Link {
        let kind = match self {
            Self::Any => [Self::Fair, Self::Rain, Self::Rain, Self::Storm, Self::Storm]
                [usize::try_from(chance.below(5)).unwrap_or(0)],
            kind => kind,
        };
        let mut one_of = |choices: [u64; 4]| {
            let which = chance.below(4);
            choices[usize::try_from(which).unwrap_or(0)]
        };
        let (jitter, lost, doubled, late) = match kind {
            Self::Any | Self::Fair => (0, 0, 0, 0),
            Self::Rain => (
                one_of([0, 20, 80, 200]),
                one_of([0, 20, 50, 100]),
                one_of([0, 20, 100, 1000]),
                one_of([0, 0, 10, 50]),
            ),
            Self::Storm => (
                one_of([20, 100, 500, 1500]),
                one_of([0, 100, 200, 300]),
                one_of([0, 50, 200, 1000]),
                one_of([0, 50, 150, 300]),
            ),
        };
        let delay = Duration::from_millis(one_of([1, 5, 10, 60]));
        let per_mille = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
        Link {
            delay,
            jitter: Duration::from_millis(jitter),
            lost: per_mille(lost),
            doubled: per_mille(doubled),
            late: per_mille(late),
            latest: LATEST.saturating_sub(delay + Duration::from_millis(jitter)),
        }
    }
}

/// Links that are like this one, with one thing less that goes wrong.
#[must_use]
pub fn milder(link: Link) -> Vec<Link> {
    [
        Link::GOOD,
        Link { lost: 0, ..link },
        Link { doubled: 0, ..link },
        Link { late: 0, ..link },
        Link {
            jitter: Duration::ZERO,
            ..link
        },
    ]
    .into_iter()
    .filter(|milder| describe(milder) != describe(&link))
    .collect()
}

/// The link in words.
#[must_use]
pub fn describe(link: &Link) -> String {
    let mut words = format!("{:?}", link.delay);
    if !link.jitter.is_zero() {
        let _ = write!(words, " to {:?}", link.delay + link.jitter);
    }
    let share = |per_mille: u16| f64::from(per_mille) / 10.0;
    for (per_mille, what) in [(link.lost, "lost"), (link.doubled, "twice")] {
        if per_mille > 0 {
            let _ = write!(words, ", {} % {what}", share(per_mille));
        }
    }
    if link.late > 0 {
        let _ = write!(words, ", {} % up to 3 s late", share(link.late));
    }
    words
}

impl FromStr for Weather {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "any" => Ok(Self::Any),
            "fair" => Ok(Self::Fair),
            "rain" => Ok(Self::Rain),
            "storm" => Ok(Self::Storm),
            _ => Err(format!(
                "there is no weather `{name}`; there are any, fair, rain and storm"
            )),
        }
    }
}

impl std::fmt::Display for Weather {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Any => "any",
            Self::Fair => "fair",
            Self::Rain => "rain",
            Self::Storm => "storm",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_weather_is_worse_than_30_percent_lost_and_3_s_late() {
        let mut chance = Chance::new(1);
        for _ in 0..1_000 {
            let link = Weather::Any.link(&mut chance);
            assert!(link.lost <= 300 && link.longest() <= LATEST, "{link:?}");
        }
    }

    #[test]
    fn milder_weather_ends_in_fair_weather() {
        let mut link = Weather::Storm.link(&mut Chance::new(3));
        for _ in 0..10 {
            if let Some(milder) = milder(link).pop() {
                link = milder;
            }
        }
        assert!(
            link.lost == 0 && link.doubled == 0 && link.late == 0,
            "{link:?}"
        );
    }
}
