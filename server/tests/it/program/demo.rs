//! `latchkey serve --demo`, with the identity provider beside it, and `latchkey demo`.

use std::path::Path;

use http::{HeaderMap, StatusCode};
use service::demo;
use sqlx::{Connection, SqliteConnection};

use super::{PASSWORD, done, run, serve::Server, told};

/// A browser that follows nothing by itself and keeps its cookies.
struct Browser {
    agent: ureq::Agent,
    cookies: Vec<String>,
}

struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Seen {
    /// Where it leads.
    fn leads(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text);
        self.headers["location"].to_str().unwrap()
    }

    /// What stands in the page between two texts, as a browser reads it.
    fn between(&self, from: &str, to: &str) -> String {
        let at = self
            .text
            .find(from)
            .unwrap_or_else(|| panic!("no {from} in {}", self.text));
        let rest = &self.text[at + from.len()..];
        let found = &rest[..rest.find(to).unwrap()];
        found
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    }

    /// The value of a hidden field.
    fn field(&self, name: &str) -> String {
        self.between(&format!("name=\"{name}\" value=\""), "\"")
    }
}

impl Browser {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false);
        Self {
            agent: config.build().new_agent(),
            cookies: Vec::new(),
        }
    }

    fn get(&mut self, url: &str) -> Seen {
        let request = self.agent.get(url).header("accept", "text/html");
        let answer = request
            .header("cookie", self.cookies.join("; "))
            .call()
            .unwrap();
        self.keep(answer)
    }

    /// Sends a form of a page of that site.
    fn post(&mut self, url: &str, site: &str, fields: &[(&str, &str)]) -> Seen {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = self.agent.post(url).header("accept", "text/html");
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site);
        // `SameSite=Lax`.
        let request = if site == "same-origin" {
            request.header("cookie", self.cookies.join("; "))
        } else {
            request
        };
        let answer = request.send(form.finish()).unwrap();
        self.keep(answer)
    }

    fn keep(&mut self, mut answer: http::Response<ureq::Body>) -> Seen {
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let name = pair.split('=').next().unwrap();
            self.cookies
                .retain(|kept| kept.split('=').next() != Some(name));
            self.cookies.push(pair.to_owned());
        }
        Seen {
            status: answer.status(),
            headers: answer.headers().clone(),
            text: answer.body_mut().read_to_string().unwrap(),
        }
    }
}

/// From the sign-in page to the provider, back, and out again.
#[test]
fn the_demonstration_s_provider_signs_somebody_in_and_out() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_with(data.path(), &["--demo", "--listen", "127.0.0.1:0"]);
    let base = server.urls[0].clone();
    let (provider, people) = demo::saml_people();
    let name = people[0];
    let mut browser = Browser::new();
    let own = format!("{base}/profile/key");
    assert!(browser.get(&own).leads().starts_with("/sign-in"));

    let page = browser.get(&format!("{base}/sign-in"));
    let begin = page.between("href=\"/netbackup/sso/login?", "\"");
    assert!(begin.contains(provider), "{begin}");
    let begun = browser.get(&format!("{base}/netbackup/sso/login?{begin}"));
    let address = begun.leads().to_owned();
    assert!(!address.starts_with(&base), "{address}");

    let choice = browser.get(&address);
    assert_eq!(choice.status, 200, "{}", choice.text);
    for one in &people {
        assert!(
            choice.text.contains(&format!("value=\"{one}\"")),
            "{one}: {}",
            choice.text
        );
    }
    let asked = choice.field("asked");
    let (sso, _) = address.split_once('?').unwrap();
    // Nobody else is signed in, and nobody without a question.
    for fields in [
        [("asked", &*asked), ("name", "root")],
        [("asked", "SAMLRequest=x"), ("name", name)],
    ] {
        assert_eq!(browser.post(sso, "same-origin", &fields).status, 400);
    }
    let fields = [("asked", &*asked), ("name", name)];
    let said = browser.post(sso, "same-origin", &fields);
    assert_eq!(said.status, 200, "{}", said.text);
    let consumer = said.between("<form method=\"post\" action=\"", "\"");
    assert_eq!(consumer, format!("{base}/netbackup/sso/saml2/acs"));
    let policy = said.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(&format!("form-action {base};")), "{policy}");
    let (response, relay) = (said.field("SAMLResponse"), said.field("RelayState"));
    let fields = [("SAMLResponse", &*response), ("RelayState", &*relay)];
    let landing = browser.post(&consumer, "cross-site", &fields);
    let arrived = browser.get(&format!("{base}{}", landing.leads()));
    assert_eq!(arrived.leads(), "/profile/key");
    let home = browser.get(&own);
    assert_eq!(home.status, 200, "{}", home.text);
    assert!(home.text.contains(name), "{}", home.text);

    // Out: here, at the provider, and back with its answer.
    let out = browser.post(&format!("{base}/netbackup/sso/logout"), "same-origin", &[]);
    assert_eq!(out.status, 200, "{}", out.text);
    let back = browser.get(&out.between("id=\"go\" href=\"", "\""));
    let done = browser.get(back.leads());
    assert_eq!(done.leads(), "/sign-in?notice=signed-out");
    assert!(browser.get(&own).leads().starts_with("/sign-in"));

    // It keeps its name and its key over a restart, and its port is another.
    server.kill();
    let server = Server::start_with(data.path(), &["--demo", "--listen", "127.0.0.1:0"]);
    let begun = browser.get(&format!("{}/netbackup/sso/login?{begin}", server.urls[0]));
    let again = browser.get(begun.leads());
    assert_eq!(again.status, 200, "{}", again.text);

    // Everybody knows its password, and its provider asks for none: it never serves as the real thing.
    server.kill();
    let real = run(
        data.path(),
        &["serve", "--listen", "127.0.0.1:0", "--log", "off"],
        "",
    );
    let (code, message) = told(&real);
    assert_eq!(code, Some(1), "{message}");
    assert_eq!(
        message,
        "latchkey: the database holds a demonstration, whose accounts have a password that \
         everybody knows; start with --demo, or with another data directory or database\n"
    );
}

/// Whoever has real people there does not get sample ones among them.
#[test]
fn the_demonstration_refuses_a_database_with_real_people() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let somebody = ["user", "add", "somebody", "--password-stdin"];
    done(path, &somebody, PASSWORD);
    let before = done(path, &["user", "list"], "");
    for arguments in [
        &["serve", "--demo", "--listen", "127.0.0.1:0", "--log", "off"][..],
        &["demo", "--keys", "5"],
    ] {
        let (code, message) = told(&run(path, arguments, ""));
        assert_eq!(code, Some(1), "{message}");
        assert!(
            message.contains("accounts that the demonstration did not make, such as somebody"),
            "{message}"
        );
    }
    assert_eq!(done(path, &["user", "list"], ""), before);
}

async fn keys(data: &Path) -> i64 {
    let url = format!("sqlite://{}", data.join("latchkey.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let all = sqlx::query_scalar("select count(*) from api_key");
    all.fetch_one(&mut database).await.unwrap()
}

#[tokio::test]
async fn a_hundred_sample_keys_are_made_and_the_trail_is_whole() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let told_so = done(path, &["demo", "--keys", "100"], "");
    assert_eq!(told_so, "100 sample keys are in the database.\n");
    assert_eq!(keys(path).await, 100);
    done(path, &["audit", "verify"], "");
    // Not twice.
    let (code, message) = told(&run(path, &["demo", "--keys", "100"], ""));
    assert_eq!(code, Some(1), "{message}");
    assert_eq!(keys(path).await, 100);
}
