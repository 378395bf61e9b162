//! When a key ends. One pure function per question, `now` an argument: the form calls it for the
//! hint, the service for the decision.

use chrono::{DateTime, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::{
    Instant,
    error::{Error, FieldError, Problem, Refusal},
    policy::{LaterThanSaml, Policy, SamlExpiry},
    principal::{DomainType, Identity},
};

/// The field's name on the wire (`P30D`), used until a door renames it.
pub const FIELD: &str = "expireAfterDays";

/// What a validity must look like, completing "Must be …".
pub const EXPECTED: &str =
    "P, a whole number of days from 1 without leading zeros, and D, such as P30D";

/// No key outlives this instant: 3000-12-31T23:59:59Z.
pub const END_OF_TIME: Instant = match DateTime::from_timestamp(32_535_215_999, 0) {
    Some(instant) => instant,
    None => DateTime::UNIX_EPOCH,
};

/// A validity in days of 24 hours, counted from now. At least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Validity(u64);

impl Validity {
    /// A validity of `days`.
    ///
    /// # Errors
    /// When `days` is 0.
    pub fn days(days: u64) -> Result<Self, FieldError> {
        match days {
            0 => Err(FieldError::new(FIELD, Problem::TooEarly)),
            days => Ok(Self(days)),
        }
    }

    /// Parses `P30D`: `^P[1-9][0-9]*D$`. A number of any size is a validity; whether it is too
    /// long is for [`local_expiry`] to say, which can name the latest date.
    ///
    /// # Errors
    /// When the text is of another form.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        text.strip_prefix('P')
            .and_then(|rest| rest.strip_suffix('D'))
            .and_then(whole_days)
            .ok_or_else(|| FieldError::new(FIELD, Problem::malformed(EXPECTED)))
    }

    /// The days from the UTC date of `as_of` until `date`, so that the key ends on that date at
    /// the present time of day.
    ///
    /// # Errors
    /// When `date` is not after today.
    pub fn until(date: NaiveDate, as_of: Instant) -> Result<Self, FieldError> {
        let days = date.signed_duration_since(as_of.date_naive()).num_days();
        u64::try_from(days)
            .map_err(|_| FieldError::new(FIELD, Problem::TooEarly))
            .and_then(Self::days)
    }

    /// The number of days.
    pub const fn as_days(self) -> u64 {
        self.0
    }
}

/// Digits without sign or leading zero; a number beyond 64 bits saturates.
fn whole_days(digits: &str) -> Option<Validity> {
    let canonical = digits.bytes().all(|byte| byte.is_ascii_digit())
        && !matches!(digits.as_bytes(), [] | [b'0', ..]);
    canonical.then(|| Validity(digits.parse().unwrap_or(u64::MAX)))
}

/// The latest end that `policy` allows for a key made now.
pub fn latest(policy: &Policy, now: Instant) -> Instant {
    now.checked_add_signed(TimeDelta::days(policy.max_lifetime_days.into()))
        .map_or(END_OF_TIME, |end| end.min(END_OF_TIME))
}

/// The end of a key whose owner does not sign in by SAML: `now` + the asked days of 24 hours.
///
/// # Errors
/// When no validity was asked for, or one past the policy's maximum; the error names the latest
/// date.
pub fn local_expiry(
    asked: Option<Validity>,
    policy: &Policy,
    now: Instant,
) -> Result<Instant, FieldError> {
    let asked = asked.ok_or_else(|| FieldError::new(FIELD, Problem::Required))?;
    let latest = latest(policy, now);
    i64::try_from(asked.as_days())
        .ok()
        .and_then(TimeDelta::try_days)
        .and_then(|validity| now.checked_add_signed(validity))
        .filter(|end| *end <= latest)
        .ok_or_else(|| FieldError::new(FIELD, Problem::TooLate { latest }))
}

/// How the owner of a key authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Owner {
    /// Not by SAML.
    Local,
    /// By SAML.
    Saml,
}

impl Owner {
    /// How keys of this owner are to be treated.
    pub fn of(owner: &Identity) -> Self {
        match owner.principal.domain_type {
            DomainType::Saml => Self::Saml,
            _ => Self::Local,
        }
    }
}

/// What is to be done with the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Make the owner's key.
    Create,
    /// Change its validity or description.
    Edit,
    /// Replace it.
    Reissue,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The owner, with the SAML session of the web session that asks, if it has one.
    Owner(Option<SamlSession>),
    /// Somebody else.
    Administrator,
}

