//! The policy, on *Settings*.

#[cfg(feature = "ssr")]
use domain::error::{FieldError, Problem};
use domain::{
    directory::Count,
    policy::{LaterThanSaml, Policy, SamlExpiry},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Fault, Packed,
    packing::{pack, unpack},
};

/// What *Settings* shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsPage {
    /// The policy in force.
    pub policy: Policy,
    /// How many current keys end later than so many days from now.
    pub later: Vec<(u32, Count)>,
    /// Whether whoever looks at it may change it.
    pub may_update: bool,
    /// What [`super::LoadPulse`] would have answered just before.
    pub pulse: String,
}

/// The policy in force.
#[server(endpoint = "settings_page", output = Packed)]
pub async fn load_settings_page() -> Result<SettingsPage, Fault> {
    use domain::operation::Operation;

    super::context::as_actor(async |services, actor| {
        let pulse = services.pulse(&actor).await?;
        Ok(SettingsPage {
            policy: services.view_policy(&actor).await?,
            later: {
                let days = crate::validity::PRESETS;
                let counts = services.keys.ending_after(&actor, &days).await?;
                days.into_iter().zip(counts).collect()
            },
            may_update: actor.is_offered(Operation::UpdatePolicy),
            pulse,
        })
    })
    .await
}

/// How many current keys end later than so many days from now: for the number that is being typed.
#[server(endpoint = "count_ending_after", output = Packed)]
pub async fn count_ending_after(
    /// The days, as they are typed.
    #[server(default)]
    days: String,
) -> Result<Count, Fault> {
    use domain::error::Error;

    super::context::as_actor(async |services, actor| {
        let days = days
            .trim()
            .parse()
            .map_err(|_| Error::field("days", Problem::malformed("a whole number")))?;
        let counts = services.keys.ending_after(&actor, &[days]).await?;
        counts.first().copied().ok_or(Error::Internal)
    })
    .await
}

/// The policy that somebody saw when they began to change it, packed for a form and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPolicy(pub String);

impl SeenPolicy {
    /// As the form has it.
    pub fn of(policy: &Policy) -> Self {
        Self(pack(policy).unwrap_or_default())
    }

    /// The policy, unless the text stands for none.
    pub fn read(&self) -> Option<Policy> {
        unpack(self.0.as_bytes()).ok()
    }
}

/// The policy as a form sends it: the fields of [`Policy`]. A box that is not ticked is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields of Policy")]
pub struct PolicyEntries {
    pub max_lifetime_days: String,
    pub default_lifetime_days: String,
    pub overlap_hours: String,
    pub tombstone_days: String,
    pub self_service: String,
    pub saml_max_lifetime_hours: String,
    pub saml_expiry: String,
    pub later_than_saml: String,
    pub limit_security_administrators: String,
    pub logout_disables_keys: String,
    pub second_factor_required: String,
    /// A [`SeenPolicy`]. Empty: nothing was seen.
    pub seen: String,
}

/// Replaces the policy.
#[server(endpoint = "save_policy", output = Packed)]
pub async fn save_policy(
    /// What the form says.
    #[server(flatten)]
    entries: PolicyEntries,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries};
    use domain::error::{Conflict, Error};

    let saved = answer(async |scope| {
        let policy = entries.policy().map_err(Error::Invalid)?;
        let (services, actor) = (&scope.services, scope.actor()?);
        if entries.seen.is_empty() {
            services.set_policy(actor, &policy).await?;
        } else {
            let seen = SeenPolicy(entries.seen.clone()).read();
            let seen = seen.ok_or(Error::Conflict(Conflict::Stale))?;
            services.change_policy(actor, &seen, &policy).await?;
        }
        leptos_axum::redirect("/settings?notice=saved");
        Ok(())
    })
    .await;
    saved.inspect_err(|fault| keep_entries::<SavePolicy>(fault, "/settings", &entries.all()))
}

