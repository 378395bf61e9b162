//! One of very many users or keys, as a function of a seed and a number: the same each time.

use chrono::TimeDelta;
use domain::{
    Instant,
    key::{RANDOM_BYTES, Tag, assemble},
};

const FIRST: [&str; 40] = [
    "adam", "alma", "amir", "anna", "arne", "bea", "boris", "carl", "chloe", "dana", "david",
    "dora", "elena", "emil", "fatma", "felix", "georg", "hana", "ivan", "jana", "jonas", "julia",
    "karim", "lara", "lukas", "maria", "max", "mei", "nina", "omar", "paula", "peter", "rania",
    "ravi", "sofia", "tom", "uma", "viktor", "yara", "zeno",
];
const LAST: [&str; 40] = [
    "abel", "bauer", "berg", "chen", "costa", "dietz", "egli", "falk", "fuchs", "garcia", "haas",
    "ito", "jansen", "kaya", "keller", "kim", "klein", "kovac", "lang", "lopez", "maier", "moser",
    "nowak", "okafor", "olsen", "park", "petrov", "quinn", "rao", "ritter", "roth", "sato",
    "silva", "smith", "tanaka", "ulrich", "vogel", "weber", "yilmaz", "zhang",
];
const WHEN: [&str; 10] = [
    "Nightly", "Nightly", "Weekly", "Hourly", "Monthly", "CI", "CI", "Manual", "Test", "Old",
];
const WHAT: [&str; 12] = [
    "backup",
    "backup",
    "build",
    "deploy",
    "export",
    "import",
    "report",
    "monitoring",
    "sync",
    "audit",
    "cleanup",
    "release",
];
const WHERE: [&str; 10] = [
    "shop",
    "billing",
    "warehouse",
    "website",
    "research",
    "mail",
    "archive",
    "staging",
    "production",
    "laboratory",
];
/// A word that one key in this many has.
const RARELY: u64 = 100;
const RARE: &str = "quartz";

/// Unpredictable enough numbers (splitmix64).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64, kind: u64, number: u64) -> Self {
        let mut dice = Self(seed ^ kind.wrapping_mul(0xd134_2543_de82_ef95));
        dice.0 = dice.next() ^ number;
        dice
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Whether something happens that happens to so many of a hundred.
    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one<const N: usize>(&mut self, of: &[&'static str; N]) -> &'static str {
        // At most the length.
        of[usize::try_from(self.below(N as u64)).unwrap_or(0)]
    }

    /// A time between two, or the first.
    fn between(&mut self, from: Instant, to: Instant) -> Instant {
        let span = u64::try_from((to - from).num_microseconds().unwrap_or(0)).unwrap_or(0);
        let after = self.below(span.max(1));
        from + TimeDelta::microseconds(after.cast_signed())
    }
}

/// A user.
pub(super) struct SampleUser {
    pub(super) name: String,
    pub(super) saml: bool,
    pub(super) disabled: bool,
}

/// The user with that number, of so many; their names are in the order of their numbers.
pub(super) fn user(seed: u64, number: u64, of: u64) -> SampleUser {
    let mut dice = Dice::new(seed, 1, number);
    let (firsts, lasts) = (FIRST.len() as u64, LAST.len() as u64);
    let pair = number * firsts * lasts / of.max(1);
    let name = |of: &[&'static str; 40], place: u64| of[usize::try_from(place).unwrap_or(0) % 40];
    let (first, last) = (name(&FIRST, pair / lasts), name(&LAST, pair % lasts));
    let name = format!("{first}.{last}.{number}");
    let saml = dice.percent(20);
    SampleUser {
        name: if saml { name + "@example.org" } else { name },
        saml,
        disabled: dice.percent(2),
    }
}

/// What a key is to its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Current,
    Retiring,
    Tombstone,
}

/// A key.
pub(super) struct SampleKey {
    pub(super) digest: [u8; 32],
    pub(super) description: String,
    pub(super) created_at: Instant,
    pub(super) expires_at: Instant,
    pub(super) awaiting_sign_in: bool,
    pub(super) retires_at: Option<Instant>,
    pub(super) deleted_at: Option<Instant>,
    pub(super) last_used_at: Option<Instant>,
    /// Whether the owner made it.
    pub(super) own: bool,
}

/// The random part of the tag of the key with that number.
pub(super) fn tag_number(seed: u64, number: u64) -> u64 {
    Dice::new(seed, 2, number).next() >> 24
}

/// The tag with that random part.
pub(super) fn tag(number: u64) -> Tag {
    let mut random = [0; RANDOM_BYTES];
    random[..5].copy_from_slice(&number.to_be_bytes()[3..]);
    Tag::of(&assemble(&random))
}

/// The description of the key with that number.
pub(super) fn description(seed: u64, number: u64) -> String {
    let mut dice = Dice::new(seed, 4, number);
    // Many people write none, or little.
    if dice.percent(25) {
        return String::new();
    }
    let mut said = vec![dice.one(&WHAT), dice.one(&WHERE)];
    if dice.percent(40) {
        said.insert(0, dice.one(&WHEN));
    }
    if dice.below(RARELY) == 0 {
        said.push(RARE);
    }
    said.join(" ")
}

/// The key with that number.
pub(super) fn key(seed: u64, number: u64, role: Role, saml: bool, now: Instant) -> SampleKey {
    let mut dice = Dice::new(seed, 3, number);
    let mut digest = [0; 32];
    for part in digest.chunks_mut(8) {
        part.copy_from_slice(&dice.next().to_be_bytes());
    }
    let lifetime = [30, 90, 90, 180, 365, 365][usize::try_from(dice.below(6)).unwrap_or(0)];
    let lifetime = TimeDelta::days(lifetime);
    let awaiting_sign_in = role == Role::Current && saml && dice.percent(10);
    let oldest = if role == Role::Current { 400 } else { 29 };
    let created_at = dice.between(now - TimeDelta::days(oldest), now - TimeDelta::hours(2));
    let expires_at = created_at + lifetime;
    let deleted_at = (role == Role::Tombstone).then(|| dice.between(created_at, now));
    let tomorrow = (now + TimeDelta::days(1)).min(expires_at);
    let retires_at = (role == Role::Retiring).then(|| {
        let soon = now + TimeDelta::hours(12);
        dice.between(soon.min(tomorrow), tomorrow)
    });
    let end = expires_at.min(deleted_at.unwrap_or(now)).min(now);
    let recent = end - TimeDelta::days(7);
    let last_used_at = (!awaiting_sign_in && !dice.percent(15)).then(|| {
        let from = if dice.percent(60) { recent } else { created_at };
        dice.between(from.max(created_at), end)
    });
    SampleKey {
        digest,
        description: description(seed, number),
        created_at,
        expires_at,
        awaiting_sign_in,
        retires_at,
        deleted_at,
        last_used_at,
        own: dice.percent(70),
    }
}
