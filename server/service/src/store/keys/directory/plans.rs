//! No page of the directory scans or sorts. Checked on SQLite, whose plans do not depend on what is in
//! the tables.

use domain::{
    Instant,
    directory::{Order, Slice},
};
use sqlx::Row;

use super::{
    Conn, Place, Search, Sql, Value, Walk, bind_all, branch_sql, branches, search::section_sql,
    tallied, tally::totals_sql,
};
use crate::store::{Db, Reader, keys::Visible};

/// What SQLite would do.
async fn plan(reader: &mut Reader, sql: Sql) -> String {
    let (text, args) = sql.into_parts();
    let text = sqlx::AssertSqlSafe(format!("explain query plan {}", text.0));
    let Conn::Sqlite(c) = reader.conn() else {
        unreachable!()
    };
    let rows = bind_all!(sqlx::query(text), args).fetch_all(&mut *c).await;
    let details = rows
        .unwrap()
        .iter()
        .map(|row| row.get::<String, _>("detail"))
        .collect::<Vec<_>>();
    details.join("; ")
}

fn now() -> Instant {
    "2026-11-22T08:28:30Z".parse().unwrap()
}

/// A first page and one further on, in both directions.
fn walks(place: &Place) -> impl Iterator<Item = Walk<'_>> {
    [None, Some(place)].into_iter().flat_map(|from| {
        [false, true].map(|descending| Walk {
            visible: Visible::All,
            now: now(),
            descending,
            from,
            limit: 51,
        })
    })
}

fn a_place(section: usize, text: bool) -> Place {
    Place {
        section,
        value: if text {
            Value::Text("x".to_owned())
        } else {
            Value::Number(5)
        },
        tag: "lky_AAAAAAA=".to_owned(),
    }
}

/// The index that holds a part of a slice in an order.
fn index(slice: Slice, order: Order, part: usize) -> &'static str {
    match (slice, order, part) {
        (Slice::All, Order::Created, _) => "api_key_by_creation",
        (Slice::All, Order::Expires, _) => "api_key_by_expiry",
        (Slice::All, Order::Owner, _) => "api_key_by_owner_name",
        (Slice::All, Order::Tag, _) => "sqlite_autoindex_api_key_1",
        (Slice::All, Order::LastUsed, 0) | (Slice::NeverUsed, ..) => "api_key_never_used",
        (Slice::All, Order::LastUsed, _) | (Slice::UnusedFor45Days, ..) => "api_key_by_use",
        (Slice::OwnerDisabled, ..) => "api_key_disabled",
        (Slice::Deleted, _, 0) => "api_key_deleted",
        (Slice::Deleted | Slice::Retiring, ..) => "api_key_retiring",
        _ => "api_key_in_force",
    }
}

#[tokio::test]
async fn every_page_is_a_walk_along_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(None, folder.path()).await.unwrap();
    let mut reader = db.reader().await.unwrap();
    for slice in Slice::ALL {
        for order in slice.orders() {
            for (part, branch) in branches(slice, *order).iter().enumerate() {
                let index = index(slice, *order, part);
                for walk in walks(&a_place(branch.section, branch.is_text())) {
                    let plan = plan(&mut reader, branch_sql(branch, walk)).await;
                    let what = format!("{slice:?} {order:?} {walk:?}: {plan}");
                    assert!(plan.contains(&format!(" k USING INDEX {index}")), "{what}");
                    assert!(!plan.contains("TEMP B-TREE"), "{what}");
                    // From a place, it is looked up, with the tag; a tag alone is a place.
                    let looked_up = plan.contains(",tag)") || plan.contains("(tag");
                    assert!(walk.from.is_none() || looked_up, "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_figure_is_sums_and_what_an_index_has_at_the_edges() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(None, folder.path()).await.unwrap();
    let mut reader = db.reader().await.unwrap();
    for slice in Slice::ALL {
        let plan = plan(&mut reader, totals_sql(&[tallied(slice)], now())).await;
        assert!(
            !plan.contains("SCAN k") && !plan.contains("SCAN t"),
            "{slice:?}: {plan}"
        );
        for step in plan.split("; ").filter(|step| step.starts_with("SEARCH")) {
            // By the tally's stretch, or by the time at the edge.
            let sum = step.contains("SEARCH t USING COVERING INDEX key_tally_by_stretch");
            let edge =
                step.contains("SEARCH k USING COVERING INDEX") && step.contains("_at>? AND ");
            assert!(sum || edge, "{slice:?}: {step}");
        }
    }
}

#[tokio::test]
async fn every_search_is_a_walk_along_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(None, folder.path()).await.unwrap();
    let mut reader = db.reader().await.unwrap();
    for slice in Slice::ALL {
        for text in ["lky_A", "ann", "Ann", "nightly ba"] {
            let search = Search::new(slice, text);
            for index in 0..search.len() {
                for walk in walks(&a_place(index, true)) {
                    let plan = plan(&mut reader, section_sql(&search, index, walk)).await;
                    let what = format!("{slice:?} {text} {index} {walk:?}: {plan}");
                    assert!(!plan.contains("SCAN k"), "{what}");
                    assert!(!plan.contains("SCAN w"), "{what}");
                    assert!(!plan.contains("SCAN u"), "{what}");
                    // The few that wait to become tombstones may be sorted.
                    let few = plan.contains("api_key_retiring");
                    assert!(few || !plan.contains("TEMP B-TREE"), "{what}");
                }
            }
        }
    }
}
