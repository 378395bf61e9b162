//! M8: what else changes keys goes by the same choke point.

use domain::{
    approval::KeyAction,
    error::Refusal,
    permission::Grants,
    principal::{DomainType, Principal},
};
use service::{
    on_both_databases,
    principals::NewPrincipal,
    testing::origin,
    tickets::{ApprovalChange, NewExemption},
};

use super::*;
use crate::store::number;

fn robot(name: &str) -> NewPrincipal {
    NewPrincipal {
        name: name.to_owned(),
        kind: String::new(),
        validity: Validity::days(30).ok(),
        grants: Grants::NONE,
        security_administrator: false,
    }
}

async fn keys(stage: &Stage) -> i64 {
    let sql = "select count(*) from api_key where deleted_at is null and revoked_at is null";
    number(&stage.harness, sql).await
}

on_both_databases! {
    async fn neither_the_console_nor_the_house_changes_keys(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let all = &stage.services().keys;
        let refused = Error::Refused(Refusal::NeedsApproval);
        for house in [Actor::console(), Actor::job()] {
            let owner = Some(stage.eve.identity().principal.clone());
            let told = all.create(&house, NewKey { owner, ..new_key() }).await.unwrap_err();
            assert_eq!(told, refused);
            assert_eq!(all.update(&house, &tag, described("x")).await.unwrap_err(), refused);
            assert_eq!(all.reissue(&house, &tag, again()).await.unwrap_err(), refused);
            assert_eq!(all.delete(&house, &tag, None).await.unwrap_err(), refused);
        }
        assert_eq!(keys(&stage).await, 1);
        assert_eq!(number(&stage.harness, "select count(*) from ticket").await, 0);
    }

    async fn an_administrator_needs_approval_like_everybody(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let root = stage.harness.user("root", &["Administrator"]).await;
        let all = &stage.services().keys;
        let id = all.delete(&root, &tag, None).await.unwrap().ticket();
        stage.approve(id).await;
        assert_eq!(keys(&stage).await, 1);
        stage.services().tickets.execute(&root, &[id]).await.unwrap();
        assert_eq!(keys(&stage).await, 0);
    }

    async fn a_key_asks_like_its_owner_and_may_execute(harness: Harness) {
        let stage = Stage::off(harness).await;
        let services = stage.services();
        let made = services.keys.create(&stage.bob, new_key()).await.unwrap().done();
        stage.switch_on().await;
        let value = made.value.reveal();
        let by_key = services.sessions.by_header(value.as_bytes(), origin()).await.unwrap();
        let tag = &made.key.tag;
        let id = services.keys.reissue(&by_key, tag, again()).await.unwrap().ticket();
        stage.approve(id).await;
        let executed = services.tickets.execute(&by_key, &[id]).await.unwrap();
        assert_eq!(executed.len(), 1);
        // That ended the key.
        let told = services.tickets.execute(&by_key, &[id]).await.unwrap_err();
        assert_eq!(told, is(TicketState::Done));
    }

    async fn the_way_that_makes_service_principals_makes_no_key_beside(harness: Harness) {
        let stage = Stage::off(harness).await;
        let services = stage.services();
        let root = stage.harness.user("root", &["Administrator"]).await;
        let (_, made) = services.principals.add(&root, robot("old")).await.unwrap();
        stage.switch_on().await;
        let refused = Error::Refused(Refusal::NeedsApproval);
        let told = services.principals.add(&root, robot("new")).await.unwrap_err();
        assert_eq!(told, refused);
        assert_eq!(services.principals.delete(&root, "old").await, Err(refused));
        assert_eq!(keys(&stage).await, 1);
        for table in ["ticket", "service_principal"] {
            let rows = number(&stage.harness, &format!("select count(*) from {table}")).await;
            assert_eq!(rows, i64::from(table != "ticket"), "{table}");
        }
        // Revoking is switched with deleting.
        let id = services.keys.revoke(&root, &made.key.tag).await.unwrap().ticket();
        stage.approve(id).await;
        assert_eq!(keys(&stage).await, 1);
        services.tickets.execute(&root, &[id]).await.unwrap();
        assert_eq!(keys(&stage).await, 0);
        // Its key is deleted by a ticket; then it goes.
        let id = services.keys.delete(&root, &made.key.tag, None).await.unwrap().ticket();
        stage.approve(id).await;
        services.tickets.execute(&root, &[id]).await.unwrap();
        services.principals.delete(&root, "old").await.unwrap();
    }

    async fn somebody_exempt_makes_service_principals(harness: Harness) {
        let stage = Stage::off(harness).await;
        let services = stage.services();
        let root = stage.harness.user("root", &["Administrator"]).await;
        let wanted = ApprovalChange {
            exemptions: vec![NewExemption {
                user: root.identity().principal.clone(),
                action: KeyAction::Create,
                reason: "sets machines up".to_owned(),
                until: None,
            }],
            ..approval(&KeyAction::SWITCHED, 72)
        };
        services.tickets.set_approval(&stage.sam, wanted).await.unwrap().done();
        services.principals.add(&root, robot("new")).await.unwrap();
        assert_eq!(keys(&stage).await, 1);
        // No service principal is exempt itself.
        let robot = Principal::new(DomainType::Nbsp, "", "new").unwrap();
        let wanted = ApprovalChange {
            exemptions: vec![NewExemption {
                user: robot,
                action: KeyAction::Create,
                reason: "x".to_owned(),
                until: None,
            }],
            ..approval(&KeyAction::SWITCHED, 72)
        };
        let told = services.tickets.set_approval(&stage.sam, wanted).await.unwrap_err();
        assert!(told.about("exemptedUsers").is_some());
    }

    /// What stops a key without being an operation on keys needs nobody.
    async fn an_account_is_disabled_without_approval_and_its_key_stops(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let services = stage.services();
        let bob = &stage.bob.identity().principal;
        services.users.disable(&Actor::console(), bob).await.unwrap();
        let key = services.keys.get(&Actor::console(), &tag).await.unwrap();
        assert_eq!(key.state, domain::key::State::Disabled);
    }
}
