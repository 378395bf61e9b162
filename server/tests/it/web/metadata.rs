//! An identity provider's metadata in a form: large ones come through, too large ones are told.

use http::{Method, StatusCode};
use service::testing::Harness;

use super::{FORM, HERE, PAGE};
use crate::{
    saml::provider,
    support::{Answer, App},
};

/// Real metadata of that many bytes: white space between elements means nothing.
fn metadata(bytes: usize) -> String {
    let text = provider("idp").metadata().unwrap();
    let (head, tail) = text.split_at(text.rfind("</").unwrap());
    let room = bytes - text.len();
    format!("{head}{}{tail}", "\n".repeat(room))
}

async fn add(app: &App, cookie: &str, metadata: &str) -> Answer {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("id", "")
        .append_pair("name", "corp")
        .append_pair("enabled", "true")
        .append_pair("clock_skew_seconds", "60")
        .append_pair("metadata", metadata)
        .finish();
    // As browsers send it.
    let length = form.len().to_string();
    let headers = [
        FORM,
        HERE,
        PAGE,
        ("cookie", cookie),
        ("content-length", &length),
    ];
    let client = app.anonymous();
    client
        .send(Method::POST, "/api/save_provider", &headers, form)
        .await
}

#[tokio::test]
async fn large_metadata_is_taken_and_too_large_is_refused() {
    let app = App::on(Harness::sqlite().await);
    app.harness.add_user("root", &["Administrator"]).await;
    let cookie = format!("latchkey={}", app.session_cookie("root").await);
    let refused = add(&app, &cookie, &metadata(256 * 1024 + 1)).await;
    assert_eq!(refused.status, StatusCode::FOUND);
    let page = refused.header("location");
    assert!(page.starts_with("/settings/sign-in/add?"), "{page}");
    let unread = add(&app, &cookie, &metadata(900 * 1024)).await;
    assert_eq!(unread.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(app.rows("saml_provider").await, 0);
    let taken = add(&app, &cookie, &metadata(256 * 1024)).await;
    assert_eq!(taken.status, StatusCode::FOUND, "{}", taken.text());
    let page = taken.header("location");
    assert_eq!(page, "/settings/sign-in/1?notice=provider-added");
    assert_eq!(app.rows("saml_provider").await, 1);
}
