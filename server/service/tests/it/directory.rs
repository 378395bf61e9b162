//! The list of everybody's keys.

mod model;
mod rights;

use chrono::TimeDelta;
use domain::directory::{Count, Cursor, DirectoryPage, DirectoryQuery, MAX_COUNT, Order, Slice};
use domain::error::{Error, Problem};
use domain::expiry::Validity;
use service::{
    Actor,
    keys::{NewKey, Reissue},
    on_both_databases,
    testing::Harness,
};

use self::model::{Random, World};

/// How many keys know something else of their owner than the owner.
pub(crate) const APART: &str = "select count(*) from api_key k join app_user u on u.id = k.user_id \
     where k.owner_name <> u.name_folded or k.owner_disabled <> (u.disabled_at is not null)";

/// How many figures are not what the keys say.
const WRONG: &str = "select count(*) from (select measure, span, stretch, sum(keys) as sum from \
     (select measure, span, stretch, keys from key_tally union all \
     select measure, span, stretch, -keys from key_tally_due) t \
     group by 1, 2, 3) t where sum <> 0";
/// How many figures are more than a row.
const UNFOLDED: &str = "select count(*) from (select measure from key_tally \
     group by measure, span, stretch having count(*) > 1) t";

/// Compares the figures kept of all keys with the keys.
pub(crate) async fn check_tally(harness: &Harness, folded: bool) {
    assert_eq!(crate::store::number(harness, WRONG).await, 0);
    if folded {
        assert_eq!(crate::store::number(harness, UNFOLDED).await, 0);
    }
}

/// Reads a list from its first page to its last.
async fn forward(harness: &Harness, actor: &Actor, query: &DirectoryQuery) -> Vec<DirectoryPage> {
    let mut pages: Vec<DirectoryPage> = Vec::new();
    loop {
        let after = pages.last().and_then(|page| page.after.clone());
        if after.is_none() && !pages.is_empty() {
            return pages;
        }
        let query = DirectoryQuery {
            after,
            ..query.clone()
        };
        let page = harness.services.keys.directory(actor, &query).await;
        pages.push(page.unwrap());
    }
}

fn tags(page: &DirectoryPage) -> Vec<String> {
    let tags = page.items.iter().map(|key| key.tag.to_string());
    tags.collect()
}

/// Walks pages there and back, and compares them with the world.
async fn check(harness: &Harness, world: &World, actor: &Actor, query: &DirectoryQuery) {
    let expected = world.list(query);
    let pages = forward(harness, actor, query).await;
    let found: Vec<_> = pages.iter().flat_map(tags).collect();
    assert_eq!(found, expected, "{query:?}");
    for page in &pages {
        assert_eq!(
            page.count,
            Count::Exactly(expected.len() as u64),
            "{query:?}"
        );
        for key in &page.items {
            assert_eq!(key.state, world.state(key.tag.as_str()), "{query:?}");
        }
    }
    assert_eq!(pages[0].before, None, "{query:?}");
    // Back again: the pages are cut at the same places.
    let mut before = pages.last().unwrap().before.clone();
    for page in pages.iter().rev().skip(1) {
        let query = DirectoryQuery {
            before,
            ..query.clone()
        };
        let back = harness
            .services
            .keys
            .directory(actor, &query)
            .await
            .unwrap();
        assert_eq!(back.items, page.items, "{query:?}");
        assert!(back.after.is_some(), "{query:?}");
        before = back.before;
    }
    assert_eq!(before, None, "{query:?}");
}

