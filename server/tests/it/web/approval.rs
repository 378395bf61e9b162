//! Approval by a second person, as the forms of a browser meet it.

use app::rpc::{Extended, Fault, StepResult, packing::unpack};
use domain::{
    approval::KeyAction,
    error::{Conflict, Error, Problem, Refusal},
};
use service::{Actor, testing::approval};

use super::*;

const APPROVER: &str = "Default Multi-Person Authorization Approver";

impl Browser {
    /// Bob's browser where keys need approval, and the tag of his key.
    pub(super) async fn with_approval() -> (Self, String) {
        let browser = Self::start().await;
        for name in ["eve", "pat"] {
            browser.app.harness.add_user(name, &[APPROVER]).await;
        }
        let bob = browser.app.signed_in("bob").await;
        let (_, tag) = bob.make_key().await;
        let wanted = approval(&KeyAction::SWITCHED, 72);
        let tickets = &browser.app.harness.services.tickets;
        let done = tickets.set_approval(&Actor::console(), wanted).await;
        done.unwrap().done();
        (browser, tag)
    }

    async fn withdraw_everything(&self) {
        let sessions = &self.app.harness.services.sessions;
        let cookie = self.cookie.strip_prefix("latchkey=").unwrap();
        let bob = sessions.by_cookie(cookie, service::testing::origin()).await;
        let bob = bob.unwrap();
        let tickets = &self.app.harness.services.tickets;
        for id in self
            .app
            .select("select cast(id as text) from ticket where state = 'PENDING'")
            .await
        {
            let id = domain::ticket::TicketId(id.unwrap().parse().unwrap());
            tickets.cancel(&bob, id, "").await.unwrap();
        }
    }
}

/// M8: with JavaScript and without.
#[tokio::test]
async fn forms_say_which_ticket_was_made_and_change_nothing() {
    let (browser, tag) = Browser::with_approval().await;
    let about = format!("place=own&tag={}&version=1", tag.replace('=', "%3D"));
    let keys = "select tag || description || cast(version as text) from api_key";
    let before = browser.app.select(keys).await;
    let mut ticket = 0;
    for (path, form) in [
        (
            "/api/update_key",
            format!("{about}&description=new&validity=keep"),
        ),
        (
            "/api/reissue_key",
            format!("{about}&description=new&validity=30"),
        ),
        ("/api/delete_key", about.clone()),
    ] {
        for (headers, status) in [(&[HERE, PAGE][..], 302), (&[HERE][..], 200)] {
            let answer = browser.post(path, &form, headers).await;
            ticket += 1;
            let page = format!("/tickets/{ticket}?notice=requested");
            assert_eq!(
                (answer.status, answer.header("location")),
                (status, &*page),
                "{path}: {}",
                answer.text()
            );
            assert_eq!(answer.header("set-cookie"), "");
            let shown = browser.get(&page).await;
            assert!(shown.text().contains("Your request was made."), "{path}");
            // M7: what else is asked for meanwhile is refused with the ticket's number.
            let blocked = browser.post("/api/delete_key", &about, &[HERE]).await;
            assert_eq!(blocked.status, 409);
            browser.withdraw_everything().await;
        }
    }
    assert_eq!(browser.app.select(keys).await, before);
    assert_eq!(browser.app.rows("reveal").await, 0);
}

#[tokio::test]
async fn adding_a_key_says_which_ticket_was_made() {
    let (browser, _) = Browser::with_approval().await;
    browser.app.harness.add_user("ann", &[]).await;
    let cookie = format!("latchkey={}", browser.app.session_cookie("ann").await);
    let ann = Browser {
        app: browser.app,
        cookie,
    };
    let form = "description=shop&validity=30";
    let answer = ann.post("/api/create_key", form, &[HERE, PAGE]).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, "/tickets/1?notice=requested")
    );
    assert_eq!(answer.header("set-cookie"), "");
}

/// M8.
#[tokio::test]
async fn several_keys_at_once_make_a_ticket_each() {
    let (browser, tag) = Browser::with_approval().await;
    let tags = tag.replace('=', "%3D");
    for (path, form) in [
        ("/api/bulk_delete", format!("tags={tags}")),
        ("/api/bulk_extend", format!("tags={tags}&validity=60")),
    ] {
        let send = async || -> Vec<StepResult> {
            let answer = browser.post(path, &form, &[HERE]).await;
            assert_eq!(answer.status, 200);
            match path {
                "/api/bulk_delete" => unpack(&answer.body).unwrap(),
                _ => unpack::<Extended>(&answer.body).unwrap().results,
            }
        };
        let results = send().await;
        let [result] = &results[..] else {
            panic!("{results:?}");
        };
        assert!(result.ticket.is_some() && result.refusal.is_none() && !result.kept);
        // And the second time it waits already.
        let results = send().await;
        assert!(results[0].ticket.is_none() && results[0].refusal.is_some());
        browser.withdraw_everything().await;
    }
    assert_eq!(
        browser.app.rows("api_key where deleted_at is null").await,
        1
    );
}

