//! `cargo xtask bench bulk`: what other people's requests take while 10,000 keys are deleted, beside
//! what they take otherwise, in one run, on both databases.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a tool that measures: it panics where something fails, and prints figures"
)]

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use domain::{
    directory::{DirectoryQuery, MAX_PAGE, Order, Slice},
    expiry::Validity,
    key::Tag,
};
use service::{
    Actor,
    demo::Many,
    keys::{KeyEdit, NewKey},
    testing::{Harness, origin},
};

const THERE: u64 = 100_000;
const DELETED: usize = 10_000;
/// Rounds without the deletion.
const ROUNDS: usize = 400;
/// Between two rounds of requests.
const PAUSE: Duration = Duration::from_millis(5);
/// What a request may take in the meantime, as a multiple.
const GOAL: f64 = 2.0;

const REQUESTS: [&str; 4] = [
    "a key is verified",
    "one's own key is looked at",
    "a page of everybody's keys",
    "one's own key is edited",
];

/// Each request's times, in microseconds.
type Times = [Vec<f64>; REQUESTS.len()];

#[tokio::main]
async fn main() {
    let mut missed = 0;
    println!("| database | request | alone | meanwhile | ratio |");
    println!("| --- | --- | ---: | ---: | ---: |");
    for (database, harness) in [
        ("SQLite", Harness::sqlite().await),
        ("PostgreSQL", Harness::postgres().await),
    ] {
        let services = &harness.services;
        let many = Many {
            keys: THERE,
            seed: 42,
        };
        services
            .fill_with_many(many, |_| {})
            .await
            .expect("sample keys");
        let somebody = Somebody::of(&harness).await;
        somebody.rounds(ROUNDS / 4, &AtomicU64::new(0)).await;
        let alone = somebody.rounds(ROUNDS, &AtomicU64::new(0)).await;
        let tags = tags(&harness).await;
        let (done, begin) = (AtomicU64::new(1), Instant::now());
        let delete = async {
            for tag in &tags {
                let deleted = services.keys.delete(&Actor::console(), tag, None).await;
                deleted.expect("a deletion");
            }
            done.store(0, Ordering::Relaxed);
            begin.elapsed().as_secs_f64()
        };
        let (seconds, meanwhile) = tokio::join!(delete, somebody.rounds(0, &done));
        for ((request, alone), meanwhile) in REQUESTS.iter().zip(alone).zip(meanwhile) {
            let (alone, meanwhile) = (median(alone), median(meanwhile));
            let ratio = meanwhile / alone;
            missed += u32::from(ratio > GOAL);
            println!("| {database} | {request} | {alone:.0} µs | {meanwhile:.0} µs | {ratio:.1} |");
        }
        let rate = DELETED as f64 / seconds;
        println!(
            "| {database} | {DELETED} keys deleted, each recorded | | {seconds:.1} s | {rate:.0} keys/s |"
        );
    }
    println!("\n{missed} ratios above {GOAL}");
}

async fn tags(harness: &Harness) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut query = DirectoryQuery {
        order: Order::Created,
        limit: MAX_PAGE,
        ..DirectoryQuery::of(Slice::All)
    };
    while tags.len() < DELETED {
        let keys = &harness.services.keys;
        let page = keys.directory(&Actor::console(), &query).await;
        let page = page.expect("a page");
        tags.extend(page.items.into_iter().map(|key| key.tag));
        query.after = page.after;
    }
    tags.truncate(DELETED);
    tags
}

/// Somebody with a key, who goes on with their work.
struct Somebody<'a> {
    harness: &'a Harness,
    actor: Actor,
    tag: Tag,
    value: String,
}

impl<'a> Somebody<'a> {
    async fn of(harness: &'a Harness) -> Self {
        let actor = harness.user("somebody", &["Administrator"]).await;
        let wanted = NewKey {
            validity: Validity::days(30).ok(),
            ..NewKey::default()
        };
        let created = harness.services.keys.create(&actor, wanted).await;
        let created = created.expect("a key").done();
        Self {
            harness,
            actor,
            tag: created.key.tag,
            value: created.value.reveal().to_string(),
        }
    }

    /// So many rounds of requests, and further ones as long as `busy` is not 0.
    async fn rounds(&self, least: usize, busy: &AtomicU64) -> Times {
        let services = &self.harness.services;
        let (keys, query) = (&services.keys, DirectoryQuery::of(Slice::Active));
        let mut times = Times::default();
        let mut round = 0;
        while round < least || busy.load(Ordering::Relaxed) != 0 {
            round += 1;
            let verified = async {
                let value = self.value.as_bytes();
                services.verifier.verify(value, &origin()).await.map(drop)
            };
            times[0].push(time(verified).await);
            times[1].push(time(keys.own(&self.actor)).await);
            times[2].push(time(keys.directory(&self.actor, &query)).await);
            let edit = KeyEdit {
                description: Some(format!("round {round}")),
                ..KeyEdit::default()
            };
            times[3].push(time(keys.update(&self.actor, &self.tag, edit)).await);
            tokio::time::sleep(PAUSE).await;
        }
        times
    }
}

/// How long something takes, in microseconds.
async fn time<T, E: std::fmt::Debug>(work: impl Future<Output = Result<T, E>>) -> f64 {
    let begin = Instant::now();
    work.await.expect("an answer");
    begin.elapsed().as_secs_f64() * 1e6
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
