//! Checking the audit trail: what was tampered with is named.

use domain::error::Error;
use service::{
    Actor,
    audit::{CHECKPOINT_FILE, Report},
    on_both_databases,
    testing::Harness,
};

use crate::store::execute;

/// Takes every protection off the table, as somebody with the database file could.
pub(crate) async fn unprotect(harness: &Harness) {
    let statements: &[&str] = match harness.database_url {
        None => &[
            "drop trigger audit_record_is_not_updated",
            "drop trigger audit_record_is_not_deleted",
        ],
        Some(_) => &["drop trigger audit_record_is_not_changed on audit_record"],
    };
    for sql in statements {
        execute(harness, sql).await.unwrap();
    }
}

/// What a check finds, as people read it.
pub(crate) async fn findings(harness: &Harness) -> Vec<String> {
    let report = harness
        .services
        .check_audit(&Actor::console())
        .await
        .unwrap();
    report.findings.iter().map(ToString::to_string).collect()
}

/// Ten records.
async fn fill(harness: &Harness) {
    for n in 0..10 {
        harness.add_user(&format!("user{n}"), &[]).await;
    }
}

/// The columns of a record that do not follow from others.
const STORED: &str = "id, chain, recorded_at, action, category, operation, outcome, actor, via, \
     address, object, state_before, state_after, cause, reason, client_id, request_id, \
     previous_hash, hash";

on_both_databases! {
    async fn a_whole_trail_is_found_whole(harness: Harness) {
        fill(&harness).await;
        harness.services.maintain_once().await.unwrap();
        let report = harness.services.check_audit(&Actor::console()).await.unwrap();
        assert_eq!(report, Report { chains: 1, records: 10, checkpoints: 1, findings: vec![] });
    }

    /// R1: each way to tamper, and the record that is named.
    async fn whatever_is_tampered_with_is_named(harness: Harness) {
        fill(&harness).await;
        unprotect(&harness).await;
        execute(&harness, &format!("create table spare as select {STORED} from audit_record")).await.unwrap();
        execute(&harness, "create table spare_head as select * from chain_head").await.unwrap();
        let swap = "update audit_record set object = (select s.object from spare s where s.id = \
                    11 - audit_record.id), hash = (select s.hash from spare s where s.id = \
                    11 - audit_record.id) where id in (4, 7)";
        for (sql, found) in [
            ("update audit_record set outcome = 'refused' where id = 3", "chain 1, record 3: changed, or moved from another place"),
            ("update audit_record set recorded_at = '2020-01-01T00:00:00.000000Z' where id = 1", "chain 1, record 1: changed, or moved from another place"),
            ("update audit_record set cause = '' where id = 5", "chain 1, record 5: changed, or moved from another place"),
            ("update audit_record set hash = previous_hash where id = 10", "chain 1, record 10: changed, or moved from another place"),
            (swap, "chain 1, record 4: changed, or moved from another place"),
            ("delete from audit_record where id = 6", "chain 1, record 6: missing"),
            ("delete from audit_record where id = 1", "chain 1, record 1: missing"),
            ("delete from audit_record where id > 8", "chain 1, record 9: missing"),
            ("delete from audit_record", "chain 1, record 1: missing"),
            ("update chain_head set height = 9", "chain 1, record 10: beyond the head of the chain"),
            ("update chain_head set mac = hash", "chain 1: the head was changed"),
            ("update chain_head set hash = mac", "chain 1: the head was changed"),
        ] {
            execute(&harness, sql).await.unwrap();
            assert_eq!(findings(&harness).await, [found], "{sql}");
            execute(&harness, "delete from audit_record").await.unwrap();
            execute(&harness, &format!("insert into audit_record ({STORED}) select {STORED} from spare")).await.unwrap();
            execute(&harness, "update chain_head set height = (select height from spare_head), \
                 hash = (select hash from spare_head), mac = (select mac from spare_head)").await.unwrap();
            assert_eq!(findings(&harness).await, [""; 0]);
        }
    }

    /// R1: an earlier state restored whole is whole in itself; the checkpoint outside knows better.
    async fn a_rollback_of_records_and_head_is_caught_by_the_checkpoint(harness: Harness) {
        fill(&harness).await;
        unprotect(&harness).await;
        execute(&harness, "create table spare_head as select * from chain_head").await.unwrap();
        harness.add_user("eve", &[]).await;
        harness.services.maintain_once().await.unwrap();
        execute(&harness, "delete from audit_record where id = 11").await.unwrap();
        execute(&harness, "update chain_head set height = (select height from spare_head), \
             hash = (select hash from spare_head), mac = (select mac from spare_head)").await.unwrap();
        assert_eq!(findings(&harness).await, ["chain 1, record 11: missing"]);
        // Appending over it does not hide it either.
        harness.add_user("mallory", &[]).await;
        let found = findings(&harness).await;
        assert_eq!(
            found,
            ["chain 1, record 11: not the record that a signed checkpoint vouches for"]
        );
    }

    async fn a_forged_checkpoint_and_a_missing_chain_are_named(harness: Harness) {
        fill(&harness).await;
        harness.services.maintain_once().await.unwrap();
        let path = harness.data_dir.path().join(CHECKPOINT_FILE);
        let signed = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, signed.replace("\"height\":10", "\"height\":9")).unwrap();
        assert_eq!(
            findings(&harness).await,
            ["chain 1: a checkpoint with a signature that is not valid"]
        );
        std::fs::write(&path, format!("{signed}junk\n")).unwrap();
        assert_eq!(
            findings(&harness).await,
            ["chain 0: a checkpoint with a signature that is not valid"]
        );
        std::fs::write(&path, signed).unwrap();
        unprotect(&harness).await;
        execute(&harness, "delete from audit_record").await.unwrap();
        execute(&harness, "delete from chain_head").await.unwrap();
        assert_eq!(
            findings(&harness).await,
            ["chain 1: missing, though a signed checkpoint vouches for it"]
        );
    }

    async fn checkpoints_are_written_when_there_is_news(harness: Harness) {
        let path = harness.data_dir.path().join(CHECKPOINT_FILE);
        harness.services.maintain_once().await.unwrap();
        assert!(!path.exists());
        fill(&harness).await;
        for _ in 0..3 {
            harness.services.maintain_once().await.unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
        harness.add_user("eve", &[]).await;
        harness.services.close().await;
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    }

    /// A8 in part: the trail is for whoever may read it.
    async fn the_trail_is_read_with_the_permission_only(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let nobody = harness.services.export_audit::<Error>(&bob, |_| unreachable!()).await;
        assert_eq!(nobody, Err(Error::NotPermitted));
        assert_eq!(harness.services.check_audit(&bob).await, Err(Error::NotPermitted));
        let security = harness.user("sec", &["Default Security Administrator"]).await;
        let mut exported = Vec::new();
        let count = harness
            .services
            .export_audit::<Error>(&security, |record| {
                exported.push(record);
                Ok(())
            })
            .await
            .unwrap();
        // Two accounts and two sign-ins, two refusals, and this export.
        assert_eq!(count, 7);
        let ids: Vec<_> = exported.iter().map(|record| record.id).collect();
        assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(exported[0].action, "user.create");
    }
}
