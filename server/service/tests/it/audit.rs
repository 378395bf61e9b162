//! The audit trail: one record a change, chained, in the change's transaction.

use chrono::TimeDelta;
use domain::{
    audit::{GENESIS, chain_hash},
    error::Error,
    expiry::Validity,
};
use service::{
    Origin,
    keys::NewKey,
    on_both_databases,
    testing::{Harness, PASSWORD, credentials, origin},
};
use sqlx::FromRow;

use crate::store::{Raw, connect, execute, number};

/// A record as it stands in the table.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub(crate) struct Record {
    pub(crate) id: i64,
    pub(crate) chain: i64,
    recorded_at: String,
    pub(crate) action: String,
    category: String,
    operation: String,
    pub(crate) outcome: String,
    pub(crate) actor: Option<String>,
    pub(crate) via: Option<String>,
    address: Option<String>,
    pub(crate) object: String,
    state_before: Option<String>,
    pub(crate) state_after: Option<String>,
    pub(crate) cause: Option<String>,
    reason: Option<String>,
    client_id: Option<String>,
    request_id: Option<String>,
    previous_hash: String,
    hash: String,
}

pub(crate) async fn records(harness: &Harness) -> Vec<Record> {
    let sql = "select * from audit_record order by id";
    match connect(harness).await {
        Raw::Sqlite(mut c) => sqlx::query_as(sql).fetch_all(&mut c).await,
        Raw::Postgres(mut c) => sqlx::query_as(sql).fetch_all(&mut c).await,
    }
    .unwrap()
}

impl Record {
    fn expected_hash(&self, previous: &str) -> String {
        let (id, chain) = (self.id.to_string(), self.chain.to_string());
        chain_hash(
            previous,
            &[
                Some(&id),
                Some(&chain),
                Some(&self.recorded_at),
                Some(&self.action),
                Some(&self.category),
                Some(&self.operation),
                Some(&self.outcome),
                self.actor.as_deref(),
                self.via.as_deref(),
                self.address.as_deref(),
                Some(&self.object),
                self.state_before.as_deref(),
                self.state_after.as_deref(),
                self.cause.as_deref(),
                self.reason.as_deref(),
                self.client_id.as_deref(),
                self.request_id.as_deref(),
            ],
        )
    }
}

fn wanted() -> NewKey {
    NewKey {
        description: "CI".to_owned(),
        validity: Some(Validity::days(30).unwrap()),
        ..NewKey::default()
    }
}

