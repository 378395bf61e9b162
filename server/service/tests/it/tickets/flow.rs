//! The whole way: asked, approved, executed.

use chrono::TimeDelta;
use domain::{
    approval::{KeyAction, Settings},
    error::{Conflict, Error},
    expiry::Validity,
    ticket::{End, Happening, KeyAfter, KeyProposal, Move, Proposal, Ticket, TicketResult},
};
use service::keys::KeyEdit;

use super::*;
use crate::{
    audit::records,
    store::{number, texts},
};
use service::on_both_databases;

on_both_databases! {
    async fn nothing_needs_approval_until_it_is_switched_on(harness: Harness) {
        let stage = Stage::off(harness).await;
        let services = stage.services();
        assert_eq!(services.tickets.approval(&stage.sam).await, Ok(Settings::default()));
        services.keys.create(&stage.bob, new_key()).await.unwrap().done();
        assert_eq!(number(&stage.harness, "select count(*) from ticket").await, 0);
    }

    /// M11, M14.
    async fn a_key_is_made_by_the_requester_after_somebody_else_approved(harness: Harness) {
        let stage = Stage::on(harness).await;
        let (services, start) = (stage.services(), Harness::start_of_time());
        let tickets = &services.tickets;
        let id = stage.ask().await;
        assert_eq!(stage.own_key().await, None);
        let asked = tickets.get(&stage.bob, id).await.unwrap();
        let proposal = Proposal::Key(KeyProposal {
            action: KeyAction::Create,
            owner: stage.bob.identity().clone(),
            owner_roles: vec!["API Key Self-Service".to_owned()],
            owner_rights: Some(stage.bob.rights()),
            before: None,
            after: Some(KeyAfter {
                description: "CI".to_owned(),
                end: End::Days(30),
                overlap_hours: None,
                awaiting_sign_in: false,
            }),
        });
        let expected = Ticket {
            id,
            state: TicketState::Pending,
            digest: proposal.digest(),
            proposal,
            requester: stage.bob.identity().clone(),
            by_hand: true,
            created_at: start,
            updated_at: start,
            expires_at: start + TimeDelta::hours(72),
            decision: None,
            result: None,
        };
        assert_eq!(asked, expected);
        assert_eq!(tickets.get(&stage.eve, id).await, Ok(expected.clone()));

        stage.wait(TimeDelta::hours(1));
        stage.approve(id).await;
        assert_eq!(stage.own_key().await, None);
        stage.wait(TimeDelta::hours(1));
        let made = created(stage.execute(id).await.unwrap());
        // The validity counts from the approval.
        let end = start + TimeDelta::hours(1) + TimeDelta::days(30);
        assert_eq!(made.key.expires_at, end);
        assert_eq!(made.key.created_at, start + TimeDelta::hours(2));
        assert_eq!(stage.own_key().await.map(|key| key.tag), Some(made.key.tag.clone()));

        let done = tickets.get(&stage.eve, id).await.unwrap();
        assert_eq!(done.state, TicketState::Done);
        let result = TicketResult { tag: Some(made.key.tag.clone()), expires_at: Some(end) };
        assert_eq!(done.result, Some(result));
        let history = tickets.history(&stage.eve, id).await.unwrap();
        let history: Vec<_> = history.iter().map(|one| (one.what, &*one.by)).collect();
        let (bob, eve) = (stage.bob.identity().to_string(), stage.eve.identity().to_string());
        assert_eq!(
            history,
            [
                (Happening::Requested, &*bob),
                (Happening::Moved(Move::Approve), &*eve),
                (Happening::Moved(Move::Execute), &*bob),
            ]
        );
        // M11: neither ticket nor trail has the value.
        let value = made.value.reveal().to_string();
        for sql in [
            "select proposal || coalesce(result, '') from ticket",
            "select actor || comment from ticket_event",
            "select coalesce(state_before, '') || coalesce(state_after, '') from audit_record",
        ] {
            let all = texts(&stage.harness, sql).await.join(" ");
            assert!(!all.is_empty() && !all.contains(&value), "{sql}");
        }
        let trail = records(&stage.harness).await;
        let trail: Vec<_> = trail.iter().rev().take(5).rev().map(|one| {
            let by = one.actor.as_deref().unwrap();
            (&*one.action, &*one.outcome, by)
        }).collect();
        let sam = stage.sam.identity().to_string();
        assert_eq!(
            trail,
            [
                ("approval.update", "done", &*sam),
                ("ticket.request", "done", &*bob),
                ("ticket.approve", "done", &*eve),
                ("key.create", "done", &*bob),
                ("ticket.execute", "done", &*bob),
            ]
        );
        let report = services.check_audit(&Actor::console()).await.unwrap();
        assert_eq!(report.findings, []);
    }

    async fn a_key_is_changed_replaced_and_deleted_as_approved(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let keys = &stage.services().keys;
        let edit = KeyEdit {
            description: Some("new".to_owned()),
            validity: Validity::days(60).ok(),
            ..KeyEdit::default()
        };
        let id = keys.update(&stage.bob, &tag, edit).await.unwrap().ticket();
        assert_eq!(stage.own_key().await.unwrap().description, "CI");
        stage.wait(TimeDelta::hours(2));
        stage.approve(id).await;
        stage.wait(TimeDelta::hours(2));
        stage.execute(id).await.unwrap();
        let key = stage.own_key().await.unwrap();
        let end = later(60) + TimeDelta::hours(2);
        assert_eq!((&*key.description, key.expires_at), ("new", end));

        let id = keys.reissue(&stage.bob, &tag, again()).await.unwrap().ticket();
        stage.approve(id).await;
        let new = created(stage.execute(id).await.unwrap()).key;
        assert_eq!(stage.own_key().await.map(|key| key.tag), Some(new.tag.clone()));
        assert_ne!(new.tag, tag);

        let id = keys.delete(&stage.bob, &new.tag, None).await.unwrap().ticket();
        assert!(stage.own_key().await.is_some());
        stage.approve(id).await;
        stage.execute(id).await.unwrap();
        assert_eq!(stage.own_key().await, None);
    }

    async fn what_is_refused_anyway_becomes_no_ticket(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let keys = &stage.services().keys;
        let has_key = keys.create(&stage.bob, new_key()).await.unwrap_err();
        assert_eq!(has_key, Error::Conflict(Conflict::HasKey));
        let hidden = keys.delete(&stage.eve, &tag, None).await.unwrap_err();
        assert_eq!(hidden, Error::NotFound);
        let late = KeyEdit { validity: Validity::days(366).ok(), ..KeyEdit::default() };
        assert!(matches!(keys.update(&stage.bob, &tag, late).await, Err(Error::Invalid(_))));
        let stale = keys.delete(&stage.bob, &tag, Some(9)).await.unwrap_err();
        assert_eq!(stale, Error::Conflict(Conflict::Stale));
        // Nothing to do needs nobody.
        keys.update(&stage.bob, &tag, described("CI")).await.unwrap().done();
        assert_eq!(number(&stage.harness, "select count(*) from ticket").await, 0);
        assert_eq!(number(&stage.harness, "select count(*) from ticket_event").await, 0);
    }

    async fn somebody_exempt_and_an_action_that_is_off_need_nobody(harness: Harness) {
        let stage = Stage::off(harness).await;
        let tickets = &stage.services().tickets;
        let wanted = approval(&[KeyAction::Delete], 72);
        tickets.set_approval(&stage.sam, wanted).await.unwrap().done();
        let keys = &stage.services().keys;
        let tag = keys.create(&stage.bob, new_key()).await.unwrap().done().key.tag;
        keys.update(&stage.bob, &tag, described("x")).await.unwrap().done();
        let id = keys.delete(&stage.bob, &tag, None).await.unwrap().ticket();
        assert_eq!(tickets.about_key(&stage.bob, &tag).await, Ok(Some(id)));
        // Also in lists, for whoever may view everybody's keys, until its end.
        let other = stage.harness.user("olga", &["Administrator"]).await;
        let fresh = keys.create(&other, new_key()).await.unwrap().done().key.tag;
        let about = async |actor, tags: &[_]| tickets.about_keys(actor, tags).await;
        let both = [fresh, tag.clone()];
        assert_eq!(about(&other, &both).await, Ok([(tag.clone(), id)].into()));
        assert_eq!(about(&other, &[]).await, Ok([].into()));
        assert_eq!(about(&stage.bob, &both).await, Err(Error::NotFound));
        assert_eq!(tickets.asks_approval(&stage.bob).await, Ok(vec![KeyAction::Delete]));
        assert_eq!(tickets.waiting_for(&stage.eve).await, Ok(Some(1)));
        assert_eq!(tickets.waiting_for(&stage.bob).await, Ok(None));
        stage.harness.clock.advance(TimeDelta::hours(72));
        assert_eq!(about(&other, &both).await, Ok([].into()));
    }

    /// The value waits for the browser session that executes, and for no other.
    async fn in_the_browser_the_value_goes_the_way_of_every_new_key(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let id = stage.ask().await;
        stage.approve(id).await;
        let reveal = tickets.execute_for_reveal(&stage.bob, id).await.unwrap().unwrap();
        let keys = &stage.services().keys;
        let gone = Error::Conflict(Conflict::RevealGone);
        assert_eq!(keys.take_reveal(&stage.eve, &reveal).await.unwrap_err(), gone);
        let shown = keys.take_reveal(&stage.bob, &reveal).await.unwrap();
        assert_eq!(Some(shown.tag), stage.own_key().await.map(|key| key.tag));
        // What makes no value shows none.
        let tag = stage.own_key().await.unwrap().tag;
        let id = keys.delete(&stage.bob, &tag, None).await.unwrap().ticket();
        stage.approve(id).await;
        assert!(tickets.execute_for_reveal(&stage.bob, id).await.unwrap().is_none());
    }

    async fn an_update_or_a_deletion_runs_by_its_approval_where_that_is_set(harness: Harness) {
        let (stage, tag) = {
            let stage = Stage::off(harness).await;
            let made = stage.services().keys.create(&stage.bob, new_key()).await;
            let tag = made.unwrap().done().key.tag;
            let mut wanted = approval(&KeyAction::SWITCHED, 72);
            wanted.run_on_approval = true;
            let tickets = &stage.services().tickets;
            tickets.set_approval(&stage.sam, wanted).await.unwrap().done();
            (stage, tag)
        };
        let (keys, tickets) = (&stage.services().keys, &stage.services().tickets);
        let id = keys.update(&stage.bob, &tag, described("new")).await.unwrap().ticket();
        let done = tickets.approve(&stage.eve, id, "fine").await.unwrap();
        assert_eq!((done.state, done.by_hand), (TicketState::Done, false));
        assert_eq!(stage.own_key().await.unwrap().description, "new");
        let trail = records(&stage.harness).await;
        let trail: Vec<_> = trail.iter().rev().take(3).rev().map(|one| {
            (&*one.action, one.actor.clone().unwrap(), one.via.clone().unwrap())
        }).collect();
        let (bob, eve) = (stage.bob.identity().to_string(), stage.eve.identity().to_string());
        let by_ticket = format!("approval of ticket {id}");
        assert_eq!(
            trail,
            [
                ("ticket.approve", eve, "session".to_owned()),
                ("key.update", bob.clone(), by_ticket.clone()),
                ("ticket.execute", bob, by_ticket),
            ]
        );
        assert_eq!(stage.execute(id).await.unwrap_err(), is(TicketState::Done));
        // A value is shown to the requester alone, so that is executed by hand all the same.
        let id = keys.reissue(&stage.bob, &tag, again()).await.unwrap().ticket();
        stage.approve(id).await;
        assert_eq!(stage.own_key().await.unwrap().tag, tag);
        created(stage.execute(id).await.unwrap());
    }

    /// M14: the approver sees what has changed since, too.
    async fn what_changed_since_is_shown(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let (keys, tickets) = (&stage.services().keys, &stage.services().tickets);
        let id = keys.delete(&stage.bob, &tag, None).await.unwrap().ticket();
        let ticket = tickets.get(&stage.eve, id).await.unwrap();
        assert_eq!(tickets.live_diff(&stage.eve, &ticket).await, Ok(vec![]));
        stage.wait(TimeDelta::hours(71));
        let sql = "update api_key set expires_at = created_at + 1";
        crate::store::execute(&stage.harness, sql).await.unwrap();
        let diff = tickets.live_diff(&stage.eve, &ticket).await.unwrap();
        let diff: Vec<_> = diff.iter().map(|one| (&*one.name, one.new.as_deref().unwrap())).collect();
        assert_eq!(
            diff,
            [("expires", "2026-11-22T08:28:30.294001Z"), ("state", "EXPIRED")]
        );
    }
}
