//! `/netbackup/security/mpa-tickets`, and the 202 that leads there.

mod decisions;
mod lists;

use domain::approval::KeyAction;
use http::Method;
use serde_json::{Value, json};
use service::{
    Actor, on_both_databases,
    testing::{Harness, approval},
};

use crate::support::{Answer, App, Client, KEYS, error, wanted};

pub(super) const TICKETS: &str = "/netbackup/security/mpa-tickets";
const EXECUTE: &str = "/netbackup/security/mpa-tickets/execute";
const APPROVER: &str = "Default Multi-Person Authorization Approver";

/// Bob asks, eve and pat decide.
pub(super) struct Stage {
    pub(super) app: App,
    pub(super) bob: Client,
    pub(super) eve: Client,
}

impl Stage {
    pub(super) async fn off(harness: Harness) -> Self {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        for name in ["eve", "pat"] {
            app.harness.add_user(name, &[APPROVER]).await;
        }
        let eve = app.signed_in("eve").await;
        Self { app, bob, eve }
    }

    pub(super) async fn switch_on(&self) {
        let console = Actor::console();
        let wanted = approval(&KeyAction::SWITCHED, 72);
        let tickets = &self.app.harness.services.tickets;
        tickets.set_approval(&console, wanted).await.unwrap().done();
    }

    pub(super) async fn on(harness: Harness) -> Self {
        let stage = Self::off(harness).await;
        stage.switch_on().await;
        stage
    }

    /// Bob asks for a key; returns the ticket's number.
    pub(super) async fn ask(&self) -> String {
        waiting(&self.bob.post(KEYS, wanted()).await, 1)
    }
}

/// A 202 as it is told; returns the ticket's number.
pub(super) fn waiting(answer: &Answer, flags: u32) -> String {
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.text(), "");
    let ticket = answer.header("x-netbackup-mpa-ticket").to_owned();
    assert_eq!(answer.header("location"), format!("{TICKETS}/{ticket}"));
    let told = answer.header("x-netbackup-ticket-flags");
    assert_eq!(told, flags.to_string());
    ticket
}

pub(super) async fn patch(client: &Client, path: &str, body: Value) -> Answer {
    client
        .send(Method::PATCH, path, &[], body.to_string())
        .await
}

/// Moves a ticket, its number sent as scripts send it.
pub(super) async fn change(client: &Client, ticket: &str, attributes: Value) -> Answer {
    let id: u32 = ticket.parse().unwrap();
    let body = json!({"data": {
        "id": id, "type": "mpaTicketUpdateRequest", "attributes": attributes,
    }});
    patch(client, &format!("{TICKETS}/{ticket}"), body).await
}

