//! `cargo xtask bench lists`: the list of everybody's keys at 1,000 and at 1,000,000 keys, side by
//! side, on both databases.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a tool that measures: it panics where something fails, and prints figures"
)]

use std::time::Instant;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use domain::directory::{Cursor, DirectoryQuery, Order, Slice};
use service::{Actor, demo::Many, testing::Harness};

const SMALL: u64 = 1_000;
const LARGE: u64 = 1_000_000;
const SEED: u64 = 42;
const RUNS: usize = 101;
const WARM_UP: usize = 20;
/// What the larger may take, as a multiple of the smaller.
const GOAL: f64 = 3.0;

/// What is measured.
enum Case {
    Page(&'static str, DirectoryQuery),
    Tiles,
    Expiries,
}

#[tokio::main]
async fn main() {
    let large = std::env::args()
        .nth(1)
        .map_or(LARGE, |text| text.parse().expect("a number"));
    let mut missed = 0;
    println!("| database | what | {SMALL} keys | {large} keys | ratio |");
    println!("| --- | --- | ---: | ---: | ---: |");
    for database in ["SQLite", "PostgreSQL"] {
        let (small, big) = match database {
            "SQLite" => (Harness::sqlite().await, Harness::sqlite().await),
            _ => (Harness::postgres().await, Harness::postgres().await),
        };
        fill(&small, SMALL).await;
        let seconds = fill(&big, large).await;
        for case in cases() {
            let (mut one, mut other) = (Vec::new(), Vec::new());
            for run in 0..WARM_UP + RUNS {
                let (a, b) = (measure(&small, &case).await, measure(&big, &case).await);
                if run >= WARM_UP {
                    one.push(a);
                    other.push(b);
                }
            }
            let (one, other) = (median(one), median(other));
            let ratio = other / one;
            let counts = !name(&case).starts_with("bounded");
            missed += u32::from(ratio > GOAL && counts);
            println!(
                "| {database} | {} | {one:.0} µs | {other:.0} µs | {ratio:.1} |",
                name(&case)
            );
        }
        let rate = large as f64 / seconds;
        println!("| {database} | making the keys | | {seconds:.1} s | {rate:.0} keys/s |");
    }
    println!("\n{missed} ratios above {GOAL}");
}

async fn fill(harness: &Harness, keys: u64) -> f64 {
    let begin = Instant::now();
    let many = Many { keys, seed: SEED };
    harness
        .services
        .fill_with_many(many, |_| {})
        .await
        .expect("keys");
    begin.elapsed().as_secs_f64()
}

/// In microseconds.
async fn measure(harness: &Harness, case: &Case) -> f64 {
    let (keys, actor) = (&harness.services.keys, Actor::console());
    let begin = Instant::now();
    match case {
        Case::Page(_, query) => {
            let page = keys.directory(&actor, query).await.expect("a page");
            std::hint::black_box(page);
        }
        Case::Tiles => {
            std::hint::black_box(keys.tiles(&actor).await.expect("tiles"));
        }
        Case::Expiries => {
            std::hint::black_box(keys.expiries(&actor, 90).await.expect("days"));
        }
    }
    begin.elapsed().as_secs_f64() * 1e6
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn name(case: &Case) -> String {
    match case {
        Case::Page(name, _) => (*name).to_owned(),
        Case::Tiles => "tiles".to_owned(),
        Case::Expiries => "keys ending per day, 90 days".to_owned(),
    }
}

fn cases() -> Vec<Case> {
    let all = DirectoryQuery {
        descending: true,
        ..DirectoryQuery::of(Slice::All)
    };
    let mut cases = vec![Case::Page("first page", all.clone())];
    // The oldest are 400 days old; 1,000 keys still fill a page then.
    for (name, days) in [("a page in the middle", 200), ("a page near the end", 350)] {
        let at = (Harness::start_of_time() - TimeDelta::days(days)).timestamp_micros();
        // The form of a place in this list.
        let text = format!(r#"["all","created",0,{at},"lky_AAAAAAA="]"#);
        let after = Some(Cursor(BASE64_URL_SAFE_NO_PAD.encode(text)));
        cases.push(Case::Page(
            name,
            DirectoryQuery {
                after,
                ..all.clone()
            },
        ));
    }
    for (name, order) in [
        ("all by expiry", Order::Expires),
        ("all by last use", Order::LastUsed),
        ("all by owner", Order::Owner),
        ("all by tag", Order::Tag),
    ] {
        cases.push(Case::Page(
            name,
            DirectoryQuery {
                order,
                ..all.clone()
            },
        ));
    }
    for (name, slice) in [
        ("active", Slice::Active),
        ("expiring in 7 days", Slice::ExpiringIn7Days),
        ("expiring in 30 days", Slice::ExpiringIn30Days),
        ("expired", Slice::Expired),
        ("inactive", Slice::Inactive),
        ("retiring", Slice::Retiring),
        ("never used", Slice::NeverUsed),
        ("unused for 45 days", Slice::UnusedFor45Days),
        ("owner disabled", Slice::OwnerDisabled),
        ("deleted", Slice::Deleted),
    ] {
        // Pages that 1,000 keys can fill as well.
        let limit = 10;
        cases.push(Case::Page(
            name,
            DirectoryQuery {
                limit,
                ..DirectoryQuery::of(slice)
            },
        ));
    }
    for (name, slice, text) in [
        ("search: tag", Slice::All, "lky_A"),
        ("search: user name", Slice::All, "anna"),
        ("search: common word", Slice::All, "backup"),
        ("search: rare word", Slice::All, "quartz"),
        ("search: no such word", Slice::All, "nowhere"),
        // Of these, 1,000 keys do not reach the bound.
        ("bounded: search, two words", Slice::All, "nightly quartz"),
        (
            "bounded: common word, rare slice",
            Slice::Inactive,
            "backup",
        ),
    ] {
        let search = Some(text.to_owned());
        // As above.
        let limit = 10;
        cases.push(Case::Page(
            name,
            DirectoryQuery {
                search,
                limit,
                ..DirectoryQuery::of(slice)
            },
        ));
    }
    cases.push(Case::Tiles);
    cases.push(Case::Expiries);
    cases
}
