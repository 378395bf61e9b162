//! Samples: for trying, and for measuring.

use std::sync::Arc;

use domain::directory::{Count, DirectoryQuery, Slice};
use service::{
    Actor,
    demo::{self, DemoError},
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
        let accounts = fill(&harness).await.unwrap();
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
        // Once more, and nothing is added.
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

    async fn the_demonstration_leaves_the_first_administrator_their_password(harness: Harness) {
        harness.services.users.make_first_administrator().await.unwrap().unwrap();
        let accounts = fill(&harness).await.unwrap();
        assert!(accounts.iter().all(|account| account.name != "admin"));
        let credentials = credentials("admin", demo::PASSWORD);
        assert!(harness.services.sessions.sign_in(credentials, origin()).await.is_err());
    }
}
