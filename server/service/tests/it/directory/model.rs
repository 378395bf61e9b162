//! Keys in memory and in the database, and what the directory should say of them.

use std::{collections::BTreeSet, fmt::Write as _};

use chrono::{Days, DurationRound, TimeDelta};
use domain::{
    Instant,
    directory::{Count, DirectoryQuery, Order, Slice, words},
    key::{Facts, RANDOM_BYTES, State, Tag, assemble},
    principal::{DomainType, fold},
};
use service::{Actor, testing::Harness};

use crate::store::execute;

/// Numbers from a seed (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end)).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(u32::try_from(of.len()).unwrap()) as usize]
    }
}

const NAMES: [&str; 9] = [
    "anna",
    "Anna.K",
    "bob",
    "bob_backup",
    "carla%",
    "Übung",
    "ci-runner",
    "zoë",
    "nightly",
];
const DESCRIPTIONS: [&str; 9] = [
    "",
    "CI",
    "Nightly backup of host-7",
    "backup, BACKUP backups",
    "ci: deploys to Zürich",
    "100% 'quoted' \"text\"",
    "日本語 キー",
    "host_7 nightly",
    "Straße 7; drop table",
];
const TEXTS: [&str; 16] = [
    "a",
    "an",
    "Anna",
    "BOB",
    "bob_",
    "ci",
    "CI",
    "back",
    "backup",
    "nightly ba",
    "ho 7",
    "zür",
    "ü",
    "lky_",
    "日本",
    "straße",
];

struct Key {
    tag: String,
    owner: String,
    disabled: bool,
    description: String,
    created_at: Instant,
    expires_at: Instant,
    retires_at: Option<Instant>,
    deleted_at: Option<Instant>,
    last_used_at: Option<Instant>,
    awaiting_sign_in: bool,
}

/// All keys, at a time.
pub(super) struct World {
    now: Instant,
    /// Some digest, as SQL.
    digest: &'static str,
    keys: Vec<Key>,
}

