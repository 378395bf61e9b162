//! The trail, the newest first, narrowed and exported.

use chrono::TimeDelta;
use domain::error::Error;
use service::{
    Actor,
    audit::{TrailFilter, What},
    on_both_databases,
    testing::Harness,
};

/// The sentences of a page.
async fn told(harness: &Harness, filter: &TrailFilter) -> Vec<String> {
    let page = harness
        .services
        .trail(&Actor::console(), filter, None, 100)
        .await
        .unwrap();
    page.items
        .into_iter()
        .map(|item| item.record.message)
        .collect()
}

on_both_databases! {
    async fn records_stand_newest_first_and_pages_follow(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        for name in ["a", "b", "c", "d"] {
            harness.clock.advance(TimeDelta::seconds(1));
            harness.add_user(name, &[]).await;
        }
        let services = &harness.services;
        let filter = TrailFilter::default();
        let first = services.trail(&root, &filter, None, 3).await.unwrap();
        let numbers = |page: &service::audit::TrailPage| {
            page.items.iter().map(|item| item.record.number).collect::<Vec<_>>()
        };
        // Two of root's beginning, four users, and this reading.
        assert_eq!((numbers(&first), first.more, first.count), (vec![7, 6, 5], true, 7));
        let next = services.trail(&root, &filter, Some(5), 3).await.unwrap();
        assert_eq!((numbers(&next), next.more), (vec![4, 3, 2], true));
        let last = services.trail(&root, &filter, Some(2), 3).await.unwrap();
        assert_eq!((numbers(&last), last.more), (vec![1], false));
        assert!(last.items[0].raw.contains("\"previousHash\""));
        assert!(services.trail(&root, &filter, Some(4711), 3).await.unwrap().items.is_empty());
    }

    async fn the_trail_is_narrowed_to_what_fits(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let bob = harness.user("bob", &[]).await;
        let services = &harness.services;
        let refused = services.trail(&bob, &TrailFilter::default(), None, 3).await;
        assert_eq!(refused, Err(Error::NotPermitted));
        harness.clock.advance(TimeDelta::days(1));
        services.users.disable(&root, &bob.identity().principal).await.unwrap();
        let filter = |change: fn(&mut TrailFilter)| {
            let mut filter = TrailFilter::default();
            change(&mut filter);
            filter
        };
        let disabled = "User :bob:unixpwd:1001 was disabled.";
        let refusal = "Reading the audit trail was refused: a list.";
        for (filter, sentences) in [
            (filter(|one| one.refused = true), &[refusal][..]),
            (
                filter(|one| {
                    one.user = Some("bob".to_owned());
                    one.refused = true;
                }),
                &[refusal],
            ),
            (filter(|one| one.user = Some("bo".to_owned())), &[]),
            (filter(|one| one.user = Some("b%".to_owned())), &[]),
            (
                filter(|one| one.what = Some(What::Action("user.disable".to_owned()))),
                &[disabled],
            ),
            (
                filter(|one| {
                    one.what = Some(What::Category("USER".to_owned()));
                    one.from = Some(Harness::start_of_time() + TimeDelta::hours(1));
                }),
                &[disabled],
            ),
            (
                filter(|one| {
                    one.object = Some(":bob:unixpwd:1001".to_owned());
                    one.until = Some(Harness::start_of_time() + TimeDelta::hours(1));
                }),
                &["User :bob:unixpwd:1001 was created."],
            ),
            (filter(|one| one.object = Some("' or 1=1 --".to_owned())), &[]),
            (
                filter(|one| {
                    one.address = Some("192.0.2.7".to_owned());
                    one.refused = true;
                }),
                &[refusal],
            ),
            (filter(|one| one.address = Some("192.0.2".to_owned())), &[]),
        ] {
            assert_eq!(told(&harness, &filter).await, sentences, "{filter:?}");
        }
    }

    async fn an_export_is_recorded_and_holds_what_fits(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        harness.fill_audit(1500).await;
        let services = &harness.services;
        let filter = TrailFilter {
            what: Some(What::Action("key.update".to_owned())),
            ..TrailFilter::default()
        };
        let mut export = services.export_trail(&root, filter).await.unwrap();
        let mut numbers = Vec::new();
        while let Some(records) = export.next().await.unwrap() {
            assert!(records.iter().all(|record| record.action == "key.update"));
            numbers.extend(records.iter().map(|record| record.id));
        }
        assert_eq!(numbers.len(), 1500);
        assert!(numbers.is_sorted_by(|one, next| one > next));
        let newest = told(&harness, &TrailFilter::default()).await;
        assert_eq!(newest[1], "The audit trail was read: export.");
        let bob = harness.user("bob", &[]).await;
        let refused = services.export_trail(&bob, TrailFilter::default()).await;
        assert_eq!(refused.err(), Some(Error::NotPermitted));
    }
}