on_both_databases! {
    /// Every slice, order and search, against the same thing done in memory.
    async fn pages_are_what_filtering_and_sorting_all_keys_gives(harness: Harness) {
        let admin = harness.user("admin", &["Administrator"]).await;
        let mut random = Random(7);
        for _ in 0..4 {
            let world = World::fill(&harness, &mut random).await;
            for slice in Slice::ALL {
                for order in slice.orders() {
                    for descending in [false, true] {
                        let limit = random.below(7) + 1;
                        let order = *order;
                        let query =
                            DirectoryQuery { order, descending, limit, ..DirectoryQuery::of(slice) };
                        check(&harness, &world, &admin, &query).await;
                    }
                }
                for _ in 0..5 {
                    let query = DirectoryQuery {
                        search: Some(world.text(&mut random)),
                        limit: random.below(7) + 1,
                        ..DirectoryQuery::of(slice)
                    };
                    check(&harness, &world, &admin, &query).await;
                }
            }
            world.check_figures(&harness, &admin).await;
            harness.services.maintain_once().await.unwrap();
            check_tally(&harness, true).await;
            world.check_figures(&harness, &admin).await;
            world.clear(&harness).await;
        }
    }

    /// W8: every sign of a pattern, an operator or a statement is a sign like any other.
    async fn a_text_is_looked_for_as_it_is(harness: Harness) {
        let admin = harness.user("admin", &["Administrator"]).await;
        let world = World::fill(&harness, &mut Random(3)).await;
        for text in [
            "%", "_", "a%", "*", "ci*", "\"ci\"", "ci OR backup", "ci NEAR backup", "-ci", "^ci",
            "ci:*", "ci & backup", "ci | !backup", "'; drop table api_key; --", "\\", "{", "(ci",
            "$1", "?", "lky_%", "lky_'", "😀", "\u{10ffff}", "a\u{301}",
        ] {
            let query = DirectoryQuery { search: Some(text.to_owned()), ..DirectoryQuery::of(Slice::All) };
            check(&harness, &world, &admin, &query).await;
        }
    }

    async fn wrong_fields_are_named(harness: Harness) {
        let admin = harness.user("admin", &["Administrator"]).await;
        World::fill(&harness, &mut Random(5)).await;
        let ask = async |query: DirectoryQuery| {
            harness.services.keys.directory(&admin, &query).await
        };
        let all = DirectoryQuery { limit: 2, ..DirectoryQuery::of(Slice::All) };
        let place = ask(all.clone()).await.unwrap().after.unwrap();
        let search = |text: &str| Some(text.to_owned());
        let cases = [
            ("limit", DirectoryQuery { limit: 0, ..all.clone() }),
            ("limit", DirectoryQuery { limit: 101, ..all.clone() }),
            ("search", DirectoryQuery { search: search(&"a".repeat(101)), ..all.clone() }),
            ("search", DirectoryQuery { search: search("a\0b"), ..all.clone() }),
            ("order", DirectoryQuery { order: Order::Deleted, ..all.clone() }),
            ("order", DirectoryQuery { order: Order::Owner, ..DirectoryQuery::of(Slice::Active) }),
            ("before", DirectoryQuery { after: Some(place.clone()), before: Some(place.clone()), ..all.clone() }),
            // A place of another order, slice or search.
            ("after", DirectoryQuery { order: Order::Expires, after: Some(place.clone()), ..all.clone() }),
            ("before", DirectoryQuery { before: Some(place.clone()), ..DirectoryQuery::of(Slice::NeverUsed) }),
            ("after", DirectoryQuery { search: search("a"), after: Some(place.clone()), ..all.clone() }),
        ];
        for (field, query) in cases {
            let error = ask(query.clone()).await.unwrap_err();
            assert!(error.about(field).is_some(), "{query:?}: {error:?}");
        }
        let page = ask(DirectoryQuery { search: search("a"), limit: 1, ..all.clone() }).await.unwrap();
        let query = DirectoryQuery { search: search("zz"), after: page.after, ..all.clone() };
        assert!(ask(query).await.unwrap_err().about("after").is_some());
        let junk = [
            "", "x", "bnVsbA", "W10", &"A".repeat(3000),
            // ["all","created",0,"x","lky_AAAAAAA="], with a text for the time.
            "WyJhbGwiLCJjcmVhdGVkIiwwLCJ4IiwibGt5X0FBQUFBQUE9Il0",
        ];
        for text in junk {
            let query = DirectoryQuery { after: Some(Cursor(text.to_owned())), ..all.clone() };
            assert!(ask(query).await.unwrap_err().about("after").is_some(), "{text}");
        }
        let mut text = place.0;
        text.push('=');
        let query = DirectoryQuery { after: Some(Cursor(text)), ..all.clone() };
        assert!(ask(query).await.unwrap_err().about("after").is_some());
        // Nothing but white space looks for nothing.
        let query = DirectoryQuery { search: search("  "), ..all.clone() };
        assert_eq!(ask(query).await.unwrap(), ask(all).await.unwrap());
        let days = harness.services.keys.expiries(&admin, 91).await;
        assert_eq!(days, Err(Error::field("days", Problem::OutOfRange { min: 1, max: 90 })));
    }

    /// Where the list ends while somebody reads it, they get its end, not an empty page.
    async fn a_place_whose_keys_are_gone_gives_the_end_of_the_list(harness: Harness) {
        let admin = harness.user("admin", &["Administrator"]).await;
        World::fill(&harness, &mut Random(5)).await;
        let all = DirectoryQuery { limit: 3, ..DirectoryQuery::of(Slice::All) };
        let pages = forward(&harness, &admin, &all).await;
        let last = pages.last().unwrap();
        let beyond = DirectoryQuery { after: pages[pages.len() - 2].after.clone(), ..all.clone() };
        for key in &last.items {
            harness.services.keys.delete(&admin, &key.tag, None).await.unwrap().done();
        }
        let page = harness.services.keys.directory(&admin, &beyond).await.unwrap();
        assert_eq!(page.items, pages[pages.len() - 2].items);
        assert_eq!(page.after, None);
    }

    /// Keys of a whole hour are known without counting; of the hour that is not over, so many are
    /// counted.
    async fn counting_stops(harness: Harness) {
        let admin = harness.user("admin", &["Administrator"]).await;
        model::fill_many(&harness, MAX_COUNT + 1, TimeDelta::minutes(10)).await;
        let page = harness.services.keys.directory(&admin, &DirectoryQuery::of(Slice::Active)).await;
        assert_eq!(page.unwrap().count, Count::MoreThan(MAX_COUNT));
        let tiles = harness.services.keys.tiles(&admin).await.unwrap();
        assert_eq!(tiles.never_used, Count::Exactly(MAX_COUNT + 1));
        assert_eq!(tiles.expired, Count::Exactly(0));
        // A common word in a slice that has none of its keys: some are looked at, not all.
        let search = DirectoryQuery {
            search: Some("common".to_owned()),
            ..DirectoryQuery::of(Slice::Expired)
        };
        let pages = forward(&harness, &admin, &search).await;
        assert!((3..100).contains(&pages.len()), "{}", pages.len());
        for page in pages {
            assert_eq!((page.items.len(), page.count), (0, Count::MoreThan(0)));
        }
    }

    /// Whatever happens to keys, the figures kept of them are those that counting would give.
    async fn figures_follow_every_change(harness: Harness) {
        let admin = harness.user("admin", &["Administrator"]).await;
        let services = &harness.services;
        let mut random = Random(13);
        let mut people = Vec::new();
        for number in 0..8 {
            people.push(harness.user(&format!("u{number}"), &[]).await);
        }
        for _ in 0..150 {
            let one = &people[random.below(8) as usize];
            let principal = &one.identity().principal;
            let key = services.keys.own(one).await.unwrap();
            let validity = Validity::days(u64::from(random.below(40) + 1)).ok();
            // Refusals are fine: nothing changes then.
            match (random.below(6), key) {
                (0 | 1, None) => drop(services.keys.create(one, NewKey { validity, ..NewKey::default() }).await),
                (0, Some(key)) => {
                    let overlap_hours = Some(random.below(3));
                    let again = Reissue { validity, overlap_hours, ..Reissue::default() };
                    drop(services.keys.reissue(one, &key.tag, again).await);
                }
                (1, Some(key)) => drop(services.keys.delete(&admin, &key.tag, None).await),
                (2, Some(key)) => {
                    let used = format!(
                        "update api_key set last_used_at = {}, last_used_address = '' where tag = '{}'",
                        services.now().timestamp_micros(), key.tag,
                    );
                    crate::store::execute(&harness, &used).await.unwrap();
                }
                (3, _) => drop(services.users.disable(&admin, principal).await),
                (4, _) => drop(services.users.enable(&admin, principal).await),
                _ => harness.clock.advance(TimeDelta::hours(random.below(60).into())),
            }
            if random.below(10) == 0 {
                // Also buries and purges.
                services.maintain_once().await.unwrap();
            }
            check_tally(&harness, false).await;
        }
        let purged = "select count(*) from used_tag";
        assert!(crate::store::number(&harness, purged).await > 20);
    }

    /// The copies of the owner's facts are those of the owner.
    async fn keys_know_when_their_owner_is_disabled(harness: Harness) {
        let admin = harness.user("admin", &["Administrator"]).await;
        World::fill(&harness, &mut Random(11)).await;
        let users = &harness.services.users;
        for user in users.list(&admin).await.unwrap().iter().skip(1).step_by(3) {
            let principal = &user.identity.principal;
            match user.disabled_at {
                None => users.disable(&admin, principal).await.unwrap(),
                Some(_) => users.enable(&admin, principal).await.unwrap(),
            }
        }
        assert_eq!(crate::store::number(&harness, APART).await, 0);
        let query = DirectoryQuery { limit: 100, ..DirectoryQuery::of(Slice::OwnerDisabled) };
        let page = harness.services.keys.directory(&admin, &query).await.unwrap();
        assert!(page.items.len() > 3);
    }

    /// Whoever is first: the copies are right in the end, and nobody waits for each other for ever.
    async fn keys_know_it_also_when_they_are_made_meanwhile(harness: Harness) {
        let admin = harness.user("admin", &["Administrator"]).await;
        let mut work = tokio::task::JoinSet::new();
        for number in 0..12 {
            let bob = harness.user(&format!("bob{number}"), &[]).await;
            let (services, admin) = (harness.services.clone(), admin.clone());
            work.spawn(async move {
                let validity = Some(Validity::days(5).unwrap());
                let wanted = NewKey { validity, ..NewKey::default() };
                let made = services.keys.create(&bob, wanted).await.unwrap().done().key.tag;
                let again = Reissue { validity, overlap_hours: Some(1), ..Reissue::default() };
                let principal = bob.identity().principal.clone();
                let (reissued, disabled) = tokio::join!(
                    services.keys.reissue(&bob, &made, again),
                    services.users.disable(&admin, &principal),
                );
                assert!(!matches!(reissued, Err(Error::Internal)), "{reissued:?}");
                disabled.unwrap();
            });
        }
        work.join_all().await;
        assert_eq!(crate::store::number(&harness, APART).await, 0);
        let disabled = "select count(*) from api_key where owner_disabled";
        assert!(crate::store::number(&harness, disabled).await >= 12);
    }
}
