//! Service principals.

use domain::{
    Instant,
    principal::{Identity, UserId},
};
use sqlx::FromRow;

use super::{Conn, Time, run, users};
use crate::fault::Fault;

/// A service principal that is in use.
#[derive(Debug, FromRow)]
pub(crate) struct PrincipalRow {
    pub(crate) user_id: i64,
    name: String,
    pub(crate) kind: String,
    pub(crate) role_id: Option<i64>,
    pub(crate) created_at: Time,
}

impl PrincipalRow {
    /// Who it is.
    pub(crate) fn identity(&self) -> Result<Identity, Fault> {
        users::identity(self.user_id, "nbsp", "", &self.name)
    }
}

/// Makes an account a service principal.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    user: UserId,
    kind: &str,
    role: Option<i64>,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into service_principal (user_id, kind, role_id, created_at) values ($1, $2, $3, $4)",
    )
    .bind(user.0)
    .bind(kind)
    .bind(role)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Every service principal, in the order of their numbers.
pub(crate) async fn all(conn: &mut Conn<'_>) -> Result<Vec<PrincipalRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, PrincipalRow>(
        "select p.user_id, u.name, p.kind, p.role_id, p.created_at \
         from service_principal p join app_user u on u.id = p.user_id order by p.user_id",
    ) => fetch_all)?)
}

/// The one of that name.
pub(crate) async fn find(conn: &mut Conn<'_>, name: &str) -> Result<Option<PrincipalRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, PrincipalRow>(
        "select p.user_id, u.name, p.kind, p.role_id, p.created_at \
         from service_principal p join app_user u on u.id = p.user_id \
         where u.domain_type = 'nbsp' and u.domain = '' and u.name_folded = $1",
    )
    .bind(name) => fetch_optional)?)
}

/// Ends a service principal: what is left is an account that nobody can use, for the tombstones of
/// its keys. Its name is free again.
pub(crate) async fn delete(
    conn: &mut Conn<'_>,
    user: UserId,
    freed: &str,
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query("delete from service_principal where user_id = $1")
        .bind(user.0) => rows_affected)?;
    run!(conn, sqlx::query(
        "update app_user set name_folded = $2, disabled_at = coalesce(disabled_at, $3) \
         where id = $1",
    )
    .bind(user.0)
    .bind(freed)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// Removes accounts of service principals that have ended, once nothing of theirs is left.
pub(crate) async fn purge(conn: &mut Conn<'_>) -> Result<u64, Fault> {
    Ok(run!(conn, sqlx::query(
        "delete from app_user where domain_type = 'nbsp' \
         and not exists (select 1 from service_principal p where p.user_id = app_user.id) \
         and not exists (select 1 from api_key k where k.user_id = app_user.id) \
         and not exists (select 1 from session s where s.user_id = app_user.id) \
         and not exists (select 1 from user_role g where g.user_id = app_user.id)",
    ) => rows_affected)?)
}
