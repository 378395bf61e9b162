//! What is to be sent, and what was.

use domain::{
    Instant,
    notice::{DeliveryState, Kind, Trouble},
};
use sqlx::FromRow;

use super::{Conn, Time, run};
use crate::fault::Fault;

/// How many rows are removed at once.
const PURGED_AT_ONCE: i64 = 5000;

/// The columns of a [`DeliveryRow`].
macro_rules! columns {
    () => {
        "id, mail_to, webhook_id, to_person, notice, created_at, state, attempts, \
         next_attempt_at, tried_at, trouble"
    };
}

/// A delivery as it is stored.
#[derive(Debug, FromRow)]
pub(crate) struct DeliveryRow {
    pub(crate) id: i64,
    pub(crate) mail_to: Option<String>,
    pub(crate) webhook_id: Option<i64>,
    pub(crate) to_person: bool,
    pub(crate) notice: String,
    pub(crate) created_at: Time,
    state: String,
    attempts: i64,
    pub(crate) next_attempt_at: Time,
    pub(crate) tried_at: Option<Time>,
    trouble: Option<String>,
}

impl DeliveryRow {
    pub(crate) fn state(&self) -> Result<DeliveryState, Fault> {
        DeliveryState::from_name(&self.state)
            .ok_or(Fault::Broken("a stored delivery's state is unknown"))
    }

    pub(crate) fn attempts(&self) -> u32 {
        u32::try_from(self.attempts).unwrap_or(u32::MAX)
    }

    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.trouble.as_deref().and_then(Trouble::from_text)
    }
}

/// Puts a notice out for an address of mail.
pub(crate) async fn to_address(
    conn: &mut Conn<'_>,
    address: &str,
    to_person: bool,
    notice: &str,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into outbox (mail_to, to_person, notice, created_at, state, attempts, \
         next_attempt_at) values ($1, $2, $3, $4, 'WAITING', 0, $4)",
    )
    .bind(address)
    .bind(to_person)
    .bind(notice)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Puts a notice out for every webhook that is on and told of that kind. Returns for how many.
pub(crate) async fn to_webhooks(
    conn: &mut Conn<'_>,
    kind: Kind,
    notice: &str,
    now: Instant,
) -> Result<u64, Fault> {
    Ok(run!(conn, sqlx::query(
        "insert into outbox (webhook_id, to_person, notice, created_at, state, attempts, \
         next_attempt_at) select w.id, false, $1, $2, 'WAITING', 0, $2 from webhook w \
         where w.enabled and replace(w.events, $3, '') <> w.events order by w.id",
    )
    .bind(notice)
    .bind(Time(now))
    .bind(format!("\"{}\"", kind.as_str())) => rows_affected)?)
}

/// Puts a notice out for one webhook.
pub(crate) async fn to_webhook(
    conn: &mut Conn<'_>,
    webhook: i64,
    notice: &str,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into outbox (webhook_id, to_person, notice, created_at, state, attempts, \
         next_attempt_at) values ($1, false, $2, $3, 'WAITING', 0, $3)",
    )
    .bind(webhook)
    .bind(notice)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Whether anything is to be tried.
pub(crate) async fn is_due(conn: &mut Conn<'_>, now: Instant) -> Result<bool, Fault> {
    Ok(run!(conn, sqlx::query_scalar(
        "select exists (select 1 from outbox where state = 'WAITING' and next_attempt_at <= $1)",
    )
    .bind(Time(now)) => fetch_one)?)
}

/// Takes what is to be tried, a few at most, for oneself until `lease` is over. Whoever takes the
/// same at the same time waits for the row, and finds that it is no longer due.
pub(crate) async fn claim(
    conn: &mut Conn<'_>,
    now: Instant,
    lease: Instant,
    limit: i64,
) -> Result<Vec<DeliveryRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, DeliveryRow>(
        concat!(
            "update outbox set attempts = attempts + 1, next_attempt_at = $2 \
             where state = 'WAITING' and next_attempt_at <= $1 and id in (select id from outbox \
                 where state = 'WAITING' and next_attempt_at <= $1 \
                 order by next_attempt_at, id limit $3) \
             returning ", columns!()
        ),
    )
    .bind(Time(now))
    .bind(Time(lease))
    .bind(limit) => fetch_all)?)
}

/// Notes how an attempt ended, unless somebody else has taken the delivery since.
pub(crate) async fn finish(
    conn: &mut Conn<'_>,
    id: i64,
    attempts: u32,
    state: DeliveryState,
    trouble: Option<Trouble>,
    next: Instant,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "update outbox set state = $3, trouble = $4, next_attempt_at = $5, tried_at = $6 \
         where id = $1 and attempts = $2 and state = 'WAITING'",
    )
    .bind(id)
    .bind(i64::from(attempts))
    .bind(state.as_str())
    .bind(trouble.map(Trouble::to_text))
    .bind(Time(next))
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Lets a delivery that is over be tried anew, under the same number. `false`: there is none, or it
/// waits.
pub(crate) async fn resend(conn: &mut Conn<'_>, id: i64, now: Instant) -> Result<bool, Fault> {
    let again = run!(conn, sqlx::query(
        "update outbox set state = 'WAITING', attempts = 0, trouble = null, next_attempt_at = $2 \
         where id = $1 and state <> 'WAITING'",
    )
    .bind(id)
    .bind(Time(now)) => rows_affected)?;
    Ok(again == 1)
}

/// Gives up what waits for a webhook.
pub(crate) async fn give_up(
    conn: &mut Conn<'_>,
    webhook: i64,
    trouble: Trouble,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "update outbox set state = 'FAILED', trouble = $2, tried_at = $3 \
         where webhook_id = $1 and state = 'WAITING'",
    )
    .bind(webhook)
    .bind(trouble.to_text())
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// The deliveries to a webhook before one of them, the latest first.
pub(crate) async fn of_webhook(
    conn: &mut Conn<'_>,
    webhook: i64,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<DeliveryRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, DeliveryRow>(
        concat!(
            "select ", columns!(), " from outbox where webhook_id = $1 and id < $2 \
             order by id desc limit $3"
        ),
    )
    .bind(webhook)
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit) => fetch_all)?)
}

/// The deliveries by mail before one of them, the latest first.
pub(crate) async fn of_mail(
    conn: &mut Conn<'_>,
    before: Option<i64>,
    only_failed: bool,
    limit: i64,
) -> Result<Vec<DeliveryRow>, Fault> {
    let sql = if only_failed {
        concat!(
            "select ",
            columns!(),
            " from outbox \
             where webhook_id is null and state = 'FAILED' and id < $1 order by id desc limit $2"
        )
    } else {
        concat!(
            "select ",
            columns!(),
            " from outbox \
             where webhook_id is null and id < $1 order by id desc limit $2"
        )
    };
    Ok(run!(conn, sqlx::query_as::<_, DeliveryRow>(sql)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit) => fetch_all)?)
}

/// Removes what was over before an instant, so many at most.
pub(crate) async fn purge(conn: &mut Conn<'_>, before: Instant) -> Result<u64, Fault> {
    Ok(run!(conn, sqlx::query(
        "delete from outbox where id in (select id from outbox where state <> 'WAITING' \
         and created_at <= $1 order by created_at limit $2)",
    )
    .bind(Time(before))
    .bind(PURGED_AT_ONCE) => rows_affected)?)
}
