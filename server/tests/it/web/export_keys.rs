//! The list of keys as a file.

use domain::expiry::Validity;
use service::{keys::NewKey, testing::Harness};

use crate::support::{Answer, App};

const PATH: &str = "/security/api-keys/export";

async fn get(app: &App, name: &str, query: &str) -> Answer {
    let cookie = format!("latchkey={}", app.session_cookie(name).await);
    let headers = [("cookie", &*cookie), ("accept", "text/html")];
    let path = format!("{PATH}?{query}");
    app.anonymous().get_as(&path, &headers).await
}

async fn stage() -> App {
    let app = App::on(Harness::sqlite().await);
    app.harness.add_user("root", &["Administrator"]).await;
    for (name, description) in [("ada", "=1+1"), ("bob", "say \"hi\", twice")] {
        let user = app.harness.user(name, &[]).await;
        let wanted = NewKey {
            description: description.to_owned(),
            validity: Validity::days(30).ok(),
            ..NewKey::default()
        };
        app.harness
            .services
            .keys
            .create(&user, wanted)
            .await
            .unwrap();
    }
    app
}

/// A8: whole, and no cell is a formula.
#[tokio::test]
async fn who_may_view_all_keys_takes_the_list_along() {
    let app = stage().await;
    let answer = get(&app, "root", "format=csv&sort=owner&way=up").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"latchkey-api-keys.csv\""
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let lines: Vec<_> = answer.text().lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("tag,userName,userDomain,userDomainType,description,state,"));
    assert!(
        lines[1].contains(",\"ada\",\"\",\"unixpwd\",\"'=1+1\",\"ACTIVE\","),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].contains(",\"say \"\"hi\"\", twice\","),
        "{}",
        lines[2]
    );
    let record = app
        .latest_record("action || ' ' || outcome || ' ' || object")
        .await;
    assert_eq!(record.unwrap(), "read done the list of API keys, as a file");

    let some = get(&app, "root", "format=jsonl&q=bob").await;
    let record: serde_json::Value = serde_json::from_str(some.text().trim()).unwrap();
    assert_eq!(record["userName"], "bob");
    assert_eq!(record["lastUsedDateTime"], serde_json::Value::Null);
}

/// A2: nobody else does, and that is recorded too.
#[tokio::test]
async fn nobody_else_does() {
    let app = stage().await;
    let answer = get(&app, "bob", "format=csv").await;
    assert_eq!(answer.header("content-disposition"), "");
    assert!(matches!(answer.status, 403 | 404), "{}", answer.status);
    assert!(!answer.text().contains("ada"));
    let record = app.latest_record("action || ' ' || outcome").await;
    assert_eq!(record.unwrap(), "read refused");
    let stranger = app.anonymous().get(&format!("{PATH}?format=csv")).await;
    assert_eq!(stranger.status, 303);
    for query in ["", "format=xlsx", "format=csv&show=x", "format=csv&sort=x"] {
        let answer = get(&app, "root", query).await;
        assert!((400..500).contains(&answer.status), "{query}");
        assert_eq!(answer.header("content-disposition"), "", "{query}");
    }
}
