//! How often: counts per address, per principal and per key, in bounded memory (K9, K10).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use domain::{Instant, error::Error, key::Tag, principal::UserId};

use crate::{Actor, Services, core::Core};

/// How many are told apart. Further ones share what is left of one.
const MAX_SUBJECTS: usize = 20_000;
/// How soon room is looked for again after it was.
const SWEEP_AFTER: TimeDelta = TimeDelta::seconds(1);

/// Whom a limit is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// Whoever comes from there. Of IPv6 a network of 64 bits: one machine has so many addresses.
    Address(IpAddr),
    /// Somebody.
    User(UserId),
    /// Whoever tries that key.
    Key(Tag),
    /// All that are too many to tell apart.
    Others,
}

impl Subject {
    /// `None`: it did not come over a network.
    pub(crate) fn address(text: &str) -> Option<Self> {
        let address: IpAddr = text.parse().ok()?;
        Some(Self::Address(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        }))
    }
}

/// So many in a row, and so many a second in the long run.
#[derive(Debug)]
pub(crate) struct Throttle {
    /// Between two, in the long run.
    interval: TimeDelta,
    /// How far ahead of that somebody may be.
    burst: TimeDelta,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// When each has nothing left to make up for.
    even_at: HashMap<Subject, Instant>,
    /// When those that have nothing were last forgotten.
    swept_at: Option<Instant>,
}

impl Known {
    fn is_full(&self) -> bool {
        self.even_at.len() >= MAX_SUBJECTS
    }

    /// Forgets those that have nothing to make up for, unless that was done just now: it looks at
    /// all of them, and a flood must not have that done each time.
    fn sweep(&mut self, now: Instant) {
        let due = |at: Instant| (now - at).abs() >= SWEEP_AFTER;
        if self.swept_at.is_none_or(due) {
            self.even_at.retain(|_, even_at| *even_at > now);
            self.swept_at = Some(now);
        }
    }
}

