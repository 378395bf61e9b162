//! K12: a key that ends while a request is under way that it authenticated.

use domain::{error::Error, expiry::Validity, principal::Principal};
use service::{
    Actor,
    keys::{KeyEdit, NewKey, Reissue},
    on_both_databases,
    testing::{Harness, origin},
};

use crate::{audit::records, store::number};

fn lasting(owner: Option<&Actor>) -> NewKey {
    NewKey {
        owner: owner.map(|owner| owner.identity().principal.clone()),
        validity: Validity::days(1).ok(),
        ..NewKey::default()
    }
}

/// An administrator who was authenticated by a key, and the same one's session.
async fn administrator(harness: &Harness) -> (Actor, Actor) {
    let root = harness.user("root", &["Administrator"]).await;
    let made = harness.services.keys.create(&root, lasting(None)).await;
    let value = made.unwrap().done().value.reveal();
    let sessions = &harness.services.sessions;
    let by_key = sessions.by_header(value.as_bytes(), origin()).await;
    (by_key.unwrap(), root)
}

/// Nothing that the key asked for happens, to its owner's key or another's.
async fn everything_is_refused(harness: &Harness, by_key: &Actor) {
    let bob = harness.user("bob", &[]).await;
    let eve = harness.user("eve", &[]).await;
    let keys = &harness.services.keys;
    let tag = keys
        .create(&bob, lasting(None))
        .await
        .unwrap()
        .done()
        .key
        .tag;
    let before = keys.get(&bob, &tag).await;
    let refused = Error::Unauthenticated;
    for owner in [None, Some(&eve)] {
        assert_eq!(
            keys.create(by_key, lasting(owner)).await.unwrap_err(),
            refused
        );
    }
    let edit = KeyEdit {
        validity: Validity::days(2).ok(),
        ..KeyEdit::default()
    };
    assert_eq!(keys.update(by_key, &tag, edit).await.unwrap_err(), refused);
    let again = Reissue {
        validity: Validity::days(2).ok(),
        ..Reissue::default()
    };
    assert_eq!(
        keys.reissue(by_key, &tag, again).await.unwrap_err(),
        refused
    );
    assert_eq!(keys.delete(by_key, &tag, None).await.unwrap_err(), refused);
    assert_eq!(keys.get(&bob, &tag).await, before);
    assert_eq!(
        number(
            harness,
            "select count(*) from api_key where deleted_at is null"
        )
        .await,
        1
    );
    let records = records(harness).await;
    let recorded: Vec<_> = records[records.len() - 5..]
        .iter()
        .map(|record| (&*record.action, &*record.outcome))
        .collect();
    let actions = [
        "key.create",
        "key.create",
        "key.update",
        "key.reissue",
        "key.delete",
    ];
    assert_eq!(recorded, actions.map(|action| (action, "refused")));
}

on_both_databases! {
    async fn a_deleted_key_changes_nothing_more(harness: Harness) {
        let (by_key, root) = administrator(&harness).await;
        let keys = &harness.services.keys;
        let own = keys.own(&root).await.unwrap().unwrap();
        keys.delete(&root, &own.tag, None).await.unwrap().done();
        everything_is_refused(&harness, &by_key).await;
    }

    async fn the_key_of_a_disabled_owner_changes_nothing_more(harness: Harness) {
        let (by_key, root) = administrator(&harness).await;
        // Somebody has to administer.
        harness.user("second", &["Administrator"]).await;
        let principal = &root.identity().principal;
        harness.services.users.disable(&Actor::console(), principal).await.unwrap();
        let refused = harness.services.keys.create(&by_key, lasting(None)).await.unwrap_err();
        assert_eq!(refused, Error::Unauthenticated);
    }

    async fn a_live_key_and_one_that_retires_go_on(harness: Harness) {
        let (by_key, root) = administrator(&harness).await;
        let keys = &harness.services.keys;
        let own = keys.own(&root).await.unwrap().unwrap();
        let overlapping = Reissue {
            validity: Validity::days(2).ok(),
            overlap_hours: Some(1),
            ..Reissue::default()
        };
        keys.reissue(&by_key, &own.tag, overlapping).await.unwrap().done();
        let eve = harness.user("eve", &[]).await;
        keys.create(&by_key, lasting(Some(&eve))).await.unwrap().done();
    }

    /// Whoever comes first: either the key's change is done before the key ends, or it is refused.
    async fn a_change_and_the_end_of_its_key_do_not_overlap(harness: Harness) {
        let (by_key, root) = administrator(&harness).await;
        let services = &harness.services;
        let own = services.keys.own(&root).await.unwrap().unwrap();
        let mut changes = tokio::task::JoinSet::new();
        for n in 0..20 {
            let name = format!("user{n}");
            harness.add_saml_user(&name).await;
            let owner = Principal::new(domain::principal::DomainType::Saml, "idp", &name).ok();
            let (services, by_key) = (services.clone(), by_key.clone());
            let wanted = NewKey { owner, ..lasting(None) };
            changes.spawn(async move { services.keys.create(&by_key, wanted).await });
        }
        services.keys.delete(&root, &own.tag, None).await.unwrap().done();
        let mut made = 0;
        while let Some(change) = changes.join_next().await {
            match change.unwrap() {
                Ok(_) => made += 1,
                Err(error) => assert_eq!(error, Error::Unauthenticated),
            }
        }
        let records = records(&harness).await;
        let done: Vec<_> = records
            .iter()
            .filter(|record| record.outcome == "done" && record.action.starts_with("key."))
            .map(|record| &*record.action)
            .collect();
        // The owner's own key, the others, and the end.
        assert_eq!(done.len(), made + 2);
        assert_eq!(done.last(), Some(&"key.delete"));
    }
}
