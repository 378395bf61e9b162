//! Accounts and their roles.

pub(crate) mod people;
pub(crate) mod query;

use domain::{
    Instant,
    principal::{DomainType, Identity, Principal, UserId},
};
use sqlx::FromRow;

use super::{Conn, Time, run};
use crate::fault::Fault;

/// An account as it is stored.
#[derive(Debug, FromRow)]
pub(crate) struct UserRow {
    pub(crate) id: i64,
    domain_type: String,
    domain: String,
    name: String,
    pub(crate) password_hash: Option<String>,
    pub(crate) password_change_needed: bool,
    pub(crate) self_service_withdrawn: bool,
    pub(crate) disabled_at: Option<Time>,
    pub(crate) created_at: Time,
}

impl UserRow {
    /// Whose account it is.
    pub(crate) fn identity(&self) -> Result<Identity, Fault> {
        identity(self.id, &self.domain_type, &self.domain, &self.name)
    }
}

/// Puts an identity together from its columns.
pub(crate) fn identity(
    id: i64,
    domain_type: &str,
    domain: &str,
    name: &str,
) -> Result<Identity, Fault> {
    Ok(Identity {
        id: UserId(id),
        principal: Principal {
            domain_type: domain_type
                .parse::<DomainType>()
                .map_err(|_| Fault::Broken("a stored domain type is unknown"))?,
            domain: domain.to_owned(),
            name: name.to_owned(),
        },
    })
}

/// Adds an account. `None`: the name is taken.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    principal: &Principal,
    folded: &str,
    password_hash: Option<&str>,
    password_change_needed: bool,
    now: Instant,
) -> Result<Option<UserId>, Fault> {
    let id: Option<i64> = run!(conn, sqlx::query_scalar(
        "insert into app_user (domain_type, domain, name, name_folded, password_hash, \
         password_change_needed, created_at) values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict (domain_type, domain, name_folded) do nothing returning id",
    )
    .bind(principal.domain_type.as_str())
    .bind(&*principal.domain)
    .bind(&*principal.name)
    .bind(folded)
    .bind(password_hash)
    .bind(password_change_needed)
    .bind(Time(now)) => fetch_optional)?;
    Ok(id.map(UserId))
}

const COLUMNS_BY_NAME: &str = "select id, domain_type, domain, name, password_hash, \
     password_change_needed, self_service_withdrawn, disabled_at, created_at \
     from app_user where domain_type = $1 and domain = $2 and name_folded = $3";

/// The account with that name.
pub(crate) async fn find(
    conn: &mut Conn<'_>,
    domain_type: DomainType,
    domain: &str,
    folded: &str,
) -> Result<Option<UserRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, UserRow>(COLUMNS_BY_NAME)
        .bind(domain_type.as_str())
        .bind(domain)
        .bind(folded) => fetch_optional)?)
}

/// The local accounts with that name, whatever their domain, the oldest first; a few at most.
pub(crate) async fn find_local(conn: &mut Conn<'_>, folded: &str) -> Result<Vec<UserRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, UserRow>(
        "select id, domain_type, domain, name, password_hash, password_change_needed, \
         self_service_withdrawn, disabled_at, created_at from app_user \
         where domain_type in ('unixpwd', 'nt', 'vx', 'ldap') and name_folded = $1 \
         order by id limit 4",
    )
    .bind(folded) => fetch_all)?)
}

/// The first accounts whose names, as they are compared, begin with `start`.
pub(crate) async fn named_like(
    conn: &mut Conn<'_>,
    start: &str,
    limit: i64,
) -> Result<Vec<UserRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, UserRow>(
        "select id, domain_type, domain, name, password_hash, password_change_needed, \
         self_service_withdrawn, disabled_at, created_at from app_user \
         where name_folded >= $1 and name_folded < $2 order by name_folded, id limit $3",
    )
    .bind(start)
    .bind(format!("{start}\u{10ffff}"))
    .bind(limit) => fetch_all)?)
}

