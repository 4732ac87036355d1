//! A text with names in braces, which stand for values of a call.
use super::Values;

/// Characters of a value that are taken; a caller's name may be as long as a message.
const LONGEST: usize = 256;

/// A place for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Event,
    Call,
    Direction,
    Phone,
    Name,
    Number,
    Uri,
    Called,
}

const NAMES: [(&str, Slot); 8] = [
    ("event", Slot::Event),
    ("call", Slot::Call),
    ("direction", Slot::Direction),
    ("phone", Slot::Phone),
    ("name", Slot::Name),
    ("number", Slot::Number),
    ("uri", Slot::Uri),
    ("called", Slot::Called),
];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Slot),
}

/// A template that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

/// Why a text is no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TemplateError {
    /// A brace that is not closed, or a name that there is not.
    Name,
    /// Of a URL: another scheme than http and https, no host, a name in scheme or host, or user and password.
    Url,
}

impl TemplateError {
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Name => {
                "a text with {event}, {call}, {direction}, {phone}, {name}, {number}, {uri} or {called} in it"
            }
            Self::Url => {
                "an http: or https: URL whose host has no name in braces and no password, such as \"https://crm.example.com/?number={number}\""
            }
        }
    }
}

impl Template {
    /// Reads a text.
    pub(crate) fn read(text: &str) -> Result<Self, TemplateError> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(TemplateError::Name)?;
            let mut known = NAMES.iter();
            let found = known
                .find(|(own, _)| *own == name)
                .ok_or(TemplateError::Name)?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Value(found.1));
            rest = after;
        }
        if rest.contains('}') {
            return Err(TemplateError::Name);
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// Reads a URL: no value has a say in where it leads.
    pub(crate) fn url(text: &str) -> Result<Self, TemplateError> {
        let template = Self::read(text)?;
        let (scheme, rest) = text.split_once("://").ok_or(TemplateError::Url)?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_http = ["http", "https"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known));
        let is_plain = !host.is_empty() && !host.contains(['{', '@', '\\']);
        let example = template.filled_url(&Values::default());
        let is_readable = example.parse::<ureq::http::Uri>().is_ok();
        (is_http && is_plain && is_readable)
            .then_some(template)
            .ok_or(TemplateError::Url)
    }

    /// The URL, with each value percent-encoded.
    pub(crate) fn filled_url(&self, values: &Values) -> String {
        self.filled(values, |value, _| trialog_client::percent_encoded(value))
    }

    /// One argument of a program. A value at its beginning is no option, whatever it begins with.
    pub(crate) fn filled_argument(&self, values: &Values) -> String {
        self.filled(values, |value, is_first| {
            let plain = value.replace(char::is_control, " ");
            match is_first {
                true => plain.trim_start_matches(['-', ' ']).to_owned(),
                false => plain,
            }
        })
    }

    fn filled(&self, values: &Values, write: impl Fn(&str, bool) -> String) -> String {
        let mut text = String::new();
        for part in &self.0 {
            let piece = match part {
                Part::Text(piece) => piece.clone(),
                Part::Value(slot) => write(&value(*slot, values), text.is_empty()),
            };
            text.push_str(&piece);
        }
        text
    }
}

fn value(slot: Slot, values: &Values) -> String {
    let text = match slot {
        Slot::Event => values.event,
        Slot::Call => return values.call.to_string(),
        Slot::Direction => values.direction,
        Slot::Phone => &values.phone,
        Slot::Name => &values.name,
        Slot::Number => &values.number,
        Slot::Uri => &values.uri,
        Slot::Called => &values.called,
    };
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that callers could have.
    const HOSTILE: [&str; 9] = [
        "\"; rm -rf ~ #",
        "$(reboot)",
        "`id`",
        "a&b=c#d?e/../f",
        "http://evil.example/",
        "x\r\nHost: evil.example",
        "--help",
        "\u{202e}gnp.exe",
        "%00%2e%2e",
    ];

    fn named(name: &str) -> Values {
        Values {
            name: name.to_owned(),
            number: "+4930".to_owned(),
            ..Values::default()
        }
    }

    #[test]
    fn no_caller_s_name_changes_where_a_url_leads_or_what_it_asks() {
        let template =
            Template::url("https://crm.example.com/find?number={number}&name={name}&x=1").unwrap();
        for name in HOSTILE {
            let url = template.filled_url(&named(name));
            let rest = url
                .strip_prefix("https://crm.example.com/find?number=%2B4930&name=")
                .unwrap();
            let value = rest.strip_suffix("&x=1").unwrap();
            let plain = |c: char| c.is_ascii_alphanumeric() || "-._~%".contains(c);
            assert!(value.chars().all(plain), "{value}");
            url.parse::<ureq::http::Uri>().unwrap();
        }
        let long = template.filled_url(&named(&"é".repeat(4_000)));
        assert!(long.len() < 2_000);
    }

    #[test]
    fn no_caller_s_name_is_an_option_or_two_lines() {
        let whole = Template::read("{name}").unwrap();
        let after = Template::read("--name={name}").unwrap();
        for name in HOSTILE {
            let argument = whole.filled_argument(&named(name));
            assert!(
                !argument.starts_with('-') && !argument.contains(['\n', '\r']),
                "{argument}"
            );
            assert!(after.filled_argument(&named(name)).starts_with("--name="));
        }
    }

    #[test]
    fn a_value_has_no_say_in_scheme_or_host_and_a_name_is_a_known_one() {
        use TemplateError as E;
        for (text, error) in [
            ("{uri}", E::Url),
            ("{uri}://x/", E::Url),
            ("https://{name}/", E::Url),
            ("https://a.{name}.example/", E::Url),
            ("https://anna:geheim@crm.example/", E::Url),
            ("file:///etc/passwd", E::Url),
            ("javascript:alert({name})", E::Url),
            ("https:///x", E::Url),
            ("https://crm.example/{nmae}", E::Name),
            ("https://crm.example/{name", E::Name),
            ("https://crm.example/name}", E::Name),
        ] {
            assert_eq!(Template::url(text), Err(error), "{text}");
        }
        assert!(Template::url("HTTP://127.0.0.1:8080/{called}/{event}?{call}").is_ok());
    }
}
