//! Several tickets in one execution: all or none.

use service::on_both_databases;

use super::*;
use crate::{audit::records, store::number};

/// Bob is an administrator and asks for keys of others.
async fn stage(harness: Harness) -> (Stage, Vec<TicketId>) {
    let mut stage = Stage::on(harness).await;
    stage.bob = stage.harness.user("root", &["Administrator"]).await;
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let owner = stage.harness.add_user(name, &[]).await;
        let wanted = NewKey {
            owner: Some(owner.principal),
            ..new_key()
        };
        let asked = stage.services().keys.create(&stage.bob, wanted).await;
        ids.push(asked.unwrap().ticket());
    }
    (stage, ids)
}

on_both_databases! {
    async fn all_happen_in_the_order_that_was_asked_for(harness: Harness) {
        let (stage, mut ids) = stage(harness).await;
        for id in &ids {
            stage.approve(*id).await;
        }
        ids.reverse();
        let executed = stage.services().tickets.execute(&stage.bob, &ids).await.unwrap();
        let order: Vec<_> = executed.iter().map(|one| one.ticket).collect();
        assert_eq!(order, ids);
        let trail = records(&stage.harness).await;
        let last: Vec<_> = trail.iter().rev().take(4).rev().map(|one| &*one.action).collect();
        assert_eq!(last, ["key.create", "ticket.execute", "key.create", "ticket.execute"]);
        assert_eq!(number(&stage.harness, "select count(*) from api_key").await, 2);
    }

    /// ASVS 2.3.3.
    async fn one_that_cannot_happen_keeps_the_others_from_happening(harness: Harness) {
        let (stage, ids) = stage(harness).await;
        let tickets = &stage.services().tickets;
        stage.approve(ids[0]).await;
        let told = tickets.execute(&stage.bob, &ids).await.unwrap_err();
        assert_eq!(told, is(TicketState::Pending));
        stage.approve(ids[1]).await;
        let with_unknown = [ids[0], TicketId(99)];
        assert_eq!(tickets.execute(&stage.bob, &with_unknown).await.unwrap_err(), Error::NotFound);
        // The second would be something else now, which shows only after the first was done.
        let sql = "insert into user_role (user_id, role_id) \
                   select id, 3 from app_user where name = 'two'";
        crate::store::execute(&stage.harness, sql).await.unwrap();
        let told = tickets.execute(&stage.bob, &ids).await.unwrap_err();
        let drifted = Error::Conflict(Conflict::Drifted(domain::ticket::Drift::Owner));
        assert_eq!(told, drifted);
        assert_eq!(number(&stage.harness, "select count(*) from api_key").await, 0);
        assert_eq!(number(&stage.harness, "select count(*) from used_tag").await, 0);
        for id in &ids {
            assert_eq!(stage.state(*id).await, TicketState::Approved);
        }
    }

    async fn a_list_of_tickets_names_each_once_and_at_most_twenty(harness: Harness) {
        let (stage, ids) = stage(harness).await;
        let tickets = &stage.services().tickets;
        let many: Vec<_> = (1..=21).map(TicketId).collect();
        for wrong in [&[][..], &[ids[0], ids[0]], &many] {
            let told = tickets.execute(&stage.bob, wrong).await.unwrap_err();
            assert!(told.about("ticketIds").is_some());
        }
    }
}
