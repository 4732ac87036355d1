//! Headers that name a dialog: Replaces (RFC 3891) and Target-Dialog (RFC 4538).
use super::{Value, before_params};
use crate::{Params, Text, ValueError};
use std::fmt;

/// The dialog that an INVITE is to take the place of, as its receiver sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replaces {
    /// The dialog's Call-ID.
    pub call_id: Text,
    /// The receiver's own tag in it (RFC 3891 §3).
    pub to_tag: Text,
    /// The other party's tag in it.
    pub from_tag: Text,
    /// Only while the dialog is early.
    pub early_only: bool,
}

impl Value for Replaces {
    fn read_part(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let (call_id, params) = call_id(whole, text, "Replaces")?;
        // RFC 3891 §6.1: each tag exactly once.
        Ok(Self {
            call_id,
            to_tag: tag(&params, "to-tag", "Replaces")?,
            from_tag: tag(&params, "from-tag", "Replaces")?,
            early_only: params.has("early-only"),
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (to, from) = (&self.to_tag, &self.from_tag);
        write!(f, "{};to-tag={to};from-tag={from}", self.call_id)?;
        if self.early_only {
            f.write_str(";early-only")?;
        }
        Ok(())
    }
}

/// A dialog that the sender of an out-of-dialog request shares with its receiver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TargetDialog {
    /// The dialog's Call-ID.
    pub call_id: Text,
    /// The sender's tag in it.
    pub local_tag: Text,
    /// The receiver's tag in it.
    pub remote_tag: Text,
}

impl Value for TargetDialog {
    fn read_part(whole: &Text, text: &str) -> Result<Self, ValueError> {
        let (call_id, params) = call_id(whole, text, "Target-Dialog")?;
        Ok(Self {
            call_id,
            local_tag: tag(&params, "local-tag", "Target-Dialog")?,
            remote_tag: tag(&params, "remote-tag", "Target-Dialog")?,
        })
    }
}

impl fmt::Display for TargetDialog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, remote) = (&self.local_tag, &self.remote_tag);
        write!(f, "{};local-tag={local};remote-tag={remote}", self.call_id)
    }
}

fn call_id(whole: &Text, text: &str, what: &'static str) -> Result<(Text, Params), ValueError> {
    let (call_id, params) = before_params(text);
    if call_id.is_empty() || call_id.contains([' ', '\t', ',']) {
        return Err(ValueError::new(what, "it does not begin with a Call-ID"));
    }
    Ok((whole.share(call_id), Params::read(whole, params, what)?))
}

fn tag(params: &Params, name: &str, what: &'static str) -> Result<Text, ValueError> {
    let named = |(own, _): &(&str, Option<&str>)| own.eq_ignore_ascii_case(name);
    if params.iter().filter(named).count() > 1 {
        return Err(ValueError::new(what, "it has a tag twice"));
    }
    params
        .get_text(name)
        .filter(|tag| !tag.is_empty())
        .ok_or(ValueError::new(what, "it lacks a tag"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_3891_and_4538_are_read() {
        let r =
            Replaces::parse("98732@sip.example.com\t;from-tag=r33th4x0r ;to-tag=ff87ff").unwrap();
        assert_eq!(r.call_id, "98732@sip.example.com");
        assert_eq!(
            (&*r.to_tag, &*r.from_tag, r.early_only),
            ("ff87ff", "r33th4x0r", false)
        );
        assert_eq!(Replaces::parse(&r.to_string()), Ok(r));
        let r = Replaces::parse("12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only").unwrap();
        assert!(r.early_only);
        let t = TargetDialog::parse(
            "fa77as7dad8-sd98ajzz@host.example.com ;local-tag=kkaz- ;remote-tag=6544",
        )
        .unwrap();
        assert_eq!(TargetDialog::parse(&t.to_string()), Ok(t));
    }

    #[test]
    fn a_missing_empty_or_doubled_tag_is_an_error() {
        for bad in [
            "",
            ";to-tag=1;from-tag=2",
            "x;to-tag=1",
            "x;to-tag=1;from-tag=",
            "x;to-tag=1;to-tag=1;from-tag=2",
            "x y;to-tag=1;from-tag=2",
        ] {
            assert!(Replaces::parse(bad).is_err(), "{bad}");
        }
    }
}
