//! The outbox: at least once, not for ever, and no two servers at a time.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::notice::{DeliveryState, MAX_ATTEMPTS, Trouble};
use service::{Actor, notices::Delivery, on_both_databases, testing::Harness};

use super::{Post, for_bob, mail_to};
use crate::{
    store::{execute, number, texts},
    tickets::{SECURITY, described},
};

/// Bob, who is told by mail, and a change of his key that waits to be told.
async fn something_to_send(harness: &Harness) {
    let bob = harness.user("bob", &[]).await;
    mail_to(&harness.services, &bob, "bob@example.org").await;
    let sam = harness.user("sam", &[SECURITY]).await;
    let made = harness.services.keys.create(&sam, for_bob()).await;
    made.unwrap().done();
}

async fn the_delivery(harness: &Harness) -> Delivery {
    let notices = &harness.services.notices;
    let console = Actor::console();
    let page = notices.mail_deliveries(&console, None, false).await;
    let [delivery] = <[_; 1]>::try_from(page.unwrap().deliveries).unwrap();
    delivery
}

const CARRIED: &str = "bob@example.org: An API key was created for you";

on_both_databases! {
    async fn what_fails_is_tried_again_later_and_later(harness: Harness) {
        something_to_send(&harness).await;
        let services = &harness.services;
        let post = Post::failing([Trouble::NoConnection, Trouble::Answered(451)]);
        services.deliver_due(&post).await.unwrap();
        let first = the_delivery(&harness).await;
        assert_eq!((first.state, first.attempts), (DeliveryState::Waiting, 1));
        assert_eq!(first.trouble, Some(Trouble::NoConnection));
        let pause = first.next_attempt_at.unwrap() - services.now();
        assert!(pause <= TimeDelta::seconds(30) && pause > TimeDelta::seconds(22), "{pause}");
        // Not before its time.
        services.deliver_due(&post).await.unwrap();
        assert_eq!(the_delivery(&harness).await, first);
        harness.clock.advance(TimeDelta::seconds(30));
        services.deliver_due(&post).await.unwrap();
        let second = the_delivery(&harness).await;
        assert_eq!((second.trouble, second.attempts), (Some(Trouble::Answered(451)), 2));
        assert!(second.next_attempt_at.unwrap() - services.now() > TimeDelta::seconds(44));
        assert_eq!(post.take(), [""; 0]);
        harness.clock.advance(TimeDelta::seconds(60));
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), [CARRIED]);
        let sent = the_delivery(&harness).await;
        assert_eq!((sent.state, sent.trouble), (DeliveryState::Sent, None));
        assert_eq!((sent.next_attempt_at, sent.tried_at), (None, Some(services.now())));
    }

    async fn what_keeps_failing_is_given_up_and_can_be_sent_again(harness: Harness) {
        something_to_send(&harness).await;
        let services = &harness.services;
        let post = Post::failing((0..MAX_ATTEMPTS).map(|_| Trouble::TooSlow));
        for _ in 0..MAX_ATTEMPTS {
            services.deliver_due(&post).await.unwrap();
            harness.clock.advance(TimeDelta::hours(6));
        }
        let given_up = the_delivery(&harness).await;
        assert_eq!((given_up.state, given_up.attempts), (DeliveryState::Failed, MAX_ATTEMPTS));
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), [""; 0]);
        let console = Actor::console();
        let failed = services.notices.mail_deliveries(&console, None, true).await.unwrap();
        assert_eq!(failed.deliveries, [given_up]);
        services.notices.resend(&console, failed.deliveries[0].id).await.unwrap();
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), [CARRIED]);
        let sent = the_delivery(&harness).await;
        assert_eq!((sent.id, sent.state), (failed.deliveries[0].id, DeliveryState::Sent));
    }

    async fn what_lasts_is_given_up_at_once(harness: Harness) {
        something_to_send(&harness).await;
        let post = Post::failing([Trouble::Answered(550)]);
        harness.services.deliver_due(&post).await.unwrap();
        let given_up = the_delivery(&harness).await;
        assert_eq!((given_up.state, given_up.attempts), (DeliveryState::Failed, 1));
    }

    async fn what_somebody_took_is_left_to_them_for_a_time(harness: Harness) {
        something_to_send(&harness).await;
        let services = &harness.services;
        // Taken by a server that was killed meanwhile.
        let taken = "update outbox set attempts = 1, next_attempt_at = next_attempt_at + 300000000";
        execute(&harness, taken).await.unwrap();
        let post = Post::default();
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), [""; 0]);
        harness.clock.advance(TimeDelta::minutes(5));
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), [CARRIED]);
        assert_eq!(the_delivery(&harness).await.attempts, 2);
    }

    async fn servers_that_send_at_once_send_each_once(harness: Harness) {
        something_to_send(&harness).await;
        let services = harness.services.clone();
        let (beside, _folder) = harness.beside().await;
        let tag = texts(&harness, "select tag from api_key").await.remove(0);
        let tag = domain::key::Tag::parse(&tag).unwrap();
        let sam = harness.sign_in("sam").await;
        for number in 0..29 {
            let edit = described(&number.to_string());
            services.keys.update(&sam, &tag, edit).await.unwrap().done();
        }
        let post = Arc::new(Post::default());
        let senders = (0..6).map(|turn| {
            let server = if turn % 2 == 0 { services.clone() } else { beside.clone() };
            let post = post.clone();
            tokio::spawn(async move { server.deliver_due(&*post).await })
        });
        for sender in senders.collect::<Vec<_>>() {
            sender.await.unwrap().unwrap();
        }
        assert_eq!(post.take().len(), 30);
        let sent = "select count(*) from outbox where state = 'SENT' and attempts = 1";
        assert_eq!(number(&harness, sent).await, 30);
    }

    /// Sent once it is committed, without anybody asking for it.
    async fn whoever_sends_is_woken_by_the_commit(harness: Harness) {
        let services = harness.services.clone();
        let post = Arc::new(Post::default());
        let sending = tokio::spawn({
            let (services, post) = (services.clone(), post.clone());
            async move { services.run_deliveries(post).await }
        });
        something_to_send(&harness).await;
        let mut carried = Vec::new();
        while carried.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            carried = post.take();
        }
        assert_eq!(carried, [CARRIED]);
        sending.abort();
    }
}
