//! Tickets, and what happened to them.

mod query;

use domain::{
    Instant,
    principal::{Identity, UserId},
    ticket::{
        Decision, Happening, Proposal, Ticket, TicketEvent, TicketId, TicketResult, TicketState,
    },
};
use sqlx::FromRow;

pub(crate) use self::query::{count, key as place_of, list};
use super::{Conn, Sql, Time, filter::fetch_all, run, sql::Arg, users};
use crate::fault::Fault;

/// A new ticket.
pub(crate) struct NewTicket<'a> {
    pub(crate) proposal: &'a Proposal,
    pub(crate) requester: UserId,
    pub(crate) by_hand: bool,
    pub(crate) now: Instant,
    pub(crate) expires_at: Instant,
}

/// A ticket with its requester and whoever decided.
#[derive(Debug, FromRow)]
pub(crate) struct TicketRow {
    id: i64,
    digest: String,
    proposal: String,
    state: String,
    by_hand: bool,
    created_at: Time,
    updated_at: Time,
    expires_at: Time,
    decided_at: Option<Time>,
    result: Option<String>,
    user_id: i64,
    user_domain_type: String,
    user_domain: String,
    user_name: String,
    decider_id: Option<i64>,
    decider_domain_type: Option<String>,
    decider_domain: Option<String>,
    decider_name: Option<String>,
}

/// Selects [`TicketRow`]s.
macro_rules! select_ticket {
    ($rest:literal) => {
        concat!(
            "select t.id, t.digest, t.proposal, t.state, t.by_hand, t.created_at, t.updated_at, \
             t.expires_at, t.decided_at, t.result, u.id as user_id, \
             u.domain_type as user_domain_type, u.domain as user_domain, u.name as user_name, \
             d.id as decider_id, d.domain_type as decider_domain_type, \
             d.domain as decider_domain, d.name as decider_name \
             from ticket t join app_user u on u.id = t.requester_id \
             left join app_user d on d.id = t.decided_by ",
            $rest
        )
    };
}
use select_ticket;

impl TicketRow {
    /// What people see of it at `now`. One whose digest does not fit what it says is no ticket of
    /// ours (M4).
    pub(crate) fn into_ticket(self, now: Instant) -> Result<Ticket, Fault> {
        let broken = Fault::Broken;
        let proposal: Proposal = serde_json::from_str(&self.proposal)
            .map_err(|_| broken("a stored ticket cannot be read"))?;
        if proposal.digest() != self.digest {
            return Err(broken("a stored ticket does not fit its digest"));
        }
        let state = TicketState::from_name(&self.state)
            .ok_or(broken("a stored ticket's state is unknown"))?;
        let decision = match (self.decider_id, self.decided_at) {
            (Some(id), Some(at)) => Some(Decision {
                by: users::identity(
                    id,
                    &self.decider_domain_type.unwrap_or_default(),
                    &self.decider_domain.unwrap_or_default(),
                    &self.decider_name.unwrap_or_default(),
                )?,
                at: at.0,
            }),
            _ => None,
        };
        let result = self.result.map(|text| serde_json::from_str(&text));
        let result = result.transpose();
        Ok(Ticket {
            id: TicketId(self.id),
            state: state.at(self.expires_at.0, now),
            proposal,
            digest: self.digest,
            requester: users::identity(
                self.user_id,
                &self.user_domain_type,
                &self.user_domain,
                &self.user_name,
            )?,
            by_hand: self.by_hand,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            expires_at: self.expires_at.0,
            decision,
            result: result.map_err(|_| broken("a stored ticket's result cannot be read"))?,
        })
    }
}

/// Adds a ticket. `None`: another waits about the same thing.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    ticket: NewTicket<'_>,
) -> Result<Option<TicketId>, Fault> {
    let proposal = serde_json::to_string(ticket.proposal)
        .map_err(|_| Fault::Broken("a proposal cannot be written"))?;
    let id: Option<i64> = run!(conn, sqlx::query_scalar(
        "insert into ticket (action, subject, digest, proposal, requester_id, state, by_hand, \
         created_at, updated_at, expires_at) \
         values ($1, $2, $3, $4, $5, 'PENDING', $6, $7, $7, $8) \
         on conflict (subject) where state in ('PENDING', 'APPROVED') do nothing returning id",
    )
    .bind(ticket.proposal.action().as_str())
    .bind(ticket.proposal.subject())
    .bind(ticket.proposal.digest())
    .bind(&*proposal)
    .bind(ticket.requester.0)
    .bind(ticket.by_hand)
    .bind(Time(ticket.now))
    .bind(Time(ticket.expires_at)) => fetch_optional)?;
    Ok(id.map(TicketId))
}

