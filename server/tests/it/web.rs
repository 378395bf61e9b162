//! The browser's door: what its answers allow, and who is let through.

mod approval;
mod astray;
mod bulk;
mod events;
mod export;
mod export_keys;
mod hostile;
mod meanwhile;
mod metadata;
mod rows;
mod theme;
mod tickets;

use http::Method;
use leptos::server_fn::axum::server_fn_paths;
use service::testing::{Harness, PASSWORD};

use crate::support::{Answer, App};

const PAGES: [&str; 8] = [
    "/profile/key",
    "/profile/key/add",
    "/profile/key/delete",
    "/profile/key/reveal",
    "/profile/security",
    "/users",
    "/roles/1",
    "/security/audit",
];
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HERE: (&str, &str) = ("sec-fetch-site", "same-origin");
const PAGE: (&str, &str) = ("accept", "text/html");

/// A browser with bob's session.
struct Browser {
    app: App,
    cookie: String,
}

impl Browser {
    async fn start() -> Self {
        Self::holding(&[]).await
    }

    /// Bob's session, when he holds these roles.
    async fn holding(roles: &[&str]) -> Self {
        let app = App::on(Harness::sqlite().await);
        app.harness.add_user("bob", roles).await;
        let cookie = format!("latchkey={}", app.session_cookie("bob").await);
        Self { app, cookie }
    }

    async fn get(&self, path: &str) -> Answer {
        let headers = [("cookie", self.cookie.as_str())];
        self.app.anonymous().get_as(path, &headers).await
    }

    /// Sends a plain form, with these headers besides the cookie.
    async fn post(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![FORM, ("cookie", self.cookie.as_str())];
        all.extend(headers);
        let anonymous = self.app.anonymous();
        anonymous
            .send(Method::POST, path, &all, form.to_owned())
            .await
    }

    /// Adds a key and keeps the cookie that its value waits under.
    async fn add_key(&mut self) -> String {
        let (value, _) = self.app.next_key(7);
        let form = "description=shop&validity=30";
        let answer = self.post("/api/create_key", form, &[HERE, PAGE]).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (302, "/profile/key/reveal")
        );
        let waiting = answer.header("set-cookie").split(';').next().unwrap();
        self.cookie = format!("{}; {waiting}", self.cookie);
        value
    }
}

/// Encodes a form's entries.
fn form(entries: &[(&str, &str)]) -> String {
    let encoded = entries.iter().map(|(name, value)| {
        let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        format!("{name}={value}")
    });
    encoded.collect::<Vec<_>>().join("&")
}

/// W1: all server functions there are, so also the next one.
#[tokio::test]
async fn nothing_is_changed_for_another_site() {
    let browser = Browser::start().await;
    let functions = server_fn_paths().map(|(path, _)| path);
    let mut refused = 0;
    for path in functions.chain(["/profile/key/reveal", "/profile/key"]) {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
        ] {
            for accept in [PAGE, ("accept", "text/plain")] {
                let answer = browser.post(path, "", &[headers, &[accept]].concat()).await;
                assert_eq!(answer.status, 403, "{path} {headers:?}");
                assert_eq!(answer.header("set-cookie"), "");
                refused += 1;
            }
        }
    }
    assert!(refused >= 130, "{refused}");
    assert_eq!(browser.get("/profile/security").await.status, 200);
}

/// W3: a page runs what bears the header's nonce, and nothing else stands in it.
#[tokio::test]
async fn pages_hold_no_code_but_their_own() {
    let browser = Browser::start().await;
    for path in PAGES.into_iter().chain(["/no-such-page"]) {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        let nonce = policy
            .split(['\'', ' '])
            .find(|word| word.starts_with("nonce-"));
        let allowed = format!("nonce=\"{}\"", nonce.unwrap().trim_start_matches("nonce-"));
        for script in answer.text().split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&allowed), "{path}: <script{tag}>");
        }
        for inline in [" style=", " onclick=", " onsubmit=", "javascript:"] {
            assert!(!answer.text().contains(inline), "{path}: {inline}");
        }
        for name in [".css", ".js", "_bg.wasm"] {
            let named = format!("/latchkey{name}\"");
            assert!(answer.text().contains(&named), "{path}: {named}");
        }
    }
}

/// W4, W5.
#[tokio::test]
async fn pages_are_neither_framed_nor_kept() {
    let browser = Browser::start().await;
    for path in PAGES.into_iter().chain(["/", "/sign-in", "/no-such-page"]) {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
    }
}

/// W5, K14: opening, reloading and going back use up nothing and show nothing; the form shows it
/// once, in a page that no script runs in.
#[tokio::test]
async fn a_value_is_shown_by_the_form_and_once() {
    let mut browser = Browser::start().await;
    let value = browser.add_key().await;
    for _ in 0..2 {
        let page = browser.get("/profile/key/reveal").await;
        assert_eq!(page.status, 200);
        assert!(!page.text().contains(&value));
    }
    let shown = browser.post("/profile/key/reveal", "", &[HERE, PAGE]).await;
    assert_eq!(shown.header("cache-control"), "no-store");
    assert!(shown.text().contains(&value));
    assert!(!shown.text().contains("type=\"module\""));
    let again = browser.post("/profile/key/reveal", "", &[HERE, PAGE]).await;
    assert!(!again.text().contains(&value));
    assert!(again.text().contains("It cannot be shown again."));
    let called = browser.post("/api/take_reveal", "", &[HERE]).await;
    assert_eq!(called.status, 409);
}

/// A10: a key opens no page and gets no session.
#[tokio::test]
async fn a_key_is_no_session() {
    let mut browser = Browser::start().await;
    let value = browser.add_key().await;
    let key = browser.app.key(&value);
    for path in PAGES {
        let answer = key.get(path).await;
        assert_eq!(
            (answer.status, answer.header("set-cookie")),
            (303, ""),
            "{path}"
        );
        assert!(answer.header("location").starts_with("/sign-in"), "{path}");
    }
    let headers = [FORM, HERE];
    let path = "/api/end_other_sessions";
    let answer = key.send(Method::POST, path, &headers, String::new()).await;
    assert_eq!(answer.status, 401);
}

/// W12, W11.
#[tokio::test]
async fn sign_in_tells_nothing_and_leads_nowhere_else() {
    let browser = Browser::start().await;
    let sign_in = async |name: &str, password: &str, next: &str| {
        let form = format!("user_name={name}&password={password}&next={next}");
        browser.post("/api/sign_in", &form, &[HERE]).await
    };
    let unknown = sign_in("nobody", PASSWORD, "").await;
    let wrong = sign_in("bob", "not the password", "").await;
    assert_eq!((unknown.status, &unknown.body), (401, &wrong.body));
    assert_eq!(wrong.status, 401);
    let password = PASSWORD.replace(' ', "+");
    for (next, way) in [
        ("/profile/security", "/profile/security"),
        ("//evil.example", "/profile/key"),
        ("https://evil.example/profile/", "/profile/key"),
    ] {
        let answer = sign_in("bob", &password, next).await;
        assert_eq!((answer.status, answer.header("location")), (200, way));
        let cookie = answer.header("set-cookie");
        assert!(
            cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
            "{way}"
        );
    }
}