#[cfg(feature = "ssr")]
impl PolicyEntries {
    fn all(&self) -> [(&'static str, &str); 12] {
        [
            ("max_lifetime_days", &self.max_lifetime_days),
            ("default_lifetime_days", &self.default_lifetime_days),
            ("overlap_hours", &self.overlap_hours),
            ("tombstone_days", &self.tombstone_days),
            ("self_service", &self.self_service),
            ("saml_max_lifetime_hours", &self.saml_max_lifetime_hours),
            ("saml_expiry", &self.saml_expiry),
            ("later_than_saml", &self.later_than_saml),
            (
                "limit_security_administrators",
                &self.limit_security_administrators,
            ),
            ("logout_disables_keys", &self.logout_disables_keys),
            ("second_factor_required", &self.second_factor_required),
            ("seen", &self.seen),
        ]
    }

    /// The policy that these stand for, or everything that stands for nothing. Whether the values
    /// are allowed is for [`Policy::check`] to say.
    fn policy(&self) -> Result<Policy, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut number = |field, text: &str| {
            let number = text.trim().parse().map_err(|_| {
                let problem = Problem::malformed("a whole number");
                wrong.push(FieldError::new(field, problem));
            });
            number.unwrap_or_default()
        };
        let mut policy = Policy {
            max_lifetime_days: number("max_lifetime_days", &self.max_lifetime_days),
            default_lifetime_days: number("default_lifetime_days", &self.default_lifetime_days),
            overlap_hours: number("overlap_hours", &self.overlap_hours),
            tombstone_days: number("tombstone_days", &self.tombstone_days),
            saml_max_lifetime_hours: number(
                "saml_max_lifetime_hours",
                &self.saml_max_lifetime_hours,
            ),
            self_service: self.self_service == TICKED,
            limit_security_administrators: self.limit_security_administrators == TICKED,
            logout_disables_keys: self.logout_disables_keys == TICKED,
            second_factor_required: self.second_factor_required == TICKED,
            ..Policy::default()
        };
        match chosen(SAML_EXPIRY, "saml_expiry", &self.saml_expiry) {
            Ok(expiry) => policy.saml_expiry = expiry,
            Err(error) => wrong.push(error),
        }
        match chosen(LATER_THAN_SAML, "later_than_saml", &self.later_than_saml) {
            Ok(later) => policy.later_than_saml = later,
            Err(error) => wrong.push(error),
        }
        if wrong.is_empty() {
            Ok(policy)
        } else {
            Err(wrong)
        }
    }
}

/// What a ticked box says.
#[cfg(feature = "ssr")]
const TICKED: &str = "true";

/// What the form calls the limits of a SAML key's validity.
pub const SAML_EXPIRY: [(&str, SamlExpiry); 2] = [
    ("session", SamlExpiry::Session),
    ("fixed", SamlExpiry::Fixed),
];

/// What the form calls the ways to treat an end later than a SAML sign-in would give.
pub const LATER_THAN_SAML: [(&str, LaterThanSaml); 2] = [
    ("warn", LaterThanSaml::Warn),
    ("refuse", LaterThanSaml::Refuse),
];

#[cfg(feature = "ssr")]
fn chosen<T: Copy>(
    among: [(&str, T); 2],
    field: &'static str,
    name: &str,
) -> Result<T, FieldError> {
    let found = among.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, value)| *value)
        .ok_or_else(|| FieldError::new(field, Problem::NotAccepted))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn entries() -> PolicyEntries {
        PolicyEntries {
            max_lifetime_days: "90".to_owned(),
            default_lifetime_days: " 7 ".to_owned(),
            overlap_hours: "1".to_owned(),
            tombstone_days: "30".to_owned(),
            self_service: "true".to_owned(),
            saml_max_lifetime_hours: "24".to_owned(),
            saml_expiry: "fixed".to_owned(),
            later_than_saml: "refuse".to_owned(),
            limit_security_administrators: String::new(),
            logout_disables_keys: "true".to_owned(),
            second_factor_required: "true".to_owned(),
            seen: String::new(),
        }
    }

    #[test]
    fn entries_become_the_policy_they_spell() {
        let policy = Policy {
            max_lifetime_days: 90,
            default_lifetime_days: 7,
            overlap_hours: 1,
            tombstone_days: 30,
            self_service: true,
            saml_max_lifetime_hours: 24,
            saml_expiry: SamlExpiry::Fixed,
            later_than_saml: LaterThanSaml::Refuse,
            limit_security_administrators: false,
            logout_disables_keys: true,
            second_factor_required: true,
        };
        assert_eq!(entries().policy(), Ok(policy));
    }

    #[test]
    fn the_policy_that_was_seen_is_read_back() {
        let policy = entries().policy().unwrap();
        assert_eq!(SeenPolicy::of(&policy).read(), Some(policy));
        for text in ["", "x", "AAAA", "<script>"] {
            assert_eq!(SeenPolicy(text.to_owned()).read(), None, "{text}");
        }
    }

    #[test]
    fn every_entry_that_spells_nothing_is_named() {
        let wrong = PolicyEntries {
            max_lifetime_days: "many".to_owned(),
            overlap_hours: "-1".to_owned(),
            saml_expiry: "never".to_owned(),
            ..entries()
        };
        let number = || Problem::malformed("a whole number");
        assert_eq!(
            wrong.policy(),
            Err(vec![
                FieldError::new("max_lifetime_days", number()),
                FieldError::new("overlap_hours", number()),
                FieldError::new("saml_expiry", Problem::NotAccepted),
            ])
        );
    }
}
