//! Who decides, and who does not.

use super::*;
use crate::support::not_found;

on_both_databases! {
    /// M1, M3, M5.
    async fn only_somebody_else_with_the_right_decides(harness: Harness) {
        let stage = Stage::on(harness).await;
        let ticket = stage.ask().await;
        let approve = || json!({"state": "APPROVED"});
        // Bob may not decide at all, an approver not about her own.
        let bob = change(&stage.bob, &ticket, approve()).await;
        let no = error(8000, "You do not have the permission for this.", json!({}));
        assert_eq!((bob.status, bob.json()), (401, no));
        let own = waiting(&stage.eve.post(KEYS, wanted()).await, 1);
        let told = change(&stage.eve, &own, approve()).await;
        let no = error(8000, "Somebody else has to decide about this request.", json!({}));
        assert_eq!((told.status, told.json()), (401, no));
        // Nobody finds others' tickets by trying numbers.
        for path in [format!("{TICKETS}/{own}"), format!("{TICKETS}/99"), format!("{TICKETS}/x")] {
            let answer = stage.bob.get(&path).await;
            assert_eq!((answer.status, answer.json()), (404, not_found()));
        }
        for tickets in [&[own.as_str()][..], &[own.as_str(), ticket.as_str()]] {
            let answer = execute(&stage.bob, tickets).await;
            assert_eq!((answer.status, answer.json()), (404, not_found()));
        }
        assert_eq!(stage.app.rows("api_key").await, 0);
        let anonymous = stage.app.anonymous().get(TICKETS).await;
        assert_eq!(anonymous.status, 401);
    }

    /// M1.
    async fn no_key_decides(harness: Harness) {
        let stage = Stage::off(harness).await;
        let (value, _) = stage.eve.make_key().await;
        stage.switch_on().await;
        let ticket = stage.ask().await;
        let body = json!({"domainType": "vx", "domainName": "vrts.apikey", "userName": "eve", "password": value});
        let token = stage.app.anonymous().post("/netbackup/login", body).await.json()["token"].clone();
        let no = error(19_403, "This cannot be done with an API key. Sign in with your password.", json!({}));
        for credential in [value.as_str(), token.as_str().unwrap()] {
            let key = stage.app.key(credential);
            let answer = change(&key, &ticket, json!({"state": "APPROVED"})).await;
            assert_eq!((answer.status, answer.json()), (403, no.clone()));
            // Looking is allowed.
            assert_eq!(key.get(&format!("{TICKETS}/{ticket}")).await.status, 200);
        }
        assert_eq!(stage.app.select("select state from ticket").await, [Some("PENDING".to_owned())]);
    }

    async fn a_body_that_says_no_move_is_refused(harness: Harness) {
        let stage = Stage::on(harness).await;
        let ticket = stage.ask().await;
        let state = "data.attributes.state";
        for (attributes, faults) in [
            (json!({}), json!({state: "A value is needed."})),
            (
                json!({"state": "BURNT"}),
                json!({state: "Must be one of APPROVED, REJECTED, CANCELED, PENDING."}),
            ),
            (
                json!({"state": "REJECTED"}),
                json!({"data.attributes.ticketComment": "A value is needed."}),
            ),
            (
                json!({"state": "APPROVED", "ticketComment": "a\u{202e}b"}),
                json!({"data.attributes.ticketComment":
                    "Must be text without control characters and direction marks."}),
            ),
            // L12.
            (
                json!({"state": "APPROVED", "decidedBy": "pat"}),
                json!({"data.attributes.decidedBy": "This field is not accepted here."}),
            ),
        ] {
            let answer = change(&stage.eve, &ticket, attributes).await;
            assert_eq!(answer.faults(), (400, faults));
        }
        let other = json!({"data": {
            "id": 99, "type": "mpaTicketUpdateRequest", "attributes": {"state": "APPROVED"},
        }});
        let answer = patch(&stage.eve, &format!("{TICKETS}/{ticket}"), other).await;
        assert_eq!(answer.faults(), (400, json!({"data.id": "Must be what the path names."})));
        for done in ["DONE", "EXPIRED"] {
            let answer = change(&stage.eve, &ticket, json!({"state": done})).await;
            let told = error(19_409, "The ticket is PENDING.", json!({}));
            assert_eq!((answer.status, answer.json()), (409, told));
        }
        assert_eq!(stage.app.select("select state from ticket").await, [Some("PENDING".to_owned())]);
    }

    async fn a_body_that_names_no_tickets_is_refused(harness: Harness) {
        let stage = Stage::on(harness).await;
        for (ids, fault) in [
            (json!([]), "data.attributes.ticketIds"),
            (json!(null), "data.attributes.ticketIds"),
            (json!([1, 1]), "data.attributes.ticketIds"),
            (json!(["1"]), "data.attributes.ticketIds.[0]"),
            (json!([-1]), "data.attributes.ticketIds.[0]"),
            (json!([1, 4_294_967_296_u64]), "data.attributes.ticketIds.[1]"),
        ] {
            let body = json!({"data": {"type": "executeTicketsRequest", "attributes": {"ticketIds": ids}}});
            let answer = stage.bob.post(EXECUTE, body).await;
            assert_eq!(answer.status, 400, "{ids}");
            assert!(!answer.faults().1[fault].is_null(), "{ids}: {}", answer.text());
        }
    }
}
