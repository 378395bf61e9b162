//! W2, W8: whatever is entered in a text field of the administrators' forms, without JavaScript: the
//! answer is clear, nothing is executed, nothing but a secret is lost, and nothing else is changed.

use super::*;

const HTML: &str = "\"></textarea><img src=/nowhere onerror=\"document.title = 1\"><script>document.title = 1</script>";
/// What is entered, and how a page shows its beginning.
const TEXTS: [(&str, &str); 4] = [
    (
        "x' or 1=1; drop table api_key; --",
        " or 1=1; drop table api_key; --",
    ),
    (HTML, "&lt;img src=/nowhere"),
    ("exe.\u{202e}gpj\u{2066}", "exe.\u{202e}gpj"),
    ("", "\u{1f600}\u{1f600}\u{1f600}\u{1f600}"),
];

/// A form and what stands in it when nobody is hostile.
struct Form<'a> {
    path: &'a str,
    entries: Vec<(&'a str, &'a str)>,
    /// The fields that a text is entered in.
    fields: &'a [&'a str],
    /// Those that never come back: passwords.
    secret: &'a [&'a str],
    /// Those that need not come back: what no field shows, and what is too long for an address.
    lost: &'a [&'a str],
}

/// Enters every text in every field.
async fn enter(browser: &Browser, forms: &[Form<'_>]) {
    let emoji = "\u{1f600}".repeat(1_500);
    for form in forms {
        for field in form.fields {
            for (text, shown) in TEXTS {
                let text = if text.is_empty() { &emoji } else { text };
                let said = form.entries.iter().map(|(name, value)| {
                    let value = if name == field { text } else { value };
                    (*name, value)
                });
                let back = if form.secret.contains(field) {
                    Some(false)
                } else {
                    (!form.lost.contains(field)).then_some(true)
                };
                check(browser, form.path, &said.collect::<Vec<_>>(), shown, back).await;
            }
        }
    }
}

async fn check(
    browser: &Browser,
    path: &str,
    entries: &[(&str, &str)],
    shown: &str,
    comes_back: Option<bool>,
) {
    let what = format!("{path} {shown}");
    let answer = browser.post(path, &form(entries), &[HERE, PAGE]).await;
    assert_eq!(answer.status, 302, "{what}: {}", answer.text());
    let location = answer.header("location");
    assert!(
        location.starts_with('/') && !location.starts_with("//"),
        "{what}"
    );
    let page = browser.get(location).await;
    let page = page.text();
    assert!(!page.contains("<img src=/nowhere"), "{what}");
    assert!(!page.contains("<script>document"), "{what}");
    let refused = location.contains("__err=");
    let class = if refused { "notice--bad" } else { "notice" };
    assert!(page.contains(class), "{what}: {location}");
    assert!(!page.contains("on our side"), "{what}");
    match comes_back {
        Some(true) if refused => assert!(page.contains(shown), "{what} is lost: {location}"),
        Some(false) => assert!(
            !page.contains(shown) && !location.contains("drop"),
            "{what}"
        ),
        _ => {}
    }
}

#[tokio::test]
async fn people_roles_and_other_peoples_keys() {
    let browser = Browser::holding(&["Administrator"]).await;
    let ann = browser.app.user("ann").await;
    let (_, tag) = ann.make_key().await;
    let role = {
        let wanted = service::roles::RoleChange {
            name: "Help desk".to_owned(),
            description: String::new(),
            grants: domain::permission::Grants::NONE,
        };
        let roles = &browser.app.harness.services.roles;
        let made = roles.add(&service::Actor::console(), wanted).await;
        made.unwrap().id.to_string()
    };
    let who = browser
        .app
        .select("select cast(id as text) from app_user where name = 'ann'")
        .await;
    let who = format!(":ann:unixpwd:{}", who[0].as_deref().unwrap());
    let keys = "select tag || cast(expires_at as text) from api_key where deleted_at is null";
    let before = browser.app.select(keys).await;
    let fresh = "four quiet herons at dawn";
    let of_key = [
        ("place", "everybody"),
        ("tag", &*tag),
        ("version", "1"),
        ("description", ""),
        ("validity", "soon"),
        ("until", ""),
        ("overlap", ""),
    ];
    let key_fields = ["description", "validity", "until"];
    enter(
        &browser,
        &[
            Form {
                path: "/api/add_user",
                entries: vec![("name", "sara"), ("domain_type", "saml"), ("domain", "")],
                fields: &["domain"],
                secret: &[],
                lost: &[],
            },
            Form {
                path: "/api/add_user",
                entries: vec![
                    ("name", "a/b"),
                    ("domain_type", "unixpwd"),
                    ("password", ""),
                    ("repeat", fresh),
                ],
                fields: &["password", "repeat"],
                secret: &["password", "repeat"],
                lost: &[],
            },
            Form {
                path: "/api/set_user_password",
                entries: vec![("who", &who), ("password", fresh), ("repeat", "")],
                fields: &["password", "repeat"],
                secret: &["password", "repeat"],
                lost: &[],
            },
            Form {
                path: "/api/save_role",
                entries: vec![("id", &role), ("name", "a/\u{1}"), ("description", "")],
                fields: &["description"],
                secret: &[],
                lost: &[],
            },
            Form {
                path: "/api/set_domain_self_service",
                entries: vec![("domain_type", "unixpwd"), ("domain", "")],
                fields: &["domain"],
                secret: &[],
                lost: &[],
            },
            Form {
                path: "/api/update_key",
                entries: of_key.to_vec(),
                fields: &key_fields,
                secret: &[],
                lost: &["validity", "until"],
            },
            Form {
                path: "/api/reissue_key",
                entries: of_key.to_vec(),
                fields: &key_fields,
                secret: &[],
                lost: &["validity", "until"],
            },
        ],
    )
    .await;
    assert_eq!(browser.app.select(keys).await, before);
    // A domain may be called anything without colons and slashes.
    let users = "select domain from app_user where name not in ('bob', 'ann')";
    let domains = browser.app.select(users).await;
    assert_eq!(domains, [Some(TEXTS[0].0.to_owned())]);
    let withdrawn = "self_service_withdrawn_domain";
    assert_eq!(browser.app.rows(withdrawn).await, 0);
}

#[tokio::test]
async fn settings_providers_and_webhooks() {
    let browser = Browser::holding(&["Administrator"]).await;
    let services = &browser.app.harness.services;
    let policy = services.policy().await.unwrap();
    enter(
        &browser,
        &[
            Form {
                path: "/api/save_policy",
                entries: vec![
                    ("max_lifetime_days", "365"),
                    ("default_lifetime_days", "30"),
                    ("overlap_hours", "0"),
                    ("tombstone_days", "30"),
                    ("saml_max_lifetime_hours", "24"),
                    ("saml_expiry", "session"),
                    ("later_than_saml", "warn"),
                ],
                fields: &[
                    "default_lifetime_days",
                    "overlap_hours",
                    "tombstone_days",
                    "saml_max_lifetime_hours",
                ],
                secret: &[],
                lost: &[],
            },
            Form {
                path: "/api/save_approval",
                entries: vec![
                    ("expiry_hours", "never"),
                    ("purge_days", "never"),
                    ("mail_to", ""),
                ],
                fields: &["expiry_hours", "purge_days", "mail_to"],
                secret: &[],
                lost: &[],
            },
            Form {
                path: "/api/exempt_user",
                entries: vec![
                    ("user_name", "nobody-at-all"),
                    ("domain", ""),
                    ("domain_type", "saml"),
                    ("action", "create"),
                    ("why", "x"),
                    ("until", ""),
                ],
                fields: &["user_name", "domain", "why"],
                secret: &[],
                lost: &[],
            },
            Form {
                path: "/api/save_provider",
                entries: vec![
                    ("name", "idp"),
                    ("metadata", "nothing"),
                    ("clock_skew_seconds", "60"),
                    ("user_attribute", ""),
                    ("groups_attribute", ""),
                    ("group_roles", ""),
                ],
                fields: &[
                    "name",
                    "metadata",
                    "clock_skew_seconds",
                    "user_attribute",
                    "groups_attribute",
                    "group_roles",
                ],
                secret: &[],
                lost: &["metadata"],
            },
            Form {
                path: "/api/add_webhook",
                entries: vec![("url", "")],
                fields: &["url"],
                secret: &[],
                lost: &[],
            },
            Form {
                path: "/api/test_mail",
                entries: vec![("address", "")],
                fields: &["address"],
                secret: &[],
                lost: &[],
            },
        ],
    )
    .await;
    assert_eq!(services.policy().await.unwrap(), policy);
    for table in ["webhook", "saml_provider", "approval_exemption", "ticket"] {
        assert_eq!(browser.app.rows(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn tickets() {
    let (browser, tag) = Browser::with_approval().await;
    // The reason of a request that takes approval is a text like any other.
    let of_key = [
        ("place", "own"),
        ("tag", &*tag),
        ("version", "1"),
        ("validity", "soon"),
        ("reason", ""),
    ];
    let asking = |path| Form {
        path,
        entries: of_key.to_vec(),
        fields: &["reason"],
        secret: &[],
        lost: &[],
    };
    let forms = [asking("/api/update_key"), asking("/api/reissue_key")];
    enter(&browser, &forms).await;
    assert_eq!(browser.app.rows("ticket").await, 0);
    let about = form(&[("place", "own"), ("tag", &tag)]);
    let asked = browser.post("/api/delete_key", &about, &[HERE, PAGE]).await;
    assert_eq!(asked.header("location"), "/tickets/1?notice=requested");
    let cookie = format!("latchkey={}", browser.app.session_cookie("eve").await);
    let eve = Browser {
        app: browser.app,
        cookie,
    };
    enter(
        &eve,
        &[
            Form {
                path: "/api/decide_ticket",
                entries: vec![
                    ("id", "1"),
                    ("decision", "reject"),
                    ("comment", ""),
                    ("password", "not the password"),
                ],
                fields: &["comment", "password"],
                secret: &["password"],
                lost: &[],
            },
            Form {
                path: "/api/comment_ticket",
                entries: vec![("id", "1"), ("comment", "")],
                fields: &["comment"],
                secret: &[],
                lost: &[],
            },
        ],
    )
    .await;
    let states = eve.app.select("select state from ticket").await;
    assert_eq!(states, [Some("PENDING".to_owned())]);
    let said = eve.get("/tickets/1").await;
    // What may be said is shown as it was said.
    assert!(said.text().contains("&lt;img src=/nowhere"));
    assert!(!said.text().contains("<img src=/nowhere"));
}
