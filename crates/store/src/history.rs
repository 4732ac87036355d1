//! What was kept, read: the newest calls first, by pages.
use crate::row::Party;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// Calls of a page at most.
pub(crate) const MOST: u32 = 500;

/// Which calls are asked for. All that is stated must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this phone; `None`: of all in the file.
    pub phone: Option<String>,
    /// Begun at this time or later, in Unix microseconds.
    pub since_us: Option<i64>,
    /// Begun before this time.
    pub until_us: Option<i64>,
    /// A part of name, number or URI of a party of the call, in letters of either case (ASCII).
    pub party: Option<String>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Older than the call of this id: a [`Page::next`].
    pub before: Option<i64>,
}

/// The kind of a row of `call`.
const KIND: &str = "CASE
    WHEN outcome IN ('turned-away', 'answered-elsewhere') THEN outcome
    WHEN NOT incoming THEN 'placed'
    WHEN role = 'guest' THEN 'consulted'
    WHEN connected_us IS NOT NULL THEN 'answered'
    WHEN EXISTS (SELECT 1 FROM event WHERE event.call = call.id AND event.kind IN ('reject', 'forward', 'end', 'end-consult'))
        THEN 'rejected'
    ELSE 'missed' END";

/// The party that a row of `call` was handed to, as text.
const TRANSFERRED_TO: &str = "concat_ws(' ', json_extract(transferred_to, '$.name'), json_extract(transferred_to, '$.number'),
    json_extract(transferred_to, '$.uri'))";

/// What became of a call, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Came, and was answered here.
    Answered,
    /// Was placed by this phone.
    Placed,
    /// Came, and was not answered.
    Missed,
    /// Came, and the agent refused it or sent it elsewhere.
    Rejected,
    /// Came, and another phone has answered it.
    AnsweredElsewhere,
    /// Came, and was refused at once.
    TurnedAway,
    /// Came as a consult: we were the guest.
    Consulted,
}

impl Kind {
    /// All, each once.
    pub const ALL: [Self; 7] = [
        Self::Answered,
        Self::Placed,
        Self::Missed,
        Self::Rejected,
        Self::AnsweredElsewhere,
        Self::TurnedAway,
        Self::Consulted,
    ];

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Placed => "placed",
            Self::Missed => "missed",
            Self::Rejected => "rejected",
            Self::AnsweredElsewhere => "answered-elsewhere",
            Self::TurnedAway => "turned-away",
            Self::Consulted => "consulted",
        }
    }

    fn of(name: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.name() == name).unwrap_or(Self::Missed)
    }
}

/// Some calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The newest first.
    pub calls: Vec<HistoryCall>,
    /// What [`Filter::before`] is for the next page; `None`: there is none.
    pub next: Option<i64>,
}

/// A call, with all that is kept of it. Times are Unix microseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryCall {
    /// Higher for each newer row of the file.
    pub id: i64,
    /// The name of the phone.
    pub phone: String,
    /// The call's number; `None`: the caller was turned away.
    pub number: Option<u32>,
    /// What became of it.
    pub kind: Kind,
    /// It was received, not placed.
    pub incoming: bool,
    /// Our role at the beginning.
    pub role: String,
    /// The other party.
    pub peer: Party,
    /// The party that the caller has called.
    pub called: Option<Party>,
    /// The parties that have diverted it, the one that was called first before the others.
    pub diverted_from: Vec<Party>,
    /// The party that sent the caller here.
    pub referred_by: Option<Party>,
    /// When it began.
    pub began_us: i64,
    /// When sound was agreed with its first party.
    pub connected_us: Option<i64>,
    /// When it became ours.
    pub owned_us: Option<i64>,
    /// When it was over; `None`: it goes on, or the phone has died in it.
    pub ended_us: Option<i64>,
    /// How it ended; `None`: it goes on.
    pub outcome: Option<String>,
    /// Final status of a refusal (RFC 3261 §21).
    pub status: Option<u16>,
    /// Why the caller was turned away.
    pub why: Option<String>,
    /// How many callers that were turned away it stands for; else 1.
    pub calls: u32,
    /// The party that it was handed to.
    pub transferred_to: Option<Party>,
    /// In the order in which they began.
    pub legs: Vec<HistoryLeg>,
    /// In the order in which they happened.
    pub events: Vec<HistoryEvent>,
    /// In the order in which they were opened.
    pub wrap_ups: Vec<HistoryWrapUp>,
}

/// A leg of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLeg {
    /// Its name, unique within its call.
    pub leg: String,
    /// The far party's role.
    pub role: String,
    /// The far party.
    pub party: Party,
    /// When it was placed or came.
    pub began_us: i64,
    /// When it was answered.
    pub answered_us: Option<i64>,
    /// When it was over.
    pub ended_us: Option<i64>,
}

/// Something that happened in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEvent {
    /// When.
    pub at_us: i64,
    /// What, in one word.
    pub kind: String,
    /// The party that it is about.
    pub party: Option<Party>,
    /// Status or words that belong to it.
    pub detail: Option<String>,
}

/// A wrap-up of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryWrapUp {
    /// Its number, unique among those of its phone.
    pub number: u32,
    /// When it was opened.
    pub opened_us: i64,
    /// When it became due; `None`: a draft that never did.
    pub due_us: Option<i64>,
    /// The reason.
    pub reason: Option<String>,
    /// The agent's words.
    pub note: Option<String>,
    /// By the timer, not by the agent.
    pub timed: bool,
    /// When it was handed in; `None`: it is still to be.
    pub submitted_us: Option<i64>,
}

