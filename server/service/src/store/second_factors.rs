//! Second factors and their recovery codes.

use domain::{Instant, principal::UserId};
use sqlx::FromRow;

use super::{Conn, Time, run};
use crate::fault::Fault;

/// [`needed`] as a column, of `app_user u` and `policy o`.
macro_rules! factor_needed {
    () => {
        "(o.second_factor_required and u.password_hash is not null and not exists \
          (select 1 from second_factor f where f.user_id = u.id and f.confirmed_at is not null))"
    };
}
pub(crate) use factor_needed;

/// A second factor.
#[derive(Debug, FromRow)]
pub(crate) struct FactorRow {
    pub(crate) sealed: Vec<u8>,
    /// `None`: not confirmed, so not asked for.
    pub(crate) confirmed_at: Option<Time>,
    pub(crate) last_step: i64,
}

/// A user's second factor.
pub(crate) async fn of_user(conn: &mut Conn<'_>, user: UserId) -> Result<Option<FactorRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, FactorRow>(
        "select sealed, confirmed_at, last_step from second_factor where user_id = $1",
    )
    .bind(user.0) => fetch_optional)?)
}

/// Puts a factor that is not confirmed in the place of one that is not. `false`: there is a
/// confirmed one.
pub(crate) async fn begin(
    conn: &mut Conn<'_>,
    user: UserId,
    sealed: &[u8],
    now: Instant,
) -> Result<bool, Fault> {
    let begun = run!(conn, sqlx::query(
        "insert into second_factor (user_id, sealed, created_at) values ($1, $2, $3) \
         on conflict (user_id) do update set sealed = $2, created_at = $3, last_step = 0 \
         where second_factor.confirmed_at is null",
    )
    .bind(user.0)
    .bind(sealed)
    .bind(Time(now)) => rows_affected)?;
    Ok(begun == 1)
}

/// Confirms a factor, and keeps this of it. `false`: there is none to confirm.
pub(crate) async fn confirm(
    conn: &mut Conn<'_>,
    user: UserId,
    sealed: &[u8],
    step: i64,
    now: Instant,
) -> Result<bool, Fault> {
    let confirmed = run!(conn, sqlx::query(
        "update second_factor set confirmed_at = $2, last_step = $3, sealed = $4 \
         where user_id = $1 and confirmed_at is null",
    )
    .bind(user.0)
    .bind(Time(now))
    .bind(step)
    .bind(sealed) => rows_affected)?;
    Ok(confirmed == 1)
}

/// Uses a code's time step up. `false`: it or a later one was used.
pub(crate) async fn use_step(conn: &mut Conn<'_>, user: UserId, step: i64) -> Result<bool, Fault> {
    let rows = run!(conn, sqlx::query(
        "update second_factor set last_step = $2 \
         where user_id = $1 and last_step < $2 and confirmed_at is not null",
    )
    .bind(user.0)
    .bind(step) => rows_affected)?;
    Ok(rows == 1)
}

/// Adds a recovery code.
pub(crate) async fn add_code(
    conn: &mut Conn<'_>,
    user: UserId,
    digest: &[u8],
) -> Result<(), Fault> {
    run!(conn, sqlx::query("insert into recovery_code (user_id, digest) values ($1, $2)")
        .bind(user.0)
        .bind(digest) => rows_affected)?;
    Ok(())
}

/// Uses a recovery code up. `false`: there is no such code.
pub(crate) async fn use_code(
    conn: &mut Conn<'_>,
    user: UserId,
    digest: &[u8],
) -> Result<bool, Fault> {
    let rows = run!(conn, sqlx::query("delete from recovery_code where user_id = $1 and digest = $2")
        .bind(user.0)
        .bind(digest) => rows_affected)?;
    Ok(rows == 1)
}

/// How many recovery codes are left.
pub(crate) async fn codes_left(conn: &mut Conn<'_>, user: UserId) -> Result<i64, Fault> {
    Ok(
        run!(conn, sqlx::query_scalar("select count(*) from recovery_code where user_id = $1")
        .bind(user.0) => fetch_one)?,
    )
}

/// Removes a factor with its codes. `false`: there is none.
pub(crate) async fn remove(conn: &mut Conn<'_>, user: UserId) -> Result<bool, Fault> {
    let removed = run!(conn, sqlx::query("delete from second_factor where user_id = $1")
        .bind(user.0) => rows_affected)?;
    Ok(removed == 1)
}

/// Whether a user must set one up before anything else: the policy asks for it, the account has a
/// password, and there is none yet.
pub(crate) async fn needed(conn: &mut Conn<'_>, user: UserId) -> Result<bool, Fault> {
    Ok(run!(conn, sqlx::query_scalar::<_, bool>(concat!(
        "select ", factor_needed!(), " from app_user u cross join policy o where u.id = $1"
    ))
    .bind(user.0) => fetch_one)?)
}
