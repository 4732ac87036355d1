//! A message's signature, as “Standard Webhooks” has it: HMAC-SHA256 over id, time and body.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Octets that a key has at least.
const SHORTEST: usize = 16;

/// What receiver and phone share. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// `whsec_` and base64, or any other text as it stands; `None`: it is too short, or no base64.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let octets = match text.strip_prefix("whsec_") {
            Some(coded) => STANDARD.decode(coded).ok()?,
            None => text.as_bytes().to_vec(),
        };
        (octets.len() >= SHORTEST).then_some(Self(octets))
    }

    /// The header `webhook-signature`: its version, and the signature in base64.
    pub(crate) fn signature(&self, id: &str, unix_s: i64, body: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(format!("{id}.{unix_s}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_specification_s_example() {
        let key = Key::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = key.signature(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_key_is_long_enough_and_is_not_printed() {
        assert!(Key::read("short").is_none() && Key::read("").is_none());
        assert!(Key::read("whsec_%%%%").is_none() && Key::read("whsec_c2hvcnQ=").is_none());
        let key = Key::read("a secret of some length").unwrap();
        assert!(!format!("{key:?}").contains("secret"));
    }
}
