//! Webhooks: who may do what with them, what they are told, and their secrets.

use chrono::TimeDelta;
use domain::{
    error::{Conflict, Error, Problem, Refusal},
    notice::{DeliveryState, Kind, Trouble},
};
use service::{
    Actor, Services, on_both_databases,
    testing::{Harness, origin},
};

use super::{Post, for_bob};
use crate::{
    audit::records,
    store::{number, texts},
    tickets::{SECURITY, described, new_key},
};

const URL: &str = "https://hooks.example.org/latchkey?token=s3cret";

fn every() -> Vec<String> {
    Kind::ALL.map(|kind| kind.as_str().to_owned()).to_vec()
}

async fn add(services: &Services, actor: &Actor, events: &[String]) -> i64 {
    services
        .notices
        .add_webhook(actor, URL, events)
        .await
        .unwrap()
}

on_both_databases! {
    async fn a_webhook_is_told_what_it_is_for(harness: Harness) {
        let ann = harness.user("ann", &["Administrator"]).await;
        harness.add_user("bob", &[]).await;
        let services = &harness.services;
        let all = add(services, &ann, &every()).await;
        let changes = ["key.changed".to_owned()];
        let some = services.notices.add_webhook(&ann, "http://x.example", &changes).await.unwrap();
        let tag = services.keys.create(&ann, for_bob()).await.unwrap().done().key.tag;
        services.keys.update(&ann, &tag, described("x")).await.unwrap().done();
        let post = Post::default();
        services.deliver_due(&post).await.unwrap();
        let mut carried = post.take();
        carried.sort();
        let expected = [
            "http://x.example: An API key was changed".to_owned(),
            format!("{URL}: An API key was changed"),
            format!("{URL}: An API key was created for somebody"),
        ];
        assert_eq!(carried, expected);
        for (id, count) in [(all, 2), (some, 1)] {
            let log = services.notices.webhook_deliveries(&ann, id, None).await.unwrap();
            assert_eq!((log.deliveries.len(), log.more), (count, false));
            let sent = |one: &service::notices::Delivery| one.state == DeliveryState::Sent;
            assert!(log.deliveries.iter().all(sent));
        }
    }

    /// W9, K15: drawn here, shown to whoever adds it and for a time, never kept as it is.
    async fn a_secret_is_shown_for_a_time_and_sealed(harness: Harness) {
        let ann = harness.user("ann", &["Administrator"]).await;
        let services = &harness.services;
        let id = add(services, &ann, &every()).await;
        let secret = async |actor: &Actor, id| {
            services.notices.webhook(actor, id).await.unwrap().secret
        };
        let shown = secret(&ann, id).await.unwrap();
        assert!(shown.starts_with("lkwh_") && shown.len() == 48, "{}", shown.len());
        let listed = services.notices.webhooks(&ann).await.unwrap();
        assert!(listed[0].secret.is_none());
        // Whoever may only look does not see it.
        let viewer = viewer(&harness).await;
        assert!(secret(&viewer, id).await.is_none());
        services.notices.put_secret_away(&ann, id).await.unwrap();
        assert!(secret(&ann, id).await.is_none());
        let other = add(services, &ann, &every()).await;
        harness.clock.advance(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
        assert!(secret(&ann, other).await.is_some_and(|other| *other != *shown));
        harness.clock.advance(TimeDelta::microseconds(1));
        assert!(secret(&ann, other).await.is_none());
        let trail = records(&harness).await;
        let created = trail.iter().filter(|one| one.action == "webhook.create");
        for record in created {
            let after = record.state_after.clone().unwrap();
            assert!(!after.contains("s3cret") && !after.contains("lkwh_"), "{after}");
        }
        let hexed = domain::audit::hex(shown.as_bytes());
        let kept = if harness.database_url.is_some() {
            "select encode(sealed, 'hex') from webhook"
        } else {
            "select lower(hex(sealed)) from webhook"
        };
        for sealed in texts(&harness, kept).await {
            assert!(!sealed.is_empty() && !sealed.contains(&hexed[..20]));
        }
    }

    async fn only_what_administers_settings_sees_and_changes_them(harness: Harness) {
        let ann = harness.user("ann", &["Administrator"]).await;
        let sam = harness.user("sam", &[SECURITY]).await;
        let services = &harness.services;
        let notices = &services.notices;
        let id = add(services, &ann, &every()).await;
        notices.test_webhook(&ann, id).await.unwrap();
        let delivery = notices.webhook_deliveries(&ann, id, None).await.unwrap();
        let delivery = delivery.deliveries[0].id;
        let viewer = viewer(&harness).await;
        for (who, sees) in [(&sam, false), (&viewer, true)] {
            let no = Err(Error::NotPermitted);
            let seen = if sees { Ok(()) } else { no.clone() };
            assert_eq!(notices.webhooks(who).await.map(drop), seen);
            assert_eq!(notices.webhook(who, id).await.map(drop), seen);
            assert_eq!(notices.mail_server(who).await.map(drop), seen);
            assert_eq!(notices.webhook_deliveries(who, id, None).await.map(drop), seen);
            assert_eq!(notices.mail_deliveries(who, None, true).await.map(drop), seen);
            assert_eq!(notices.add_webhook(who, URL, &every()).await.map(drop), no);
            assert_eq!(notices.switch_webhook(who, id, false).await, no);
            assert_eq!(notices.put_secret_away(who, id).await, no);
            assert_eq!(notices.delete_webhook(who, id).await, no);
            assert_eq!(notices.test_webhook(who, id).await, no);
            assert_eq!(notices.test_mail(who, "x@example.org").await, no);
            assert_eq!(notices.resend(who, delivery).await, no);
        }
        let trail = records(&harness).await;
        for (action, count) in [
            ("webhook.create", 2),
            ("webhook.update", 4),
            ("webhook.delete", 2),
            ("notice.resend", 2),
            ("notice.test", 4),
        ] {
            let refused = trail.iter().filter(|one| one.action == action && one.outcome == "refused");
            assert_eq!(refused.count(), count, "{action}");
        }
        assert_eq!(number(&harness, "select count(*) from webhook where enabled").await, 1);
        // A4.
        let made = services.keys.create(&ann, new_key()).await.unwrap().done();
        let by_key = services.sessions.by_header(made.value.reveal().as_bytes(), origin()).await;
        let with_a_key = notices.delete_webhook(&by_key.unwrap(), id).await;
        assert_eq!(with_a_key, Err(Error::Refused(Refusal::NotWithAKey)));
    }

    async fn what_is_wrong_is_named(harness: Harness) {
        let ann = harness.user("ann", &["Administrator"]).await;
        let notices = &harness.services.notices;
        let wrong = notices.add_webhook(&ann, "ftp://x", &[]).await.unwrap_err();
        assert!(wrong.about("url").is_some(), "{wrong:?}");
        assert_eq!(wrong.about("events"), Some(&Problem::Required));
        for id in [0, 7] {
            let gone = Err(Error::NotFound);
            assert_eq!(notices.webhook(&ann, id).await.map(drop), gone);
            assert_eq!(notices.switch_webhook(&ann, id, true).await, gone);
            assert_eq!(notices.delete_webhook(&ann, id).await, gone);
            assert_eq!(notices.test_webhook(&ann, id).await, gone);
            assert_eq!(notices.resend(&ann, id).await, gone);
        }
        let nowhere = notices.test_mail(&ann, "").await.unwrap_err();
        assert_eq!(nowhere.about("address"), Some(&Problem::Required));
        for _ in 0..50 {
            add(&harness.services, &ann, &every()).await;
        }
        let full = notices.add_webhook(&ann, URL, &every()).await;
        assert_eq!(full, Err(Error::Conflict(Conflict::TooManyWebhooks)));
    }

    async fn one_that_is_off_is_told_nothing_and_what_waited_is_given_up(harness: Harness) {
        let ann = harness.user("ann", &["Administrator"]).await;
        let services = &harness.services;
        let notices = &services.notices;
        let id = add(services, &ann, &every()).await;
        notices.test_webhook(&ann, id).await.unwrap();
        notices.switch_webhook(&ann, id, false).await.unwrap();
        notices.switch_webhook(&ann, id, false).await.unwrap();
        harness.add_user("bob", &[]).await;
        services.keys.create(&ann, for_bob()).await.unwrap().done();
        let log = notices.webhook_deliveries(&ann, id, None).await.unwrap().deliveries;
        let [given_up] = <[_; 1]>::try_from(log).unwrap();
        let why = (given_up.state, given_up.trouble);
        assert_eq!(why, (DeliveryState::Failed, Some(Trouble::SwitchedOff)));
        assert_eq!(notices.test_webhook(&ann, id).await, Err(Error::NotFound));
        // Sent again while it is off, it is given up again.
        notices.resend(&ann, given_up.id).await.unwrap();
        let post = Post::default();
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), [""; 0]);
        notices.switch_webhook(&ann, id, true).await.unwrap();
        notices.resend(&ann, given_up.id).await.unwrap();
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), [format!("{URL}: Notices of Latchkey arrive here")]);
        let trail = records(&harness).await;
        let switched = trail.iter().filter(|one| one.action == "webhook.update");
        assert_eq!(switched.count(), 2);
        // Removed with its log.
        notices.delete_webhook(&ann, id).await.unwrap();
        assert_eq!(number(&harness, "select count(*) from outbox").await, 0);
        assert!(notices.webhooks(&ann).await.unwrap().is_empty());
    }

    async fn a_test_mail_goes_to_one_address(harness: Harness) {
        let ann = harness.user("ann", &["Administrator"]).await;
        let services = &harness.services;
        services.notices.test_mail(&ann, "ann@example.org").await.unwrap();
        let post = Post::default();
        services.deliver_due(&post).await.unwrap();
        assert_eq!(post.take(), ["ann@example.org: Notices of Latchkey arrive here"]);
    }
}

/// Somebody who sees the settings and changes nothing.
async fn viewer(harness: &Harness) -> Actor {
    use domain::permission::{Grants, Namespace, Permission};
    let role = service::roles::RoleChange {
        name: "Viewer".to_owned(),
        description: String::new(),
        grants: Grants::one(Namespace::Settings, Permission::View),
    };
    let roles = &harness.services.roles;
    roles.add(&Actor::console(), role).await.unwrap();
    harness.user("vic", &["Viewer"]).await
}
