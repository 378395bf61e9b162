//! Keys of SAML users, by the rules of expiry (A4, L7): their own takes its end from a SAML session
//! at the web application.

use domain::{
    error::{Error, Refusal},
    expiry::Validity,
    principal::Principal,
};
use serde_json::json;
use service::{
    Actor,
    keys::{KeyEdit, NewKey, Reissue},
    testing::Harness,
};

use crate::support::{App, KEYS, error};

/// A SAML user with a key, and the same user's web session.
struct Saml {
    app: App,
    session: Actor,
    key: String,
    tag: domain::key::Tag,
}

impl Saml {
    async fn start() -> Self {
        let app = App::on(Harness::sqlite().await);
        let sam = app.harness.add_saml_user("sam").await;
        let (_, session) = app.harness.saml_session(&sam, None).await;
        let keys = &app.harness.services.keys;
        let made = keys
            .create(&session, NewKey::default())
            .await
            .unwrap()
            .done();
        Self {
            key: made.value.reveal().to_string(),
            tag: made.key.tag,
            session,
            app,
        }
    }

    async fn records(&self) -> usize {
        self.app.trail().await.len()
    }
}

/// By the key: it may be seen and deleted; neither made, reissued nor edited.
#[tokio::test]
async fn a_saml_user_s_key_neither_creates_nor_reissues_nor_edits() {
    let saml = Saml::start().await;
    let key = saml.app.key(&saml.key);
    let path = format!("{KEYS}/{}", saml.tag);
    let before = key.get(&path).await;
    assert_eq!(before.status, 200);
    let body = |kind: &str, attributes| {
        json!({"data": {"type": kind, "attributes": attributes}}).to_string()
    };
    let session = Refusal::NeedsSamlSession.to_string();
    let owner = Refusal::SamlOwner.to_string();
    let records = saml.records().await;
    for (method, path, body, told) in [
        (
            http::Method::POST,
            KEYS.to_owned(),
            body("apiKeyCreationRequest", json!({})),
            &session,
        ),
        (
            http::Method::POST,
            format!("{path}/reissue"),
            body("apiKeyReissueRequest", json!({})),
            &session,
        ),
        (
            http::Method::PATCH,
            path.clone(),
            body("apiKeyUpdateRequest", json!({"description": "x"})),
            &owner,
        ),
    ] {
        let answer = key.send(method, &path, &[], body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (403, error(19_403, told, json!({}))),
            "{path}"
        );
    }
    assert_eq!(
        saml.app.trail().await[records..],
        [
            "key.create refused",
            "key.reissue refused",
            "key.update refused"
        ]
    );
    assert_eq!(key.get(&path).await.json(), before.json());
    assert_eq!(key.delete(&path).await.status, 204);
}

/// By the web session: reissued without a date; with one, or edited, not (L7).
#[tokio::test]
async fn a_saml_session_reissues_one_s_key_and_does_not_edit_it() {
    let saml = Saml::start().await;
    let keys = &saml.app.harness.services.keys;
    let validity = Validity::days(1).ok();
    let edit = KeyEdit {
        description: Some("x".to_owned()),
        ..KeyEdit::default()
    };
    let dated = Reissue {
        validity,
        ..Reissue::default()
    };
    let edited = keys.update(&saml.session, &saml.tag, edit).await;
    assert_eq!(edited.unwrap_err(), Error::Refused(Refusal::SamlOwner));
    let reissued = keys.reissue(&saml.session, &saml.tag, dated).await;
    assert!(matches!(reissued.unwrap_err(), Error::Invalid(_)));
    assert_eq!(saml.app.key(&saml.key).get(KEYS).await.status, 200);
    let reissued = keys
        .reissue(&saml.session, &saml.tag, Reissue::default())
        .await;
    let new = reissued.unwrap().done();
    assert!(new.key.saml_validated);
    assert_eq!(saml.app.key(&saml.key).get(KEYS).await.status, 401);
    assert_eq!(
        saml.app.key(&new.value.reveal()).get(KEYS).await.status,
        200
    );
}

/// By an administrator: all of it, with a date.
#[tokio::test]
async fn an_administrator_edits_and_reissues_a_saml_user_s_key() {
    let saml = Saml::start().await;
    let keys = &saml.app.harness.services.keys;
    let root = saml.app.harness.user("root", &["Administrator"]).await;
    let validity = Validity::days(1).ok();
    let edit = KeyEdit {
        validity,
        ..KeyEdit::default()
    };
    keys.update(&root, &saml.tag, edit).await.unwrap().done();
    let wanted = Reissue {
        validity,
        ..Reissue::default()
    };
    let new = keys.reissue(&root, &saml.tag, wanted).await.unwrap().done();
    keys.delete(&root, &new.key.tag, None).await.unwrap().done();
    let owner: &Principal = &new.key.owner.principal;
    let again = NewKey {
        owner: Some(owner.clone()),
        validity,
        ..NewKey::default()
    };
    // Waits until that user signs in.
    let made = keys.create(&root, again).await.unwrap().done();
    assert_eq!(made.key.state, domain::key::State::Inactive);
}
