//! The words of page, `trialog ctl` and `trialog doctor`, in both languages: a constant for each one in the catalogues of the page (`page/src/words`).

/// A word in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// English.
    pub en: &'static str,
    /// German.
    pub de: &'static str,
}

impl Word {
    /// With the values in place of their names in braces.
    #[must_use]
    pub fn with(self, values: &[(&str, &str)]) -> super::messages::Text {
        let filled = |text: &str| {
            let fill = |text: String, (name, value): &(&str, &str)| {
                text.replace(&format!("{{{name}}}"), value)
            };
            values.iter().fold(text.to_owned(), fill)
        };
        super::messages::Text::new(filled(self.en), filled(self.de))
    }
}

include!(concat!(env!("OUT_DIR"), "/words.rs"));
