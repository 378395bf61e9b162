//! Very many users and keys, for measuring.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use domain::{
    Instant,
    audit::{Action, Event},
    directory::words,
    principal::DomainType,
};
use serde_json::json;

use super::{
    DemoError,
    sample::{self, Role},
};
use crate::{
    Actor, Services,
    fault::Fault,
    store::bulk::{Bulk, Cell, Rows},
    users::FIRST_ADMINISTRATOR,
};

/// How many to make.
#[derive(Debug, Clone, Copy)]
pub struct Many {
    /// Keys, in all.
    pub keys: u64,
    /// The same seed makes the same users and keys.
    pub seed: u64,
}

/// One in so many keys was replaced and still works.
const RETIRING: u64 = 100;
/// One in so many keys is deleted.
const DELETED: u64 = 20;

impl Services {
    /// Fills a database that has nobody but the first administrator with users and keys in every
    /// state. `progress` learns how many keys are made. The audit trail gets one record.
    ///
    /// # Errors
    /// The database holds users, or fails.
    pub async fn fill_with_many(
        &self,
        many: Many,
        progress: impl FnMut(u64),
    ) -> Result<(), DemoError> {
        let there = self.users.list(&Actor::console()).await?;
        let mut others = there.into_iter().map(|user| user.identity.principal);
        if let Some(other) = others.find(|user| user.name != FIRST_ADMINISTRATOR) {
            return Err(DemoError::HoldsUsers(other.name));
        }
        let filled = self.try_fill(many, progress).await;
        let settled = self.core.db.settle().await;
        Ok(filled.and(settled).map_err(domain::error::Error::from)?)
    }

    async fn try_fill(&self, many: Many, progress: impl FnMut(u64)) -> Result<(), Fault> {
        let core = &*self.core;
        let plan = Arc::new(Plan::of(many, core.clock.now()));
        let pepper = core.secrets.pepper.fingerprint();
        let [users, keys, tags, words] = [(); 4].map(|()| plan.clone());
        // Sorting the words takes a while: the other tables are filled meanwhile.
        let words = Rows::begin(|| words.words());
        let mut bulk = Bulk::begin(&core.db).await?;
        let users = Rows::begin(|| users.users());
        bulk.load("app_user", USER, users, |_| {}).await?;
        let keys = Rows::begin(|| keys.keys(pepper));
        bulk.load("api_key", KEY, keys, progress).await?;
        let tags = Rows::begin(|| tags.tags());
        bulk.load("used_tag", ["tag"], tags, |_| {}).await?;
        bulk.load("api_key_word", ["word", "tag"], words, |_| {})
            .await?;
        let tx = bulk.finish().await?;
        let what = json!({ "keys": many.keys, "users": plan.owners, "seed": many.seed });
        let event = Event::done(Action::KeyCreated, "sample keys").after(what);
        core.commit(tx, &Actor::console(), &event).await
    }
}

const USER: [&str; 8] = [
    "id",
    "domain_type",
    "domain",
    "name",
    "name_folded",
    "password_change_needed",
    "disabled_at",
    "created_at",
];
const KEY: [&str; 21] = [
    "tag",
    "user_id",
    "owner_name",
    "owner_disabled",
    "digest",
    "pepper_id",
    "description",
    "created_at",
    "expires_at",
    "modified_at",
    "issuer_id",
    "issuer_domain_type",
    "issuer_domain",
    "issuer_name",
    "saml_validated",
    "awaiting_sign_in",
    "retires_at",
    "deleted_at",
    "deleted_by",
    "last_used_at",
    "last_used_address",
];

/// Above the numbers of the few accounts that may be there.
const FIRST_USER: i64 = 2_000;

/// Who gets what.
struct Plan {
    many: Many,
    now: Instant,
    /// How many users there are; each has a current key.
    owners: u64,
    retiring: u64,
    /// Every key by the random part of its tag, sorted, each with its number.
    tags: Vec<(u64, u64)>,
}

fn time(at: Option<Instant>) -> Cell {
    at.map_or(Cell::Null, |at| Cell::Number(at.timestamp_micros()))
}

fn text(text: impl Into<Arc<str>>) -> Cell {
    Cell::Text(text.into())
}

impl Plan {
    fn of(many: Many, now: Instant) -> Self {
        let retiring = many.keys / RETIRING;
        let owners = many.keys - retiring - many.keys / DELETED;
        let numbers = 0..many.keys;
        let mut tags: Vec<_> = numbers
            .map(|number| (sample::tag_number(many.seed, number), number))
            .collect();
        tags.sort_unstable();
        let mut last = None;
        for (tag, _) in &mut tags {
            // Two of a million are likely to be equal: the next number is free.
            if last.is_some_and(|last| *tag <= last) {
                *tag = last.unwrap_or(0) + 1;
            }
            last = Some(*tag);
        }
        Self {
            many,
            now,
            owners,
            retiring,
            tags,
        }
    }

