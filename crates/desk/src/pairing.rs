//! Pairs a browser with the phone. A code, which is good for one browser and a few minutes, is exchanged for two secrets: a cookie that
//! no script can read and no other site's page makes the browser send, and a proof that only pages of this address can read. Browsers
//! send cookies to each port of a host, so one of them alone is worth nothing; the proof stays with the address. A WebSocket has no
//! headers of its own: it is opened with a ticket, which is good once. None of the secrets that stay good is ever in a URL.
use crate::Token;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use trialog_api::AccessRole;

/// So long a code may wait for its browser.
pub(crate) const CODE_LIFE: Duration = Duration::from_secs(300);

/// So long a ticket may wait for its WebSocket.
const TICKET_LIFE: Duration = Duration::from_secs(30);

/// So long a browser stays paired while it does not come, in seconds: thirty days.
const COOKIE_LIFE: u32 = 30 * 24 * 60 * 60;

/// Codes and tickets that wait at once; one more takes the oldest one's place.
const WAITING: usize = 32;

/// The browsers' way in. Clones share what waits.
#[derive(Clone, Debug)]
pub struct Pairing {
    keys: RoleKeys,
    random: fn() -> [u8; 32],
    codes: Arc<OnceOnly>,
    tickets: Arc<OnceOnly>,
}

/// What paired browsers show, by what they may do.
#[derive(Clone, Debug)]
pub struct RoleKeys {
    /// Those of agents.
    pub agent: PageKeys,
    /// Those of supervisors.
    pub supervisor: PageKeys,
}

/// What the browsers of one role show. Where it is kept over a restart of the phone, they stay paired.
#[derive(Clone, Debug)]
pub struct PageKeys {
    /// In the cookie.
    pub cookie: Token,
    /// In the header `Trialog-Proof`.
    pub proof: Token,
}

impl Pairing {
    /// `random`: 32 random bytes for each code and ticket.
    #[must_use]
    pub fn new(keys: RoleKeys, random: fn() -> [u8; 32]) -> Self {
        Self {
            keys,
            random,
            codes: Arc::default(),
            tickets: Arc::default(),
        }
    }

    /// A code for one browser of this role.
    #[must_use]
    pub fn invite(&self, role: AccessRole) -> String {
        self.codes.make((self.random)(), role)
    }

    /// Takes a code: for which role it is good. Then the browser gets the role's proof and cookie.
    pub(crate) fn take_code(&self, shown: &str) -> Option<AccessRole> {
        self.codes.take(shown, CODE_LIFE)
    }

    /// A ticket for one WebSocket of a client of this role.
    pub(crate) fn ticket(&self, role: AccessRole) -> String {
        self.tickets.make((self.random)(), role)
    }

    /// Takes a ticket: for which role it is good.
    pub(crate) fn take_ticket(&self, shown: &str) -> Option<AccessRole> {
        self.tickets.take(shown, TICKET_LIFE)
    }

    fn keys(&self, role: AccessRole) -> &PageKeys {
        match role {
            AccessRole::Supervisor => &self.keys.supervisor,
            AccessRole::Agent | AccessRole::Admin => &self.keys.agent,
        }
    }

    /// What the page shows in the header `Trialog-Proof`.
    pub(crate) fn proof(&self, role: AccessRole) -> &Token {
        &self.keys(role).proof
    }

    /// The header Set-Cookie of a browser that was paired. Cookies are not kept apart by port, so the name has it.
    pub(crate) fn cookie(&self, role: AccessRole, port: u16) -> String {
        let value = self.keys(role).cookie.reveal();
        format!(
            "{}={value}; Path=/; Max-Age={COOKIE_LIFE}; HttpOnly; SameSite=Strict",
            name(port)
        )
    }

