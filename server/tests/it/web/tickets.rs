//! The pages of tickets: who may see, decide and execute what.

use app::rpc::{Fault, TicketPage, TicketsPage, packing::unpack};
use domain::{
    error::{Conflict, Error, FieldError, Problem, Refusal},
    ticket::{Again, TicketState, TicketView},
};
use serde::de::DeserializeOwned;

use super::*;

/// Several people's browsers at one server.
struct People {
    app: App,
    bob: String,
    eve: String,
    pat: String,
    ann: String,
}

impl People {
    /// Bob has a key and asks; eve and pat decide; ann is anybody.
    async fn start() -> (Self, String) {
        let (browser, tag) = Browser::with_approval().await;
        let app = browser.app;
        app.harness.add_user("ann", &[]).await;
        let session = async |name: &str| format!("latchkey={}", app.session_cookie(name).await);
        let (eve, pat, ann) = (
            session("eve").await,
            session("pat").await,
            session("ann").await,
        );
        let people = Self {
            bob: browser.cookie,
            eve,
            pat,
            ann,
            app,
        };
        (people, tag.replace('=', "%3D"))
    }

    async fn call(&self, cookie: &str, path: &str, form: &str, more: &[(&str, &str)]) -> Answer {
        let mut headers = vec![FORM, HERE, ("cookie", cookie)];
        headers.extend(more);
        let anonymous = self.app.anonymous();
        anonymous
            .send(Method::POST, path, &headers, form.to_owned())
            .await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        cookie: &str,
        path: &str,
        at: &str,
    ) -> Result<T, Error> {
        let form = format!("at={}", at.replace('?', "%3F").replace('=', "%3D"));
        let answer = self.call(cookie, path, &form, &[]).await;
        match answer.status {
            200 => Ok(unpack(&answer.body).unwrap()),
            _ => Err(unpack::<Fault>(&answer.body).unwrap().error),
        }
    }

    async fn list(&self, cookie: &str, at: &str) -> Result<TicketsPage, Error> {
        self.ask(cookie, "/api/tickets_page", at).await
    }

    async fn ticket(&self, cookie: &str, id: i64) -> Result<TicketPage, Error> {
        self.ask(cookie, "/api/ticket_page", &format!("/tickets/{id}"))
            .await
    }

    /// Sends a form of the application; what it says, or why not.
    async fn send(&self, cookie: &str, path: &str, form: &str) -> Result<String, Error> {
        let answer = self.call(cookie, path, form, &[]).await;
        match answer.status {
            200 => Ok(answer.header("location").to_owned()),
            _ => Err(unpack::<Fault>(&answer.body).unwrap().error),
        }
    }

    async fn state(&self, id: i64) -> TicketState {
        self.ticket(&self.eve, id).await.unwrap().ticket.state
    }
}

fn decide(id: i64, decision: &str, comment: &str, password: &str) -> String {
    let password = password.replace(' ', "+");
    format!("id={id}&decision={decision}&comment={comment}&password={password}")
}

const DECIDE: &str = "/api/decide_ticket";

