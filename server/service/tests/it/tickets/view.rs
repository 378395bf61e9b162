//! Tickets as pages list them.

use domain::{error::Error, ticket::TicketView};
use service::{on_both_databases, tickets::ViewPage};

use super::*;

fn ids(page: &ViewPage) -> Vec<i64> {
    page.items.iter().map(|ticket| ticket.id.0).collect()
}

on_both_databases! {
    /// A1: who sees which list; the parts of a list follow each other both ways.
    async fn lists_show_what_one_may_see_and_are_walked_both_ways(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let mut asked = Vec::new();
        for number in 0..52 {
            let name = format!("user{number}");
            let user = stage.harness.user(&name, &[]).await;
            let made = stage.services().keys.create(&user, new_key()).await;
            asked.push(made.unwrap().ticket().0);
        }
        let own = stage.services().keys.create(&stage.eve, new_key()).await;
        let own = own.unwrap().ticket();

        // The oldest first, without one's own.
        let first = tickets.view(&stage.eve, TicketView::Waiting, None).await.unwrap();
        assert_eq!((ids(&first), first.count, first.before), (asked[..50].to_vec(), 52, None));
        let beside = first.after.map(|id| (true, id));
        let second = tickets.view(&stage.eve, TicketView::Waiting, beside).await.unwrap();
        assert_eq!((ids(&second), second.after), (asked[50..].to_vec(), None));
        let beside = second.before.map(|id| (false, id));
        let back = tickets.view(&stage.eve, TicketView::Waiting, beside).await.unwrap();
        assert_eq!(ids(&back), ids(&first));
        assert_eq!(tickets.waiting_for(&stage.eve).await, Ok(Some(52)));

        // The latest first.
        let all = tickets.view(&stage.eve, TicketView::All, None).await.unwrap();
        assert_eq!((all.items[0].id, all.count), (own, 53));
        let mine = tickets.view(&stage.eve, TicketView::Own, None).await.unwrap();
        assert_eq!(ids(&mine), [own.0]);

        for view in [TicketView::Waiting, TicketView::All] {
            let told = tickets.view(&stage.bob, view, None).await.unwrap_err();
            assert_eq!(told, Error::NotPermitted);
        }
        let none = tickets.view(&stage.bob, TicketView::Own, None).await.unwrap();
        assert_eq!((ids(&none), none.count), (Vec::new(), 0));
    }

    /// Who sees only their own is not told that anything else has changed.
    async fn news_are_for_whoever_may_have_them(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let news = async |actor: &Actor| {
            let heights = stage.services().heights().await.unwrap();
            tickets.news(actor, &heights).await.unwrap()
        };
        let (bob, eve) = (news(&stage.bob).await, news(&stage.eve).await);
        assert_eq!((bob.waiting, eve.waiting), (None, Some(0)));
        let ann = stage.harness.user("ann", &[]).await;
        let made = stage.services().keys.create(&ann, new_key()).await;
        made.unwrap().ticket();
        assert_eq!(news(&stage.bob).await, bob);
        let later = news(&stage.eve).await;
        assert!(later.waiting == Some(1) && later.latest != eve.latest);
        let id = stage.ask().await;
        let asked = news(&stage.bob).await;
        assert_ne!(asked, bob);
        stage.wait(TimeDelta::minutes(1));
        stage.approve(id).await;
        assert_ne!(news(&stage.bob).await, asked);
        assert_eq!(news(&stage.eve).await.waiting, Some(1));
    }
}