/// The account with that number.
pub(crate) async fn by_id(conn: &mut Conn<'_>, id: UserId) -> Result<Option<UserRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, UserRow>(
        "select id, domain_type, domain, name, password_hash, password_change_needed, \
         self_service_withdrawn, disabled_at, created_at from app_user where id = $1",
    )
    .bind(id.0) => fetch_optional)?)
}

/// Every account, in the order of their numbers.
pub(crate) async fn all(conn: &mut Conn<'_>) -> Result<Vec<UserRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, UserRow>(
        "select id, domain_type, domain, name, password_hash, password_change_needed, \
         self_service_withdrawn, disabled_at, created_at from app_user order by id",
    ) => fetch_all)?)
}

/// How many enabled accounts hold a role. Locks their rows on PostgreSQL, where two transactions
/// could otherwise each remove what the other counted on.
pub(crate) async fn enabled_holders(conn: &mut Conn<'_>, role: i64) -> Result<usize, Fault> {
    let select = "select u.id from app_user u join user_role r on r.user_id = u.id \
                  where r.role_id = $1 and u.disabled_at is null order by u.id";
    let ids: Vec<i64> = match conn {
        Conn::Sqlite(c) => {
            sqlx::query_scalar(select)
                .bind(role)
                .fetch_all(&mut **c)
                .await?
        }
        Conn::Postgres(c) => {
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("{select} for update of u")))
                .bind(role)
                .fetch_all(&mut **c)
                .await?
        }
    };
    Ok(ids.len())
}

/// Keeps an account as it is until the transaction ends. On SQLite everything is kept.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: UserId) -> Result<(), Fault> {
    if let Conn::Postgres(c) = conn {
        sqlx::query("select 1 from app_user where id = $1 for share")
            .bind(id.0)
            .execute(&mut **c)
            .await?;
    }
    Ok(())
}

/// Disables or enables an account. `false`: it was so already.
pub(crate) async fn set_disabled(
    conn: &mut Conn<'_>,
    id: UserId,
    disabled_at: Option<Instant>,
) -> Result<bool, Fault> {
    let changed = run!(conn, sqlx::query(
        "update app_user set disabled_at = $2 \
         where id = $1 and (disabled_at is null) <> ($2 is null)",
    )
    .bind(id.0)
    .bind(disabled_at.map(Time)) => rows_affected)?;
    Ok(changed == 1)
}

/// Replaces a password, if the present one is still what the caller checked against; `None`:
/// whatever it is. `false`: it was changed in the meantime.
pub(crate) async fn set_password(
    conn: &mut Conn<'_>,
    id: UserId,
    present_hash: Option<&str>,
    new_hash: &str,
    change_needed: bool,
) -> Result<bool, Fault> {
    let changed = run!(conn, sqlx::query(
        "update app_user set password_hash = $3, password_change_needed = $4 \
         where id = $1 and ($2 is null or password_hash = $2)",
    )
    .bind(id.0)
    .bind(present_hash)
    .bind(new_hash)
    .bind(change_needed) => rows_affected)?;
    Ok(changed == 1)
}

/// Withdraws self-service from an account, or gives it back. `false`: it was so already.
pub(crate) async fn set_self_service_withdrawn(
    conn: &mut Conn<'_>,
    id: UserId,
    withdrawn: bool,
) -> Result<bool, Fault> {
    let changed = run!(conn, sqlx::query(
        "update app_user set self_service_withdrawn = $2 \
         where id = $1 and self_service_withdrawn <> $2",
    )
    .bind(id.0)
    .bind(withdrawn) => rows_affected)?;
    Ok(changed == 1)
}

/// Keeps whatever concerns an account's key to one transaction at a time. On SQLite everything is.
pub(crate) async fn lock_alone(conn: &mut Conn<'_>, id: UserId) -> Result<(), Fault> {
    if let Conn::Postgres(c) = conn {
        sqlx::query("select 1 from app_user where id = $1 for no key update")
            .bind(id.0)
            .execute(&mut **c)
            .await?;
    }
    Ok(())
}
