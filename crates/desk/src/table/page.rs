//! How a browser gets in.
use super::{Does, Method, Operation, Typed};
use trialog_api::AccessRole;
use trialog_api::request::{Invite, Pair};

/// What is asked.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        id: "invitePage",
        method: Method::Post,
        path: "/api/page/code",
        tag: "page",
        needs: Some(AccessRole::Admin),
        summary: "A code that pairs one browser",
        text: "Open the phone's address with `/#pair=` and the code: the page exchanges it for a cookie, and from then on that \
            browser may do what an agent may, or, where that is asked for, look as a supervisor. A code is good once and for five minutes. `trialog page` does \
            all of this.",
        does: Does::Invite(&Typed(|invite: Invite| invite.role.into())),
    },
    Operation {
        id: "pairPage",
        method: Method::Post,
        path: "/api/page/pair",
        tag: "page",
        needs: None,
        summary: "Exchange a code for what the page shows from then on",
        text: "The cookie `trialog-PORT` is for this host alone, is read by no script, is sent by no other site's page, and lives for \
            thirty days. Browsers send it to each port of the host, so a request shows the proof beside it, in the header \
            `Trialog-Proof`; the page keeps that where only pages of its own address read it.",
        does: Does::Pair(&Typed(|pair: Pair| pair.code)),
    },
    Operation {
        id: "ticket",
        method: Method::Post,
        path: "/api/page/ticket",
        tag: "page",
        needs: Some(AccessRole::Supervisor),
        summary: "A ticket that opens one WebSocket",
        text: "A browser's WebSocket can't have headers of its own: it shows a ticket in the query of `/api/events`, which is good once and \
            for half a minute.",
        does: Does::Ticket,
    },
];
