//! Who says what needs approval.

use std::collections::BTreeSet;

use domain::{
    approval::{Exemption, KeyAction, Settings},
    error::Refusal,
    principal::{DomainType, Principal},
    ticket::{Drift, TicketAction},
};
use service::{
    on_both_databases,
    roles::RoleChange,
    tickets::{ApprovalChange, NewExemption},
};

use super::*;
use crate::{audit::records, store::execute};

fn exempting(who: &Actor, action: KeyAction, until: Option<Instant>) -> ApprovalChange {
    ApprovalChange {
        exemptions: vec![NewExemption {
            user: who.identity().principal.clone(),
            action,
            reason: "rotates every night".to_owned(),
            until,
        }],
        ..approval(&KeyAction::SWITCHED, 72)
    }
}

/// Sam asks for other settings, eve approves.
async fn by_ticket(stage: &Stage, wanted: ApprovalChange) -> TicketId {
    let tickets = &stage.services().tickets;
    let id = tickets
        .set_approval(&stage.sam, wanted)
        .await
        .unwrap()
        .ticket();
    stage.approve(id).await;
    id
}

on_both_databases! {
    /// M9.
    async fn once_on_every_change_of_the_settings_needs_approval(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let before = tickets.approval(&stage.sam).await.unwrap();
        let root = stage.harness.user("root", &["Administrator"]).await;
        let id = tickets.set_approval(&root, approval(&[], 72)).await.unwrap().ticket();
        assert_eq!(tickets.approval(&stage.sam).await, Ok(before.clone()));
        let ticket = tickets.get(&stage.eve, id).await.unwrap();
        assert_eq!(ticket.proposal.action(), TicketAction::Settings);
        // One at a time.
        let told = tickets.set_approval(&stage.sam, approval(&[], 48)).await.unwrap_err();
        assert_eq!(told, Error::Conflict(Conflict::TicketWaits(id)));
        // Whoever asks does not decide, though an administrator may.
        let told = tickets.approve(&root, id, "").await.unwrap_err();
        assert_eq!(told, Error::Refused(Refusal::OwnTicket));
        tickets.reject(&stage.eve, id, "stays on").await.unwrap();
        assert_eq!(tickets.approval(&stage.sam).await, Ok(before));

        let id = by_ticket(&stage, approval(&[], 72)).await;
        assert!(tickets.approval(&stage.sam).await.unwrap().is_on());
        tickets.execute(&stage.sam, &[id]).await.unwrap();
        assert_eq!(tickets.approval(&stage.sam).await, Ok(Settings::default()));
        stage.services().keys.create(&stage.bob, new_key()).await.unwrap().done();
    }

    /// M9, M13: somebody exempt is so by a ticket, needs one for the settings themselves, and is
    /// exempt no longer than that says.
    async fn an_exemption_takes_a_ticket_and_ends_by_itself(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let (tickets, keys) = (&stage.services().tickets, &stage.services().keys);
        let end = Harness::start_of_time() + TimeDelta::hours(3);
        let id = by_ticket(&stage, exempting(&stage.bob, KeyAction::Update, Some(end))).await;
        keys.update(&stage.bob, &tag, described("a")).await.unwrap().ticket();
        tickets.cancel(&stage.bob, TicketId(id.0 + 1), "").await.unwrap();
        tickets.execute(&stage.sam, &[id]).await.unwrap();
        let exemptions = tickets.approval(&stage.sam).await.unwrap().exemptions;
        let expected = Exemption {
            user: stage.bob.identity().clone(),
            action: KeyAction::Update,
            reason: "rotates every night".to_owned(),
            until: Some(end),
        };
        assert_eq!(exemptions, [expected]);
        keys.update(&stage.bob, &tag, described("b")).await.unwrap().done();
        // Nothing else, and nobody else.
        let id = keys.delete(&stage.bob, &tag, None).await.unwrap().ticket();
        tickets.cancel(&stage.bob, id, "").await.unwrap();
        let id = keys.update(&stage.sam, &tag, described("c")).await.unwrap().ticket();
        tickets.cancel(&stage.sam, id, "").await.unwrap();

        stage.wait(TimeDelta::hours(3) - TimeDelta::microseconds(1));
        let bob = stage.harness.sign_in("bob").await;
        keys.update(&bob, &tag, described("d")).await.unwrap().done();
        stage.wait(TimeDelta::microseconds(1));
        keys.update(&bob, &tag, described("e")).await.unwrap().ticket();
        let key = keys.get(&bob, &tag).await.unwrap();
        assert_eq!(key.description, "d");
    }

    /// M9: an exempt user too.
    async fn somebody_exempt_from_everything_needs_a_ticket_for_the_settings(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let mut wanted = exempting(&stage.sam, KeyAction::Create, None);
        wanted.exemptions = KeyAction::SWITCHED.map(|action| NewExemption {
            action,
            ..wanted.exemptions[0].clone()
        }).to_vec();
        let id = by_ticket(&stage, wanted).await;
        tickets.execute(&stage.sam, &[id]).await.unwrap();
        stage.services().keys.create(&stage.sam, new_key()).await.unwrap().done();
        tickets.set_approval(&stage.sam, approval(&[], 72)).await.unwrap().ticket();
    }

    async fn settings_that_changed_meanwhile_are_not_overwritten(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let id = by_ticket(&stage, approval(&[], 72)).await;
        let sql = "update approval_settings set expiry_hours = 73";
        execute(&stage.harness, sql).await.unwrap();
        let told = tickets.execute(&stage.sam, &[id]).await.unwrap_err();
        assert_eq!(told, Error::Conflict(Conflict::Drifted(Drift::Settings)));
        assert!(tickets.approval(&stage.sam).await.unwrap().is_on());
    }

    async fn it_is_not_switched_on_with_fewer_than_two_people_who_can_decide(harness: Harness) {
        let sam = harness.user("sam", &[SECURITY]).await;
        let tickets = &harness.services.tickets;
        let try_on = async || tickets.set_approval(&sam, approval(&[KeyAction::Delete], 72)).await;
        let refused = Error::Refused(Refusal::TooFewApprovers);
        assert_eq!(try_on().await.unwrap_err(), refused);
        harness.user("eve", &[APPROVER]).await;
        assert_eq!(try_on().await.unwrap_err(), refused);
        // Another account of hers is not another person.
        let console = Actor::console();
        let alias = service::users::NewUser {
            principal: Principal::new(DomainType::Nt, "CORP", "Eve").unwrap(),
            roles: vec![APPROVER.to_owned()],
            password: Some("a password of their own".to_owned().into()),
        };
        harness.services.users.add(&console, alias).await.unwrap();
        assert_eq!(try_on().await.unwrap_err(), refused);
        // Who only sees tickets decides nothing.
        let sees = RoleChange {
            name: "Sees tickets".to_owned(),
            description: String::new(),
            grants: domain::permission::Grants::one(
                domain::permission::Namespace::Tickets,
                domain::permission::Permission::View,
            ),
        };
        harness.services.roles.add(&console, sees).await.unwrap();
        let pat = harness.add_user("pat", &["Sees tickets"]).await;
        assert_eq!(try_on().await.unwrap_err(), refused);
        let give = [APPROVER.to_owned()];
        let roles = &harness.services.roles;
        roles.assign(&console, &pat.principal, &give, &[]).await.unwrap();
        harness.services.users.disable(&console, &pat.principal).await.unwrap();
        assert_eq!(try_on().await.unwrap_err(), refused);
        harness.services.users.enable(&console, &pat.principal).await.unwrap();
        try_on().await.unwrap().done();
    }

    /// Nor does it come to that while it is on.
    async fn the_second_last_person_who_can_decide_stays(harness: Harness) {
        let stage = Stage::on(harness).await;
        let (console, services) = (Actor::console(), stage.services());
        let eve = &stage.eve.identity().principal;
        let refused = Err(Error::Refused(Refusal::TooFewApprovers));
        let take = [APPROVER.to_owned()];
        assert_eq!(services.users.disable(&console, eve).await, refused);
        assert_eq!(services.roles.assign(&console, eve, &[], &take).await, refused);
        let told = services.tickets.approval(&stage.sam).await.unwrap();
        assert!(told.is_on());
        stage.harness.user("third", &[APPROVER]).await;
        services.users.disable(&console, eve).await.unwrap();
        // What has nothing to do with it goes on.
        services.users.disable(&console, &stage.bob.identity().principal).await.unwrap();
    }

    async fn only_who_may_sees_and_changes_the_settings(harness: Harness) {
        let stage = Stage::off(harness).await;
        let tickets = &stage.services().tickets;
        for nobody in [&stage.bob, &stage.eve] {
            assert_eq!(tickets.approval(nobody).await, Err(Error::NotPermitted));
            let told = tickets.set_approval(nobody, approval(&[], 48)).await;
            assert_eq!(told.unwrap_err(), Error::NotPermitted);
        }
        tickets.set_approval(&stage.sam, approval(&[], 48)).await.unwrap().done();
        assert_eq!(tickets.approval(&stage.sam).await.unwrap().expiry_hours, 48);
        // What is so already is no change.
        let height = records(&stage.harness).await.len();
        tickets.set_approval(&stage.sam, approval(&[], 48)).await.unwrap().done();
        assert_eq!(records(&stage.harness).await.len(), height);
        for (wrong, field) in [
            (approval(&[], 23), "expirationPeriodInHours"),
            (ApprovalChange { purge_days: 31, ..approval(&[], 72) }, "purgePeriodInDays"),
            // W10.
            (
                ApprovalChange { mail_to: vec!["a@b\r\nBcc: x@y".to_owned()], ..approval(&[], 72) },
                "emailTo",
            ),
            (exempting(&stage.bob, KeyAction::Create, Some(Harness::start_of_time())), "exemptedUsers"),
        ] {
            let told = tickets.set_approval(&stage.sam, wanted(wrong)).await.unwrap_err();
            assert!(told.about(field).is_some(), "{field}: {told:?}");
        }
    }

    /// The way out, for whoever runs the machine.
    async fn the_console_switches_approval_off_and_the_trail_says_so(harness: Harness) {
        let stage = Stage::on(harness).await;
        let (tickets, console) = (&stage.services().tickets, Actor::console());
        for nobody in [&stage.sam, &stage.eve, &Actor::job()] {
            let told = tickets.override_approval(nobody, "because").await;
            assert_eq!(told, Err(Error::NotPermitted));
        }
        let told = tickets.override_approval(&console, " ").await.unwrap_err();
        assert!(told.about("reason").is_some());
        assert!(tickets.approval(&stage.sam).await.unwrap().is_on());
        // Not by the usual way.
        let told = tickets.set_approval(&console, approval(&[], 72)).await.unwrap_err();
        assert_eq!(told, Error::Refused(Refusal::NeedsApproval));
        assert_eq!(tickets.override_approval(&console, "eve left").await, Ok(true));
        assert_eq!(tickets.override_approval(&console, "eve left").await, Ok(false));
        assert_eq!(tickets.approval(&stage.sam).await, Ok(Settings::default()));
        let last = records(&stage.harness).await.pop().unwrap();
        assert_eq!((&*last.action, &*last.outcome), ("approval.override", "done"));
        assert!(last.state_after.unwrap().contains("eve left"));
    }
}

fn wanted(change: ApprovalChange) -> ApprovalChange {
    ApprovalChange {
        actions: BTreeSet::new(),
        ..change
    }
}