/// M1, M5, M11: from the request to the value, each by whom it is for and nobody else.
#[tokio::test]
async fn a_request_is_approved_by_another_and_executed_by_its_requester() {
    let (people, tag) = People::start().await;
    let (bob, eve, ann) = (&people.bob, &people.eve, &people.ann);
    let reissue = format!("place=own&tag={tag}&version=1&validity=30&reason=the+old+one+leaked");
    let led = people
        .send(bob, "/api/reissue_key", &reissue)
        .await
        .unwrap();
    assert_eq!(led, "/tickets/1?notice=requested");

    // Who sees it.
    let page = people.ticket(eve, 1).await.unwrap();
    assert_eq!((page.own, page.again), (false, Some(Again::Password)));
    assert_eq!(page.history[0].comment, "the old one leaked");
    assert!(page.drift.is_empty());
    let page = people.ticket(bob, 1).await.unwrap();
    assert_eq!((page.own, page.again), (true, None));
    assert_eq!(people.ticket(ann, 1).await.unwrap_err(), Error::NotFound);
    let list = people.list(eve, "/tickets").await.unwrap();
    assert_eq!(
        (list.view, list.waiting, list.rows.len()),
        (TicketView::Waiting, Some(1), 1)
    );
    assert_eq!(list.rows[0].requester.to_string(), ":bob:unixpwd:1000");
    let list = people.list(bob, "/tickets").await.unwrap();
    assert_eq!((list.views, list.waiting), (vec![TicketView::Own], None));
    assert_eq!(list.rows.len(), 1);
    for view in ["waiting", "all"] {
        let refused = people.list(ann, &format!("/tickets?show={view}")).await;
        assert_eq!(refused.unwrap_err(), Error::NotPermitted);
    }
    assert!(people.list(ann, "/tickets").await.unwrap().rows.is_empty());

    // Who decides it.
    let right = decide(1, "approve", "go+on", PASSWORD);
    for (who, refusal) in [(bob, Error::NotPermitted), (ann, Error::NotPermitted)] {
        assert_eq!(people.send(who, DECIDE, &right).await.unwrap_err(), refusal);
    }
    let wrong = people
        .send(eve, DECIDE, &decide(1, "approve", "", "wrong"))
        .await;
    assert_eq!(
        wrong.unwrap_err(),
        FieldError::new("password", Problem::WrongPassword).into()
    );
    let missing = people
        .send(eve, DECIDE, &decide(1, "reject", "", PASSWORD))
        .await;
    assert_eq!(
        missing.unwrap_err(),
        FieldError::new("comment", Problem::Required).into()
    );
    assert_eq!(people.state(1).await, TicketState::Pending);
    let led = people.send(eve, DECIDE, &right).await.unwrap();
    assert_eq!(led, "/tickets/1?notice=ticket-approved");
    let again = people.send(&people.pat, DECIDE, &right).await.unwrap_err();
    assert_eq!(
        again,
        Error::Conflict(Conflict::TicketIs(TicketState::Approved))
    );

    // Who executes it.
    for other in [eve, ann] {
        let refused = people.send(other, "/api/execute_ticket", "id=1").await;
        assert_eq!(refused.unwrap_err(), Error::NotFound);
    }
    let (value, _) = people.app.next_key(9);
    let answer = people.call(bob, "/api/execute_ticket", "id=1", &[]).await;
    assert_eq!(answer.header("location"), "/profile/key/reveal");
    assert!(!answer.text().contains(&value));
    let waiting = answer.header("set-cookie").split(';').next().unwrap();
    let cookie = format!("{bob}; {waiting}");
    let shown = people
        .call(&cookie, "/profile/key/reveal", "", &[PAGE])
        .await;
    assert!(shown.text().contains(&value));
    assert_eq!(people.app.key(&value).get("/verify").await.status, 204);
    // Once.
    let twice = people
        .send(bob, "/api/execute_ticket", "id=1")
        .await
        .unwrap_err();
    assert_eq!(
        twice,
        Error::Conflict(Conflict::TicketIs(TicketState::Done))
    );
    for who in [bob, eve] {
        let page = people
            .call(who, "/api/ticket_page", "at=/tickets/1", &[])
            .await;
        assert!(!page.text().contains(&value));
    }
}

/// M1: one's own is not decided, whatever one may do.
#[tokio::test]
async fn an_approver_s_own_request_waits_for_another() {
    let (people, _) = People::start().await;
    let asked = people
        .send(&people.eve, "/api/create_key", "validity=30")
        .await;
    assert_eq!(asked.unwrap(), "/tickets/1?notice=requested");
    for decision in ["approve", "reject"] {
        let own = decide(1, decision, "mine", PASSWORD);
        let refused = people.send(&people.eve, DECIDE, &own).await.unwrap_err();
        assert_eq!(refused, Error::Refused(Refusal::OwnTicket));
    }
    assert_eq!(
        people.list(&people.eve, "/tickets").await.unwrap().waiting,
        Some(0)
    );
    let led = people
        .send(&people.pat, DECIDE, &decide(1, "reject", "no", PASSWORD))
        .await;
    assert_eq!(led.unwrap(), "/tickets/1?notice=ticket-rejected");
}