    /// For which role the header Cookie shows that the browser was paired with the phone at this port.
    pub(crate) fn knows(&self, cookies: &str, port: u16) -> Option<AccessRole> {
        let name = name(port);
        cookies.split(';').find_map(|cookie| {
            let (of, value) = cookie.trim().split_once('=')?;
            let mut roles = [AccessRole::Agent, AccessRole::Supervisor].into_iter();
            roles.find(|role| of == name && self.keys(*role).cookie.matches(value))
        })
    }
}

fn name(port: u16) -> String {
    format!("trialog-{port}")
}

/// Secrets that are good once, and not for long.
#[derive(Debug, Default)]
struct OnceOnly(Mutex<VecDeque<(Token, Instant, AccessRole)>>);

impl OnceOnly {
    fn make(&self, random: [u8; 32], role: AccessRole) -> String {
        let secret = Token::new(random);
        let mut waiting = self.waiting();
        if waiting.len() == WAITING {
            waiting.pop_front();
        }
        waiting.push_back((secret.clone(), Instant::now(), role));
        secret.reveal().to_owned()
    }

    fn take(&self, shown: &str, life: Duration) -> Option<AccessRole> {
        let mut waiting = self.waiting();
        waiting.retain(|(_, made, _)| made.elapsed() < life);
        let mut all = waiting.iter();
        let place = all.position(|(secret, ..)| secret.matches(shown))?;
        waiting.remove(place).map(|(.., role)| role)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<(Token, Instant, AccessRole)>> {
        // The list is whole between any two of its steps.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    fn pairing() -> Pairing {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        let keys = |cookie, proof| PageKeys {
            cookie: Token::new([cookie; 32]),
            proof: Token::new([proof; 32]),
        };
        let keys = RoleKeys {
            agent: keys(1, 2),
            supervisor: keys(3, 4),
        };
        Pairing::new(keys, || [NEXT.fetch_add(1, Ordering::Relaxed); 32])
    }

    const AGENT: AccessRole = AccessRole::Agent;

    #[test]
    fn a_code_is_good_once_for_its_role_and_is_no_ticket() {
        let pairing = pairing();
        let code = pairing.invite(AccessRole::Supervisor);
        assert_eq!(pairing.take_code(""), None);
        assert_eq!(pairing.take_ticket(&code), None);
        assert_eq!(pairing.take_code(&code), Some(AccessRole::Supervisor));
        assert_eq!(pairing.take_code(&code), None);
        let ticket = pairing.ticket(AGENT);
        assert_eq!(pairing.take_ticket(&ticket), Some(AGENT));
        assert_eq!(pairing.take_ticket(&ticket), None);
    }

    #[test]
    fn a_code_that_waits_too_long_is_good_for_nothing() {
        let pairing = pairing();
        let code = pairing.invite(AGENT);
        pairing.codes.waiting()[0].1 = Instant::now().checked_sub(CODE_LIFE).unwrap();
        assert_eq!(pairing.take_code(&code), None);
    }

    #[test]
    fn no_more_codes_wait_than_so_many() {
        let pairing = pairing();
        let first = pairing.invite(AGENT);
        let others: Vec<_> = (0..WAITING).map(|_| pairing.invite(AGENT)).collect();
        assert_eq!(pairing.take_code(&first), None);
        assert!(
            others
                .iter()
                .all(|code| pairing.take_code(code) == Some(AGENT))
        );
    }

    #[test]
    fn a_cookie_is_known_at_its_own_port_alone_for_its_role() {
        let pairing = pairing();
        for role in [AGENT, AccessRole::Supervisor] {
            let set = pairing.cookie(role, 4711);
            let (shown, attributes) = set.split_once(';').unwrap();
            assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Strict"));
            assert_eq!(pairing.knows(shown, 4711), Some(role));
            assert_eq!(
                pairing.knows(&format!("other=1; {shown}"), 4711),
                Some(role)
            );
            assert_eq!(pairing.knows(shown, 4712), None);
        }
        assert_eq!(pairing.knows("trialog-4711=", 4711), None);
        assert_eq!(pairing.knows("trialog-4711", 4711), None);
        assert!(!format!("{pairing:?}").contains("0101"));
    }
}
