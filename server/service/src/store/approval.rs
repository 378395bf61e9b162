//! Approval settings: one row, and who is exempt.

use std::collections::BTreeSet;

use domain::{
    Instant,
    approval::{Exemption, KeyAction, Settings},
};
use sqlx::FromRow;

use super::{Conn, Time, run, users};
use crate::fault::Fault;

#[derive(FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "the settings' columns")]
struct SettingsRow {
    on_create: bool,
    on_update: bool,
    on_delete: bool,
    on_reissue: bool,
    expiry_hours: i64,
    purge_days: i64,
    run_on_approval: bool,
    mail: bool,
    mail_to: String,
}

#[derive(FromRow)]
struct ExemptionRow {
    user_id: i64,
    domain_type: String,
    domain: String,
    name: String,
    action: String,
    reason: String,
    until: Option<Time>,
}

/// The settings in force.
pub(crate) async fn get(conn: &mut Conn<'_>) -> Result<Settings, Fault> {
    let odd = || Fault::Broken("stored approval settings are odd");
    let row: SettingsRow = run!(conn, sqlx::query_as(
        "select on_create, on_update, on_delete, on_reissue, expiry_hours, purge_days, \
         run_on_approval, mail, mail_to from approval_settings",
    ) => fetch_one)?;
    let switched = [
        (row.on_create, KeyAction::Create),
        (row.on_update, KeyAction::Update),
        (row.on_delete, KeyAction::Delete),
        (row.on_reissue, KeyAction::Reissue),
    ];
    let actions: BTreeSet<_> = switched
        .into_iter()
        .filter_map(|(on, action)| on.then_some(action))
        .collect();
    let exemptions = exemptions(conn).await?;
    let number = |value| u32::try_from(value).map_err(|_| odd());
    Ok(Settings {
        actions,
        expiry_hours: number(row.expiry_hours)?,
        purge_days: number(row.purge_days)?,
        run_on_approval: row.run_on_approval,
        mail: row.mail,
        mail_to: serde_json::from_str(&row.mail_to).map_err(|_| odd())?,
        exemptions,
    })
}

/// Whether anything needs approval, or a ticket waits about that thing: the one question that every
/// change of a key asks.
pub(crate) async fn gate(conn: &mut Conn<'_>, subject: &str) -> Result<bool, Fault> {
    Ok(run!(conn, sqlx::query_scalar::<_, bool>(
        "select s.on_create or s.on_update or s.on_delete or s.on_reissue or exists \
         (select 1 from ticket t where t.subject = $1 and t.state in ('PENDING', 'APPROVED')) \
         from approval_settings s",
    )
    .bind(subject) => fetch_one)?)
}

/// The settings in force, kept as they are until the transaction ends.
pub(crate) async fn lock(conn: &mut Conn<'_>) -> Result<Settings, Fault> {
    // An update locks the row on PostgreSQL; SQLite holds the write lock already.
    run!(conn, sqlx::query("update approval_settings set id = id") => rows_affected)?;
    get(conn).await
}

async fn exemptions(conn: &mut Conn<'_>) -> Result<Vec<Exemption>, Fault> {
    let rows = run!(conn, sqlx::query_as::<_, ExemptionRow>(
        "select e.user_id, u.domain_type, u.domain, u.name, e.action, e.reason, e.until \
         from approval_exemption e join app_user u on u.id = e.user_id order by e.user_id",
    ) => fetch_all)?;
    let mut all = Vec::new();
    for row in rows {
        all.push(Exemption {
            user: users::identity(row.user_id, &row.domain_type, &row.domain, &row.name)?,
            action: KeyAction::from_name(&row.action)
                .ok_or(Fault::Broken("a stored action is unknown"))?,
            reason: row.reason,
            until: row.until.map(Instant::from),
        });
    }
    all.sort_by_key(|exemption| (exemption.user.id, exemption.action));
    Ok(all)
}

/// Replaces the settings.
pub(crate) async fn set(conn: &mut Conn<'_>, settings: &Settings) -> Result<(), Fault> {
    let on = |action| settings.actions.contains(&action);
    let mail_to = serde_json::to_string(&settings.mail_to).unwrap_or_default();
    run!(conn, sqlx::query(
        "update approval_settings set on_create = $1, on_update = $2, on_delete = $3, \
         on_reissue = $4, expiry_hours = $5, purge_days = $6, run_on_approval = $7, mail = $8, \
         mail_to = $9",
    )
    .bind(on(KeyAction::Create))
    .bind(on(KeyAction::Update))
    .bind(on(KeyAction::Delete))
    .bind(on(KeyAction::Reissue))
    .bind(i64::from(settings.expiry_hours))
    .bind(i64::from(settings.purge_days))
    .bind(settings.run_on_approval)
    .bind(settings.mail)
    .bind(&*mail_to) => rows_affected)?;
    run!(conn, sqlx::query("delete from approval_exemption") => rows_affected)?;
    for exemption in &settings.exemptions {
        run!(conn, sqlx::query(
            "insert into approval_exemption (user_id, action, reason, until) \
             values ($1, $2, $3, $4)",
        )
        .bind(exemption.user.id.0)
        .bind(exemption.action.as_str())
        .bind(&*exemption.reason)
        .bind(exemption.until.map(Time)) => rows_affected)?;
    }
    Ok(())
}

/// The enabled accounts of people who hold a role that may let them decide about tickets.
pub(crate) async fn possible_deciders(
    conn: &mut Conn<'_>,
    built_in: [i64; 2],
) -> Result<Vec<i64>, Fault> {
    let [first, second] = built_in;
    Ok(run!(conn, sqlx::query_scalar(
        "select distinct u.id from app_user u join user_role g on g.user_id = u.id \
         where u.disabled_at is null and u.domain_type <> 'nbsp' \
         and (g.role_id in ($1, $2) or exists (select 1 from role_permission p \
              where p.role_id = g.role_id and p.namespace = 'tickets')) order by u.id",
    )
    .bind(first)
    .bind(second) => fetch_all)?)
}

/// The confirmed addresses of mail of an account.
pub(crate) async fn mails_of(conn: &mut Conn<'_>, user: i64) -> Result<Vec<String>, Fault> {
    Ok(run!(conn, sqlx::query_scalar(
        "select mail from saml_user where user_id = $1 and mail <> ''",
    )
    .bind(user) => fetch_all)?)
}