/// Without JavaScript a refused decision stands open again, with the comment and never with the
/// password (K14).
#[tokio::test]
async fn a_refused_decision_keeps_the_comment_and_not_the_password() {
    let (people, tag) = People::start().await;
    let about = format!("place=own&tag={tag}");
    people
        .send(&people.bob, "/api/delete_key", &about)
        .await
        .unwrap();
    let form = decide(1, "approve", "as+agreed", "hunter2 hunter2");
    let answer = people.call(&people.eve, DECIDE, &form, &[PAGE]).await;
    let back = answer.header("location").to_owned();
    assert_eq!(answer.status, 302);
    assert!(back.starts_with("/tickets/1/approve?"), "{back}");
    assert!(back.contains("comment=as+agreed") && !back.contains("hunter2"));
    let headers = [("cookie", people.eve.as_str())];
    let page = people.app.anonymous().get_as(&back, &headers).await;
    assert!(page.text().contains("as agreed"));
    assert!(page.text().contains("This is not your current password."));
    // W2: what is in no form's power.
    let odd = people
        .send(&people.eve, DECIDE, &decide(1, "execute", "", PASSWORD))
        .await;
    assert_eq!(
        odd.unwrap_err(),
        Error::field("decision", Problem::NotAccepted)
    );
    let odd = people
        .send(&people.bob, "/api/move_ticket", "id=1&step=execute")
        .await;
    assert_eq!(odd.unwrap_err(), Error::field("step", Problem::NotAccepted));
}

/// M6, M7: withdrawn and asked for again, said something about, by whom it concerns.
#[tokio::test]
async fn a_requester_cancels_renews_and_anybody_who_sees_it_comments() {
    let (people, tag) = People::start().await;
    let (bob, eve) = (&people.bob, &people.eve);
    let about = format!("place=own&tag={tag}");
    people.send(bob, "/api/delete_key", &about).await.unwrap();
    let blocked = people
        .send(bob, "/api/delete_key", &about)
        .await
        .unwrap_err();
    let waits = Conflict::TicketWaits(domain::ticket::TicketId(1));
    assert_eq!(blocked, Error::Conflict(waits));
    for (who, refusal) in [(eve, Error::NotPermitted), (&people.ann, Error::NotFound)] {
        let refused = people
            .send(who, "/api/move_ticket", "id=1&step=cancel")
            .await;
        assert_eq!(refused.unwrap_err(), refusal);
    }
    people
        .send(eve, "/api/comment_ticket", "id=1&comment=why%3F")
        .await
        .unwrap();
    let refused = people
        .send(&people.ann, "/api/comment_ticket", "id=1&comment=x")
        .await;
    assert_eq!(refused.unwrap_err(), Error::NotFound);
    let led = people
        .send(bob, "/api/move_ticket", "id=1&step=cancel")
        .await;
    assert_eq!(led.unwrap(), "/tickets/1?notice=ticket-canceled");
    let closed = people
        .send(bob, "/api/move_ticket", "id=1&step=renew")
        .await;
    assert_eq!(
        closed.unwrap_err(),
        Error::Conflict(Conflict::TicketIs(TicketState::Canceled))
    );

    people.send(bob, "/api/delete_key", &about).await.unwrap();
    people
        .app
        .harness
        .clock
        .advance(chrono::TimeDelta::hours(72));
    // Those sessions are long over.
    let cookie = format!("latchkey={}", people.app.session_cookie("bob").await);
    let page = people.ticket(&cookie, 2).await.unwrap();
    assert_eq!(page.ticket.state, TicketState::Expired);
    let led = people
        .send(&cookie, "/api/move_ticket", "id=2&step=renew")
        .await;
    assert_eq!(led.unwrap(), "/tickets/2?notice=ticket-renewed");
}

/// W2: what somebody writes is text on every page, with its direction kept within itself.
#[tokio::test]
async fn a_reason_and_a_comment_are_text() {
    let (people, tag) = People::start().await;
    let about = format!("place=own&tag={tag}&reason=%3Cscript%3Ealert(1)%3C/script%3E");
    people
        .send(&people.bob, "/api/delete_key", &about)
        .await
        .unwrap();
    let said = "id=1&comment=%3Cimg+src=x+onerror=alert(2)%3E";
    people
        .send(&people.eve, "/api/comment_ticket", said)
        .await
        .unwrap();
    let headers = [("cookie", people.eve.as_str())];
    let page = people.app.anonymous().get_as("/tickets/1", &headers).await;
    assert!(
        page.text()
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("<script>alert(1)") && !page.text().contains("<img src=x"));
    let turned = format!("place=own&tag={tag}&reason=a%E2%80%AEb");
    let refused = people
        .send(&people.bob, "/api/delete_key", &turned)
        .await
        .unwrap_err();
    assert!(refused.about("reason").is_some(), "{refused:?}");
}
