//! Until when a certificate is valid, and for which names: the peer's, which TLS has found to be believed and for its name, and ours.
use super::finding::{Check, Finding};
use crate::config::Config;
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use rustls::pki_types::CertificateDer;
use trialog_desk::words::doctor as words;

/// With fewer days to go it is to be seen to.
const SOON: i64 = 14;

/// Of a server that TLS has come about with.
pub(super) fn of_server(whose: &str, certificate: &CertificateDer<'_>) -> Finding {
    let Some(until) = not_after(certificate) else {
        let values = [("whose", whose)];
        return Finding::watch(Check::Certificate, words::CERTIFICATE_UNREAD, &values);
    };
    let days = days_until(until);
    let (names, date) = (names(certificate), date(until));
    let values = [
        ("whose", whose),
        ("names", &names.unwrap_or_default()),
        ("date", &date),
        ("days", &days.to_string()),
    ];
    soon(days, words::CERTIFICATE_GOOD, &values)
}

/// Ours, where there is one.
pub(super) fn own(config: &Config) -> Option<Finding> {
    let certificate = config.tls.identity.as_ref()?.certificate()?;
    let Some(until) = not_after(certificate) else {
        let values = [("whose", "tls.certificate")];
        return Some(Finding::watch(
            Check::Certificate,
            words::CERTIFICATE_UNREAD,
            &values,
        ));
    };
    let days = days_until(until);
    let (names, date) = (names(certificate).unwrap_or_default(), date(until));
    let values = [
        ("names", &*names),
        ("date", &date),
        ("days", &days.to_string()),
    ];
    if until < Timestamp::now() {
        let finding = Finding::wrong(Check::Certificate, words::OWN_EXPIRED, &values);
        return Some(finding.hint(words::CERTIFICATE_HINT, &[]));
    }
    Some(soon(days, words::OWN_GOOD, &values))
}

fn soon(days: i64, word: trialog_desk::words::Word, values: &[(&str, &str)]) -> Finding {
    if days < SOON {
        let finding = Finding::watch(Check::Certificate, word, values);
        finding.hint(words::CERTIFICATE_HINT, &[])
    } else {
        Finding::good(Check::Certificate, word, values)
    }
}

fn days_until(until: Timestamp) -> i64 {
    let left: SignedDuration = until.duration_since(Timestamp::now());
    left.as_hours().div_euclid(24)
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// Those of its alternative names that SIP and DNS have.
fn names(certificate: &CertificateDer<'_>) -> Option<String> {
    let read = webpki::EndEntityCert::try_from(certificate).ok()?;
    let names = read.valid_uri_names().chain(read.valid_dns_names());
    let names: Vec<&str> = names.collect();
    Some(names.join(", "))
}

/// The end of its validity (RFC 5280 §4.1.2.5).
fn not_after(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (tag, certificate, _) = element(certificate)?;
    let (_, mut rest, _) = element(certificate).filter(|_| tag == SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    // Serial number, signature algorithm, issuer.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, _, rest) = element(validity)?;
    let (tag, time, _) = element(rest)?;
    read_time(tag, std::str::from_utf8(time).ok()?)
}

/// The first element of some DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ ..=0x7f => (short, rest),
        long @ 0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(long - 0x80)?;
            let length = octets
                .iter()
                .fold(0, |sum, one| sum << 8 | usize::from(*one));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// A UTCTime or a GeneralizedTime as RFC 5280 §4.1.2.5.1 and §4.1.2.5.2 have them, to the second and in UTC.
fn read_time(tag: u8, text: &str) -> Option<Timestamp> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let digits = text.strip_suffix('Z')?;
    if !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let whole = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let century = if digits < "50" { "20" } else { "19" };
            format!("{century}{digits}")
        }
        (GENERALIZED_TIME, 14) => digits.to_owned(),
        _ => return None,
    };
    let number = |from: usize, to: usize| whole.get(from..to)?.parse::<i8>().ok();
    let year = whole.get(..4)?.parse().ok()?;
    let date = civil::Date::new(year, number(4, 6)?, number(6, 8)?).ok()?;
    let time = civil::Time::new(number(8, 10)?, number(10, 12)?, number(12, 14)?, 0).ok()?;
    let at = TimeZone::UTC.to_timestamp(date.to_datetime(time));
    at.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn until(year: i32) -> Option<String> {
        let mut params = CertificateParams::new(vec!["pbx.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 3, 1);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(names(certificate.der()).unwrap(), "pbx.example");
        not_after(certificate.der()).map(date)
    }

    #[test]
    fn a_certificate_s_end_is_read_in_both_forms() {
        assert_eq!(until(2031).as_deref(), Some("2031-03-01"));
        assert_eq!(until(2049).as_deref(), Some("2049-03-01"));
        assert_eq!(until(2051).as_deref(), Some("2051-03-01"));
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for octets in [
            &[][..],
            &[0x30],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 2, 0x30, 0],
        ] {
            assert_eq!(not_after(&CertificateDer::from(octets)), None);
        }
        assert_eq!(
            read_time(0x17, "991231235959Z").map(date).as_deref(),
            Some("1999-12-31")
        );
        assert_eq!(read_time(0x17, "2612312359+0Z"), None);
        assert_eq!(read_time(0x18, "20261331000000Z"), None);
    }
}