/// A page of at most `limit` calls, or [`MOST`].
pub(crate) fn page(connection: &Connection, filter: &Filter, limit: u32) -> rusqlite::Result<Page> {
    let limit = limit.clamp(1, MOST);
    let kind = filter.kind.map(Kind::name);
    let party = filter
        .party
        .as_ref()
        .map(|party| format!("%{}%", escaped(party)));
    let fits = |prefix: &str| {
        ["name", "number", "uri"]
            .map(|part| format!("{prefix}_{part} LIKE :party ESCAPE '\\'"))
            .join(" OR ")
    };
    let sql = format!(
        "SELECT *, {KIND} AS kind FROM call WHERE (:phone IS NULL OR phone = :phone) AND (:since IS NULL OR began_us >= :since)
         AND (:until IS NULL OR began_us < :until) AND (:before IS NULL OR id < :before) AND (:kind IS NULL OR {KIND} = :kind)
         AND (:party IS NULL OR {} OR {} LIKE :party ESCAPE '\\'
              OR EXISTS (SELECT 1 FROM leg WHERE leg.call = call.id AND ({})))
         ORDER BY id DESC LIMIT :limit",
        fits("peer"),
        TRANSFERRED_TO,
        fits("party")
    );
    let mut calls = connection
        .prepare_cached(&sql)?
        .query_map(
            named_params! {":phone": filter.phone, ":since": filter.since_us, ":until": filter.until_us,
            ":before": filter.before, ":kind": kind, ":party": party, ":limit": limit},
            call,
        )?
        .collect::<Result<Vec<_>, _>>()?;
    for call in &mut calls {
        fill(connection, call)?;
    }
    let is_full = calls.len() == limit as usize;
    let next = calls.last().filter(|_| is_full).map(|call| call.id);
    Ok(Page { calls, next })
}

/// The call of this id; `None`: it is not there.
pub(crate) fn one(connection: &Connection, id: i64) -> rusqlite::Result<Option<HistoryCall>> {
    let sql = format!("SELECT *, {KIND} AS kind FROM call WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let Some(mut found) = statement.query_row([id], call).optional()? else {
        return Ok(None);
    };
    fill(connection, &mut found)?;
    Ok(Some(found))
}

/// Reads what belongs to a call.
fn fill(connection: &Connection, call: &mut HistoryCall) -> rusqlite::Result<()> {
    call.legs = rows(
        connection,
        "SELECT * FROM leg WHERE call = ?1 ORDER BY began_us, leg",
        call.id,
        leg,
    )?;
    call.events = rows(
        connection,
        "SELECT * FROM event WHERE call = ?1 ORDER BY id",
        call.id,
        event,
    )?;
    call.wrap_ups = rows(
        connection,
        "SELECT * FROM wrap_up WHERE call = ?1 ORDER BY id",
        call.id,
        wrap_up,
    )?;
    Ok(())
}

/// What stands for itself in a pattern of LIKE.
fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

fn rows<T>(
    connection: &Connection,
    sql: &str,
    call: i64,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection
        .prepare_cached(sql)?
        .query_map([call], read)?
        .collect()
}

/// The party in the columns that begin so.
pub(crate) fn peer_of(row: &Row<'_>, prefix: &str) -> rusqlite::Result<Party> {
    let column = |part: &str| format!("{prefix}_{part}");
    Ok(Party {
        name: row.get(column("name").as_str())?,
        number: row.get(column("number").as_str())?,
        uri: row.get(column("uri").as_str())?,
        asserted: row.get(column("asserted").as_str())?,
        anonymous: row.get(column("anonymous").as_str())?,
    })
}

/// What is kept as JSON; what is none of ours is as good as nothing.
fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

fn call(row: &Row<'_>) -> rusqlite::Result<HistoryCall> {
    Ok(HistoryCall {
        id: row.get("id")?,
        phone: row.get("phone")?,
        number: row.get("number")?,
        kind: Kind::of(&row.get::<_, String>("kind")?),
        incoming: row.get("incoming")?,
        role: row.get("role")?,
        peer: peer_of(row, "peer")?,
        called: json(row, "called")?,
        diverted_from: json(row, "diverted_from")?.unwrap_or_default(),
        referred_by: json(row, "referred_by")?,
        began_us: row.get("began_us")?,
        connected_us: row.get("connected_us")?,
        owned_us: row.get("owned_us")?,
        ended_us: row.get("ended_us")?,
        outcome: row.get("outcome")?,
        status: row.get("status")?,
        why: row.get("why")?,
        calls: row.get("calls")?,
        transferred_to: json(row, "transferred_to")?,
        legs: Vec::new(),
        events: Vec::new(),
        wrap_ups: Vec::new(),
    })
}

fn leg(row: &Row<'_>) -> rusqlite::Result<HistoryLeg> {
    Ok(HistoryLeg {
        leg: row.get("leg")?,
        role: row.get("role")?,
        party: peer_of(row, "party")?,
        began_us: row.get("began_us")?,
        answered_us: row.get("answered_us")?,
        ended_us: row.get("ended_us")?,
    })
}

fn event(row: &Row<'_>) -> rusqlite::Result<HistoryEvent> {
    Ok(HistoryEvent {
        at_us: row.get("at_us")?,
        kind: row.get("kind")?,
        party: json(row, "party")?,
        detail: row.get("detail")?,
    })
}

fn wrap_up(row: &Row<'_>) -> rusqlite::Result<HistoryWrapUp> {
    Ok(HistoryWrapUp {
        number: row.get("number")?,
        opened_us: row.get("opened_us")?,
        due_us: row.get("due_us")?,
        reason: row.get("reason")?,
        note: row.get("note")?,
        timed: row.get("timed")?,
        submitted_us: row.get("submitted_us")?,
    })
}
