//! The policy: one row.

use domain::policy::{LaterThanSaml, Policy, SamlExpiry};
use sqlx::FromRow;

use super::{Conn, run};
use crate::fault::Fault;

#[derive(FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "the policy's columns")]
struct PolicyRow {
    max_lifetime_days: i64,
    default_lifetime_days: i64,
    overlap_hours: i64,
    tombstone_days: i64,
    self_service: bool,
    saml_max_lifetime_hours: i64,
    saml_expiry: String,
    later_than_saml: String,
    limit_security_administrators: bool,
    logout_disables_keys: bool,
    second_factor_required: bool,
}

/// The policy in force.
pub(crate) async fn get(conn: &mut Conn<'_>) -> Result<Policy, Fault> {
    let row: PolicyRow = run!(conn, sqlx::query_as(
        "select max_lifetime_days, default_lifetime_days, overlap_hours, tombstone_days, \
         self_service, saml_max_lifetime_hours, saml_expiry, later_than_saml, \
         limit_security_administrators, logout_disables_keys, second_factor_required \
         from policy",
    ) => fetch_one)?;
    // The table's constraints keep every number far within 32 bits.
    let number = |value| u32::try_from(value).map_err(|_| Fault::Broken("a stored policy is odd"));
    Ok(Policy {
        max_lifetime_days: number(row.max_lifetime_days)?,
        default_lifetime_days: number(row.default_lifetime_days)?,
        overlap_hours: number(row.overlap_hours)?,
        tombstone_days: number(row.tombstone_days)?,
        self_service: row.self_service,
        saml_max_lifetime_hours: number(row.saml_max_lifetime_hours)?,
        saml_expiry: match &*row.saml_expiry {
            "fixed" => SamlExpiry::Fixed,
            _ => SamlExpiry::Session,
        },
        later_than_saml: match &*row.later_than_saml {
            "refuse" => LaterThanSaml::Refuse,
            _ => LaterThanSaml::Warn,
        },
        limit_security_administrators: row.limit_security_administrators,
        logout_disables_keys: row.logout_disables_keys,
        second_factor_required: row.second_factor_required,
    })
}

/// Lets nobody else change the policy before the transaction ends.
pub(crate) async fn lock(conn: &mut Conn<'_>) -> Result<(), Fault> {
    run!(conn, sqlx::query("update policy set tombstone_days = tombstone_days")
        => rows_affected)?;
    Ok(())
}

/// Replaces the policy.
pub(crate) async fn set(conn: &mut Conn<'_>, policy: &Policy) -> Result<(), Fault> {
    let saml_expiry = match policy.saml_expiry {
        SamlExpiry::Session => "session",
        SamlExpiry::Fixed => "fixed",
    };
    let later_than_saml = match policy.later_than_saml {
        LaterThanSaml::Warn => "warn",
        LaterThanSaml::Refuse => "refuse",
    };
    run!(conn, sqlx::query(
        "update policy set max_lifetime_days = $1, default_lifetime_days = $2, \
         overlap_hours = $3, tombstone_days = $4, self_service = $5, \
         saml_max_lifetime_hours = $6, saml_expiry = $7, later_than_saml = $8, \
         limit_security_administrators = $9, logout_disables_keys = $10, \
         second_factor_required = $11",
    )
    .bind(i64::from(policy.max_lifetime_days))
    .bind(i64::from(policy.default_lifetime_days))
    .bind(i64::from(policy.overlap_hours))
    .bind(i64::from(policy.tombstone_days))
    .bind(policy.self_service)
    .bind(i64::from(policy.saml_max_lifetime_hours))
    .bind(saml_expiry)
    .bind(later_than_saml)
    .bind(policy.limit_security_administrators)
    .bind(policy.logout_disables_keys)
    .bind(policy.second_factor_required) => rows_affected)?;
    Ok(())
}
