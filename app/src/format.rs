//! Dates and counts in words. Nothing here reads a clock: what is relative is so to a page's
//! `as_of`, so that server and browser write the same.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use domain::Instant;

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// For `datetime` attributes: `2026-12-22T16:35:07Z`.
pub fn machine(at: Instant) -> String {
    let (date, time) = (machine_date(at.date_naive()), at.time());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{date}T{hour:02}:{minute:02}:{second:02}Z")
}

/// For date fields: `2026-12-22`.
pub fn machine_date(date: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// `Tuesday, 22 December 2026, 16:35 UTC`.
pub fn utc(at: Instant) -> String {
    format!("{} UTC", moment(at.naive_utc()))
}

/// The same instant where UTC is `offset_minutes` behind: `Tuesday, 22 December 2026, 17:35`.
pub fn local(at: Instant, offset_minutes: i32) -> String {
    let shift = TimeDelta::minutes(offset_minutes.into());
    let there = at.naive_utc().checked_add_signed(shift);
    moment(there.unwrap_or_else(|| at.naive_utc()))
}

/// `22 December 2026`.
pub fn date(date: NaiveDate) -> String {
    let month = MONTHS[date.month0() as usize];
    format!("{} {month} {}", date.day(), date.year())
}

fn moment(at: NaiveDateTime) -> String {
    let weekday = DAYS[at.weekday().num_days_from_monday() as usize];
    let (date, hour, minute) = (date(at.date()), at.hour(), at.minute());
    format!("{weekday}, {date}, {hour:02}:{minute:02}")
}

/// `3 minutes ago`, `in 30 days`; rounded to the nearest minute, hour or day.
pub fn relative(at: Instant, as_of: Instant) -> String {
    let seconds = at.signed_duration_since(as_of).num_seconds();
    let Some(span) = span(seconds.unsigned_abs()) else {
        return "just now".to_owned();
    };
    if seconds > 0 {
        format!("in {span}")
    } else {
        format!("{span} ago")
    }
}

/// Less than a minute is no span worth naming.
fn span(seconds: u64) -> Option<String> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let rounded = |unit: u64| (seconds + unit / 2) / unit;
    match seconds {
        ..MINUTE => None,
        _ if rounded(MINUTE) < 60 => Some(count(rounded(MINUTE), "minute", "minutes")),
        _ if rounded(HOUR) < 48 => Some(count(rounded(HOUR), "hour", "hours")),
        _ => Some(count(rounded(DAY), "day", "days")),
    }
}

/// `10,000`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 day`, `30 days`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// `1 day`, `30 days`.
pub fn days(number: u64) -> String {
    count(number, "day", "days")
}

/// Minutes and seconds: `1:05`.
pub fn clock(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// What a browser calls itself, as people call it: `Firefox on Linux`. Every browser claims to be
/// several others, so the order counts.
pub fn browser(user_agent: &str) -> Option<String> {
    let first = |names: &[(&'static str, &'static str)]| {
        let found = names.iter().find(|(mark, _)| user_agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    let name = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ])?;
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    Some(match system {
        Some(system) => format!("{name} on {system}"),
        None => name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_left_is_told_as_on_a_clock() {
        for (seconds, told) in [(0, "0:00"), (9, "0:09"), (65, "1:05"), (120, "2:00")] {
            assert_eq!(clock(seconds), told);
        }
    }

    #[test]
    fn an_instant_is_written_for_people_and_for_machines() {
        let end = at("2026-12-22T16:05:07.123456Z");
        assert_eq!(machine(end), "2026-12-22T16:05:07Z");
        assert_eq!(utc(end), "Tuesday, 22 December 2026, 16:05 UTC");
        assert_eq!(machine_date(end.date_naive()), "2026-12-22");
        assert_eq!(date(end.date_naive()), "22 December 2026");
    }

    #[test]
    fn local_time_may_be_another_day() {
        let end = at("2026-12-31T23:30:00Z");
        assert_eq!(local(end, 60), "Friday, 1 January 2027, 00:30");
        assert_eq!(local(end, -210), "Thursday, 31 December 2026, 20:00");
        assert_eq!(local(end, 0), "Thursday, 31 December 2026, 23:30");
    }

    #[test]
    fn a_distance_is_rounded_to_what_people_would_say() {
        let now = at("2026-11-22T12:00:00Z");
        for (seconds, words) in [
            (0, "just now"),
            (-59, "just now"),
            (59, "just now"),
            (-60, "1 minute ago"),
            (-180, "3 minutes ago"),
            (-3569, "59 minutes ago"),
            (-3570, "1 hour ago"),
            (3600 * 47, "in 47 hours"),
            (3600 * 48, "in 2 days"),
            (86_400 * 30 - 3, "in 30 days"),
            (86_400 * 365, "in 365 days"),
            (-86_400 * 400, "400 days ago"),
        ] {
            let then = now + TimeDelta::seconds(seconds);
            assert_eq!(relative(then, now), words, "{seconds}");
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(days(1), "1 day");
        assert_eq!(days(0), "0 days");
        assert_eq!(count(2, "session", "sessions"), "2 sessions");
    }

    #[test]
    fn browsers_are_told_apart_although_they_all_claim_to_be_mozilla() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                Some("Firefox on Linux"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                Some("Edge on Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                Some("Safari on iOS"),
            ),
            ("curl/8.14.1", None),
            ("", None),
        ] {
            assert_eq!(browser(agent).as_deref(), name, "{agent}");
        }
    }
}
