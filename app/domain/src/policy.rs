//! Limits and defaults that administrators may set.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::error::{FieldError, Problem};

/// The overlaps that the reissue form offers, in hours.
pub const OFFERED_OVERLAPS: [u32; 3] = [0, 1, 24];
/// The longest overlap after a reissue, in hours.
pub const MAX_OVERLAP_HOURS: u32 = 24;
/// The longest validity that a policy can allow, in days: no key outlives the year 3000 anyway.
pub const MAX_LIFETIME_DAYS: u32 = 355_000;
/// The longest time that tombstones can be kept, in days.
pub const MAX_TOMBSTONE_DAYS: u32 = 3650;
/// The longest validity from a SAML session that a policy can allow, in hours.
pub const MAX_SAML_LIFETIME_HOURS: u32 = 24 * 365;

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a rule of its own, switched on or off"
)]
pub struct Policy {
    /// The longest validity of a key, in days of 24 hours.
    pub max_lifetime_days: u32,
    /// The validity that the form offers first, in days of 24 hours.
    pub default_lifetime_days: u32,
    /// How long a reissued key goes on working beside the new one, in hours, unless the request
    /// says otherwise.
    pub overlap_hours: u32,
    /// How long a deleted key stays visible, in days of 24 hours.
    pub tombstone_days: u32,
    /// Whether everyone who signs in manages their own key.
    pub self_service: bool,
    /// The longest validity that a validated SAML session gives, in hours.
    pub saml_max_lifetime_hours: u32,
    /// Whether the end of the SAML session limits the key's validity too.
    pub saml_expiry: SamlExpiry,
    /// What happens when an administrator chooses a later end for a SAML user's key than their
    /// sign-in would give.
    pub later_than_saml: LaterThanSaml,
    /// Whether Default Security Administrators too are kept from keys whose owners may do more
    /// than they.
    pub limit_security_administrators: bool,
    /// Whether signing out at the identity provider, or here with single logout, disables the key
    /// until the next sign-in.
    pub logout_disables_keys: bool,
    /// Whether everybody who signs in with a password needs a second factor.
    pub second_factor_required: bool,
}

/// What limits the validity that a SAML session gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SamlExpiry {
    /// The session's own end, the policy's time, and the general maximum: the earliest.
    Session,
    /// The policy's time and the general maximum, for identity providers with very short
    /// sessions.
    Fixed,
}

/// What to do about an end later than a SAML sign-in would give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LaterThanSaml {
    /// Say so, and do it.
    Warn,
    /// Refuse it.
    Refuse,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_lifetime_days: 365,
            default_lifetime_days: 30,
            overlap_hours: 0,
            tombstone_days: 30,
            self_service: true,
            saml_max_lifetime_hours: 24,
            saml_expiry: SamlExpiry::Session,
            later_than_saml: LaterThanSaml::Warn,
            limit_security_administrators: false,
            logout_disables_keys: true,
            second_factor_required: false,
        }
    }
}

impl Policy {
    /// [`Policy::tombstone_days`] as a duration.
    pub fn tombstone_time(&self) -> TimeDelta {
        TimeDelta::days(self.tombstone_days.into())
    }

    /// [`Policy::saml_max_lifetime_hours`] as a duration.
    pub fn saml_max_lifetime(&self) -> TimeDelta {
        TimeDelta::hours(self.saml_max_lifetime_hours.into())
    }

    /// Checks every value, and the values against each other.
    ///
    /// # Errors
    /// Every field that is wrong, and what is allowed.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let wrong: Vec<_> = [
            range(
                "max_lifetime_days",
                self.max_lifetime_days,
                1,
                MAX_LIFETIME_DAYS,
            ),
            range(
                "default_lifetime_days",
                self.default_lifetime_days,
                1,
                // A maximum that is wrong itself limits nothing.
                self.max_lifetime_days.clamp(1, MAX_LIFETIME_DAYS),
            ),
            range("overlap_hours", self.overlap_hours, 0, MAX_OVERLAP_HOURS),
            range("tombstone_days", self.tombstone_days, 1, MAX_TOMBSTONE_DAYS),
            range(
                "saml_max_lifetime_hours",
                self.saml_max_lifetime_hours,
                1,
                MAX_SAML_LIFETIME_HOURS,
            ),
        ]
        .into_iter()
        .flatten()
        .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

fn range(field: &'static str, value: u32, min: u32, max: u32) -> Option<FieldError> {
    let within = (min..=max).contains(&value);
    (!within).then(|| FieldError::new(field, Problem::OutOfRange { min, max }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_documented_ones_and_valid() {
        let policy = Policy::default();
        assert_eq!(policy.check(), Ok(()));
        assert_eq!(policy.tombstone_time(), TimeDelta::days(30));
        assert_eq!(policy.saml_max_lifetime(), TimeDelta::hours(24));
        assert_eq!(
            (policy.max_lifetime_days, policy.default_lifetime_days),
            (365, 30)
        );
        assert!(policy.self_service && !policy.limit_security_administrators);
    }

    #[test]
    fn each_value_has_its_range() {
        let valid = Policy::default;
        let out = |field, min, max| {
            Err(vec![FieldError::new(
                field,
                Problem::OutOfRange { min, max },
            )])
        };
        for (policy, answer) in [
            (
                Policy {
                    default_lifetime_days: 0,
                    ..valid()
                },
                out("default_lifetime_days", 1, 365),
            ),
            (
                Policy {
                    default_lifetime_days: 365,
                    ..valid()
                },
                Ok(()),
            ),
            (
                Policy {
                    default_lifetime_days: 366,
                    ..valid()
                },
                out("default_lifetime_days", 1, 365),
            ),
            (
                Policy {
                    max_lifetime_days: 30,
                    ..valid()
                },
                Ok(()),
            ),
            (
                Policy {
                    max_lifetime_days: 29,
                    ..valid()
                },
                out("default_lifetime_days", 1, 29),
            ),
            (
                Policy {
                    max_lifetime_days: MAX_LIFETIME_DAYS + 1,
                    ..valid()
                },
                out("max_lifetime_days", 1, MAX_LIFETIME_DAYS),
            ),
            (
                Policy {
                    overlap_hours: 24,
                    ..valid()
                },
                Ok(()),
            ),
            (
                Policy {
                    overlap_hours: 25,
                    ..valid()
                },
                out("overlap_hours", 0, 24),
            ),
            (
                Policy {
                    tombstone_days: 1,
                    ..valid()
                },
                Ok(()),
            ),
            (
                Policy {
                    tombstone_days: 0,
                    ..valid()
                },
                out("tombstone_days", 1, 3650),
            ),
            (
                Policy {
                    saml_max_lifetime_hours: 0,
                    ..valid()
                },
                out("saml_max_lifetime_hours", 1, 8760),
            ),
        ] {
            assert_eq!(policy.check(), answer, "{policy:?}");
        }
        let several = Policy {
            overlap_hours: 99,
            tombstone_days: 0,
            ..valid()
        };
        assert_eq!(several.check().unwrap_err().len(), 2);
    }
}