/// The ticket that waits about a thing, also one that has expired since.
pub(crate) async fn waiting(
    conn: &mut Conn<'_>,
    subject: &str,
) -> Result<Option<(TicketId, Instant)>, Fault> {
    let found: Option<(i64, Time)> = run!(conn, sqlx::query_as(
        "select id, expires_at from ticket \
         where subject = $1 and state in ('PENDING', 'APPROVED')",
    )
    .bind(subject) => fetch_optional)?;
    Ok(found.map(|(id, end)| (TicketId(id), end.0)))
}

/// The tickets that wait about any of these things, each with its thing and its end.
pub(crate) async fn waiting_about(
    conn: &mut Conn<'_>,
    subjects: Vec<String>,
) -> Result<Vec<(String, i64, Time)>, Fault> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(
        "select subject, id, expires_at from ticket \
         where state in ('PENDING', 'APPROVED') and subject in ",
    );
    sql.bind_list(subjects.into_iter().map(Arg::Text));
    fetch_all(conn, sql).await
}

/// The ticket of that number.
pub(crate) async fn by_id(conn: &mut Conn<'_>, id: TicketId) -> Result<Option<TicketRow>, Fault> {
    Ok(
        run!(conn, sqlx::query_as::<_, TicketRow>(select_ticket!("where t.id = $1"))
        .bind(id.0) => fetch_optional)?,
    )
}

/// The ticket of that number, kept as it is until the transaction ends.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: TicketId) -> Result<Option<TicketRow>, Fault> {
    // An update locks the row on PostgreSQL; SQLite holds the write lock already.
    run!(conn, sqlx::query("update ticket set state = state where id = $1")
        .bind(id.0) => rows_affected)?;
    by_id(conn, id).await
}

/// The stored state of a ticket and its end, kept as they are until the transaction ends.
pub(crate) async fn lock_state(
    conn: &mut Conn<'_>,
    id: TicketId,
) -> Result<Option<(TicketState, Instant)>, Fault> {
    let found: Option<(String, Time)> = run!(conn, sqlx::query_as(
        "update ticket set state = state where id = $1 returning state, expires_at",
    )
    .bind(id.0) => fetch_optional)?;
    let read = |(state, end): (String, Time)| {
        let state = TicketState::from_name(&state);
        let state = state.ok_or(Fault::Broken("a stored ticket's state is unknown"))?;
        Ok((state, end.0))
    };
    found.map(read).transpose()
}

/// Approves or rejects a ticket that is locked.
pub(crate) async fn decide(
    conn: &mut Conn<'_>,
    id: TicketId,
    state: TicketState,
    by: UserId,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "update ticket set state = $2, decided_by = $3, decided_at = $4, updated_at = $4 \
         where id = $1",
    )
    .bind(id.0)
    .bind(state.as_str())
    .bind(by.0)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Withdraws a ticket that is locked, or lets it expire.