fn digest(harness: &Harness) -> &'static str {
    match harness.database_url {
        None => "x'6464646464646464646464646464646464646464646464646464646464646464'",
        Some(_) => "'dddddddddddddddddddddddddddddddd'::bytea",
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn time(at: Option<Instant>) -> String {
    at.map_or("null".to_owned(), |at| at.timestamp_micros().to_string())
}

impl World {
    /// Fills the database with random users and keys.
    pub(super) async fn fill(harness: &Harness, random: &mut Random) -> Self {
        let now = Harness::start_of_time();
        let mut world = Self {
            now,
            digest: digest(harness),
            keys: Vec::new(),
        };
        let mut sql = String::new();
        for number in 0..40 {
            let saml = random.below(4) == 0;
            let name = format!("{}{number}", random.one(&NAMES));
            let (kind, domain) = if saml {
                ("saml", "idp")
            } else {
                ("unixpwd", "")
            };
            let owner = fold(kind.parse().unwrap(), &name).unwrap();
            let disabled = random.below(5) == 0;
            write!(
                sql,
                "insert into app_user (domain_type, domain, name, name_folded, \
                 password_change_needed, disabled_at, created_at) \
                 values ('{kind}', '{domain}', {}, {}, false, {}, 1);",
                quoted(&name),
                quoted(&owner),
                time(disabled.then_some(now)),
            )
            .unwrap();
            let find = format!("(select id from app_user where name = {})", quoted(&name));
            for _ in 0..random.below(3) {
                let mut key = world.key(random, &owner, disabled);
                key.deleted_at = Some(around(random, now, -1, 10));
                sql += &world.put(key, &find);
            }
            if random.below(4) == 0 {
                let mut key = world.key(random, &owner, disabled);
                let end = around(random, now, 0, 2).min(key.expires_at);
                key.retires_at = Some(end.max(key.created_at + TimeDelta::microseconds(1)));
                sql += &world.put(key, &find);
            }
            if random.below(8) > 0 {
                let mut key = world.key(random, &owner, disabled);
                key.awaiting_sign_in = random.below(5) == 0;
                if key.awaiting_sign_in {
                    key.last_used_at = None;
                }
                sql += &world.put(key, &find);
            }
        }
        execute(harness, &sql).await.unwrap();
        world
    }

    fn key(&self, random: &mut Random, owner: &str, disabled: bool) -> Key {
        let mut bytes = [0; RANDOM_BYTES];
        bytes[..8].copy_from_slice(&random.next().to_be_bytes());
        let expires_at = match random.below(4) {
            0 => around(random, self.now, 0, 1),
            1 => around(random, self.now, 7, 1),
            2 => around(random, self.now, 30, 1),
            _ => around(random, self.now, 20, 60),
        };
        let used = match random.below(3) {
            0 => None,
            1 => Some(around(random, self.now, -45, 1)),
            _ => Some(around(random, self.now, -40, 30)),
        };
        Key {
            tag: Tag::of(&assemble(&bytes)).to_string(),
            owner: owner.to_owned(),
            disabled,
            description: (*random.one(&DESCRIPTIONS)).to_owned(),
            created_at: around(random, self.now, -300, 3),
            expires_at,
            retires_at: None,
            deleted_at: None,
            last_used_at: used,
            awaiting_sign_in: false,
        }
    }

    fn put(&mut self, key: Key, user: &str) -> String {
        let tag = quoted(&key.tag);
        let (digest, pepper, by) = match key.deleted_at {
            Some(_) => ("null", "null", "'x'"),
            None => (self.digest, "'p'", "null"),
        };
        let mut sql = format!(
            "insert into used_tag (tag) values ({tag}); \
             insert into api_key (tag, user_id, digest, pepper_id, description, created_at, \
             expires_at, modified_at, issuer_id, issuer_domain_type, issuer_domain, issuer_name, \
             saml_validated, awaiting_sign_in, retires_at, deleted_at, deleted_by, last_used_at) \
             values ({tag}, {user}, {digest}, {pepper}, {}, {}, {}, 1, 0, 'unixpwd', '', 'x', \
             false, {}, {}, {}, {by}, {});",
            quoted(&key.description),
            time(Some(key.created_at)),
            time(Some(key.expires_at)),
            key.awaiting_sign_in,
            time(key.retires_at),
            time(key.deleted_at),
            time(key.last_used_at),
        );
        for word in words(&key.description) {
            write!(
                sql,
                "insert into api_key_word (word, tag) values ({}, {tag});",
                quoted(&word)
            )
            .unwrap();
        }
        self.keys.push(key);
        sql
    }

    /// Removes users and keys, except those that signed in.
    pub(super) async fn clear(self, harness: &Harness) {
        execute(
            harness,
            "delete from notice; delete from api_key; delete from app_user \
             where id not in (select user_id from session) \
             and id not in (select user_id from user_role)",
        )
        .await
        .unwrap();
    }

    /// A text to look for.
    pub(super) fn text(&self, random: &mut Random) -> String {
        match random.below(8) {
            0 => random.one(&self.keys).tag[..7].to_owned(),
            1 => random.one(&self.keys).owner.clone(),
            _ => (*random.one(&TEXTS)).to_owned(),
        }
    }

    pub(super) fn state(&self, tag: &str) -> State {
        let key = self.keys.iter().find(|key| key.tag == tag).unwrap();
        key.state(self.now)
    }

    /// The tags of a whole list.
    pub(super) fn list(&self, query: &DirectoryQuery) -> Vec<String> {
        let text = query.search.as_deref().map(str::trim);
        let text = text.filter(|text| !text.is_empty());
        let mut keys: Vec<_> = self
            .keys
            .iter()
            .filter(|key| key.is_in(query.slice, self.now))
            .filter_map(|key| {
                let place = match text {
                    Some(text) => key.rank(text, query.slice)?,
                    None => key.place(query.slice, query.order),
                };
                Some((place, &key.tag))
            })
            .collect();
        keys.sort();
        if query.descending && text.is_none() {
            keys.reverse();
        }
        keys.into_iter().map(|(_, tag)| tag.clone()).collect()
    }

    fn count(&self, slice: Slice) -> Count {
        let keys = self.keys.iter();
        Count::Exactly(keys.filter(|key| key.is_in(slice, self.now)).count() as u64)
    }

    /// Compares tiles and ends per day.
    pub(super) async fn check_figures(&self, harness: &Harness, actor: &Actor) {
        let tiles = harness.services.keys.tiles(actor).await.unwrap();
        for (count, slice) in [
            (tiles.active, Slice::Active),
            (tiles.expiring_7, Slice::ExpiringIn7Days),
            (tiles.expiring_30, Slice::ExpiringIn30Days),
            (tiles.expired, Slice::Expired),
            (tiles.inactive, Slice::Inactive),
            (tiles.never_used, Slice::NeverUsed),
            (tiles.unused_45, Slice::UnusedFor45Days),
            (tiles.owner_disabled, Slice::OwnerDisabled),
        ] {
            assert_eq!(count, self.count(slice), "{slice:?}");
        }
        let days = harness.services.keys.expiries(actor, 45).await.unwrap();
        let today = self.now.date_naive();
        let expected: Vec<_> = (0..45)
            .map(|day| {
                let date = today + Days::new(day);
                let ends = |key: &&Key| {
                    key.is_in(Slice::Active, self.now) && key.expires_at.date_naive() == date
                };
                (date, self.keys.iter().filter(ends).count() as u64)
            })
            .collect();
        assert_eq!(days, expected);
    }
}

/// A time about so many days away, often exactly, or next to it.
fn around(random: &mut Random, now: Instant, days: i64, spread: u32) -> Instant {
    let at = now + TimeDelta::days(days);
    match random.below(4) {
        0 => at,
        1 => at + TimeDelta::microseconds(1),
        2 => at - TimeDelta::microseconds(1),
        _ => at + TimeDelta::hours(i64::from(random.below(spread * 24))) - TimeDelta::hours(12),
    }
}

/// What a list is sorted by, before the tag.
type Rank = (usize, i64, String);

impl Key {
    fn state(&self, now: Instant) -> State {
        let facts = Facts {
            deleted: self.deleted_at.is_some(),
            revoked: false,
            owner_disabled: self.disabled,
            awaiting_sign_in: self.awaiting_sign_in,
            retires_at: self.retires_at,
            expires_at: self.expires_at,
        };
        facts.state(now)
    }

    fn is_in(&self, slice: Slice, now: Instant) -> bool {
        let state = self.state(now);
        let within = |days| self.expires_at <= now + TimeDelta::days(days);
        match slice {
            Slice::All => state != State::Deleted,
            Slice::Active => state == State::Active,
            Slice::ExpiringIn7Days => state == State::Active && within(7),
            Slice::ExpiringIn30Days => state == State::Active && within(30),
            Slice::Expired => state == State::Expired,
            Slice::Inactive => state == State::Inactive,
            Slice::Retiring => state == State::Retiring,
            Slice::NeverUsed => {
                self.deleted_at.is_none()
                    && self.retires_at.is_none()
                    && self.last_used_at.is_none()
            }
            Slice::UnusedFor45Days => {
                let today = now.duration_trunc(TimeDelta::days(1)).unwrap();
                let long_ago = today - TimeDelta::days(45);
                self.deleted_at.is_none()
                    && self.retires_at.is_none()
                    && self.last_used_at.is_some_and(|at| at < long_ago)
            }
            Slice::OwnerDisabled => state == State::Disabled,
            Slice::Deleted => state == State::Deleted,
        }
    }

    fn place(&self, slice: Slice, order: Order) -> Rank {
        let micros = |at: Option<Instant>| at.map_or(0, |at| at.timestamp_micros());
        let at = |time| {
            (
                usize::from(slice == Slice::UnusedFor45Days),
                time,
                String::new(),
            )
        };
        match (order, slice) {
            (Order::Expires, Slice::Retiring) => at(micros(self.retires_at)),
            (Order::Expires, _) => at(micros(Some(self.expires_at))),
            (Order::Created, _) => at(micros(Some(self.created_at))),
            (Order::LastUsed, _) => match self.last_used_at {
                None => at(micros(Some(self.created_at))),
                Some(_) => (1, micros(self.last_used_at), String::new()),
            },
            (Order::Owner, _) => (0, 0, self.owner.clone()),
            (Order::Tag, _) => at(0),
            (Order::Deleted, _) => at(micros(self.deleted_at.or(self.retires_at))),
        }
    }

    /// Where in a search, if at all.
    fn rank(&self, text: &str, slice: Slice) -> Option<Rank> {
        if text.starts_with("lky_") {
            return self.tag.starts_with(text).then(|| (0, 0, String::new()));
        }
        let folded = fold(DomainType::Unixpwd, text).ok();
        let names = [
            Some(text.to_owned()),
            folded.filter(|folded| folded != text),
        ];
        for (section, name) in names.into_iter().flatten().enumerate() {
            if self.owner.starts_with(&name) {
                let apart = slice == Slice::Deleted && self.deleted_at.is_none();
                return Some((section * 2 + usize::from(apart), 0, self.owner.clone()));
            }
        }
        let (ours, asked) = (words(&self.description), words(text));
        let first = |prefix: &String| -> Option<&String> {
            let ours: &BTreeSet<String> = &ours;
            ours.iter().find(|word| word.starts_with(prefix.as_str()))
        };
        let longest = asked.iter().max_by_key(|word| word.chars().count())?;
        asked
            .iter()
            .all(|word| first(word).is_some())
            .then(|| (9, 0, first(longest).cloned().unwrap()))
    }
}

/// Active keys that all have one word and end at one time, so long after the start of time.
pub(super) async fn fill_many(harness: &Harness, keys: u64, validity: TimeDelta) {
    let mut random = Random(1);
    for chunk in 0..keys.div_ceil(1000) {
        let (mut users, mut tags, mut rows, mut texts) = (vec![], vec![], vec![], vec![]);
        for number in chunk * 1000..keys.min(chunk * 1000 + 1000) {
            let mut bytes = [0; RANDOM_BYTES];
            bytes[..8].copy_from_slice(&random.next().to_be_bytes());
            let tag = Tag::of(&assemble(&bytes));
            users.push(format!(
                "('unixpwd', '', 'u{number}', 'u{number}', false, 1)"
            ));
            tags.push(format!("('{tag}')"));
            texts.push(format!("('common', '{tag}')"));
            rows.push(format!(
                "('{tag}', (select id from app_user where domain_type = 'unixpwd' and domain = '' \
                 and name_folded = 'u{number}'), 1, {})",
                (Harness::start_of_time() + validity).timestamp_micros(),
            ));
        }
        let digest = digest(harness);
        let sql = format!(
            "insert into app_user (domain_type, domain, name, name_folded, \
             password_change_needed, created_at) values {}; \
             insert into used_tag (tag) values {}; \
             insert into api_key (tag, user_id, digest, pepper_id, description, created_at, \
             expires_at, modified_at, issuer_id, issuer_domain_type, issuer_domain, issuer_name, \
             saml_validated, awaiting_sign_in) \
             select column1, column2, {digest}, 'p', 'common', column3, column4, 1, 0, \
             'unixpwd', '', 'x', false, false from (values {}) v; \
             insert into api_key_word (word, tag) values {};",
            users.join(","),
            tags.join(","),
            rows.join(","),
            texts.join(","),
        );
        execute(harness, &sql).await.unwrap();
    }
}
