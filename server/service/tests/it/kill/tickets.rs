//! The same while a key waits for approval: no key without it, none twice, no ticket lost.

use domain::{
    approval::KeyAction,
    ticket::{TicketId, TicketState},
};
use service::{
    Actor, Services, on_both_databases,
    testing::{Harness, approval},
};

use super::{
    again_and_again,
    child::{Operation, current, waiting},
    signed_in,
};
use crate::{
    audit::records,
    store::{number, texts},
    tickets::APPROVER,
};

struct People {
    bob: Actor,
    eve: Actor,
}

impl People {
    async fn ticket(&self, services: &Services, state: TicketState) -> Option<TicketId> {
        waiting(services, &self.bob, state).await
    }

    /// Brings a ticket to where the operation starts from, whatever is left of the last.
    async fn prepare(&self, services: &Services, operation: Operation) {
        for state in [TicketState::Pending, TicketState::Approved] {
            if let Some(id) = self.ticket(services, state).await {
                services.tickets.cancel(&self.bob, id, "").await.unwrap();
            }
        }
        if let Some(tag) = current(services, &self.bob).await {
            services
                .keys
                .delete(&self.bob, &tag, None)
                .await
                .unwrap()
                .done();
        }
        if operation != Operation::Request {
            Operation::Request.perform(services, &self.bob).await;
        }
        if operation == Operation::Execute {
            Operation::Approve.perform(services, &self.eve).await;
        }
    }
}

/// Tickets, what happened to them, keys and records agree, and the chain is whole.
async fn examine(harness: &Harness, services: &Services) {
    let trail = records(harness).await;
    let done = |action: &str| {
        let done = trail
            .iter()
            .filter(|one| one.action == action && one.outcome == "done");
        i64::try_from(done.count()).unwrap()
    };
    for (action, what) in [
        ("ticket.request", "REQUESTED"),
        ("ticket.approve", "APPROVED"),
        ("ticket.execute", "EXECUTED"),
        ("ticket.cancel", "CANCELED"),
    ] {
        let sql = format!("select count(*) from ticket_event where what = '{what}'");
        assert_eq!(number(harness, &sql).await, done(action), "{action}");
    }
    let made = number(harness, "select count(*) from ticket where state = 'DONE'").await;
    assert_eq!([done("ticket.execute"), done("key.create")], [made, made]);
    assert_eq!(number(harness, "select count(*) from used_tag").await, made);
    assert_eq!(
        number(harness, "select count(*) from ticket").await,
        done("ticket.request")
    );
    // Each key is the one that its ticket says, and no key is without.
    let tags = texts(harness, "select tag from api_key order by tag").await;
    let results = texts(
        harness,
        "select result from ticket where result is not null",
    )
    .await;
    for tag in &tags {
        assert_eq!(
            results.iter().filter(|result| result.contains(tag)).count(),
            1
        );
    }
    assert_eq!(tags.len(), results.len());
    let report = services.check_audit(&Actor::console()).await.unwrap();
    assert_eq!(report.findings, []);
}

async fn survives(harness: Harness, operation: Operation) {
    harness.add_user("bob", &[]).await;
    for name in ["eve", "pat"] {
        harness.add_user(name, &[APPROVER]).await;
    }
    let wanted = approval(&[KeyAction::Create], 72);
    let tickets = &harness.services.tickets;
    let switched = tickets.set_approval(&Actor::console(), wanted).await;
    switched.unwrap().done();
    let (bob, bob_s) = signed_in(&harness, "bob").await;
    let (eve, eve_s) = signed_in(&harness, "eve").await;
    let people = People { bob, eve };
    people.prepare(&harness.services, operation).await;
    harness.services.close().await;
    let (cookie, from, to) = match operation {
        Operation::Approve => (eve_s, Some(TicketState::Pending), TicketState::Approved),
        Operation::Execute => (bob_s, Some(TicketState::Approved), TicketState::Done),
        _ => (bob_s, None, TicketState::Pending),
    };
    let mut seen = number(&harness, "select count(*) from ticket where state = 'DONE'").await;
    again_and_again(&harness, operation, &cookie, async |services, _| {
        examine(&harness, services).await;
        // All or nothing: it is where it was, or where it goes.
        let sql = "select count(*) from ticket where state = 'DONE'";
        let executed = number(&harness, sql).await - seen;
        let done = match to {
            TicketState::Done => executed == 1,
            to => people.ticket(services, to).await.is_some(),
        };
        assert_eq!(
            current(services, &people.bob).await.is_some(),
            executed == 1
        );
        assert!(executed == 0 || operation == Operation::Execute);
        if let Some(from) = from {
            assert_eq!(people.ticket(services, from).await.is_some(), !done);
        }
        people.prepare(services, operation).await;
        seen = number(&harness, sql).await;
        done
    })
    .await;
}

on_both_databases! {
    async fn a_request_that_is_killed_leaves_all_or_nothing(harness: Harness) {
        survives(harness, Operation::Request).await;
    }

    async fn an_approval_that_is_killed_leaves_all_or_nothing(harness: Harness) {
        survives(harness, Operation::Approve).await;
    }

    async fn an_execution_that_is_killed_leaves_all_or_nothing(harness: Harness) {
        survives(harness, Operation::Execute).await;
    }
}