pub(crate) async fn close(
    conn: &mut Conn<'_>,
    id: TicketId,
    state: TicketState,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query("update ticket set state = $2, updated_at = $3 where id = $1")
        .bind(id.0)
        .bind(state.as_str())
        .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Notes that a ticket that is locked was executed.
pub(crate) async fn finish(
    conn: &mut Conn<'_>,
    id: TicketId,
    result: &TicketResult,
    now: Instant,
) -> Result<(), Fault> {
    let result = serde_json::to_string(result)
        .map_err(|_| Fault::Broken("a ticket's result cannot be written"))?;
    run!(conn, sqlx::query(
        "update ticket set state = 'DONE', result = $2, updated_at = $3 where id = $1",
    )
    .bind(id.0)
    .bind(&*result)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Lets a ticket that is locked wait again. `false`: another waits about the same thing.
pub(crate) async fn renew(
    conn: &mut Conn<'_>,
    id: TicketId,
    by_hand: bool,
    now: Instant,
    expires_at: Instant,
) -> Result<bool, Fault> {
    let renewed = run!(conn, sqlx::query(
        "update ticket set state = 'PENDING', by_hand = $2, decided_by = null, \
         decided_at = null, updated_at = $3, expires_at = $4 where id = $1 \
         and not exists (select 1 from ticket o where o.subject = ticket.subject \
                         and o.state in ('PENDING', 'APPROVED') and o.id <> $1)",
    )
    .bind(id.0)
    .bind(by_hand)
    .bind(Time(now))
    .bind(Time(expires_at)) => rows_affected)?;
    Ok(renewed == 1)
}

/// Notes what happened to a ticket.
pub(crate) async fn note(
    conn: &mut Conn<'_>,
    id: TicketId,
    by: &Identity,
    what: Happening,
    comment: &str,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into ticket_event (ticket_id, place, at, actor, what, comment) \
         select $1, coalesce(max(place), 0) + 1, $2, $3, $4, $5 \
         from ticket_event where ticket_id = $1",
    )
    .bind(id.0)
    .bind(Time(now))
    .bind(by.to_string())
    .bind(what.as_str())
    .bind(comment) => rows_affected)?;
    Ok(())
}

#[derive(FromRow)]
struct EventRow {
    at: Time,
    actor: String,
    what: String,
    comment: String,
}

/// What happened to a ticket, in order.
pub(crate) async fn events(conn: &mut Conn<'_>, id: TicketId) -> Result<Vec<TicketEvent>, Fault> {
    let rows = run!(conn, sqlx::query_as::<_, EventRow>(
        "select at, actor, what, comment from ticket_event where ticket_id = $1 order by place",
    )
    .bind(id.0) => fetch_all)?;
    let read = |row: EventRow| {
        Ok(TicketEvent {
            at: row.at.0,
            by: row.actor,
            what: Happening::from_name(&row.what)
                .ok_or(Fault::Broken("a stored event is unknown"))?,
            comment: row.comment,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Tickets that have waited for too long, a few at most.
pub(crate) async fn overdue(conn: &mut Conn<'_>, now: Instant) -> Result<Vec<TicketId>, Fault> {
    let ids: Vec<i64> = run!(conn, sqlx::query_scalar(
        "select id from ticket where state in ('PENDING', 'APPROVED') and expires_at <= $1 \
         order by expires_at limit 100",
    )
    .bind(Time(now)) => fetch_all)?;
    Ok(ids.into_iter().map(TicketId).collect())
}

/// The tickets of somebody that wait.
pub(crate) async fn waiting_of(
    conn: &mut Conn<'_>,
    requester: UserId,
) -> Result<Vec<TicketId>, Fault> {
    let ids: Vec<i64> = run!(conn, sqlx::query_scalar(
        "select id from ticket where requester_id = $1 and state in ('PENDING', 'APPROVED') \
         order by id",
    )
    .bind(requester.0) => fetch_all)?;
    Ok(ids.into_iter().map(TicketId).collect())
}

/// How many tickets of others than `but` are pending at `now`.
pub(crate) async fn count_pending(
    conn: &mut Conn<'_>,
    but: UserId,
    now: Instant,
) -> Result<u64, Fault> {
    // The first condition is that of the index.
    let count: i64 = run!(conn, sqlx::query_scalar(
        "select count(*) from ticket where state in ('PENDING', 'APPROVED') \
         and state = 'PENDING' and expires_at > $1 and requester_id <> $2",
    )
    .bind(Time(now))
    .bind(but.0) => fetch_one)?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Another text once anything happened to somebody's tickets.
pub(crate) async fn latest_of(conn: &mut Conn<'_>, requester: UserId) -> Result<String, Fault> {
    let (count, latest): (i64, Option<Time>) = run!(conn, sqlx::query_as(
        "select count(*), max(updated_at) from ticket where requester_id = $1",
    )
    .bind(requester.0) => fetch_one)?;
    let latest = latest.map_or(0, |latest| latest.0.timestamp_micros());
    Ok(format!("{count} {latest}"))
}

/// Removes closed tickets to which nothing happened since.
pub(crate) async fn purge(conn: &mut Conn<'_>, before: Instant) -> Result<u64, Fault> {
    Ok(run!(conn, sqlx::query(
        "delete from ticket where state not in ('PENDING', 'APPROVED') and updated_at <= $1",
    )
    .bind(Time(before)) => rows_affected)?)
}
