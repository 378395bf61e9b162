//! Failed sign-ins, counted per user name and address.

use domain::Instant;

use super::{Conn, Time, run};
use crate::fault::Fault;

/// Counts an attempt before it is made, so that parallel guesses cannot pass beside the count.
/// Returns the number of attempts and when they are forgotten. Once beyond `limit`, further
/// attempts do not prolong the lock.
pub(crate) async fn count(
    conn: &mut Conn<'_>,
    subject: &str,
    address: &str,
    limit: u32,
    now: Instant,
    until: Instant,
) -> Result<(i64, Instant), Fault> {
    let (failures, until): (i64, Time) = run!(conn, sqlx::query_as(
        "insert into sign_in_failure (subject, address, failures, until) values ($1, $2, 1, $3) \
         on conflict (subject, address) do update set \
         failures = case when sign_in_failure.until <= $4 then 1 \
                         else sign_in_failure.failures + 1 end, \
         until = case when sign_in_failure.until > $4 and sign_in_failure.failures >= $5 \
                      then sign_in_failure.until else $3 end \
         returning failures, until",
    )
    .bind(subject)
    .bind(address)
    .bind(Time(until))
    .bind(Time(now))
    .bind(i64::from(limit)) => fetch_one)?;
    Ok((failures, until.0))
}

/// Forgets the attempts after a success.
pub(crate) async fn forget(conn: &mut Conn<'_>, subject: &str, address: &str) -> Result<(), Fault> {
    run!(conn, sqlx::query("delete from sign_in_failure where subject = $1 and address = $2")
        .bind(subject)
        .bind(address) => rows_affected)?;
    Ok(())
}

/// Removes counts that are past their time.
pub(crate) async fn purge(conn: &mut Conn<'_>, now: Instant) -> Result<u64, Fault> {
    Ok(
        run!(conn, sqlx::query("delete from sign_in_failure where until <= $1")
        .bind(Time(now)) => rows_affected)?,
    )
}
