//! The audit trail as a file.

use service::{
    audit::{TrailFilter, What},
    testing::{Harness, PASSWORD},
};

use crate::support::{Answer, App};

const PATH: &str = "/security/audit/export";

async fn stage() -> App {
    let app = App::on(Harness::sqlite().await);
    for (name, roles) in [("root", &["Administrator"][..]), ("bob", &[])] {
        app.harness.add_user(name, roles).await;
    }
    app
}

async fn get(app: &App, name: &str, query: &str) -> Answer {
    let cookie = format!("latchkey={}", app.session_cookie(name).await);
    let headers = [("cookie", &*cookie), ("accept", "text/html")];
    let path = format!("{PATH}?{query}");
    app.anonymous().get_as(&path, &headers).await
}

#[tokio::test]
async fn whoever_may_read_the_trail_takes_it_along() {
    let app = stage().await;
    let answer = get(&app, "root", "format=jsonl&what=user.create").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"latchkey-audit.jsonl\""
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let objects: Vec<_> = answer
        .text()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|record| record["object"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(objects, [":bob:unixpwd:1001", ":root:unixpwd:1000"]);
    assert_eq!(
        app.latest_record("action || ' ' || object").await.unwrap(),
        "audit.read export"
    );
    let nothing = get(&app, "root", "format=csv&user=nobody").await;
    assert_eq!((nothing.status, nothing.text().lines().count()), (200, 1));
}

/// A8: what somebody else typed is no formula to whoever opens the file.
#[tokio::test]
async fn a_cell_is_never_a_formula() {
    let app = stage().await;
    let sessions = &app.harness.services.sessions;
    for name in ["=cmd|'/C calc'!A0", "+1", "-1", "@x", "a\"b,c"] {
        let origin = service::Origin {
            reason: Some(name.to_owned()),
            ..service::testing::origin()
        };
        let credentials = service::testing::credentials("bob", PASSWORD);
        sessions.sign_in(credentials, origin).await.unwrap();
    }
    let answer = get(&app, "root", "format=csv&what=SESSION&user=bob").await;
    assert_eq!(
        answer.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    for cell in [
        "\"'=cmd|'/C calc'!A0\"",
        "\"'+1\"",
        "\"'-1\"",
        "\"'@x\"",
        "\"a\"\"b,c\"",
    ] {
        assert!(answer.text().contains(&format!(",{cell},")), "{cell}");
    }
    assert!(answer.text().starts_with("chain,id,recordedAt,"));
}

/// A2: refused, told on a page, and recorded.
#[tokio::test]
async fn nobody_else_takes_it() {
    let app = stage().await;
    let answer = get(&app, "bob", "format=csv").await;
    assert_eq!(answer.status, 403);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert_eq!(answer.header("content-disposition"), "");
    assert!(answer.text().contains("You do not have the permission"));
    assert!(!answer.text().contains(":root:unixpwd"));
    assert_eq!(
        app.latest_record("action || ' ' || outcome || ' ' || object")
            .await
            .unwrap(),
        "audit.read refused export"
    );
    let stranger = app.anonymous().get(&format!("{PATH}?format=csv")).await;
    assert_eq!(stranger.status, 303);
    assert!(stranger.header("location").starts_with("/sign-in"));
}

#[tokio::test]
async fn a_wrong_filter_is_refused() {
    let app = stage().await;
    for query in [
        "",
        "format=xlsx",
        "format=csv&what=x",
        "format=csv&from=yesterday",
        "format=csv&until=2026-13-01",
        "format=csv&signed=true",
        "format=jsonl&signed=yes",
    ] {
        let answer = get(&app, "root", query).await;
        assert_eq!(answer.header("content-disposition"), "", "{query}");
        assert!((400..500).contains(&answer.status), "{query}");
    }
}

/// R1: whoever changes an export or cuts it off is found out.
#[tokio::test]
async fn a_signed_export_proves_itself() {
    let app = stage().await;
    let answer = get(&app, "root", "format=jsonl&signed=true&what=user.create").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"latchkey-audit-signed.jsonl\""
    );
    let file = answer.text();
    let services = &app.harness.services;
    let seal = services.check_export(file.as_bytes()).unwrap();
    assert_eq!(
        (seal.records, seal.at.timestamp()),
        (2, services.now().timestamp())
    );
    let narrowed = What::Action("user.create".to_owned());
    assert_eq!(
        seal.filter,
        TrailFilter {
            what: Some(narrowed),
            ..TrailFilter::default()
        }
    );
    let lines: Vec<_> = file.split_inclusive('\n').collect();
    let plain = get(&app, "root", "format=jsonl&what=user.create").await;
    assert_eq!(lines[..2].concat(), plain.text());

    let refused = |file: &str| {
        services
            .check_export(file.as_bytes())
            .unwrap_err()
            .to_string()
    };
    let changed = "the records are not those that were signed";
    let cut = "the last line is no signature: the file was cut off, or is no signed export";
    let [one, two, last] = lines[..] else {
        panic!("three lines: {file}")
    };
    for (file, why) in [
        (file.replace(":bob:unixpwd", ":eve:unixpwd"), changed),
        ([two, one, last].concat(), changed),
        ([one, last].concat(), changed),
        ([one, one, two, last].concat(), changed),
        (last.to_owned(), changed),
        ([one, "\n", two, last].concat(), changed),
        ([one, two].concat(), cut),
        ([one, two, last.trim_end()].concat(), cut),
        ([one, two, last, one].concat(), cut),
        (String::new(), cut),
        (
            [one, two, "{\"signature\":\"a.b.c\"}\n"].concat(),
            "the signature is not one of this installation",
        ),
    ] {
        assert_eq!(refused(&file), why, "{file}");
    }
}

/// Whoever has the public key alone can check an export; a token of ours is no signature of one,
/// nor the other way round (RFC 8725, section 3.11).
#[tokio::test]
async fn a_signature_is_a_json_web_signature() {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

    let app = stage().await;
    let answer = get(&app, "root", "format=jsonl&signed=true&user=nobody").await;
    let last: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
    let signature = last["signature"].as_str().unwrap();
    let part = |place: usize| -> serde_json::Value {
        let part = signature.split('.').nth(place).unwrap();
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    assert_eq!(
        (&part(0)["alg"], &part(0)["typ"]),
        (&"EdDSA".into(), &"latchkey-audit-export".into())
    );
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let at = app.harness.services.now().timestamp();
    assert_eq!(
        part(1),
        serde_json::json!({
            "iat": at,
            "filter": { "user": "nobody" },
            "records": 0,
            "sha256": nothing,
        })
    );
    let as_token = app
        .anonymous()
        .get_as(
            "/netbackup/security/api-keys",
            &[("authorization", signature)],
        )
        .await;
    assert_eq!(as_token.status, 401);
    let key = app.harness.services.export_public_key().unwrap();
    assert!(key.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{key}");
}
