//! Reading the configuration that somebody wants.

use std::collections::BTreeSet;

use chrono::{DateTime, SubsecRound, Utc};
use domain::{
    Instant,
    approval::{KeyAction, mail_addresses},
    error::Problem,
    principal::{DomainType, Principal},
};
use service::tickets::{ApprovalChange, NewExemption};

use super::{API_KEYS, CONFIGURATION as SETTINGS};
use crate::{failure::Failure, netbackup::document::Members};

pub(super) const CONFIGURATION: &str = "configuration";
pub(super) const EXPIRY: &str = "expirationPeriodInHours";
pub(super) const PURGE: &str = "purgePeriodInDays";
pub(super) const MAIL_TO: &str = "emailTo";
pub(super) const MAIL: &str = "emailNotificationToFlag";
/// Ours.
pub(super) const RUN: &str = "runOnApproval";
pub(super) const OPERATIONS: &str = "operations";
pub(super) const OPERATION: &str = "operationId";
pub(super) const STATE: &str = "state";
pub(super) const ACTIONS: &str = "actions";
pub(super) const ENABLED: &str = "ENABLED";
pub(super) const DISABLED: &str = "DISABLED";
pub(super) const EXEMPT: &str = "exemptedUsers";
pub(super) const ACTION: &str = "actionId";
pub(super) const REASON: &str = "reason";
pub(super) const UNTIL: &str = "expirationDateTime";

const EXPECTED_ACTION: &str =
    "one of API_KEY_CREATE, API_KEY_UPDATE, API_KEY_DELETE, API_KEY_REISSUE";

/// Reads all three parts.
///
/// # Errors
/// Everything that is wrong, each under its path.
pub(super) fn wanted(mut attributes: Members) -> Result<ApprovalChange, Failure> {
    let mut configuration = attributes.object(CONFIGURATION);
    let expiry_hours = configuration.required_number(EXPIRY);
    let purge_days = configuration.required_number(PURGE);
    let mail_to = configuration.text(MAIL_TO).unwrap_or_default();
    let mail = configuration.flag(MAIL).unwrap_or_default();
    let run_on_approval = configuration.flag(RUN).unwrap_or_default();
    attributes.absorb(configuration);
    let actions = actions(&mut attributes);
    let exemptions = exemptions(&mut attributes);
    attributes.end()?;
    Ok(ApprovalChange {
        actions,
        expiry_hours,
        purge_days,
        run_on_approval,
        mail,
        mail_to: mail_addresses(&mail_to),
        exemptions,
    })
}

fn actions(attributes: &mut Members) -> BTreeSet<KeyAction> {
    let mut all = BTreeSet::new();
    let mut settings = false;
    for mut operation in attributes.objects_or_none(OPERATIONS) {
        let family = operation.required_text(OPERATION);
        let enabled = match operation.required_text(STATE).as_str() {
            ENABLED => true,
            DISABLED | "" => false,
            _ => {
                operation.wrong(STATE, Problem::malformed("one of ENABLED, DISABLED"));
                false
            }
        };
        // Answered as well, so it may be sent back.
        operation.text("name");
        match family.as_str() {
            API_KEYS => {
                let named = named_actions(&mut operation);
                if enabled {
                    all.extend(named);
                }
            }
            SETTINGS => {
                operation.texts_or_none(ACTIONS);
                settings |= enabled;
            }
            "" => {}
            _ => operation.wrong(
                OPERATION,
                Problem::malformed("one of API_KEYS, MPA_CONFIGURATION"),
            ),
        }
        attributes.absorb(operation);
    }
    if settings && all.is_empty() {
        let problem = Problem::malformed("such that API_KEYS is enabled with MPA_CONFIGURATION");
        attributes.wrong(OPERATIONS, problem);
    }
    all
}

/// The actions that are named; all when none is.
fn named_actions(operation: &mut Members) -> Vec<KeyAction> {
    let mut actions = Vec::new();
    for (path, name) in operation.texts_or_none(ACTIONS) {
        match KeyAction::from_name(&name) {
            Some(action) => actions.push(action),
            None => operation.wrong(&path, Problem::malformed(EXPECTED_ACTION)),
        }
    }
    if actions.is_empty() {
        actions.extend(KeyAction::SWITCHED);
    }
    actions
}

fn exemptions(attributes: &mut Members) -> Vec<NewExemption> {
    let mut all = Vec::new();
    for mut exempt in attributes.objects_or_none(EXEMPT) {
        let user = user(&mut exempt);
        let family = exempt.required_text(OPERATION);
        if family != API_KEYS && !family.is_empty() {
            // Nobody is exempt from approval of these settings.
            exempt.wrong(OPERATION, Problem::malformed(API_KEYS));
        }
        let actions = match exempt.text(ACTION) {
            None => KeyAction::SWITCHED.to_vec(),
            Some(name) => {
                let action = KeyAction::from_name(&name);
                if action.is_none() {
                    exempt.wrong(ACTION, Problem::malformed(EXPECTED_ACTION));
                }
                action.into_iter().collect()
            }
        };
        let reason = exempt.required_text(REASON);
        let until = exempt.text(UNTIL).and_then(|text| {
            let until = instant(&text);
            if until.is_none() {
                let expected = "a date and time such as 2027-01-31T12:00:00Z";
                exempt.wrong(UNTIL, Problem::malformed(expected));
            }
            until
        });
        if let Some(user) = user {
            all.extend(actions.into_iter().map(|action| NewExemption {
                user: user.clone(),
                action,
                reason: reason.clone(),
                until,
            }));
        }
        attributes.absorb(exempt);
    }
    all
}

fn user(exempt: &mut Members) -> Option<Principal> {
    let name = exempt.required_text("userName");
    let domain = exempt.text("userDomainName").unwrap_or_default();
    let domain_type = exempt.required_text("userDomainType");
    if name.is_empty() || domain_type.is_empty() {
        return None;
    }
    let domain_type = domain_type.parse::<DomainType>();
    let domain_type = domain_type
        .map_err(|problem| exempt.wrong("userDomainType", problem))
        .ok()?;
    match Principal::new(domain_type, &domain, &name) {
        Ok(principal) => Some(principal),
        Err((field, problem)) => {
            let field = if field == "domain" {
                "userDomainName"
            } else {
                "userName"
            };
            exempt.wrong(field, problem);
            None
        }
    }
}

/// Truncated to what databases keep.
fn instant(text: &str) -> Option<Instant> {
    let parsed = DateTime::parse_from_rfc3339(text).ok()?;
    Some(parsed.with_timezone(&Utc).trunc_subsecs(6))
}