/// A validated sign-in by SAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlSession {
    /// When the present web session began.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub validated_at: Instant,
    /// `SessionNotOnOrAfter` of the assertion (SAML 2.0 core, section 2.7.2), if it has one.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub not_on_or_after: Option<Instant>,
}

/// The answer: what becomes of the key's validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validated {
    /// The new end. `None`: as it was.
    pub expires_at: Option<Instant>,
    /// Whether a SAML session gave it.
    pub saml_validated: bool,
    /// Whether the key waits for the owner's SAML sign-in (concerns new keys).
    pub awaiting_sign_in: bool,
    /// The end that the owner's SAML sign-in would give at most, when the new end is later: to
    /// be said as a warning.
    pub later_than_saml: Option<Instant>,
}

/// The end that a SAML session gives: the earliest of its own end (unless the policy leaves that
/// out), validation + the policy's time, and the general maximum counted from the validation.
pub fn saml_end(session: SamlSession, policy: &Policy) -> Instant {
    let by_policy = session
        .validated_at
        .checked_add_signed(policy.saml_max_lifetime())
        .unwrap_or(END_OF_TIME);
    let by_session = match policy.saml_expiry {
        SamlExpiry::Session => session.not_on_or_after,
        SamlExpiry::Fixed => None,
    };
    let general = latest(policy, session.validated_at);
    by_policy.min(general).min(by_session.unwrap_or(general))
}

/// THE rule: what becomes of a key's validity, by how the owner authenticates, who asks, what for,
/// and what was asked.
///
/// # Errors
/// A date that is missing, too late, or not for the asker to choose; a SAML owner without a SAML
/// session; an edit of one's own SAML key; a later end than SAML would give, where the policy
/// refuses that.
pub fn decide(
    owner: Owner,
    act: Act,
    by: Asker,
    asked: Option<Validity>,
    policy: &Policy,
    now: Instant,
) -> Result<Validated, Error> {
    match (owner, by) {
        (Owner::Local, _) => Ok(Validated {
            expires_at: chosen(act, asked, policy, now)?,
            saml_validated: false,
            awaiting_sign_in: false,
            later_than_saml: None,
        }),
        (Owner::Saml, Asker::Owner(session)) => own_saml(act, session, asked, policy, now),
        (Owner::Saml, Asker::Administrator) => {
            let expires_at = chosen(act, asked, policy, now)?;
            let limit = saml_end(
                SamlSession {
                    validated_at: now,
                    not_on_or_after: None,
                },
                policy,
            );
            let later = expires_at.is_some_and(|end| end > limit);
            if later && policy.later_than_saml == LaterThanSaml::Refuse {
                return Err(Error::Refused(Refusal::LaterThanSaml));
            }
            Ok(Validated {
                expires_at,
                saml_validated: false,
                awaiting_sign_in: act == Act::Create,
                later_than_saml: later.then_some(limit),
            })
        }
    }
}

/// An end that somebody chooses: needed for a new key, optional in an edit.
fn chosen(
    act: Act,
    asked: Option<Validity>,
    policy: &Policy,
    now: Instant,
) -> Result<Option<Instant>, FieldError> {
    match (act, asked) {
        (Act::Edit, None) => Ok(None),
        (_, asked) => local_expiry(asked, policy, now).map(Some),
    }
}