pub(super) async fn approve(client: &Client, ticket: &str) {
    let answer = change(client, ticket, json!({"state": "APPROVED"})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

pub(super) async fn execute(client: &Client, tickets: &[&str]) -> Answer {
    let ids: Vec<u32> = tickets.iter().map(|id| id.parse().unwrap()).collect();
    let body = json!({"data": {
        "type": "executeTicketsRequest", "attributes": {"ticketIds": ids},
    }});
    client.post(EXECUTE, body).await
}

/// Bob's request for a key as everybody sees it.
fn item(ticket: &str, is_own: bool) -> Value {
    json!({
        "links": {"self": {"href": format!("{TICKETS}/{ticket}")}},
        "type": "mpaTicketDetails",
        "id": ticket,
        "attributes": {
            "operationId": "API_KEYS",
            "operationName": "Create API key",
            "requestAction": "API_KEY_CREATE",
            "requestUri": KEYS,
            "requestMethod": "POST",
            "requestMetaData": {
                "digest": "",
                "owner": ":bob:unixpwd:1000",
                "ownerRoles": ["API Key Self-Service"],
                "before": null,
                "after": {
                    "description": "CI",
                    "expireAfterDays": "P30D",
                    "expiryDateTime": "2026-12-22T08:28:30.294Z",
                    "overlapHours": null,
                },
            },
            "liveDiff": [],
            "requesterName": "bob",
            "requesterDomainName": "",
            "requesterDomainType": "unixpwd",
            "currentState": "PENDING",
            "conflictedBy": null,
            "isMyTicket": is_own,
            "response": null,
            "responseStatusCode": null,
            "expirationDateTime": "2026-11-25T08:28:30.294Z",
            "createdDateTime": "2026-11-22T08:28:30.294Z",
            "lastUpdatedDateTime": "2026-11-22T08:28:30.294Z",
        },
    })
}

/// A document about a ticket, its digest left out after a look at it.
fn shown(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut document = answer.json();
    let digest = &mut document["data"]["attributes"]["requestMetaData"]["digest"];
    assert_eq!(digest.as_str().unwrap().len(), 64);
    *digest = json!("");
    document
}

on_both_databases! {
    /// M11, M14: calls 1 and execute, whole.
    async fn a_key_waits_for_approval_and_is_shown_to_its_requester(harness: Harness) {
        let stage = Stage::on(harness).await;
        let ticket = stage.ask().await;
        assert_eq!(stage.app.rows("api_key").await, 0);
        let path = format!("{TICKETS}/{ticket}");
        let seen = stage.eve.get(&path).await;
        assert_eq!(shown(&seen), json!({"data": item(&ticket, false)}));
        assert_eq!(shown(&stage.bob.get(&path).await), json!({"data": item(&ticket, true)}));

        stage.app.harness.clock.advance(chrono::TimeDelta::hours(1));
        let wanted = json!({"state": "APPROVED", "ticketComment": "go on"});
        let approved = change(&stage.eve, &ticket, wanted).await;
        let mut expected = item(&ticket, false);
        let fixed = json!("2026-12-22T09:28:30.294Z");
        let attributes = &mut expected["attributes"];
        attributes["currentState"] = json!("APPROVED");
        attributes["lastUpdatedDateTime"] = json!("2026-11-22T09:28:30.294Z");
        attributes["requestMetaData"]["after"]["expiryDateTime"] = fixed.clone();
        assert_eq!(shown(&approved), json!({"data": expected}));

        // The end is fixed.
        stage.app.harness.clock.advance(chrono::TimeDelta::hours(1));
        let (value, tag) = stage.app.next_key(7);
        let executed = execute(&stage.bob, &[&ticket]).await;
        assert_eq!(executed.status, 201, "{}", executed.text());
        assert_eq!(executed.header("cache-control"), "no-store");
        let href = format!("{KEYS}/{tag}");
        let mut made = json!({"data": {
            "links": {"self": {"href": href}},
            "type": "apiKeyCreationResponse",
            "id": tag,
            "attributes": {
                "apiKey": value,
                "expiryDateTime": fixed,
                "userName": "bob",
                "issuer": {
                    "principalName": "bob", "principalDomain": "", "principalDomainType": "unixpwd",
                },
            },
        }});
        let id: u32 = ticket.parse().unwrap();
        let mut document = executed.json();
        let response = &mut document["data"]["attributes"]["responses"][0]["response"];
        let told: Value = serde_json::from_str(response.as_str().unwrap()).unwrap();
        assert_eq!(told, made);
        *response = json!("");
        assert_eq!(
            document,
            json!({"data": {
                "id": ticket,
                "type": "executeTicketsResponse",
                "attributes": {"responses": [{
                    "ticketId": id,
                    "response": "",
                    "responseHeaders": json!({"location": href}).to_string(),
                }]},
            }})
        );
        assert_eq!(stage.app.key(&value).get(&href).await.status, 200);

        // What is kept of it has no value.
        let done = shown(&stage.eve.get(&path).await);
        let kept = &done["data"]["attributes"];
        assert_eq!((&kept["currentState"], &kept["responseStatusCode"]), (&json!("DONE"), &json!(201)));
        made["data"]["attributes"].as_object_mut().unwrap().remove("apiKey");
        let response: Value = serde_json::from_str(kept["response"].as_str().unwrap()).unwrap();
        assert_eq!(response, made);
        let again = execute(&stage.bob, &[&ticket]).await;
        assert_eq!(
            (again.status, again.json()),
            (409, error(19_409, "The ticket is DONE.", json!({})))
        );
        assert_eq!(stage.app.rows("api_key").await, 1);
    }

    /// M7, M8: calls 4, 5, 6, and what is refused beside them.
    async fn every_change_of_a_key_waits_and_names_what_it_waits_behind(harness: Harness) {
        let stage = Stage::off(harness).await;
        let (_, tag) = stage.bob.make_key().await;
        stage.switch_on().await;
        let key = format!("{KEYS}/{tag}");
        let envelope = |kind: &str, attributes: Value| json!({"data": {"type": kind, "attributes": attributes}});
        let edit = envelope("apiKeyUpdateRequest", json!({"description": "new"}));
        let again = envelope("apiKeyReissueRequest", json!({"expireAfterDays": "P7D"}));
        let before = stage.bob.get(&key).await.json();
        for call in 0..3 {
            let answer = match call {
                0 => patch(&stage.bob, &key, edit.clone()).await,
                1 => stage.bob.post(&format!("{key}/reissue"), again.clone()).await,
                _ => stage.bob.delete(&key).await,
            };
            let ticket = waiting(&answer, 1);
            let blocked = stage.bob.delete(&key).await;
            assert_eq!(blocked.status, 409);
            assert_eq!(blocked.header("x-netbackup-pending-mpa-ticket"), ticket);
            let told = format!("Ticket {ticket} waits about this. Nothing else can be done until it is closed.");
            assert_eq!(blocked.json(), error(19_409, &told, json!({})));
            let canceled = change(&stage.bob, &ticket, json!({"state": "CANCELED"})).await;
            assert_eq!(canceled.json()["data"]["attributes"]["currentState"], "CANCELED");
        }
        assert_eq!(stage.bob.get(&key).await.json(), before);
        let none = stage.bob.get(&key).await;
        assert_eq!(none.header("x-netbackup-pending-mpa-ticket"), "");
    }

    /// A key can ask and execute; the same request is not made twice.
    async fn a_request_that_is_sent_again_finds_its_ticket_waiting(harness: Harness) {
        let stage = Stage::on(harness).await;
        let headers = [("idempotency-key", "once"), ("content-type", "application/json")];
        let send = async || {
            let body = wanted().to_string();
            stage.bob.send(Method::POST, KEYS, &headers, body).await
        };
        let ticket = waiting(&send().await, 1);
        let again = send().await;
        assert_eq!(again.status, 409);
        assert_eq!(again.header("x-netbackup-pending-mpa-ticket"), ticket);
        assert_eq!(stage.app.rows("ticket").await, 1);
    }

    async fn what_runs_by_its_approval_says_so(harness: Harness) {
        let stage = Stage::off(harness).await;
        let (_, tag) = stage.bob.make_key().await;
        let mut wanted = approval(&KeyAction::SWITCHED, 72);
        wanted.run_on_approval = true;
        let tickets = &stage.app.harness.services.tickets;
        tickets.set_approval(&Actor::console(), wanted).await.unwrap().done();
        let key = format!("{KEYS}/{tag}");
        let ticket = waiting(&stage.bob.delete(&key).await, 0);
        let done = change(&stage.eve, &ticket, json!({"state": "APPROVED"})).await;
        let attributes = &done.json()["data"]["attributes"];
        assert_eq!(attributes["currentState"], "DONE");
        assert_eq!((&attributes["response"], &attributes["responseStatusCode"]), (&json!(""), &json!(204)));
        assert_eq!(stage.bob.get(&key).await.status, 404);
    }

    /// The reason that a client gives is for the approver as well.
    async fn the_history_is_included_when_it_is_asked_for(harness: Harness) {
        let stage = Stage::on(harness).await;
        let headers = [("x-netbackup-audit-reason", "for%20CI"), ("content-type", "application/json")];
        let asked = stage.bob.send(Method::POST, KEYS, &headers, wanted().to_string()).await;
        let ticket = waiting(&asked, 1);
        let said = change(&stage.bob, &ticket, json!({"ticketComment": "soon, please"})).await;
        assert_eq!(said.status, 200);
        let wanted = json!({"state": "REJECTED", "ticketComment": "<b>no</b>"});
        assert_eq!(change(&stage.eve, &ticket, wanted).await.status, 200);
        let event = |user: &str, action: &str, comment: &str| json!({
            "dateTime": "2026-11-22T08:28:30.294Z", "user": user, "action": action,
            "ticketComment": comment,
        });
        let expected = json!([
            event(":bob:unixpwd:1000", "REQUESTED", "for CI"),
            event(":bob:unixpwd:1000", "COMMENTED", "soon, please"),
            event(":eve:unixpwd:1001", "REJECTED", "<b>no</b>"),
        ]);
        let path = format!("{TICKETS}/{ticket}");
        let one = stage.bob.get(&format!("{path}?include=ticketHistory")).await.json();
        assert_eq!(one["data"]["attributes"]["ticketHistory"], expected);
        let all = stage.eve.get(&format!("{TICKETS}?include=ticketHistory")).await.json();
        assert_eq!(all["data"][0]["attributes"]["ticketHistory"], expected);
        let wrong = stage.eve.get(&format!("{TICKETS}?include=other")).await;
        assert_eq!(wrong.faults(), (400, json!({"include": "Must be ticketHistory."})));
    }
}
