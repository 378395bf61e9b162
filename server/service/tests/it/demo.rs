//! Samples: for trying, and for measuring.

use std::sync::Arc;

use domain::directory::{Count, DirectoryQuery, Slice};
use service::{
    Actor,
    demo::{self, DemoError, Many},
    on_both_databases,
    testing::{Harness, credentials, options, origin},
};

async fn fill(harness: &Harness) -> Result<Vec<demo::Account>, DemoError> {
    let options = options(harness.data_dir.path(), harness.database_url.as_deref());
    demo::fill(
        options,
        Harness::start_of_time(),
        Arc::new(harness.entropy.clone()),
    )
    .await
}

async fn count(harness: &Harness, slice: Slice) -> u64 {
    let keys = &harness.services.keys;
    let page = keys
        .directory(&Actor::console(), &DirectoryQuery::of(slice))
        .await;
    match page.unwrap().count {
        Count::Exactly(count) | Count::MoreThan(count) => count,
    }
}

on_both_databases! {
    async fn the_demonstration_has_keys_in_every_state_and_a_trail_that_is_whole(harness: Harness) {
        assert!(!harness.services.is_demonstration().await.unwrap());
        let accounts = fill(&harness).await.unwrap();
        assert!(harness.services.is_demonstration().await.unwrap());
        for slice in Slice::ALL {
            assert!(count(&harness, slice).await > 0, "{slice:?}");
        }
        let report = harness.services.check_audit(&Actor::console()).await.unwrap();
        assert_eq!(report.findings, []);
        assert!(report.records > 100, "{report:?}");
        assert!(accounts.len() > 10);
        for account in &accounts {
            let credentials = credentials(account.name, demo::PASSWORD);
            harness.services.sessions.sign_in(credentials, origin()).await.unwrap();
        }
        // Once more, and nothing is added; not even when somebody was added to it.
        harness.add_user("visitor", &[]).await;
        let keys = count(&harness, Slice::All).await;
        assert_eq!(fill(&harness).await.unwrap(), accounts);
        assert_eq!(count(&harness, Slice::All).await, keys);
    }

    async fn the_demonstration_leaves_real_accounts_alone(harness: Harness) {
        harness.add_user("somebody", &["Administrator"]).await;
        let error = fill(&harness).await.unwrap_err();
        assert!(error.to_string().contains("such as somebody"), "{error}");
        assert_eq!(harness.services.users.list(&Actor::console()).await.unwrap().len(), 1);
    }

    /// Also those who happen to be called like somebody of the demonstration.
    async fn the_demonstration_leaves_real_accounts_of_its_names_alone(harness: Harness) {
        for (name, roles) in [("admin", ["Administrator"].as_slice()), ("bob", &[])] {
            harness.add_user(name, roles).await;
            let error = fill(&harness).await.unwrap_err();
            assert!(error.to_string().contains("such as admin"), "{error}");
        }
        assert_eq!(harness.services.users.list(&Actor::console()).await.unwrap().len(), 2);
        assert_eq!(count(&harness, Slice::All).await, 0);
        assert!(!harness.services.is_demonstration().await.unwrap());
    }

    async fn the_demonstration_leaves_the_first_administrator_their_password(harness: Harness) {
        harness.services.users.make_first_administrator().await.unwrap().unwrap();
        let accounts = fill(&harness).await.unwrap();
        assert!(accounts.iter().all(|account| account.name != "admin"));
        let credentials = credentials("admin", demo::PASSWORD);
        assert!(harness.services.sessions.sign_in(credentials, origin()).await.is_err());
    }

    async fn very_many_keys_are_the_same_for_a_seed_and_as_good_as_made_one_by_one(harness: Harness) {
        let many = Many { keys: 2_000, seed: 5 };
        let mut told = 0;
        harness.services.fill_with_many(many, |made| told = made).await.unwrap();
        assert_eq!(told, 2_000);
        for slice in Slice::ALL {
            assert!(count(&harness, slice).await > 0, "{slice:?}");
        }
        let query = DirectoryQuery { limit: 1, ..DirectoryQuery::of(Slice::All) };
        let page = harness.services.keys.directory(&Actor::console(), &query).await.unwrap();
        let first = &page.items[0];
        assert_eq!((first.tag.as_str(), &*first.owner.principal.name), ("lky_yuJ_yAY=", "tom.ito.1659@example.org"));
        let report = harness.services.check_audit(&Actor::console()).await.unwrap();
        assert_eq!((report.findings, report.records), (vec![], 1));
        // What was taken away for the while is back: the constraints, the copies of the owner.
        for wrong in [
            "insert into api_key_word (word, tag) values ('x', 'lky_nowhere=')",
            "update api_key set user_id = 5",
        ] {
            assert!(crate::store::execute(&harness, wrong).await.is_err(), "{wrong}");
        }
        let bob = harness.user("bob", &["Administrator"]).await;
        let wanted = service::keys::NewKey {
            validity: Some(domain::expiry::Validity::days(5).unwrap()),
            ..service::keys::NewKey::default()
        };
        harness.services.keys.create(&bob, wanted).await.unwrap().done();
        assert_eq!(crate::store::number(&harness, crate::directory::APART).await, 0);
        crate::directory::check_tally(&harness, false).await;
        let again = harness.services.fill_with_many(many, |_| {}).await.unwrap_err();
        assert!(again.to_string().contains("holds accounts"), "{again}");
    }
}