impl Throttle {
    /// So many a `period`, and as many at once.
    pub(crate) fn new(period: TimeDelta, rate: u32, burst: u32) -> Self {
        let interval = period / i32::try_from(rate.max(1)).unwrap_or(i32::MAX);
        Self {
            interval,
            burst: interval * i32::try_from(burst.max(1) - 1).unwrap_or(i32::MAX),
            known: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long somebody has to wait for another one. `None`: not at all.
    pub(crate) fn wait(&self, subject: &Subject, now: Instant) -> Option<TimeDelta> {
        let all = self.lock();
        let known = all.even_at.get(subject).or_else(|| {
            // Who is not told apart waits with the others.
            all.even_at.get(&Subject::Others).filter(|_| all.is_full())
        });
        self.beyond(self.ahead(known.copied(), now))
    }

    /// How far ahead of its turn a subject is. Farther than it can have come by itself: the clock
    /// was put back, and counting begins anew.
    fn ahead(&self, even_at: Option<Instant>, now: Instant) -> TimeDelta {
        let ahead = even_at.map_or(TimeDelta::zero(), |at| at - now);
        if ahead > self.burst + self.interval {
            TimeDelta::zero()
        } else {
            ahead.max(TimeDelta::zero())
        }
    }

    fn beyond(&self, ahead: TimeDelta) -> Option<TimeDelta> {
        (ahead > self.burst).then(|| ahead - self.burst)
    }

    /// Counts one, if it is not one too many: then says how long to wait.
    pub(crate) fn take(&self, subject: Subject, now: Instant) -> Option<TimeDelta> {
        let mut all = self.lock();
        if all.is_full() && !all.even_at.contains_key(&subject) {
            all.sweep(now);
        }
        let subject = if all.is_full() && !all.even_at.contains_key(&subject) {
            Subject::Others
        } else {
            subject
        };
        let even_at = all.even_at.entry(subject).or_insert(now);
        let ahead = self.ahead(Some(*even_at), now);
        let wait = self.beyond(ahead);
        if wait.is_none() {
            *even_at = now + ahead + self.interval;
        }
        wait
    }

    #[cfg(test)]
    fn subjects(&self) -> usize {
        self.lock().even_at.len()
    }
}

/// The limits of a running service.
pub(crate) struct Throttles {
    failures: Throttle,
    requests: Throttle,
}

impl Throttles {
    pub(crate) fn new(limits: &crate::Limits) -> Self {
        let (failures, requests) = (limits.failures_per_minute, limits.requests_per_second);
        Self {
            failures: Throttle::new(TimeDelta::minutes(1), failures, failures),
            requests: Throttle::new(TimeDelta::seconds(1), requests, limits.request_burst),
        }
    }
}

fn too_many(wait: TimeDelta) -> Error {
    let seconds = wait.num_milliseconds().max(1).unsigned_abs().div_ceil(1000);
    Error::TooMany {
        retry_after_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
    }
}

impl Core {
    /// Refuses before anything costly is done: after too many failed authentications from there.
    pub(crate) fn before_password(&self, address: &str) -> Result<(), Error> {
        let wait = Subject::address(address)
            .and_then(|subject| self.throttles.failures.wait(&subject, self.clock.now()));
        wait.map_or(Ok(()), |wait| Err(too_many(wait)))
    }

    /// What a failed authentication is answered: that, or that there were too many. A valid
    /// credential never gets here, so no limit refuses one.
    pub(crate) fn failed(&self, address: &str, tag: Option<&Tag>) -> Error {
        let now = self.clock.now();
        let address = Subject::address(address);
        let subjects = address.into_iter().chain(tag.cloned().map(Subject::Key));
        let waits = subjects.filter_map(|subject| self.throttles.failures.take(subject, now));
        waits.max().map_or(Error::Unauthenticated, too_many)
    }
}

impl Services {
    /// Lets a request from an address pass, if there were not too many.
    ///
    /// # Errors
    /// [`Error::TooMany`].
    pub fn admit_address(&self, address: &str) -> Result<(), Error> {
        Subject::address(address).map_or(Ok(()), |subject| self.admit(subject))
    }

    /// Lets a request of somebody pass, if there were not too many.
    ///
    /// # Errors
    /// [`Error::TooMany`].
    pub fn admit_principal(&self, actor: &Actor) -> Result<(), Error> {
        self.admit(Subject::User(actor.identity.id))
    }

    fn admit(&self, subject: Subject) -> Result<(), Error> {
        let now = self.core.clock.now();
        let wait = self.core.throttles.requests.take(subject, now);
        wait.map_or(Ok(()), |wait| Err(too_many(wait)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    fn user(number: i64) -> Subject {
        Subject::User(UserId(number))
    }

    #[test]
    fn so_many_at_once_and_then_one_an_interval() {
        let throttle = Throttle::new(TimeDelta::seconds(1), 10, 5);
        let tenth = TimeDelta::milliseconds(100);
        let take = |at| throttle.take(user(1), at);
        for _ in 0..5 {
            assert_eq!(take(start()), None);
        }
        assert_eq!(take(start()), Some(tenth));
        // What was refused does not count.
        assert_eq!(take(start()), Some(tenth));
        assert_eq!(throttle.wait(&user(1), start()), Some(tenth));
        assert_eq!(take(start() + tenth), None);
        assert_eq!(take(start() + tenth), Some(tenth));
        assert_eq!(throttle.take(user(2), start()), None);
        let later = start() + TimeDelta::hours(1);
        for _ in 0..5 {
            assert_eq!(take(later), None);
        }
        assert!(take(later).is_some());
    }

    /// K11: the clock is put back.
    #[test]
    fn a_clock_that_jumps_back_locks_nobody_out() {
        let throttle = Throttle::new(TimeDelta::minutes(1), 60, 60);
        for _ in 0..60 {
            assert_eq!(throttle.take(user(1), start()), None);
        }
        let before = start() - TimeDelta::days(1);
        assert_eq!(throttle.wait(&user(1), before), None);
        for _ in 0..60 {
            assert_eq!(throttle.take(user(1), before), None);
        }
        assert_eq!(throttle.take(user(1), before), Some(TimeDelta::seconds(1)));
    }

    /// K9.
    #[test]
    fn a_flood_of_subjects_is_bounded_and_harms_only_those_that_come_after() {
        let throttle = Throttle::new(TimeDelta::minutes(1), 60, 60);
        throttle.take(user(-1), start());
        for number in 0..100_000 {
            throttle.take(user(number), start());
        }
        assert_eq!(throttle.subjects(), MAX_SUBJECTS + 1);
        assert_eq!(throttle.take(user(-1), start()), None);
        assert!(throttle.take(user(100_001), start()).is_some());
        // And passes.
        let later = start() + TimeDelta::minutes(2);
        assert_eq!(throttle.take(user(100_001), later), None);
        assert_eq!(throttle.subjects(), 1);
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let of = |text| Subject::address(text);
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of(""), None);
    }
}
