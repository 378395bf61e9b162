//! Several servers on one database write at once: a chain each on PostgreSQL; the embedded
//! database has a single chain for all.

use std::collections::BTreeMap;

use service::{Actor, on_both_databases};

use crate::{
    audit::records,
    audit_check::{findings, unprotect},
    store::execute,
};

const SERVERS: usize = 3;
const TURNS: usize = 12;

on_both_databases! {
    /// R1: whoever wrote it and whichever it is.
    async fn three_servers_write_at_once_and_every_record_is_guarded(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let (second, _its_folder) = harness.beside().await;
        let (third, _its_folder) = harness.beside().await;
        let mut turns = tokio::task::JoinSet::new();
        for server in [&harness.services, &second, &third] {
            for _ in 0..TURNS {
                let (services, bob) = (server.clone(), bob.clone());
                turns.spawn(async move { services.sessions.end_others(&bob).await });
            }
        }
        while let Some(result) = turns.join_next().await {
            result.unwrap().unwrap();
        }

        // The account and its sign-in come first.
        let written = SERVERS * TURNS + 2;
        let chains = if harness.database_url.is_some() { SERVERS } else { 1 };
        for server in [&harness.services, &second, &third] {
            let report = server.check_audit(&Actor::console()).await.unwrap();
            assert_eq!(report.findings, []);
            assert_eq!((report.chains, report.records), (chains, written as u64));
        }
        let mut ids: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for record in records(&harness).await {
            ids.entry(record.chain).or_default().push(record.id);
        }
        assert_eq!(ids.len(), chains);
        for ids in ids.values() {
            let whole: Vec<_> = (1_i64..).take(ids.len()).collect();
            assert_eq!(*ids, whole);
        }

        unprotect(&harness).await;
        for (chain, ids) in ids {
            for id in ids {
                let change = async |to: &str| {
                    let sql = format!(
                        "update audit_record set object = {to} where chain = {chain} and id = {id}"
                    );
                    assert_eq!(execute(&harness, &sql).await, Ok(1));
                };
                change("object || 'x'").await;
                let found = format!("chain {chain}, record {id}: changed, or moved from another place");
                assert_eq!(findings(&harness).await, [found]);
                change("substr(object, 1, length(object) - 1)").await;
            }
        }
        assert_eq!(findings(&harness).await, [""; 0]);
    }
}
