//! `/netbackup/security/mpa-configurations`.

use http::Method;
use serde_json::{Value, json};
use service::{Actor, on_both_databases};

use super::mpa_tickets::{Stage, approve, execute, waiting};
use crate::support::{Answer, App, Client, KEYS, error, wanted};

const PATH: &str = "/netbackup/security/mpa-configurations";

async fn put(client: &Client, attributes: Value) -> Answer {
    let body = json!({"data": {
        "id": "1", "type": "mpaConfigurationUpdateRequest", "attributes": attributes,
    }});
    let path = format!("{PATH}/1");
    client.send(Method::PUT, &path, &[], body.to_string()).await
}

fn wanted_with(operations: Value, exempted: Value) -> Value {
    json!({
        "configuration": {"expirationPeriodInHours": 48, "purgePeriodInDays": 7},
        "operations": operations,
        "exemptedUsers": exempted,
    })
}

fn switched(state: &str) -> Value {
    wanted_with(
        json!([{"operationId": "API_KEYS", "state": state}]),
        json!([]),
    )
}

/// The configuration as it is told.
fn item(hours: u32, days: u32, state: &str, actions: Value, exempted: Value) -> Value {
    json!({
        "links": {"self": {"href": format!("{PATH}/1")}},
        "type": "mpaConfiguration",
        "id": "1",
        "attributes": {
            "configuration": {
                "expirationPeriodInHours": hours, "purgePeriodInDays": days, "emailTo": "",
                "emailNotificationToFlag": false, "runOnApproval": false,
            },
            "operations": [
                {"operationId": "API_KEYS", "state": state, "name": "API keys", "actions": actions},
                {
                    "operationId": "MPA_CONFIGURATION", "state": state, "name": "Approval settings",
                    "actions": [],
                },
            ],
            "exemptedUsers": exempted,
        },
    })
}

fn every_action() -> Value {
    json!([
        "API_KEY_CREATE",
        "API_KEY_UPDATE",
        "API_KEY_DELETE",
        "API_KEY_REISSUE"
    ])
}

async fn sam(stage: &Stage) -> Client {
    let role = ["Default Security Administrator"];
    stage.app.harness.add_user("sam", &role).await;
    stage.app.signed_in("sam").await
}

