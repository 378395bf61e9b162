//! What ends soon, and old keys that are still used: each told once.

use chrono::TimeDelta;
use domain::expiry::Validity;
use service::{
    Actor, Services,
    keys::{CreatedKey, KeyEdit, NewKey, Reissue},
    on_both_databases,
    testing::{Harness, origin},
};

use super::{mail_to, told};
use crate::{
    notices::Post,
    store::{execute, number},
    tickets::{Stage, again},
};

const SECOND: TimeDelta = TimeDelta::seconds(1);

async fn key_for(harness: &Harness, owner: &Actor, days: u64) -> CreatedKey {
    let wanted = NewKey {
        validity: Validity::days(days).ok(),
        ..NewKey::default()
    };
    let keys = &harness.services.keys;
    keys.create(owner, wanted).await.unwrap().done()
}

async fn use_key(services: &Services, key: &CreatedKey) {
    let value = key.value.reveal();
    let verified = services.verifier.verify(value.as_bytes(), &origin()).await;
    verified.unwrap();
}

const ENDING: [&str; 4] = [
    "Your API key has expired",
    "Your API key expires within a day",
    "Your API key expires within 7 days",
    "Your API key expires within 30 days",
];

on_both_databases! {
    async fn the_end_is_told_at_each_time_once_and_not_before(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let services = &harness.services;
        services.maintain_once().await.unwrap();
        key_for(&harness, &bob, 90).await;
        for (count, days) in [(1, 60), (2, 23), (3, 6), (4, 1)] {
            harness.clock.advance(TimeDelta::days(days) - SECOND);
            services.maintain_once().await.unwrap();
            assert_eq!(told(services, &bob).await, ENDING[5 - count..]);
            harness.clock.advance(SECOND);
            for _ in 0..3 {
                services.maintain_once().await.unwrap();
                assert_eq!(told(services, &bob).await, ENDING[4 - count..]);
            }
        }
    }

    /// Several servers at once, and one that is started anew.
    async fn however_many_servers_look_each_end_is_told_once(harness: Harness) {
        let services = harness.services.clone();
        services.maintain_once().await.unwrap();
        let mut people = Vec::new();
        for name in ["ann", "bob", "eve", "kim", "pat"] {
            let person = harness.user(name, &[]).await;
            key_for(&harness, &person, 31).await;
            people.push(person);
        }
        let (beside, _folder) = harness.beside().await;
        harness.clock.advance(TimeDelta::days(1));
        let looks = (0..8).map(|turn| {
            let server = if turn % 2 == 0 { services.clone() } else { beside.clone() };
            tokio::spawn(async move { server.maintain_once().await })
        });
        for look in looks.collect::<Vec<_>>() {
            look.await.unwrap().unwrap();
        }
        harness.reopened().await.maintain_once().await.unwrap();
        for person in &people {
            assert_eq!(told(&services, person).await, ENDING[3..]);
        }
    }

    async fn after_a_time_in_which_nothing_ran_the_nearest_is_told(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let services = &harness.services;
        services.maintain_once().await.unwrap();
        key_for(&harness, &bob, 60).await;
        // Past 30 and 7 days, half a day before the end.
        harness.clock.advance(TimeDelta::hours(59 * 24 + 12));
        services.maintain_once().await.unwrap();
        assert_eq!(told(services, &bob).await, ENDING[1..2]);
        harness.clock.advance(TimeDelta::days(100));
        services.maintain_once().await.unwrap();
        assert_eq!(told(services, &bob).await, ENDING[..1]);
    }

    async fn a_validity_that_was_just_set_is_no_news_and_a_new_one_counts_anew(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let services = &harness.services;
        services.maintain_once().await.unwrap();
        let tag = key_for(&harness, &bob, 7).await.key.tag;
        services.maintain_once().await.unwrap();
        harness.clock.advance(TimeDelta::minutes(1));
        services.maintain_once().await.unwrap();
        assert_eq!(told(services, &bob).await, [""; 0]);
        harness.clock.advance(TimeDelta::days(6));
        services.maintain_once().await.unwrap();
        assert_eq!(told(services, &bob).await, ENDING[1..2]);
        let longer = KeyEdit { validity: Validity::days(8).ok(), ..KeyEdit::default() };
        services.keys.update(&bob, &tag, longer).await.unwrap().done();
        harness.clock.advance(TimeDelta::days(7));
        services.maintain_once().await.unwrap();
        let twice = [ENDING[1], ENDING[1]];
        assert_eq!(told(services, &bob).await, twice);
    }

    async fn whoever_s_key_does_not_work_is_not_told_that_it_ends(harness: Harness) {
        let services = &harness.services;
        services.maintain_once().await.unwrap();
        let bob = harness.user("bob", &[]).await;
        key_for(&harness, &bob, 31).await;
        let eve = harness.user("eve", &[]).await;
        let gone = key_for(&harness, &eve, 31).await.key.tag;
        services.keys.delete(&eve, &gone, None).await.unwrap().done();
        let console = Actor::console();
        let principal = bob.identity().principal.clone();
        services.users.disable(&console, &principal).await.unwrap();
        harness.clock.advance(TimeDelta::days(40));
        services.maintain_once().await.unwrap();
        assert_eq!(number(&harness, "select count(*) from notice").await, 0);
    }

    /// Keys that are there when notices come to be, as after an upgrade, are told from then on.
    async fn ends_that_passed_before_anybody_looked_are_not_told(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let services = &harness.services;
        key_for(&harness, &bob, 20).await;
        harness.clock.advance(TimeDelta::days(14));
        services.maintain_once().await.unwrap();
        assert_eq!(told(services, &bob).await, [""; 0]);
        harness.clock.advance(TimeDelta::days(5));
        services.maintain_once().await.unwrap();
        assert_eq!(told(services, &bob).await, ENDING[1..2]);
    }

    /// More than one step has room for.
    async fn many_ends_at_one_instant_are_all_told(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let services = &harness.services;
        services.maintain_once().await.unwrap();
        let key = key_for(&harness, &bob, 31).await.key;
        for number in 0..450 {
            let sql = format!(
                "insert into app_user (domain_type, domain, name, name_folded, \
                 password_change_needed, created_at) \
                 values ('unixpwd', '', 'u{number}', 'u{number}', false, 1); \
                 insert into used_tag (tag) values ('lky_{number:06}0='); \
                 insert into api_key (tag, user_id, digest, pepper_id, description, created_at, \
                 expires_at, modified_at, issuer_id, issuer_domain_type, issuer_domain, \
                 issuer_name, saml_validated, awaiting_sign_in) \
                 select 'lky_{number:06}0=', (select max(id) from app_user), k.digest, k.pepper_id, \
                 '', k.created_at, k.expires_at, k.modified_at, 0, 'unixpwd', '', 'x', false, false \
                 from api_key k where k.tag = '{}'",
                key.tag
            );
            execute(&harness, &sql).await.unwrap();
        }
        harness.clock.advance(TimeDelta::days(1));
        services.maintain_once().await.unwrap();
        services.maintain_once().await.unwrap();
        assert_eq!(number(&harness, "select count(*) from notice").await, 451);
        let users = "select count(distinct user_id) from notice";
        assert_eq!(number(&harness, users).await, 451);
    }

    async fn an_old_key_that_is_still_used_is_told_once(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let services = &harness.services;
        mail_to(services, &bob, "bob@example.org").await;
        let old = key_for(&harness, &bob, 90).await;
        use_key(services, &old).await;
        services.maintain_once().await.unwrap();
        harness.clock.advance(SECOND);
        let overlapping = Reissue { overlap_hours: Some(24), ..again() };
        let new = services.keys.reissue(&bob, &old.key.tag, overlapping).await.unwrap().done();
        harness.clock.advance(SECOND);
        // Its use before it was replaced is none.
        services.maintain_once().await.unwrap();
        use_key(services, &new).await;
        services.maintain_once().await.unwrap();
        assert_eq!(told(services, &bob).await, [""; 0]);
        for _ in 0..3 {
            harness.clock.advance(TimeDelta::minutes(1));
            use_key(services, &old).await;
            services.maintain_once().await.unwrap();
        }
        assert_eq!(told(services, &bob).await, ["Your old API key is still used"]);
        let post = Post::default();
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), ["bob@example.org: Your old API key is still used"]);
    }

    async fn a_ticket_s_end_is_told_once_to_whoever_can_do_something(harness: Harness) {
        let stage = Stage::on(harness).await;
        let services = stage.services();
        services.maintain_once().await.unwrap();
        let id = stage.ask().await;
        let soon = format!("Ticket {id} expires soon");
        let asked = format!("Ticket {id} waits for approval");
        stage.wait(TimeDelta::hours(60) - SECOND);
        services.maintain_once().await.unwrap();
        let eve = stage.harness.sign_in("eve").await;
        assert_eq!(told(services, &eve).await, std::slice::from_ref(&asked));
        stage.wait(SECOND);
        for _ in 0..3 {
            services.maintain_once().await.unwrap();
        }
        let bob = stage.harness.sign_in("bob").await;
        assert_eq!(told(services, &eve).await, [soon.clone(), asked]);
        assert_eq!(told(services, &bob).await, [soon]);
    }

    async fn the_end_of_what_is_approved_is_told_its_requester_alone(harness: Harness) {
        let stage = Stage::on(harness).await;
        let services = stage.services();
        services.maintain_once().await.unwrap();
        let id = stage.ask().await;
        stage.approve(id).await;
        stage.wait(TimeDelta::hours(61));
        services.maintain_once().await.unwrap();
        let (bob, eve) = (stage.harness.sign_in("bob").await, stage.harness.sign_in("eve").await);
        let expected = [format!("Ticket {id} expires soon"), format!("Ticket {id} was approved")];
        assert_eq!(told(services, &bob).await, expected);
        assert_eq!(told(services, &eve).await.len(), 1);
    }
}
