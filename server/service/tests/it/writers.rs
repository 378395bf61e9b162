//! R6: many writers at once, in two servers, while another program holds the database.

use std::time::Duration;

use domain::{
    expiry::Validity,
    principal::{DomainType, Principal},
};
use service::{Actor, keys::NewKey, on_both_databases, users::NewUser};
use sqlx::Executor;

use crate::{
    audit::records,
    store::{Raw, connect, number},
};

const WRITERS: usize = 64;

on_both_databases! {
    async fn sixty_four_writers_wait_for_one_another_and_all_succeed(harness: Harness) {
        let (beside, _its_folder) = harness.beside().await;
        let owners: Vec<_> = (0..WRITERS)
            .map(|n| Principal::new(DomainType::Saml, "idp", &format!("user{n}")).unwrap())
            .collect();
        for principal in &owners {
            let wanted = NewUser { principal: principal.clone(), roles: vec![], password: None };
            harness.services.users.add(&Actor::console(), wanted).await.unwrap();
        }
        // Without the wait for it, a writer would be told at once that the database is busy.
        let mut other = connect(&harness).await;
        match &mut other {
            Raw::Sqlite(c) => c.execute("begin immediate").await.map(|_| ()),
            Raw::Postgres(c) => c.execute("begin; lock table chain_head in exclusive mode").await.map(|_| ()),
        }
        .unwrap();

        let mut writers = tokio::task::JoinSet::new();
        for (n, owner) in owners.into_iter().enumerate() {
            let services = if n % 2 == 0 { harness.services.clone() } else { beside.clone() };
            let wanted = NewKey {
                owner: Some(owner),
                validity: Validity::days(1).ok(),
                ..NewKey::default()
            };
            writers.spawn(async move { services.keys.create(&Actor::console(), wanted).await });
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(writers.try_join_next().is_none(), "nobody gets past the lock");
        match &mut other {
            Raw::Sqlite(c) => c.execute("commit").await.map(|_| ()),
            Raw::Postgres(c) => c.execute("commit").await.map(|_| ()),
        }
        .unwrap();
        while let Some(written) = writers.join_next().await {
            written.unwrap().unwrap().done();
        }

        let keys = number(&harness, "select count(*) from api_key").await;
        assert_eq!(keys, i64::try_from(WRITERS).unwrap());
        let records = records(&harness).await;
        let created = records.iter().filter(|record| record.action == "key.create");
        assert_eq!(created.count(), WRITERS);
        let report = harness.services.check_audit(&Actor::console()).await.unwrap();
        assert_eq!(report.findings, []);
    }
}