on_both_databases! {
    /// M9.
    async fn it_is_replaced_at_once_while_off_and_by_a_ticket_once_on(harness: Harness) {
        let stage = Stage::off(harness).await;
        let sam = sam(&stage).await;
        let shown = async || sam.get(PATH).await.json()["data"].clone();
        assert_eq!(shown().await, json!([item(72, 30, "DISABLED", json!([]), json!([]))]));
        let on = put(&sam, switched("ENABLED")).await;
        assert_eq!((on.status, on.text()), (204, ""));
        let present = json!([item(48, 7, "ENABLED", every_action(), json!([]))]);
        assert_eq!(shown().await, present);
        // From now on by a ticket.
        let ticket = waiting(&put(&sam, switched("DISABLED")).await, 1);
        assert_eq!(shown().await, present);
        let blocked = put(&sam, switched("DISABLED")).await;
        assert_eq!(
            (blocked.status, blocked.header("x-netbackup-pending-mpa-ticket")),
            (409, &*ticket)
        );
        approve(&stage.eve, &ticket).await;
        let done = execute(&sam, &[&ticket]).await;
        let id: u32 = ticket.parse().unwrap();
        assert_eq!(
            (done.status, &done.json()["data"]["attributes"]["responses"]),
            (201, &json!([{"ticketId": id, "response": "", "responseHeaders": "{}"}]))
        );
        assert_eq!(shown().await, json!([item(48, 7, "DISABLED", json!([]), json!([]))]));
        assert_eq!(stage.bob.post(KEYS, wanted()).await.status, 201);
    }

    /// M13.
    async fn somebody_is_exempt_from_some_actions(harness: Harness) {
        let stage = Stage::off(harness).await;
        let sam = sam(&stage).await;
        let exempt = json!({
            "userName": "bob", "userDomainName": "", "userDomainType": "unixpwd",
            "operationId": "API_KEYS", "actionId": "API_KEY_CREATE", "reason": "nightly rotation",
            "expirationDateTime": "2026-11-23T00:00:00.000Z",
        });
        let operations = json!([{
            "operationId": "API_KEYS", "state": "ENABLED",
            "actions": ["API_KEY_CREATE", "API_KEY_DELETE"],
        }]);
        let answer = put(&sam, wanted_with(operations, json!([exempt]))).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        let actions = json!(["API_KEY_CREATE", "API_KEY_DELETE"]);
        let present = json!([item(48, 7, "ENABLED", actions, json!([exempt]))]);
        assert_eq!(sam.get(PATH).await.json()["data"], present);
        let (_, tag) = stage.bob.make_key().await;
        waiting(&stage.bob.delete(&format!("{KEYS}/{tag}")).await, 1);
        waiting(&stage.eve.post(KEYS, wanted()).await, 1);
    }

    async fn what_is_wrong_is_told_by_name(harness: Harness) {
        let stage = Stage::off(harness).await;
        let sam = sam(&stage).await;
        let exempt = |changes: Value| {
            let mut exempt = json!({
                "userName": "bob", "userDomainType": "unixpwd", "operationId": "API_KEYS",
                "reason": "x",
            });
            for (name, value) in changes.as_object().unwrap() {
                exempt[name] = value.clone();
            }
            wanted_with(json!([]), json!([exempt]))
        };
        let configured = |name: &str, value: Value| {
            let mut all = switched("DISABLED");
            all["configuration"][name] = value;
            all
        };
        let at = "data.attributes";
        for (attributes, field) in [
            (json!({}), "configuration"),
            (json!({"configuration": {"expirationPeriodInHours": 48, "purgePeriodInDays": 7}}), "operations"),
            (configured("expirationPeriodInHours", json!(23)), "expirationPeriodInHours"),
            (configured("purgePeriodInDays", json!(31)), "purgePeriodInDays"),
            (configured("purgePeriodInDays", json!(null)), "configuration.purgePeriodInDays"),
            // W10.
            (configured("emailTo", json!("a@b\r\nBcc: c@d")), "emailTo"),
            (configured("hash", json!(1)), "configuration.hash"),
            (wanted_with(json!([{"operationId": "OTHER", "state": "ENABLED"}]), json!([])), "operations.[0].operationId"),
            (wanted_with(json!([{"operationId": "API_KEYS", "state": "ON"}]), json!([])), "operations.[0].state"),
            (
                wanted_with(json!([{"operationId": "API_KEYS", "state": "ENABLED", "actions": ["X"]}]), json!([])),
                "operations.[0].actions.[0]",
            ),
            (wanted_with(json!([{"operationId": "MPA_CONFIGURATION", "state": "ENABLED"}]), json!([])), "operations"),
            (exempt(json!({"userName": "nobody"})), "exemptedUsers"),
            (exempt(json!({"userDomainType": "nis"})), "exemptedUsers.[0].userDomainType"),
            // Nobody is exempt from approval of these settings.
            (exempt(json!({"operationId": "MPA_CONFIGURATION"})), "exemptedUsers.[0].operationId"),
            (exempt(json!({"actionId": "API_KEY_BURN"})), "exemptedUsers.[0].actionId"),
            (exempt(json!({"reason": null})), "exemptedUsers.[0].reason"),
            (exempt(json!({"expirationDateTime": "soon"})), "exemptedUsers.[0].expirationDateTime"),
            (exempt(json!({"expirationDateTime": "2020-01-01T00:00:00Z"})), "exemptedUsers"),
        ] {
            let answer = put(&sam, attributes).await;
            let (status, faults) = answer.faults();
            assert_eq!(status, 400, "{field}: {}", answer.text());
            assert!(!faults[format!("{at}.{field}")].is_null(), "{field}: {faults}");
        }
        let path = format!("{PATH}/2");
        let body = json!({"data": {"type": "mpaConfigurationUpdateRequest", "attributes": switched("DISABLED")}});
        let other = sam.send(Method::PUT, &path, &[], body.to_string()).await;
        assert_eq!(other.status, 404);
        assert_eq!(stage.bob.get(PATH).await.status, 401);
        assert_eq!(put(&stage.bob, switched("DISABLED")).await.status, 401);
    }

    async fn it_is_not_switched_on_without_two_people_who_decide(harness: Harness) {
        let app = App::on(harness);
        let root = app.administrator().await;
        let refused = put(&root, switched("ENABLED")).await;
        let told = "At least two enabled users must be able to decide about requests. Give the \
                    approver's role to somebody first.";
        assert_eq!((refused.status, refused.json()), (409, error(19_409, told, json!({}))));
        let settings = app.harness.services.tickets.approval(&Actor::console()).await.unwrap();
        assert!(!settings.is_on());
    }
}
