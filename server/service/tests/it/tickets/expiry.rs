//! Tickets that wait for too long.

use domain::{
    filter::{Comparison, Expr, Literal},
    ticket::{Happening, Move},
};
use service::{
    on_both_databases,
    tickets::{TicketField, TicketQuery},
};

use super::*;
use crate::{audit::records, store::number};

async fn listed(stage: &Stage, by: &Actor, name: &str) -> Vec<TicketId> {
    let named = Literal::Text(name.to_owned());
    let query = TicketQuery {
        filter: Some(Expr::Compare(TicketField::State, Comparison::Eq, named)),
        limit: 10,
        ..TicketQuery::default()
    };
    let page = stage.services().tickets.list(by, &query).await.unwrap();
    assert_eq!(page.count, page.items.len() as u64);
    page.items.iter().map(|ticket| ticket.id).collect()
}

on_both_databases! {
    /// M6: to the microsecond, and lists say the same before the job has run.
    async fn a_ticket_expires_by_itself(harness: Harness) {
        let stage = Stage::on(harness).await;
        let id = stage.ask().await;
        stage.wait(TimeDelta::hours(72) - TimeDelta::microseconds(1));
        let eve = stage.harness.sign_in("eve").await;
        assert_eq!(stage.state(id).await, TicketState::Pending);
        assert_eq!(listed(&stage, &eve, "PENDING").await, [id]);
        stage.wait(TimeDelta::microseconds(1));
        assert_eq!(stage.state(id).await, TicketState::Expired);
        assert_eq!(listed(&stage, &eve, "PENDING").await, []);
        assert_eq!(listed(&stage, &eve, "EXPIRED").await, [id]);
        let tickets = &stage.services().tickets;
        assert_eq!(tickets.approve(&eve, id, "").await.unwrap_err(), is(TicketState::Expired));
        assert_eq!(tickets.waiting_for(&eve).await, Ok(Some(0)));
        // It is in nobody's way, and is written down.
        let next = stage.ask().await;
        assert_ne!(next, id);
        let sql = format!("select count(*) from ticket where state = 'EXPIRED' and id = {id}");
        assert_eq!(number(&stage.harness, &sql).await, 1);
        let trail = records(&stage.harness).await;
        let expired = trail.iter().find(|one| one.action == "ticket.expire").unwrap();
        assert_eq!((&*expired.object, expired.via.as_deref()), (&*id.to_string(), Some("job")));
    }

    async fn the_job_closes_what_is_overdue_once_and_removes_what_is_old(harness: Harness) {
        let stage = Stage::on(harness).await;
        let services = stage.services();
        let id = stage.ask().await;
        let other = services.keys.create(&stage.eve, new_key()).await.unwrap().ticket();
        stage.wait(TimeDelta::hours(71));
        services.maintain_once().await.unwrap();
        assert_eq!(stage.state(id).await, TicketState::Pending);
        stage.wait(TimeDelta::hours(1));
        for _ in 0..2 {
            services.maintain_once().await.unwrap();
        }
        let trail = records(&stage.harness).await;
        let expired = trail.iter().filter(|one| one.action == "ticket.expire");
        let expired: Vec<_> = expired.map(|one| one.object.clone()).collect();
        assert_eq!(expired, [id.to_string(), other.to_string()]);
        let history = services.tickets.history(&stage.eve, id).await.unwrap();
        assert_eq!(history.last().unwrap().what, Happening::Moved(Move::Expire));
        stage.wait(TimeDelta::days(30) - TimeDelta::microseconds(1));
        services.maintain_once().await.unwrap();
        assert_eq!(number(&stage.harness, "select count(*) from ticket").await, 2);
        stage.wait(TimeDelta::microseconds(1));
        services.maintain_once().await.unwrap();
        for table in ["ticket", "ticket_event"] {
            let sql = format!("select count(*) from {table}");
            assert_eq!(number(&stage.harness, &sql).await, 0);
        }
        // The records stay.
        let kept = records(&stage.harness).await;
        assert_eq!(kept.iter().filter(|one| one.action == "ticket.request").count(), 2);
        let report = services.check_audit(&Actor::console()).await.unwrap();
        assert_eq!(report.findings, []);
    }

    async fn the_requester_asks_again_for_what_has_expired(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let id = stage.ask().await;
        let told = tickets.renew(&stage.bob, id, "").await.unwrap_err();
        assert_eq!(told, is(TicketState::Pending));
        stage.approve(id).await;
        stage.wait(TimeDelta::hours(72));
        let bob = stage.harness.sign_in("bob").await;
        let told = tickets.renew(&stage.harness.sign_in("eve").await, id, "").await.unwrap_err();
        assert_eq!(told, Error::NotPermitted);
        let renewed = tickets.renew(&bob, id, "still wanted").await.unwrap();
        // The approval is gone with the time that it was given for.
        assert_eq!((renewed.state, renewed.decision), (TicketState::Pending, None));
        let end = Harness::start_of_time() + TimeDelta::hours(144);
        assert_eq!(renewed.expires_at, end);
        let told = tickets.execute(&bob, &[id]).await.unwrap_err();
        assert_eq!(told, is(TicketState::Pending));
        let eve = stage.harness.sign_in("eve").await;
        tickets.approve(&eve, id, "").await.unwrap();
        tickets.execute(&bob, &[id]).await.unwrap();
    }

    async fn what_is_asked_for_anew_keeps_the_old_request_from_being_renewed(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let old = stage.ask().await;
        stage.wait(TimeDelta::hours(72));
        let bob = stage.harness.sign_in("bob").await;
        let new = stage.services().keys.create(&bob, new_key()).await.unwrap().ticket();
        let told = tickets.renew(&bob, old, "").await.unwrap_err();
        assert_eq!(told, Error::Conflict(Conflict::TicketWaits(new)));
        stage.wait(TimeDelta::hours(72));
        let bob = stage.harness.sign_in("bob").await;
        tickets.renew(&bob, old, "").await.unwrap();
        assert_eq!(stage.state(new).await, TicketState::Expired);
    }

    async fn one_sees_one_s_own_tickets_and_who_may_sees_all(harness: Harness) {
        let stage = Stage::on(harness).await;
        let services = stage.services();
        let tickets = &services.tickets;
        let mine = stage.ask().await;
        let eve_s = services.keys.create(&stage.eve, new_key()).await.unwrap().ticket();
        assert_eq!(listed(&stage, &stage.bob, "PENDING").await, [mine]);
        assert_eq!(listed(&stage, &stage.pat, "PENDING").await, [mine, eve_s]);
        assert_eq!(listed(&stage, &stage.sam, "PENDING").await, []);
        assert_eq!(tickets.waiting_for(&stage.eve).await, Ok(Some(1)));
        assert_eq!(tickets.about_own_creation(&stage.bob).await, Ok(Some(mine)));
        for hidden in [eve_s, TicketId(99)] {
            assert_eq!(tickets.get(&stage.bob, hidden).await, Err(Error::NotFound));
            assert_eq!(tickets.history(&stage.bob, hidden).await, Err(Error::NotFound));
            assert_eq!(tickets.comment(&stage.bob, hidden, "x").await, Err(Error::NotFound));
            assert_eq!(tickets.cancel(&stage.bob, hidden, "").await, Err(Error::NotFound));
        }
        tickets.comment(&stage.bob, mine, " please ").await.unwrap();
        let said = tickets.history(&stage.pat, mine).await.unwrap().pop().unwrap();
        assert_eq!((said.what, &*said.comment), (Happening::Commented, "please"));
    }
}
