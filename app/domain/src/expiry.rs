//! When a key ends. One pure function per question, `now` an argument: the form calls it for the
//! hint, the service for the decision.

use chrono::{DateTime, NaiveDate, TimeDelta};

use crate::{
    Instant,
    error::{FieldError, Problem},
    policy::Policy,
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
