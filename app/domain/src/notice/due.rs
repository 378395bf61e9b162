//! When something ends soon enough to be told.

use chrono::TimeDelta;

use crate::Instant;

/// How many days before its end a key's owner is told, the earliest first. 0: at the end.
pub const ENDING_DAYS: [u32; 4] = [30, 7, 1, 0];
/// How many hours before its end a ticket that waits is told.
pub const TICKET_ENDING_HOURS: u32 = 12;

/// Whether to tell at `now` that a key ends in so many days. Not if its validity was set within
/// that time, since whoever set it knew; and not if a later one of [`ENDING_DAYS`] is due as well,
/// as after a time in which nothing ran.
pub fn is_key_end_due(days: u32, expires_at: Instant, set_at: Instant, now: Instant) -> bool {
    let moment = |days: u32| expires_at - TimeDelta::days(days.into());
    let later = ENDING_DAYS.into_iter().find(|later| *later < days);
    set_at < moment(days) && moment(days) <= now && later.is_none_or(|later| now < moment(later))
}

/// Whether to tell at `now` that a ticket ends soon that was asked for at `asked_at`.
pub fn is_ticket_end_due(expires_at: Instant, asked_at: Instant, now: Instant) -> bool {
    let moment = expires_at - TimeDelta::hours(TICKET_ENDING_HOURS.into());
    asked_at < moment && moment <= now && now < expires_at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end() -> Instant {
        "2027-03-01T12:00:00Z".parse().unwrap()
    }

    const INSTANT: TimeDelta = TimeDelta::microseconds(1);

    /// K11: to the microsecond.
    #[test]
    fn each_time_is_told_from_its_moment_to_the_next_one_s() {
        let set_at = end() - TimeDelta::days(90);
        for (days, until) in [(30, Some(7)), (7, Some(1)), (1, Some(0)), (0, None)] {
            let told = |now| is_key_end_due(days, end(), set_at, now);
            let begins = end() - TimeDelta::days(days.into());
            assert!(!told(begins - INSTANT), "{days}");
            assert!(told(begins), "{days}");
            match until {
                Some(next) => {
                    let ends = end() - TimeDelta::days(next);
                    assert!(told(ends - INSTANT), "{days}");
                    assert!(!told(ends), "{days}");
                }
                None => assert!(told(end() + TimeDelta::days(400)), "{days}"),
            }
        }
    }

    #[test]
    fn a_validity_that_was_set_within_the_time_is_not_told() {
        for days in [30, 7, 1] {
            let moment = end() - TimeDelta::days(days);
            let told = |set_at| is_key_end_due(u32::try_from(days).unwrap(), end(), set_at, moment);
            assert!(told(moment - INSTANT), "{days}");
            // A key of exactly 30 days is not told of when it is made.
            assert!(!told(moment), "{days}");
            assert!(!told(moment + INSTANT), "{days}");
        }
    }

    #[test]
    fn at_every_moment_one_time_at_most_is_due() {
        let set_at = end() - TimeDelta::days(90);
        for hours in -24 * 40..24 * 40 {
            let now = end() + TimeDelta::hours(hours);
            let due = ENDING_DAYS
                .into_iter()
                .filter(|days| is_key_end_due(*days, end(), set_at, now));
            let expected = usize::from(hours >= -24 * 30);
            assert_eq!(due.count(), expected, "{hours}");
        }
    }

    #[test]
    fn a_ticket_is_told_in_its_last_hours() {
        let asked_at = end() - TimeDelta::hours(24);
        let moment = end() - TimeDelta::hours(12);
        let told = |now| is_ticket_end_due(end(), asked_at, now);
        assert!(!told(moment - INSTANT));
        assert!(told(moment));
        assert!(told(end() - INSTANT));
        assert!(!told(end()));
        assert!(!is_ticket_end_due(end(), moment, moment));
    }
}
