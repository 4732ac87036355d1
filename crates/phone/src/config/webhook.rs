//! `[[webhook]]`: what gets the records of calls and wrap-ups.
use super::reader::Section;
use super::url::{authority, check};
use crate::webhook::{Key, Webhook};
use std::time::Duration;
use trialog_api::WebhookEvent;

const EVENTS: &str =
    "“call-began”, “call-connected”, “call-ended”, “call-turned-away” or “wrap-up-submitted”";
const KEY: &str = "a file with a secret of 16 characters at least, or “whsec_” and base64";

pub(super) fn webhooks(sections: Vec<Section<'_, '_>>) -> Vec<Webhook> {
    let mut webhooks: Vec<Webhook> = Vec::new();
    for section in sections {
        if let Some(webhook) = webhook(&section)
            && is_new(&section, &webhook, &webhooks)
        {
            webhooks.push(webhook);
        }
        section.end();
    }
    webhooks
}

fn is_new(section: &Section<'_, '_>, webhook: &Webhook, others: &[Webhook]) -> bool {
    let is_new = others.iter().all(|other| other.name != webhook.name);
    if !is_new {
        let found = format!("“{}” twice", webhook.name);
        section.fault("name", "a name that no other webhook has", &found);
    }
    is_new
}

fn webhook(section: &Section<'_, '_>) -> Option<Webhook> {
    let url = section.text("url");
    if section.lacks("url") {
        section.fault("url", "a URL", "nothing");
    }
    if let Some(url) = &url
        && let Err(expected) = check(url)
    {
        section.fault("url", expected, "another one");
    }
    let default = Webhook::default();
    let name = section.parsed(
        "name",
        "a name of letters, digits, “-”, “_” and “.”",
        |name| trialog_client::is_name(name).then(|| name.to_owned()),
    );
    let events = section.list("events", EVENTS, |name| name.parse::<WebhookEvent>().ok());
    if events.as_ref().is_some_and(Vec::is_empty) {
        section.fault("events", "at least one event", "an empty list");
    }
    let key = key(section);
    let days = |days: u64| Duration::from_secs(days * 24 * 3600);
    let keep = section.number("keep_days", 1..=365_u64).map(days);
    let most = section.number("keep_most", 1..=1_000_000_u32);
    let url = url?;
    Some(Webhook {
        name: name.unwrap_or_else(|| authority(&url).to_owned()),
        url,
        events: events.unwrap_or(default.events),
        key,
        keep: keep.unwrap_or(default.keep),
        most: most.unwrap_or(default.most),
    })
}

fn key(section: &Section<'_, '_>) -> Option<Key> {
    let file = section.path("secret_file")?;
    let found = match std::fs::read_to_string(&file) {
        Ok(text) => match Key::read(text.trim()) {
            Some(key) => return Some(key),
            None => "another text".to_owned(),
        },
        Err(error) => format!("{}: {error}", file.display()),
    };
    section.fault("secret_file", KEY, &found);
    None
}