/// M9: who switches approval on, what is refused by name, and that it takes a ticket from then on.
#[tokio::test]
async fn the_settings_are_changed_at_once_and_then_by_tickets() {
    let browser = Browser::start().await;
    let app = &browser.app;
    app.harness
        .add_user("sam", &["Default Security Administrator"])
        .await;
    let cookie = format!("latchkey={}", app.session_cookie("sam").await);
    let send = async |cookie: &str, path: &str, form: &str| {
        let headers = [FORM, HERE, ("cookie", cookie)];
        let anonymous = app.anonymous();
        let answer = anonymous.send(Method::POST, path, &headers, form.to_owned());
        let answer = answer.await;
        match answer.status {
            200 => Ok(answer.header("location").to_owned()),
            _ => Err(unpack::<Fault>(&answer.body).unwrap().error),
        }
    };
    let (save, exempt) = ("/api/save_approval", "/api/exempt_user");
    let on = "create=true&delete=true&expiry_hours=48&purge_days=7&mail=true\
              &mail_to=team%40example.org%2C+ops%40example.org";
    assert_eq!(
        send(&browser.cookie, save, on).await,
        Err(Error::NotPermitted)
    );
    let few = Error::Refused(Refusal::TooFewApprovers);
    assert_eq!(send(&cookie, save, on).await, Err(few));
    for name in ["eve", "pat"] {
        app.harness.add_user(name, &[APPROVER]).await;
    }
    let wrong = send(&cookie, save, "expiry_hours=23&purge_days=x")
        .await
        .unwrap_err();
    let range = |min, max| Some(Problem::OutOfRange { min, max });
    assert_eq!(wrong.about("expiry_hours").cloned(), range(24, 168));
    assert_eq!(wrong.about("purge_days").cloned(), range(3, 30));
    // W10: what could end a header of mail is no address.
    let injected = "expiry_hours=48&purge_days=7&mail_to=a%40b.org%0D%0ABcc%3A+c%40d.org";
    let wrong = send(&cookie, save, injected).await.unwrap_err();
    assert!(wrong.about("mail_to").is_some(), "{wrong:?}");
    let saved = "/settings/approval?notice=saved".to_owned();
    let bob = "user_name=bob&domain_type=unixpwd&action=API_KEY_DELETE&why=rotates+nightly";
    assert_eq!(send(&cookie, exempt, bob).await, Ok(saved.clone()));
    assert_eq!(send(&cookie, save, on).await, Ok(saved));

    let wrong = send(
        &cookie,
        exempt,
        "user_name=nobody&action=API_KEY_DELETE&why=x",
    )
    .await;
    assert_eq!(wrong, Err(Error::field("user_name", Problem::Unknown)));
    let wrong = send(&cookie, exempt, "action=x&until=2020-01-01")
        .await
        .unwrap_err();
    for field in ["user_name", "action", "why", "until"] {
        assert!(wrong.about(field).is_some(), "{field}: {wrong:?}");
    }
    let end = |user: i64| format!("user={user}&action=API_KEY_DELETE");
    let none = send(&cookie, "/api/end_exemption", &end(7)).await;
    assert_eq!(none, Err(Error::NotFound));
    let asked = send(&cookie, "/api/end_exemption", &end(1000)).await;
    assert_eq!(asked, Ok("/tickets/1?notice=requested".to_owned()));
    let waits = Error::Conflict(Conflict::TicketWaits(domain::ticket::TicketId(1)));
    assert_eq!(
        send(&cookie, save, "expiry_hours=72&purge_days=7").await,
        Err(waits)
    );

    let headers = [("cookie", cookie.as_str())];
    let page = app.anonymous().get_as("/settings/approval", &headers).await;
    let page = page.text();
    assert!(page.contains("rotates nightly") && page.contains("View ticket 1"));
    assert!(page.contains("team@example.org, ops@example.org"), "{page}");
    // In force is what was there before.
    let exempt = "select reason from approval_exemption";
    assert_eq!(
        app.select(exempt).await,
        [Some("rotates nightly".to_owned())]
    );
}
