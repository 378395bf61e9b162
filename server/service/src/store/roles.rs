//! Roles, what they grant, and who holds them.

use domain::principal::{DomainType, UserId};
use sqlx::FromRow;

use super::{Conn, run};
use crate::fault::Fault;

/// One permission that somebody holds by a role; a role that grants none has one row too.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct HeldRow {
    pub(crate) role_id: i64,
    pub(crate) role_name: String,
    /// `None`: built in, or the role grants nothing.
    pub(crate) namespace: Option<String>,
    pub(crate) permission: Option<String>,
}

/// A role, with one row a permission.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct RoleRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) built_in: bool,
    pub(crate) namespace: Option<String>,
    pub(crate) permission: Option<String>,
}

/// What a user holds by roles.
pub(crate) async fn held_by(conn: &mut Conn<'_>, user: UserId) -> Result<Vec<HeldRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, HeldRow>(
        "select r.id as role_id, r.name as role_name, p.namespace, p.permission \
         from user_role g join role r on r.id = g.role_id \
         left join role_permission p on p.role_id = r.id \
         where g.user_id = $1 order by r.id",
    )
    .bind(user.0) => fetch_all)?)
}

/// Whether a user holds *API Key Self-Service*: by policy, unless withdrawn from the user or the
/// domain.
pub(crate) async fn self_service_of(conn: &mut Conn<'_>, user: UserId) -> Result<bool, Fault> {
    Ok(run!(conn, sqlx::query_scalar::<_, bool>(
        "select p.self_service and not u.self_service_withdrawn and not exists \
         (select 1 from self_service_withdrawn_domain d \
          where d.domain_type = u.domain_type and d.domain = u.domain) \
         from app_user u cross join policy p where u.id = $1",
    )
    .bind(user.0) => fetch_one)?)
}

/// Lets nobody else change a role before the transaction ends.
pub(crate) async fn lock(conn: &mut Conn<'_>, id: i64) -> Result<(), Fault> {
    run!(conn, sqlx::query("update role set name = name where id = $1")
        .bind(id) => rows_affected)?;
    Ok(())
}

/// Every role.
pub(crate) async fn all(conn: &mut Conn<'_>) -> Result<Vec<RoleRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, RoleRow>(
        "select r.id, r.name, r.description, r.built_in, p.namespace, p.permission \
         from role r left join role_permission p on p.role_id = r.id order by r.id",
    ) => fetch_all)?)
}

/// One role.
pub(crate) async fn by_id(conn: &mut Conn<'_>, id: i64) -> Result<Vec<RoleRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, RoleRow>(
        "select r.id, r.name, r.description, r.built_in, p.namespace, p.permission \
         from role r left join role_permission p on p.role_id = r.id where r.id = $1",
    )
    .bind(id) => fetch_all)?)
}

/// The number of the role with exactly this name.
pub(crate) async fn find(conn: &mut Conn<'_>, name: &str) -> Result<Option<i64>, Fault> {
    Ok(
        run!(conn, sqlx::query_scalar("select id from role where name = $1")
        .bind(name) => fetch_optional)?,
    )
}

/// Adds a role. `None`: the name is taken.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    name: &str,
    description: &str,
) -> Result<Option<i64>, Fault> {
    Ok(run!(conn, sqlx::query_scalar(
        "insert into role (name, description, built_in) values ($1, $2, false) \
         on conflict (name) do nothing returning id",
    )
    .bind(name)
    .bind(description) => fetch_optional)?)
}

/// Changes a role's texts. `false`: the name is another role's.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    id: i64,
    name: &str,
    description: &str,
) -> Result<bool, Fault> {
    let changed = run!(conn, sqlx::query(
        "update role set name = $2, description = $3 where id = $1 \
         and not exists (select 1 from role o where o.name = $2 and o.id <> $1)",
    )
    .bind(id)
    .bind(name)
    .bind(description) => rows_affected)?;
    Ok(changed == 1)
}

/// Replaces what a role grants.
pub(crate) async fn set_permissions(
    conn: &mut Conn<'_>,
    id: i64,
    permissions: impl Iterator<Item = (&'static str, &'static str)>,
) -> Result<(), Fault> {
    run!(conn, sqlx::query("delete from role_permission where role_id = $1")
        .bind(id) => rows_affected)?;
    for (namespace, permission) in permissions {
        run!(conn, sqlx::query(
            "insert into role_permission (role_id, namespace, permission) values ($1, $2, $3)",
        )
        .bind(id)
        .bind(namespace)
        .bind(permission) => rows_affected)?;
    }
    Ok(())
}

/// How many users hold a role.
pub(crate) async fn holders(conn: &mut Conn<'_>, id: i64) -> Result<i64, Fault> {
    Ok(
        run!(conn, sqlx::query_scalar("select count(*) from user_role where role_id = $1")
        .bind(id) => fetch_one)?,
    )
}

/// Deletes a role that nobody holds.
pub(crate) async fn delete(conn: &mut Conn<'_>, id: i64) -> Result<bool, Fault> {
    let deleted = run!(conn, sqlx::query("delete from role where id = $1 and not built_in")
        .bind(id) => rows_affected)?;
    Ok(deleted == 1)
}

/// Every grant: user number, role name.
pub(crate) async fn all_grants(conn: &mut Conn<'_>) -> Result<Vec<(i64, String)>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, (i64, String)>(
        "select g.user_id, r.name from user_role g join role r on r.id = g.role_id \
         order by g.user_id, r.id",
    ) => fetch_all)?)
}

/// Gives a role.
pub(crate) async fn grant(conn: &mut Conn<'_>, user: UserId, role: i64) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into user_role (user_id, role_id) values ($1, $2) on conflict do nothing",
    )
    .bind(user.0)
    .bind(role) => rows_affected)?;
    Ok(())
}

/// Takes a role away.
pub(crate) async fn withdraw(conn: &mut Conn<'_>, user: UserId, role: i64) -> Result<(), Fault> {
    run!(conn, sqlx::query("delete from user_role where user_id = $1 and role_id = $2")
        .bind(user.0)
        .bind(role) => rows_affected)?;
    Ok(())
}

/// The domains that self-service is withdrawn from.
pub(crate) async fn withdrawn_domains(conn: &mut Conn<'_>) -> Result<Vec<(String, String)>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, (String, String)>(
        "select domain_type, domain from self_service_withdrawn_domain \
         order by domain_type, domain",
    ) => fetch_all)?)
}

/// Withdraws self-service from a domain, or gives it back. `false`: it was so already.
pub(crate) async fn set_domain_withdrawn(
    conn: &mut Conn<'_>,
    domain_type: DomainType,
    domain: &str,
    withdrawn: bool,
) -> Result<bool, Fault> {
    let sql = if withdrawn {
        "insert into self_service_withdrawn_domain (domain_type, domain) values ($1, $2) \
         on conflict do nothing"
    } else {
        "delete from self_service_withdrawn_domain where domain_type = $1 and domain = $2"
    };
    let changed = run!(conn, sqlx::query(sql)
        .bind(domain_type.as_str())
        .bind(domain) => rows_affected)?;
    Ok(changed == 1)
}