    fn user(&self, number: u64) -> sample::SampleUser {
        sample::user(self.many.seed, number, self.owners)
    }

    fn users(self: Arc<Self>) -> impl Iterator<Item = [Cell; USER.len()]> {
        let created = self.now - TimeDelta::days(420);
        let domains = Domains::new();
        (0..self.owners).map(move |number| {
            let user = self.user(number);
            let [kind, domain] = domains.of(user.saml);
            let name = text(user.name);
            let disabled = user.disabled.then_some(self.now - TimeDelta::days(3));
            [
                Cell::Number(id(number)),
                kind,
                domain,
                name.clone(),
                // The names of the samples are what they fold to.
                name,
                Cell::Switch(false),
                time(disabled),
                time(Some(created)),
            ]
        })
    }

    /// Whose a key is, and what it is to them.
    fn role(&self, number: u64) -> (u64, Role) {
        let owner = number % self.owners.max(1);
        match number {
            number if number < self.owners => (owner, Role::Current),
            number if number < self.owners + self.retiring => (owner, Role::Retiring),
            _ => (owner, Role::Tombstone),
        }
    }

    fn key(&self, number: u64) -> (u64, sample::SampleUser, sample::SampleKey) {
        let (owner, role) = self.role(number);
        let user = self.user(owner);
        let key = sample::key(self.many.seed, number, role, user.saml, self.now);
        (owner, user, key)
    }

    fn keys(self: Arc<Self>, pepper: String) -> impl Iterator<Item = [Cell; KEY.len()]> {
        let (domains, console, pepper) = (Domains::new(), text("console"), text(pepper));
        let (deleter, address) = (text(":console:unixpwd:0"), text("192.0.2.10"));
        (0..self.tags.len()).map(move |place| {
            let (tag, number) = self.tags[place];
            let (owner, user, key) = self.key(number);
            let id = id(owner);
            let name = text(user.name);
            let issuer_saml = key.own && user.saml;
            let [kind, domain] = domains.of(issuer_saml);
            let live = key.deleted_at.is_none();
            let if_live = |cell: Cell| if live { cell } else { Cell::Null };
            [
                text(sample::tag(tag).to_string()),
                Cell::Number(id),
                name.clone(),
                Cell::Switch(user.disabled),
                if_live(Cell::Bytes(key.digest)),
                if_live(pepper.clone()),
                text(key.description),
                time(Some(key.created_at)),
                time(Some(key.expires_at)),
                time(Some(key.created_at)),
                Cell::Number(if key.own { id } else { 0 }),
                kind,
                domain,
                if key.own { name } else { console.clone() },
                Cell::Switch(false),
                Cell::Switch(key.awaiting_sign_in),
                time(key.retires_at),
                time(key.deleted_at),
                if live { Cell::Null } else { deleter.clone() },
                time(key.last_used_at),
                key.last_used_at.map_or(Cell::Null, |_| address.clone()),
            ]
        })
    }

    fn tags(self: Arc<Self>) -> impl Iterator<Item = [Cell; 1]> {
        (0..self.tags.len()).map(move |place| [text(sample::tag(self.tags[place].0).to_string())])
    }

    /// Every word with its keys, in the order of words, then tags.
    fn words(self: Arc<Self>) -> impl Iterator<Item = [Cell; 2]> {
        let mut of: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (tag, number) in &self.tags {
            for word in words(&sample::description(self.many.seed, *number)) {
                of.entry(word).or_default().push(*tag);
            }
        }
        of.into_iter().flat_map(|(word, tags)| {
            let word = text(word);
            tags.into_iter()
                .map(move |tag| [word.clone(), text(sample::tag(tag).to_string())])
        })
    }
}

/// The account of the user with that number.
const fn id(owner: u64) -> i64 {
    FIRST_USER + owner.cast_signed()
}

/// The two kinds of users: the domain's type and name.
struct Domains {
    local: [Cell; 2],
    saml: [Cell; 2],
}

impl Domains {
    fn new() -> Self {
        Self {
            local: [text(DomainType::Unixpwd.as_str()), text("")],
            saml: [text(DomainType::Saml.as_str()), text("example-idp")],
        }
    }

    fn of(&self, saml: bool) -> [Cell; 2] {
        let of = if saml { &self.saml } else { &self.local };
        of.clone()
    }
}
