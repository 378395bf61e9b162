//! How long a new key is to last, as the form asks for it. The browser calls this for the hint,
//! the server function for the answer.

use chrono::{Days, NaiveDate};
use domain::{
    Instant,
    error::{FieldError, Problem},
    expiry::{self, Validity},
    policy::Policy,
};

/// What the form offers at a click, in days.
pub const PRESETS: [u32; 5] = [7, 30, 60, 90, 365];

/// The form's value for a date from the calendar.
pub const UNTIL: &str = "until";

/// The form's value for the end that the key has already.
pub const KEEP: &str = "keep";

/// What was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// So many days of 24 hours.
    Days(u64),
    /// Until that date, at the present time of day, UTC.
    Until(NaiveDate),
}

impl Choice {
    /// Reads the form: the chosen number of days, or [`UNTIL`] and a date. `None`: nothing is
    /// chosen, or [`KEEP`].
    ///
    /// # Errors
    /// [`expiry::FIELD`] and what is wrong with it.
    pub fn parse(validity: &str, until: &str) -> Result<Option<Self>, FieldError> {
        let wrong = |problem| Err(FieldError::new(expiry::FIELD, problem));
        match (validity, until) {
            ("" | KEEP, _) => Ok(None),
            (UNTIL, "") => wrong(Problem::Required),
            (UNTIL, date) => match calendar_date(date) {
                Some(date) => Ok(Some(Self::Until(date))),
                None => wrong(Problem::malformed("a date such as 2027-01-31")),
            },
            (days, _) => match days.parse() {
                Ok(days) => Ok(Some(Self::Days(days))),
                Err(_) => wrong(Problem::malformed("a whole number of days")),
            },
        }
    }

    /// The validity for a key that is made at `now`.
    ///
    /// # Errors
    /// When it is less than a day.
    fn validity(self, now: Instant) -> Result<Validity, FieldError> {
        match self {
            Self::Days(days) => Validity::days(days),
            Self::Until(date) => Validity::until(date, now),
        }
    }
}

/// `2027-01-31`, as date fields send it.
fn calendar_date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.splitn(3, '-');
    let mut part = || parts.next();
    let (year, month, day) = (part()?, part()?, part()?);
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The end of a day that a date field says, UTC. `None`: it says none.
pub fn end_of_day(text: &str) -> Option<Instant> {
    let next = calendar_date(text)?.checked_add_days(Days::new(1))?;
    Some(next.and_hms_opt(0, 0, 0)?.and_utc())
}

/// The validity that a form asks for at `now`. `None`: it asks for none.
///
/// # Errors
/// What is wrong with the choice.
pub fn asked(validity: &str, until: &str, now: Instant) -> Result<Option<Validity>, FieldError> {
    let choice = Choice::parse(validity, until)?;
    choice.map(|choice| choice.validity(now)).transpose()
}

/// When a key ends that is made at `now` with what the form says.
///
/// # Errors
/// What is wrong with the choice, or that the policy does not allow it.
pub fn end(
    validity: &str,
    until: &str,
    policy: &Policy,
    now: Instant,
) -> Result<Instant, FieldError> {
    expiry::local_expiry(asked(validity, until, now)?, policy, now)
}

/// The date that a validity of so many days from `now` leads to.
pub fn date_in(days: u32, now: Instant) -> NaiveDate {
    let today = now.date_naive();
    today
        .checked_add_days(Days::new(days.into()))
        .unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T16:35:00Z";

    fn end_of(validity: &str, until: &str) -> Result<Instant, Problem> {
        end(validity, until, &Policy::default(), NOW.parse().unwrap())
            .map_err(|error| error.problem)
    }

    #[test]
    fn a_preset_and_its_date_end_at_the_same_instant() {
        let expected = "2026-12-22T16:35:00Z".parse().unwrap();
        assert_eq!(end_of("30", ""), Ok(expected));
        assert_eq!(end_of("30", "2099-01-01"), Ok(expected));
        assert_eq!(end_of(UNTIL, "2026-12-22"), Ok(expected));
        assert_eq!(date_in(30, NOW.parse().unwrap()), expected.date_naive());
    }

    #[test]
    fn what_is_no_choice_is_refused_with_a_reason() {
        assert_eq!(end_of("", ""), Err(Problem::Required));
        assert_eq!(end_of(KEEP, ""), Err(Problem::Required));
        assert_eq!(end_of(UNTIL, ""), Err(Problem::Required));
        for (validity, until) in [("0", ""), (UNTIL, "2026-11-22"), (UNTIL, "1970-01-01")] {
            assert_eq!(end_of(validity, until), Err(Problem::TooEarly));
        }
        for (validity, until) in [
            ("-1", ""),
            ("1.5", ""),
            ("P30D", ""),
            ("30 days", ""),
            (UNTIL, "22.12.2026"),
            (UNTIL, "2026-02-30"),
        ] {
            assert!(
                matches!(end_of(validity, until), Err(Problem::Malformed { .. })),
                "{validity} {until}"
            );
        }
        let latest = "2027-11-22T16:35:00Z".parse().unwrap();
        for (validity, until) in [("366", ""), ("99999999999", ""), (UNTIL, "2027-11-23")] {
            assert_eq!(end_of(validity, until), Err(Problem::TooLate { latest }));
        }
    }
}
