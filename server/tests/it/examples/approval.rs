//! Approval by a second person, and a sign-in by SAML.

use http::Method;
use serde_json::{Value, json};
use service::testing::Harness;

use super::{body, story::Story};
use crate::{
    saml,
    support::{App, KEYS},
};

const CONFIGURATIONS: &str = "/netbackup/security/mpa-configurations";
const TICKETS: &str = "/netbackup/security/mpa-tickets";
const APPROVER: &str = "Default Multi-Person Authorization Approver";

/// From switching it on to the new key.
pub(super) async fn approval(story: &mut Story) {
    let app = App::on(Harness::sqlite().await);
    let (root, bob) = (app.administrator().await, app.user("bob").await);
    app.harness.add_user("eve", &[APPROVER]).await;
    let eve = app.signed_in("eve").await;
    let (put, post) = (Method::PUT, Method::POST);
    let exempt = json!({
        "userName": "root", "userDomainName": "", "userDomainType": "unixpwd",
        "operationId": "API_KEYS", "actionId": "API_KEY_DELETE", "reason": "cleans up at night",
        "expirationDateTime": "2026-12-31T00:00:00.000Z",
    });
    let wanted = json!({"data": {
        "id": "1", "type": "mpaConfigurationUpdateRequest", "attributes": {
            "configuration": {"expirationPeriodInHours": 72, "purgePeriodInDays": 30},
            "operations": [{"operationId": "API_KEYS", "state": "ENABLED"}],
            "exemptedUsers": [exempt],
        },
    }});
    let one = format!("{CONFIGURATIONS}/1");
    story.ask(&root, put, &one, wanted).await;
    story.get(&root, CONFIGURATIONS).await;

    let wanted = body(
        "apiKeyCreationRequest",
        json!({"expireAfterDays": "P30D", "description": "CI"}),
    );
    let asked = bob.post(KEYS, wanted).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let ticket = asked.header("x-netbackup-mpa-ticket").to_owned();
    let id: u32 = ticket.parse().unwrap();
    let listed = format!("{TICKETS}?filter=currentState%20eq%20'PENDING'&include=ticketHistory");
    story.get(&eve, &listed).await;
    let one = format!("{TICKETS}/{ticket}");
    let attributes = json!({"state": "APPROVED", "ticketComment": "go on"});
    let wanted = json!({"data": {
        "id": id, "type": "mpaTicketUpdateRequest", "attributes": attributes,
    }});
    story.ask(&eve, Method::PATCH, &one, wanted).await;
    story.get(&bob, &one).await;
    app.next_key(7);
    let wanted = body("executeTicketsRequest", json!({"ticketIds": [id]}));
    story
        .ask(&bob, post, &format!("{TICKETS}/execute"), wanted)
        .await;
}

/// A token for whoever the identity provider vouched for.
pub(super) async fn saml(story: &mut Story) {
    let stage = saml::Stage::sqlite().await;
    let began = stage.begin().await;
    let landing = stage.answer(&began, &stage.good(&began)).await;
    let (_, handle) = landing.header("location").split_once("handle=").unwrap();
    let client = stage.app.with_header("cookie", &began.cookie);
    let wanted = json!({ "token": handle });
    let at = "/netbackup/sso/loginwithtoken";
    let told: Value = story.ask(&client, Method::POST, at, wanted).await;
    assert_eq!(told["tokenType"], "BEARER");
}
