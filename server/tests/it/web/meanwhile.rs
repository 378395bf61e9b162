//! What somebody else has changed since a form was made: nothing is overwritten unseen.

use domain::permission::Grants;
use service::{Actor, roles::RoleChange};

use super::*;

/// What a hidden field of a page holds.
fn hidden(page: &str, name: &str) -> String {
    let (_, field) = page.split_once(&format!("name=\"{name}\"")).unwrap();
    let (field, _) = field.split_once('>').unwrap();
    let (_, value) = field.split_once("value=\"").unwrap();
    value.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_policy_that_was_changed_meanwhile_is_not_overwritten() {
    let browser = Browser::holding(&["Administrator"]).await;
    let page = browser.get("/settings").await;
    let seen = hidden(page.text(), "seen");
    let services = &browser.app.harness.services;
    let mut policy = services.policy().await.unwrap();
    policy.overlap_hours = 7;
    services
        .set_policy(&Actor::console(), &policy)
        .await
        .unwrap();

    let entries = |seen: &str| {
        form(&[
            ("max_lifetime_days", "365"),
            ("default_lifetime_days", "30"),
            ("overlap_hours", "0"),
            ("tombstone_days", "31"),
            ("self_service", "true"),
            ("saml_max_lifetime_hours", "24"),
            ("saml_expiry", "session"),
            ("later_than_saml", "warn"),
            ("seen", seen),
        ])
    };
    let path = "/api/save_policy";
    let called = browser.post(path, &entries(&seen), &[HERE]).await;
    assert_eq!(called.status, 409);
    for unreadable in ["nonsense", "AAAA"] {
        let called = browser.post(path, &entries(unreadable), &[HERE]).await;
        assert_eq!(called.status, 409, "{unreadable}");
    }
    let refused = browser.post(path, &entries(&seen), &[HERE, PAGE]).await;
    assert_eq!(refused.status, 302);
    assert_eq!(services.policy().await.unwrap(), policy);
    let page = browser.get(refused.header("location")).await;
    let shown = page.text();
    for text in [
        "somebody else has changed the policy meanwhile",
        "Changed meanwhile",
        "Overlap after a reissue",
        // What was entered.
        "name=\"tombstone_days\" value=\"31\"",
    ] {
        assert!(shown.contains(text), "{text}");
    }
    // Whoever has compared can save.
    let saved = browser
        .post(path, &entries(&hidden(shown, "seen")), &[HERE, PAGE])
        .await;
    assert_eq!(saved.header("location"), "/settings?notice=saved");
    let now = services.policy().await.unwrap();
    assert_eq!((now.overlap_hours, now.tombstone_days), (0, 31));
}

#[tokio::test]
async fn a_role_that_was_changed_meanwhile_is_not_overwritten() {
    let browser = Browser::holding(&["Administrator"]).await;
    let roles = &browser.app.harness.services.roles;
    let wanted = |description: &str| RoleChange {
        name: "Help desk".to_owned(),
        description: description.to_owned(),
        grants: Grants::NONE,
    };
    // As long as it may be, and longer in an address than what may stand there.
    let long = "\u{1f511}".repeat(256);
    let made = roles.add(&Actor::console(), wanted(&long)).await.unwrap();
    let edit = format!("/roles/{}/edit", made.id);
    let page = browser.get(&edit).await;
    let seen = ["seen_name", "seen_description", "seen_grants"];
    let seen = seen.map(|name| (name, hidden(page.text(), name)));
    assert_eq!(seen[1].1, long);
    roles
        .update(&Actor::console(), made.id, wanted("answers the phone"))
        .await
        .unwrap();

    let id = made.id.to_string();
    let entries = |seen: &[(&str, String)]| {
        let seen = seen.iter().map(|(name, value)| (*name, &**value));
        let own = [
            ("id", &*id),
            ("name", "Service desk"),
            ("description", ""),
            ("grants[]", "users:view"),
        ];
        form(&own.into_iter().chain(seen).collect::<Vec<_>>())
    };
    let path = "/api/save_role";
    assert_eq!(
        browser.post(path, &entries(&seen), &[HERE]).await.status,
        409
    );
    let refused = browser.post(path, &entries(&seen), &[HERE, PAGE]).await;
    assert_eq!(refused.status, 302);
    let kept = roles.get(&Actor::console(), made.id).await.unwrap();
    assert_eq!(
        (&*kept.name, &*kept.description),
        ("Help desk", "answers the phone")
    );
    let page = browser.get(refused.header("location")).await;
    let shown = page.text();
    for text in [
        "somebody else has changed this role meanwhile",
        "answers the phone",
        &long,
        "value=\"Service desk\"",
    ] {
        assert!(shown.contains(text), "{text}");
    }
    let seen = seen.map(|(name, _)| (name, hidden(shown, name)));
    let saved = browser.post(path, &entries(&seen), &[HERE, PAGE]).await;
    let role = format!("/roles/{}?notice=saved", made.id);
    assert_eq!(saved.header("location"), role);
    let now = roles.get(&Actor::console(), made.id).await.unwrap();
    assert_eq!((&*now.name, &*now.description), ("Service desk", ""));
}

#[tokio::test]
async fn self_service_is_withdrawn_from_a_domain_on_its_page() {
    let browser = Browser::holding(&["Administrator"]).await;
    let path = "/api/set_domain_self_service";
    let entries = [("domain_type", "saml"), ("domain", " corp ")];
    let done = browser.post(path, &form(&entries), &[HERE, PAGE]).await;
    assert_eq!(
        done.header("location"),
        "/roles/4?notice=self-service-withdrawn"
    );
    let page = browser.get("/roles/4").await;
    assert!(
        page.text()
            .contains("SAML users of the identity provider corp")
    );
    let again = [
        ("domain_type", "saml"),
        ("domain", "corp"),
        ("allowed", "true"),
    ];
    let done = browser.post(path, &form(&again), &[HERE, PAGE]).await;
    assert_eq!(
        done.header("location"),
        "/roles/4?notice=self-service-given"
    );
    let page = browser.get("/roles/4").await;
    assert!(!page.text().contains("identity provider corp"));

    let wrong = form(&[("domain_type", "saml"), ("domain", "a:<b>")]);
    let refused = browser.post(path, &wrong, &[HERE, PAGE]).await;
    let page = browser.get(refused.header("location")).await;
    assert!(
        page.text()
            .contains("Enter a domain without colons and slashes")
    );
    assert!(page.text().contains("value=\"a:&lt;b&gt;\""));
    let nothing = "select domain from self_service_withdrawn_domain";
    assert!(browser.app.select(nothing).await.is_empty());
}
