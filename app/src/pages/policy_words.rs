//! The policy in words: what the form calls its parts.
#![expect(missing_docs, reason = "the labels of the fields of Policy")]

use domain::policy::{LaterThanSaml, Policy, SamlExpiry};

use crate::ui::Change;

pub const MAX_LIFETIME: &str = "Longest validity";
pub const DEFAULT_LIFETIME: &str = "Validity that forms offer first";
pub const OVERLAP: &str = "Overlap after a reissue";
pub const TOMBSTONES: &str = "Deleted keys stay visible";
pub const SELF_SERVICE: &str = "Everybody manages their own key";
pub const SAML_MAX_LIFETIME: &str = "Longest validity from a sign-in";
pub const SAML_EXPIRY: &str = "What ends such a key";
pub const LATER_THAN_SAML: &str =
    "When an administrator chooses a later end than the sign-in would give";
pub const LOGOUT: &str = "Signing out by SAML disables the key until the next sign-in";
pub const LIMIT: &str =
    "Limit Default Security Administrators to owners who may do no more than they";
pub const SECOND_FACTOR: &str = "Require a second factor of everybody who signs in with a password";

/// What ends a SAML user's key.
pub const fn saml_expiry(expiry: SamlExpiry) -> &'static str {
    match expiry {
        SamlExpiry::Session => "The earliest end",
        SamlExpiry::Fixed => "The hours above alone",
    }
}

/// What is done about a later end than a SAML sign-in would give.
pub const fn later_than_saml(later: LaterThanSaml) -> &'static str {
    match later {
        LaterThanSaml::Warn => "Warn",
        LaterThanSaml::Refuse => "Refuse",
    }
}

/// What is different in another policy.
pub fn between(from: &Policy, to: &Policy) -> Vec<Change> {
    let number =
        |name, from: u32, to: u32| Change::between(name, &from.to_string(), &to.to_string());
    let word = |on: bool| if on { "yes" } else { "no" };
    let tick = |name, from, to| Change::between(name, word(from), word(to));
    [
        number(MAX_LIFETIME, from.max_lifetime_days, to.max_lifetime_days),
        number(
            DEFAULT_LIFETIME,
            from.default_lifetime_days,
            to.default_lifetime_days,
        ),
        number(OVERLAP, from.overlap_hours, to.overlap_hours),
        number(TOMBSTONES, from.tombstone_days, to.tombstone_days),
        tick(SELF_SERVICE, from.self_service, to.self_service),
        number(
            SAML_MAX_LIFETIME,
            from.saml_max_lifetime_hours,
            to.saml_max_lifetime_hours,
        ),
        Change::between(
            SAML_EXPIRY,
            saml_expiry(from.saml_expiry),
            saml_expiry(to.saml_expiry),
        ),
        Change::between(
            LATER_THAN_SAML,
            later_than_saml(from.later_than_saml),
            later_than_saml(to.later_than_saml),
        ),
        tick(LOGOUT, from.logout_disables_keys, to.logout_disables_keys),
        tick(
            LIMIT,
            from.limit_security_administrators,
            to.limit_security_administrators,
        ),
        tick(
            SECOND_FACTOR,
            from.second_factor_required,
            to.second_factor_required,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_that_differs_is_named() {
        let from = Policy::default();
        let to = Policy {
            max_lifetime_days: from.max_lifetime_days + 1,
            default_lifetime_days: from.default_lifetime_days + 1,
            overlap_hours: from.overlap_hours + 1,
            tombstone_days: from.tombstone_days + 1,
            self_service: !from.self_service,
            saml_max_lifetime_hours: from.saml_max_lifetime_hours + 1,
            saml_expiry: SamlExpiry::Fixed,
            later_than_saml: LaterThanSaml::Refuse,
            limit_security_administrators: !from.limit_security_administrators,
            logout_disables_keys: !from.logout_disables_keys,
            second_factor_required: !from.second_factor_required,
        };
        assert_eq!(between(&from, &to).len(), 11);
        assert_eq!(between(&from, &from), []);
        let one = Policy {
            overlap_hours: 7,
            ..from.clone()
        };
        assert_eq!(
            between(&from, &one),
            Vec::from_iter(Change::between(OVERLAP, "0", "7"))
        );
    }
}
