//! A7: what somebody may not view cannot be told from any answer.

use chrono::TimeDelta;
use domain::directory::{Count, DirectoryQuery, Slice};
use service::on_both_databases;

use super::{
    forward,
    model::{Random, World, fill_many},
};

on_both_databases! {
    async fn without_the_permission_there_are_only_one_s_own_keys(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let wanted = service::keys::NewKey {
            description: "common backup".to_owned(),
            validity: Some(domain::expiry::Validity::days(5).unwrap()),
            ..service::keys::NewKey::default()
        };
        let own = harness.services.keys.create(&bob, wanted).await.unwrap().done().key;
        // As it is for bob without anybody else's key, so it stays.
        let texts = [None, Some("lky_"), Some("b"), Some("u"), Some("an"), Some("common"), Some("backup com")];
        let ask = async || {
            let mut answers = Vec::new();
            for slice in Slice::ALL {
                for order in slice.orders() {
                    for (descending, text) in [false, true].into_iter().flat_map(|d| texts.map(|t| (d, t))) {
                        let query = DirectoryQuery {
                            order: *order,
                            descending,
                            search: text.map(str::to_owned),
                            limit: 1,
                            ..DirectoryQuery::of(slice)
                        };
                        answers.push(forward(&harness, &bob, &query).await);
                    }
                }
            }
            let keys = &harness.services.keys;
            (answers, keys.tiles(&bob).await.unwrap(), keys.expiries(&bob, 90).await.unwrap())
        };
        let alone = ask().await;
        World::fill(&harness, &mut Random(2)).await;
        fill_many(&harness, 11_000, TimeDelta::days(50)).await;
        assert!(ask().await == alone);
        assert_eq!(alone.1.active, Count::Exactly(1));
        assert_eq!(alone.0[0][0].items, [own]);
    }

    async fn without_any_permission_there_is_nothing(harness: Harness) {
        let admin = harness.user("admin", &["Administrator"]).await;
        let bob = harness.add_user("bob", &[]).await;
        World::fill(&harness, &mut Random(2)).await;
        let whose = service::roles::SelfServiceOf::User(bob.principal);
        harness.services.roles.set_self_service(&admin, &whose, false).await.unwrap();
        let bob = harness.sign_in("bob").await;
        for (slice, search) in Slice::ALL.into_iter().flat_map(|slice| [(slice, None), (slice, Some("a"))]) {
            let query = DirectoryQuery { search: search.map(str::to_owned), ..DirectoryQuery::of(slice) };
            let page = harness.services.keys.directory(&bob, &query).await.unwrap();
            assert_eq!((page.items.len(), page.count, page.after), (0, Count::Exactly(0), None));
        }
        let keys = &harness.services.keys;
        assert_eq!(keys.tiles(&bob).await.unwrap().never_used, Count::Exactly(0));
        assert!(keys.expiries(&bob, 90).await.unwrap().iter().all(|(_, ends)| *ends == 0));
    }
}