on_both_databases! {
    async fn a_record_says_who_by_what_from_where_and_what(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let tag = harness.services.keys.create(&bob, wanted()).await.unwrap().done().key.tag;
        let record = records(&harness).await.pop().unwrap();
        let expected = Record {
            id: 3,
            chain: 1,
            recorded_at: "2026-11-22T08:28:30.294000Z".into(),
            action: "key.create".into(),
            category: "APIKEY".into(),
            operation: "CREATE".into(),
            outcome: "done".into(),
            actor: Some(":bob:unixpwd:1000".into()),
            via: Some("session".into()),
            address: Some("192.0.2.7".into()),
            object: tag.to_string(),
            state_before: None,
            state_after: Some(
                "{\"created\":\"2026-11-22T08:28:30.294000Z\",\"description\":\"CI\",\
                 \"expires\":\"2026-12-22T08:28:30.294000Z\",\"issuer\":\":bob:unixpwd:1000\",\
                 \"owner\":\":bob:unixpwd:1000\",\"state\":\"ACTIVE\"}"
                    .into(),
            ),
            cause: None,
            reason: None,
            client_id: None,
            request_id: Some("request-1".into()),
            previous_hash: record.previous_hash.clone(),
            hash: record.hash.clone(),
        };
        assert_eq!(record, expected);
    }

    /// R1's ground: ids without gaps, each hash over its record and the hash before it.
    async fn records_are_chained_without_gaps(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        for _ in 0..3 {
            let tag = harness.services.keys.create(&bob, wanted()).await.unwrap().done().key.tag;
            harness.services.keys.create(&bob, wanted()).await.unwrap_err();
            harness.services.keys.delete(&bob, &tag, None).await.unwrap().done();
        }
        let mut previous = GENESIS.to_owned();
        let records = records(&harness).await;
        for (index, record) in records.iter().enumerate() {
            assert_eq!(record.id, i64::try_from(index).unwrap() + 1);
            assert_eq!(record.previous_hash, previous);
            assert_eq!(record.hash, record.expected_hash(&previous));
            previous.clone_from(&record.hash);
        }
        let height = number(&harness, "select height from chain_head").await;
        assert_eq!(height, i64::try_from(records.len()).unwrap());
        let mine = format!("select count(*) from chain_head where hash = '{previous}'");
        assert_eq!(number(&harness, &mine).await, 1);
        let outcomes: Vec<_> = records
            .iter()
            .map(|record| (&*record.action, &*record.outcome))
            .skip(2)
            .take(3)
            .collect();
        assert_eq!(
            outcomes,
            [("key.create", "done"), ("key.create", "refused"), ("key.delete", "done")]
        );
    }

    /// R1: the table itself refuses to be rewritten.
    async fn records_cannot_be_changed_or_deleted(harness: Harness) {
        harness.add_user("bob", &[]).await;
        for sql in ["update audit_record set outcome = 'refused'", "delete from audit_record"] {
            let error = execute(&harness, sql).await.unwrap_err();
            assert!(error.contains("the audit trail is append-only"), "{error}");
        }
    }

    /// R3: no change without its record.
    async fn nothing_happens_when_the_record_cannot_be_written(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        execute(&harness, "alter table audit_record rename to audit_elsewhere").await.unwrap();
        let refused = harness.services.keys.create(&bob, wanted()).await;
        assert_eq!(refused.unwrap_err(), Error::Internal);
        assert_eq!(number(&harness, "select count(*) from api_key").await, 0);
        assert_eq!(number(&harness, "select count(*) from used_tag").await, 0);
        execute(&harness, "alter table audit_elsewhere rename to audit_record").await.unwrap();
        harness.services.keys.create(&bob, wanted()).await.unwrap().done();
    }

    /// R1: a forged head is not extended, which would vouch for it.
    async fn a_head_that_was_tampered_with_stops_every_change(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        execute(&harness, "update chain_head set height = height - 1").await.unwrap();
        let refused = harness.services.keys.create(&bob, wanted()).await;
        assert_eq!(refused.unwrap_err(), Error::Internal);
        assert_eq!(number(&harness, "select count(*) from api_key").await, 0);
    }

    /// K14, W12: what was typed into the user name's field is not kept.
    async fn failed_sign_ins_are_recorded_without_what_was_typed(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let typed = "hunter2hunter2";
        let sessions = &harness.services.sessions;
        sessions.sign_in(credentials(typed, typed), origin()).await.unwrap_err();
        sessions.sign_in(credentials("bob", typed), origin()).await.unwrap_err();
        let records = records(&harness).await;
        let seen: Vec<_> = records[1..]
            .iter()
            .map(|record| (&*record.object, record.cause.as_deref(), record.actor.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                ("an unknown user", Some("unknown"), None),
                (":bob:unixpwd:1000", Some("wrong password"), None)
            ]
        );
        assert!(!format!("{records:?}").contains(typed));
        assert!(!format!("{records:?}").contains(PASSWORD));
    }

    /// R2: what a client sends stays within its column.
    async fn reasons_and_names_are_kept_as_text(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let reason = "nightly\n{\"action\":\"key.delete\"} \u{202e}";
        let origin = Origin {
            reason: Some(reason.to_owned()),
            client_id: Some("ansible".to_owned()),
            ..origin()
        };
        harness.services.sessions.sign_in(credentials("bob", PASSWORD), origin).await.unwrap();
        let record = records(&harness).await.pop().unwrap();
        assert_eq!(record.reason.as_deref(), Some(reason));
        assert_eq!(record.client_id.as_deref(), Some("ansible"));
        assert_eq!(record.action, "session.sign-in");
    }

    async fn every_server_appends_to_a_chain_that_stays_whole(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let other = harness.reopened().await;
        let mut turns = tokio::task::JoinSet::new();
        for turn in 0..40 {
            let services = if turn % 2 == 0 { other.clone() } else { harness.services.clone() };
            let bob = bob.clone();
            turns.spawn(async move { services.sessions.end_others(&bob).await });
        }
        while let Some(result) = turns.join_next().await {
            result.unwrap().unwrap();
        }
        harness.clock.advance(TimeDelta::seconds(1));
        let records = records(&harness).await;
        assert_eq!(records.len(), 42);
        for pair in records.windows(2) {
            assert_eq!(pair[1].hash, pair[1].expected_hash(&pair[0].hash));
        }
    }

    /// Collectors read on from a number for ever: by the index, without sorting.
    async fn reading_on_from_a_number_goes_by_the_index(harness: Harness) {
        let select = "select id from audit_record where number > 5 order by number limit 3";
        let sql = |explain: &str| sqlx::AssertSqlSafe(format!("{explain} {select}"));
        let plan: Vec<String> = match connect(&harness).await {
            Raw::Sqlite(mut c) => sqlx::query_as(sql("explain query plan"))
                .fetch_all(&mut c)
                .await
                .unwrap()
                .into_iter()
                .map(|(_, _, _, line): (i64, i64, i64, String)| line)
                .collect(),
            Raw::Postgres(mut c) => {
                // It would rather read a table this small from end to end.
                sqlx::query("set enable_seqscan = off").execute(&mut c).await.unwrap();
                sqlx::query_scalar(sql("explain")).fetch_all(&mut c).await.unwrap()
            }
        };
        let plan = plan.join("\n").to_lowercase();
        assert!(plan.contains("audit_record_number"), "{plan}");
        assert!(!plan.contains("sort") && !plan.contains("temp b-tree"), "{plan}");
    }

    /// Servers on one database number their records apart.
    async fn another_server_s_records_have_numbers_of_their_own(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        execute(&harness, "insert into chain_head (chain, server, height, hash, mac) \
             values (2, 'another', 70, 'x', 'x')").await.unwrap();
        execute(&harness, "insert into audit_record (id, chain, recorded_at, action, category, \
             operation, outcome, actor, object, previous_hash, hash) values (70, 2, \
             '2026-11-22T08:28:30.294000Z', 'ticket.forward', 'TICKET', 'MODIFY', 'done', \
             'idp:urn:sam:1:saml:1004', '7', 'x', 'x')").await.unwrap();
        let fields = service::audit::RECORD_FIELDS;
        let found = async |filter: &str| {
            let query = service::audit::RecordQuery {
                filter: Some(domain::filter::parse(filter, fields).unwrap()),
                limit: 10,
                ..Default::default()
            };
            let page = harness.services.audit_records(&root, &query).await.unwrap();
            let numbers: Vec<_> = page.items.iter().map(|record| record.number).collect();
            (page.count, numbers)
        };
        let theirs = 1_000_000_000_070;
        assert_eq!(found("id gt 1000000000069").await, (1, vec![theirs]));
        assert_eq!(found("userName eq 'urn:sam:1' and domainName eq 'idp'").await, (1, vec![theirs]));
        assert_eq!(found("id lt 1000000000000 and id gt 3").await, (2, vec![4, 5]));
        // Of a newer version, so without a sentence of ours.
        let record = harness.services.audit_record(&root, theirs).await.unwrap();
        assert_eq!((record.message_id, record.message), (0, "ticket.forward done: 7.".to_owned()));
    }
}
