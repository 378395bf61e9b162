//! K11: a validity ends to the millisecond, whatever the calendar or the clock does.

use chrono::TimeDelta;
use domain::{
    Instant,
    error::{Error, Problem},
    expiry::{END_OF_TIME, FIELD, Validity},
};
use service::{
    Actor,
    clock::{Clock, MovedClock, SystemClock},
    keys::{CreatedKey, KeyEdit, NewKey},
    on_both_databases,
    testing::{Harness, origin},
};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn lasting(days: u64) -> NewKey {
    NewKey {
        validity: Validity::days(days).ok(),
        ..NewKey::default()
    }
}

async fn works(harness: &Harness, key: &CreatedKey) -> bool {
    let value = key.value.reveal();
    let verifier = &harness.services.verifier;
    verifier.verify(value.as_bytes(), &origin()).await.is_ok()
}

on_both_databases! {
    async fn a_day_has_24_hours_in_leap_years_and_at_changes_of_summer_time(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let keys = &harness.services.keys;
        for (made, days, end) in [
            ("2028-02-28T23:59:59.999Z", 1, "2028-02-29T23:59:59.999Z"),
            ("2028-02-29T00:00:00Z", 365, "2029-02-28T00:00:00Z"),
            ("2028-02-29T00:00:00Z", 1, "2028-03-01T00:00:00Z"),
            // Europe and America change to winter time.
            ("2026-10-24T12:00:00.000001Z", 1, "2026-10-25T12:00:00.000001Z"),
            ("2026-11-01T05:30:00Z", 1, "2026-11-02T05:30:00Z"),
            // 2100 is no leap year; a second before the end of time.
            ("2100-02-28T12:00:00Z", 1, "2100-03-01T12:00:00Z"),
            ("3000-12-30T23:59:58Z", 1, "3000-12-31T23:59:58Z"),
        ] {
            harness.clock.set(at(made));
            let bob = harness.sign_in("bob").await;
            let key = keys.create(&bob, lasting(days)).await.unwrap().done();
            assert_eq!(key.key.expires_at, at(end));
            let ms = TimeDelta::milliseconds(1);
            for (clock, valid) in [(at(end) - ms, true), (at(end), false), (at(end) + ms, false)] {
                harness.clock.set(clock);
                assert_eq!(works(&harness, &key).await, valid, "{made} {clock}");
            }
            harness.clock.set(at(made));
            keys.delete(&bob, &key.key.tag, None).await.unwrap().done();
        }
    }

    /// The expiry is a date, not an event: what it says holds again when the clock is put right.
    async fn a_clock_that_jumps_ends_nothing_for_good(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let keys = &harness.services.keys;
        let key = keys.create(&bob, lasting(30)).await.unwrap().done();
        for (clock, valid) in [
            ("9999-12-31T23:59:59.999Z", false),
            ("2026-11-22T08:28:30.294Z", true),
            ("2027-11-22T08:28:30.294Z", false),
            // Before it was made.
            ("2026-11-01T00:00:00Z", true),
            ("1970-01-01T00:00:00Z", true),
        ] {
            harness.clock.set(at(clock));
            assert_eq!(works(&harness, &key).await, valid, "{clock}");
            // What the server does by itself stands it too.
            harness.services.maintain_once().await.unwrap();
        }
        harness.clock.set(at("2026-11-01T00:00:00Z"));
        let bob = harness.sign_in("bob").await;
        let edit = KeyEdit { validity: Validity::days(1).ok(), ..KeyEdit::default() };
        let refused = keys.update(&bob, &key.key.tag, edit).await.unwrap_err();
        assert_eq!(refused, Error::field(FIELD, Problem::TooEarly));
        harness.clock.set(Harness::start_of_time());
        assert_eq!(keys.get(&bob, &key.key.tag).await.unwrap().expires_at, key.key.expires_at);
        let report = harness.services.check_audit(&Actor::console()).await.unwrap();
        assert_eq!(report.findings, []);
    }

    async fn in_the_year_9999_no_key_is_made_and_nothing_breaks(harness: Harness) {
        harness.clock.set(at("9999-12-31T23:59:59.999999Z"));
        let bob = harness.user("bob", &[]).await;
        let refused = harness.services.keys.create(&bob, lasting(1)).await.unwrap_err();
        assert_eq!(refused, Error::field(FIELD, Problem::TooLate { latest: END_OF_TIME }));
        assert_eq!(harness.services.keys.own(&bob).await, Ok(None));
        harness.services.maintain_once().await.unwrap();
    }
}

/// The clock of the program that journeys look at.
#[test]
fn a_clock_for_tests_is_moved_by_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test-clock");
    let clock = MovedClock::by(file.clone());
    let ahead = |days: i64| {
        let off = clock.now() - SystemClock.now() - TimeDelta::days(days);
        off.abs() < TimeDelta::minutes(1)
    };
    assert!(ahead(0));
    for (text, days) in [("86400000", 1), ("172800000\n", 2), ("nonsense", 0)] {
        std::fs::write(&file, text).unwrap();
        assert!(ahead(days), "{text}");
    }
}
