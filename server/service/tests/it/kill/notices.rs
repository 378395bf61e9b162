//! The same of notices: none is lost, none is told twice but by a delivery, and what is sent twice
//! can be told by its name.

use std::{collections::BTreeSet, fs, path::PathBuf};

use chrono::TimeDelta;
use domain::{key::Tag, notice::Choice};
use service::{Actor, Services, keys::KeyEdit, on_both_databases, testing::Harness};

use super::{again_and_again, child::Operation, signed_in};
use crate::{
    audit::records,
    notices::Post,
    store::{number, texts},
    tickets::new_key,
};

/// Names the folder that the child finds the tag in and notes what it has sent.
pub(super) const SENT: &str = "LATCHKEY_TEST_SENT";

/// What the child does: whoever it is changes bob's key, and the notice is sent.
pub(super) async fn tell(services: &Services, actor: &Actor) {
    let tag = fs::read_to_string(place("tag")).unwrap();
    let tag = Tag::parse(&tag).unwrap();
    let key = services.keys.get(actor, &tag).await.unwrap();
    let edit = KeyEdit {
        description: Some(format!("{}x", key.description)),
        ..KeyEdit::default()
    };
    services
        .keys
        .update(actor, &tag, edit)
        .await
        .unwrap()
        .done();
    let post = Post::noting(place("sent"));
    services.deliver_due(&post).await.unwrap();
}

fn place(name: &str) -> PathBuf {
    let folder = std::env::var_os(SENT).unwrap();
    PathBuf::from(folder).join(name)
}

async fn survives(harness: Harness) {
    let bob = harness.user("bob", &[]).await;
    harness.add_user("eve", &["Administrator"]).await;
    let (_, cookie) = signed_in(&harness, "eve").await;
    let services = &harness.services;
    let choice = Choice {
        address: "bob@example.org".to_owned(),
        ..Choice::default()
    };
    services.notices.choose(&bob, choice).await.unwrap();
    let key = services.keys.create(&bob, new_key()).await.unwrap().done();
    let tag = key.key.tag;
    let folder = harness.data_dir.path().to_owned();
    fs::write(folder.join("tag"), tag.as_str()).unwrap();
    services.close().await;
    let mut before = 0;
    again_and_again(&harness, Operation::Tell, &cookie, async |services, _| {
        let changes = changes(&harness).await;
        // Nothing is told without a change, no change without being told, and each once.
        for table in ["notice", "outbox"] {
            let told = number(&harness, &format!("select count(*) from {table}")).await;
            assert_eq!(told, changes, "{table}");
        }
        let report = services.check_audit(&Actor::console()).await.unwrap();
        assert_eq!(report.findings, []);
        let done = changes > before;
        before = changes;
        done
    })
    .await;
    // What was taken by those that were killed is sent once their time is over.
    harness.clock.advance(TimeDelta::minutes(6));
    let services = harness.reopened().await;
    let post = Post::noting(folder.join("sent"));
    services.deliver_due(&post).await.unwrap();
    let rows = texts(
        &harness,
        "select cast(id as text) from outbox where state = 'SENT'",
    )
    .await;
    let sent = fs::read_to_string(folder.join("sent")).unwrap();
    let sent: BTreeSet<_> = sent
        .lines()
        .map(|id| id.split('-').next().unwrap().to_owned())
        .collect();
    assert_eq!(i64::try_from(rows.len()).unwrap(), before);
    assert_eq!(sent, rows.into_iter().collect());
    services.close().await;
}

async fn changes(harness: &Harness) -> i64 {
    let trail = records(harness).await;
    let changes = trail
        .iter()
        .filter(|one| one.action == "key.update" && one.outcome == "done");
    i64::try_from(changes.count()).unwrap()
}

on_both_databases! {
    async fn a_notice_survives_whoever_is_killed_while_making_or_sending_it(harness: Harness) {
        survives(harness).await;
    }
}
