//! What a ticket is about, in texts: for the audit trail, and for what changed since.

use chrono::SecondsFormat;
use domain::{
    Instant,
    approval::{KeyAction, Settings},
    ticket::{End, KeyBefore, Proposal},
};
use serde_json::{Value, json};

use crate::{
    fault::Fault,
    store::{Conn, approval, keys},
};

fn time(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A proposal as the audit trail keeps it, dates in UTC.
pub(super) fn audited(proposal: &Proposal) -> Value {
    let (action, digest) = (proposal.action().as_str(), proposal.digest());
    match proposal {
        Proposal::Key(key) => json!({
            "action": action,
            "digest": digest,
            "owner": key.owner.to_string(),
            "ownerRoles": key.owner_roles,
            "before": key.before.as_ref().map(key_before),
            "after": key.after.as_ref().map(|after| json!({
                "description": after.description,
                "expires": end(after.end),
                "overlapHours": after.overlap_hours,
            })),
        }),
        Proposal::Settings(change) => json!({
            "action": action,
            "digest": digest,
            "before": settings(&change.before),
            "after": settings(&change.after),
        }),
    }
}

fn key_before(key: &KeyBefore) -> Value {
    json!({
        "tag": key.tag,
        "description": key.description,
        "expires": time(key.expires_at),
        "state": key.state.as_str(),
    })
}

fn end(end: End) -> String {
    match end {
        End::Unchanged => "as it is".to_owned(),
        End::Days(days) => format!("{days} days after the approval"),
        End::SamlSession => "as the owner's SAML sign-in gives it".to_owned(),
    }
}

/// Settings as the audit trail keeps them.
pub(super) fn settings(settings: &Settings) -> Value {
    let actions = settings.actions.iter().copied().map(KeyAction::as_str);
    let exemptions = settings.exemptions.iter().map(|exemption| {
        let until = exemption.until.map(time);
        let until = until.map_or(String::new(), |until| format!(" until {until}"));
        format!(
            "{} {}{until}: {}",
            exemption.user,
            exemption.action.as_str(),
            exemption.reason
        )
    });
    json!({
        "actions": actions.collect::<Vec<_>>(),
        "expiryHours": settings.expiry_hours,
        "purgeDays": settings.purge_days,
        "runOnApproval": settings.run_on_approval,
        "mail": settings.mail,
        "mailTo": settings.mail_to,
        "exemptions": exemptions.collect::<Vec<_>>(),
    })
}

/// What a proposal says there was, and what there is now.
pub(super) async fn then_and_now(
    conn: &mut Conn<'_>,
    proposal: &Proposal,
    now: Instant,
) -> Result<(Option<Value>, Option<Value>), Fault> {
    Ok(match proposal {
        Proposal::Key(key) => {
            let row = match &key.before {
                Some(before) => keys::by_tag(conn, &before.tag).await?,
                None => keys::current_of(conn, key.owner.id).await?,
            };
            let present = row.map(|row| row.into_key(now)).transpose()?;
            let present = present.as_ref().map(KeyBefore::of);
            (
                key.before.as_ref().map(key_before),
                present.as_ref().map(key_before),
            )
        }
        Proposal::Settings(change) => {
            let present = approval::get(conn).await?;
            (Some(settings(&change.before)), Some(settings(&present)))
        }
    })
}