fn own_saml(
    act: Act,
    session: Option<SamlSession>,
    asked: Option<Validity>,
    policy: &Policy,
    now: Instant,
) -> Result<Validated, Error> {
    if act == Act::Edit {
        return Err(Error::Refused(Refusal::SamlOwner));
    }
    if asked.is_some() {
        return Err(Error::field(FIELD, Problem::NotAccepted));
    }
    let expires_at = session
        .map(|session| saml_end(session, policy))
        .filter(|end| *end > now)
        .ok_or(Error::Refused(Refusal::NeedsSamlSession))?;
    Ok(Validated {
        expires_at: Some(expires_at),
        saml_validated: true,
        awaiting_sign_in: false,
        later_than_saml: None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn the_end_of_time_is_the_documented_instant() {
        assert_eq!(END_OF_TIME, at("3000-12-31T23:59:59Z"));
    }

    #[test]
    fn the_text_form_is_p_days_d_and_nothing_else() {
        for (text, days) in [("P1D", 1), ("P30D", 30), ("P365D", 365)] {
            assert_eq!(Validity::parse(text).unwrap().as_days(), days);
        }
        for text in [
            "", "P", "PD", "P0D", "P00D", "P01D", "P-1D", "P+1D", "P1.5D", "P1,5D", "30", "30D",
            "P30", "p30d", "P30d", " P30D", "P30D ", "P3 0D", "P١D", "PT1H", "P1M", "P1Y",
            "P\u{0}1D",
        ] {
            assert_eq!(
                Validity::parse(text),
                Err(FieldError::new(FIELD, Problem::malformed(EXPECTED))),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_huge_number_is_too_late_and_the_answer_names_the_latest_date() {
        let now = at("2026-11-22T08:28:30.294Z");
        for text in ["P366D", "P100000D", "P1000000000000000000000000000000D"] {
            let asked = Validity::parse(text).unwrap();
            let latest = at("2027-11-22T08:28:30.294Z");
            assert_eq!(
                local_expiry(Some(asked), &Policy::default(), now),
                Err(FieldError::new(FIELD, Problem::TooLate { latest })),
                "{text}"
            );
        }
    }

    #[test]
    fn the_maximum_itself_is_allowed() {
        let now = at("2024-02-29T23:59:59.999Z");
        assert_eq!(
            local_expiry(Some(Validity::days(365).unwrap()), &Policy::default(), now),
            Ok(at("2025-02-28T23:59:59.999Z"))
        );
    }

    #[test]
    fn a_validity_is_required() {
        assert_eq!(
            local_expiry(None, &Policy::default(), at("2026-01-01T00:00:00Z")),
            Err(FieldError::new(FIELD, Problem::Required))
        );
    }

    #[test]
    fn no_key_outlives_the_year_3000() {
        let policy = Policy {
            max_lifetime_days: u32::MAX,
            ..Policy::default()
        };
        let now = at("3000-12-31T00:00:00Z");
        assert_eq!(latest(&policy, now), END_OF_TIME);
        assert_eq!(
            local_expiry(Some(Validity::days(1).unwrap()), &policy, now),
            Err(FieldError::new(
                FIELD,
                Problem::TooLate {
                    latest: END_OF_TIME
                }
            ))
        );
    }

    #[test]
    fn a_calendar_date_keeps_the_time_of_day() {
        let now = at("2026-11-22T16:35:00Z");
        let until = |text: &str| Validity::until(text.parse().unwrap(), now);
        assert_eq!(until("2026-11-23").unwrap().as_days(), 1);
        assert_eq!(until("2027-11-22").unwrap().as_days(), 365);
        for past in ["2026-11-22", "2026-11-21", "1970-01-01"] {
            assert_eq!(until(past), Err(FieldError::new(FIELD, Problem::TooEarly)));
        }
    }

    const NOW: &str = "2026-11-22T08:00:00Z";

    fn asked(days: u64) -> Option<Validity> {
        Validity::days(days).ok()
    }

    fn session(hours: Option<i64>) -> SamlSession {
        SamlSession {
            validated_at: at(NOW),
            not_on_or_after: hours.map(|hours| at(NOW) + TimeDelta::hours(hours)),
        }
    }

    fn rule(
        owner: Owner,
        act: Act,
        by: Asker,
        validity: Option<Validity>,
        policy: &Policy,
    ) -> Result<Validated, Error> {
        decide(owner, act, by, validity, policy, at(NOW))
    }

    fn chosen_end(days: i64) -> Validated {
        Validated {
            expires_at: Some(at(NOW) + TimeDelta::days(days)),
            saml_validated: false,
            awaiting_sign_in: false,
            later_than_saml: None,
        }
    }

    /// The table's column "non-SAML owner", for the owner and for an administrator.
    #[test]
    fn a_local_owner_s_key_ends_when_it_was_asked_to() {
        let policy = Policy::default();
        for by in [
            Asker::Owner(None),
            Asker::Owner(Some(session(Some(1)))),
            Asker::Administrator,
        ] {
            for act in [Act::Create, Act::Edit, Act::Reissue] {
                assert_eq!(
                    rule(Owner::Local, act, by, asked(30), &policy),
                    Ok(chosen_end(30))
                );
                let too_late = rule(Owner::Local, act, by, asked(366), &policy);
                assert!(matches!(
                    too_late.unwrap_err().about(FIELD),
                    Some(Problem::TooLate { .. })
                ));
            }
            let unchanged = Validated {
                expires_at: None,
                ..chosen_end(0)
            };
            assert_eq!(
                rule(Owner::Local, Act::Edit, by, None, &policy),
                Ok(unchanged)
            );
            for act in [Act::Create, Act::Reissue] {
                assert_eq!(
                    rule(Owner::Local, act, by, None, &policy),
                    Err(Error::field(FIELD, Problem::Required))
                );
            }
        }
    }

    /// L7, L9: the column "SAML owner", for the owner.
    #[test]
    fn a_saml_owner_s_key_ends_with_the_validated_session() {
        let policy = Policy::default();
        for act in [Act::Create, Act::Reissue] {
            for (not_on_or_after, hours) in
                [(None, 24), (Some(8), 8), (Some(24), 24), (Some(48), 24)]
            {
                let own = Asker::Owner(Some(session(not_on_or_after)));
                assert_eq!(
                    rule(Owner::Saml, act, own, None, &policy),
                    Ok(Validated {
                        expires_at: Some(at(NOW) + TimeDelta::hours(hours)),
                        saml_validated: true,
                        awaiting_sign_in: false,
                        later_than_saml: None,
                    })
                );
                assert_eq!(
                    rule(Owner::Saml, act, own, asked(1), &policy),
                    Err(Error::field(FIELD, Problem::NotAccepted))
                );
            }
            for none in [None, Some(session(Some(0))), Some(session(Some(-1)))] {
                assert_eq!(
                    rule(Owner::Saml, act, Asker::Owner(none), None, &policy),
                    Err(Error::Refused(Refusal::NeedsSamlSession))
                );
            }
        }
        for asked in [None, asked(1)] {
            let own = Asker::Owner(Some(session(None)));
            assert_eq!(
                rule(Owner::Saml, Act::Edit, own, asked, &policy),
                Err(Error::Refused(Refusal::SamlOwner))
            );
        }
    }

    #[test]
    fn the_policy_can_leave_out_the_session_s_own_end() {
        let policy = Policy {
            saml_expiry: SamlExpiry::Fixed,
            saml_max_lifetime_hours: 10,
            ..Policy::default()
        };
        assert_eq!(
            saml_end(session(Some(1)), &policy),
            at(NOW) + TimeDelta::hours(10)
        );
        assert_eq!(
            saml_end(session(None), &policy),
            at(NOW) + TimeDelta::hours(10)
        );
        let general = Policy {
            max_lifetime_days: 1,
            saml_max_lifetime_hours: 100,
            ..policy
        };
        assert_eq!(
            saml_end(session(None), &general),
            at(NOW) + TimeDelta::hours(24)
        );
    }

    /// The column "SAML owner", for an administrator.
    #[test]
    fn an_administrator_s_date_for_a_saml_user_waits_for_the_sign_in_and_warns() {
        let policy = Policy::default();
        let limit = at(NOW) + TimeDelta::hours(24);
        let refusing = Policy {
            later_than_saml: LaterThanSaml::Refuse,
            ..Policy::default()
        };
        for (act, awaiting_sign_in) in [
            (Act::Create, true),
            (Act::Edit, false),
            (Act::Reissue, false),
        ] {
            let by = Asker::Administrator;
            let expected = Validated {
                awaiting_sign_in,
                ..chosen_end(1)
            };
            assert_eq!(rule(Owner::Saml, act, by, asked(1), &policy), Ok(expected));
            assert_eq!(
                rule(Owner::Saml, act, by, asked(1), &refusing),
                Ok(expected)
            );
            let expected = Validated {
                awaiting_sign_in,
                later_than_saml: Some(limit),
                ..chosen_end(2)
            };
            assert_eq!(rule(Owner::Saml, act, by, asked(2), &policy), Ok(expected));
            assert_eq!(
                rule(Owner::Saml, act, by, asked(2), &refusing),
                Err(Error::Refused(Refusal::LaterThanSaml))
            );
            let none = rule(Owner::Saml, act, by, None, &policy);
            match act {
                Act::Edit => assert_eq!(none.unwrap().expires_at, None),
                _ => assert_eq!(none, Err(Error::field(FIELD, Problem::Required))),
            }
        }
    }

    proptest! {
        #[test]
        fn an_expiry_is_later_than_now_and_within_the_policy(
            days in 1_u64..2_000, max in 1_u32..1_000, seconds in 0_i64..32_000_000_000,
        ) {
            let policy = Policy { max_lifetime_days: max, ..Policy::default() };
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            let answer = local_expiry(Some(Validity::days(days).unwrap()), &policy, now);
            prop_assert_eq!(answer.is_ok(), days <= max.into());
            if let Ok(end) = answer {
                prop_assert!(end > now && end <= latest(&policy, now));
            }
        }
    }
}
