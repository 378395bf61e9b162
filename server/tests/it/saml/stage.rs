//! A Latchkey, a provider, and browsers that go back and forth.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use chrono::TimeDelta;
use domain::saml::{Cause, ProviderSettings};
use http::Method;
use service::{
    Actor,
    clock::{Clock as _, SystemClock},
    saml::{
        Incoming, ProviderChange,
        idp::{Asked, Provider, Statement, encode},
    },
    testing::Harness,
};

use crate::support::{Answer, App};

pub(crate) const BASE: &str = "http://127.0.0.1:8080";
pub(crate) const CONSUMER: &str = "/netbackup/sso/saml2/acs";
pub(crate) const SLO: &str = "/netbackup/sso/saml2/slo";
pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HERE: (&str, &str) = ("sec-fetch-site", "same-origin");

/// A key, made once and shared by all tests of the machine: making one takes a while.
pub(crate) fn key(name: &str) -> String {
    let path = std::env::temp_dir().join(format!("latchkey-test-saml-{name}.pem"));
    if let Ok(text) = std::fs::read_to_string(&path) {
        return text;
    }
    let text = Provider::make_key().unwrap().to_string();
    let draft = PathBuf::from(format!("{}.{}", path.display(), std::process::id()));
    std::fs::write(&draft, &text).unwrap();
    std::fs::rename(&draft, &path).unwrap();
    std::fs::read_to_string(&path).unwrap()
}

/// An identity provider of that name, at a site of its own.
pub(crate) fn provider(name: &str) -> Provider {
    Provider::with_key(&format!("https://{name}.example"), &key(name)).unwrap()
}

pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) idp: Provider,
    pub(crate) id: i64,
    pub(crate) ours: String,
    counter: AtomicUsize,
}

/// A browser on its way, with what it keeps.
pub(crate) struct Browser {
    pub(crate) cookie: String,
    pub(crate) asked: Asked,
}

/// What most tests want of a provider.
pub(crate) fn settings() -> ProviderSettings {
    ProviderSettings {
        name: "idp".to_owned(),
        mail_attribute: "mail".to_owned(),
        display_attribute: "cn".to_owned(),
        groups_attribute: "groups".to_owned(),
        ..ProviderSettings::default()
    }
}

impl Stage {
    pub(crate) async fn sqlite() -> Self {
        Self::on(Harness::sqlite().await, settings()).await
    }

    /// Today: the provider's library dates what it says about signing out by the machine's clock.
    pub(crate) async fn today(harness: Harness, settings: ProviderSettings) -> Self {
        let today = SystemClock.now();
        harness.clock.advance(today - harness.services.now());
        Self::on(harness, settings).await
    }

    pub(crate) async fn on(harness: Harness, settings: ProviderSettings) -> Self {
        std::fs::write(harness.data_dir.path().join("saml-key.pem"), key("ours")).unwrap();
        let idp = provider("idp");
        let wanted = ProviderChange {
            settings,
            metadata: idp.metadata().unwrap(),
            version: None,
        };
        let saml = harness.services.saml.clone();
        let id = saml.add(&Actor::console(), wanted).await.unwrap();
        let ours = saml.metadata(BASE).await.unwrap();
        Self {
            app: App::on(harness),
            idp,
            id,
            ours,
            counter: AtomicUsize::new(1),
        }
    }

    /// Decides something else about the provider.
    pub(crate) async fn decide(&self, change: impl FnOnce(&mut ProviderSettings)) {
        let saml = &self.app.harness.services.saml;
        let console = Actor::console();
        let mut settings = saml.provider(&console, self.id).await.unwrap().settings;
        change(&mut settings);
        let wanted = ProviderChange {
            settings,
            ..ProviderChange::default()
        };
        saml.update(&console, self.id, wanted).await.unwrap();
    }

    /// A browser that begins to sign in.
    pub(crate) async fn begin(&self) -> Browser {
        self.begin_at("/netbackup/sso/login?provider=idp").await
    }

    pub(crate) async fn begin_at(&self, path: &str) -> Browser {
        self.begin_with(&self.idp, path).await
    }

    /// With that provider, by the address that leads to it.
    pub(crate) async fn begin_with(&self, idp: &Provider, path: &str) -> Browser {
        let answer = self.app.anonymous().get(path).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let cookie = answer.header("set-cookie").split(';').next().unwrap();
        let (_, query) = answer.header("location").split_once('?').unwrap();
        let incoming = Incoming::Query(query.to_owned());
        let now = self.app.harness.services.now();
        Browser {
            cookie: cookie.to_owned(),
            asked: idp.read(&self.ours, &incoming, now).unwrap(),
        }
    }

    /// What the provider says of anna, in answer to that.
    pub(crate) fn statement(&self, asked: &Asked) -> Statement {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let now = self.app.harness.services.now();
        let one = |text: &str| vec![text.to_owned()];
        Statement {
            audience: asked.issuer.clone(),
            consumer: asked.consumer.clone(),
            in_response_to: Some(asked.id.clone()),
            name_id: "anna".to_owned(),
            name_id_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned(),
            attributes: vec![
                ("mail".to_owned(), one("anna@corp.example")),
                ("cn".to_owned(), one("Anna Berg")),
            ],
            session_index: Some(format!("s-{number}")),
            session_end: None,
            now,
            lifetime: TimeDelta::minutes(5),
            ids: (format!("_r{number}"), format!("_a{number}")),
        }
    }

    /// A statement that nobody asked for.
    pub(crate) fn unasked(&self) -> Statement {
        let asked = Asked {
            id: String::new(),
            relay_state: None,
            consumer: format!("{BASE}{CONSUMER}"),
            issuer: format!("{BASE}/netbackup/sso/saml2/metadata"),
        };
        Statement {
            in_response_to: None,
            ..self.statement(&asked)
        }
    }

    /// The provider's good answer.
    pub(crate) fn good(&self, browser: &Browser) -> String {
        self.idp.respond(&self.statement(&browser.asked)).unwrap()
    }

    /// Has a browser post a response, from the provider's site: without our cookies.
    pub(crate) async fn post(&self, xml: &str, relay: Option<&str>) -> Answer {
        self.post_encoded(&encode(xml), relay).await
    }

    pub(crate) async fn post_encoded(&self, response: &str, relay: Option<&str>) -> Answer {
        let mut fields = form_urlencoded::Serializer::new(String::new());
        fields.append_pair("SAMLResponse", response);
        if let Some(relay) = relay {
            fields.append_pair("RelayState", relay);
        }
        let headers = [
            FORM,
            ("origin", "https://idp.example"),
            ("sec-fetch-site", "cross-site"),
        ];
        let client = self.app.anonymous();
        client
            .send(Method::POST, CONSUMER, &headers, fields.finish())
            .await
    }

    /// Posts an answer to what a browser asked.
    pub(crate) async fn answer(&self, browser: &Browser, xml: &str) -> Answer {
        self.post(xml, browser.asked.relay_state.as_deref()).await
    }

    /// Follows to our own page, with that cookie.
    pub(crate) async fn follow(&self, landing: &Answer, cookie: &str) -> Answer {
        assert_eq!(landing.status, 303, "{}", landing.text());
        let headers = [("cookie", cookie), ("sec-fetch-site", "cross-site")];
        let path = landing.header("location");
        self.app.anonymous().get_as(path, &headers).await
    }

    /// Signs somebody in, and returns the session cookie.
    pub(crate) async fn sign_in(&self, change: impl FnOnce(&mut Statement)) -> String {
        let browser = self.begin().await;
        let mut statement = self.statement(&browser.asked);
        change(&mut statement);
        let landing = self
            .answer(&browser, &self.idp.respond(&statement).unwrap())
            .await;
        let arrived = self.follow(&landing, &browser.cookie).await;
        session_of(&arrived)
    }

    /// Has a browser bring a message of a provider about signing out.
    pub(crate) async fn bring(&self, address: &str) -> Answer {
        let (_, query) = address.split_once('?').unwrap();
        self.app.anonymous().get(&format!("{SLO}?{query}")).await
    }

    /// Whom a session cookie belongs to.
    pub(crate) async fn actor(&self, cookie: &str) -> Option<Actor> {
        let token = cookie.strip_prefix("latchkey=").unwrap();
        let sessions = &self.app.harness.services.sessions;
        sessions
            .by_cookie(token, service::testing::origin())
            .await
            .ok()
    }

    /// Posts a form of our own page.
    pub(crate) async fn submit(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let headers = [FORM, HERE, ("cookie", cookie), ("accept", "text/html")];
        let client = self.app.anonymous();
        client
            .send(Method::POST, path, &headers, form.to_owned())
            .await
    }

    /// Takes an answer: what is refused beside it is refused for its own fault.
    pub(crate) async fn takes(&self, browser: &Browser, xml: &str) -> String {
        let landing = self.answer(browser, xml).await;
        let arrived = self.follow(&landing, &browser.cookie).await;
        assert_eq!(
            (arrived.status, arrived.header("location")),
            (303, "/profile/key")
        );
        session_of(&arrived)
    }

    /// Has a browser of its own begin, and the answer to it refused for exactly that cause.
    pub(crate) async fn refuses(&self, make: impl FnOnce(&Browser) -> String, cause: Cause) {
        let browser = self.begin().await;
        let answer = self.answer(&browser, &make(&browser)).await;
        self.is_refused_for(&answer, &cause).await;
    }

    /// As [`Stage::is_refused`], for exactly that cause.
    pub(crate) async fn is_refused_for(&self, answer: &Answer, cause: &Cause) {
        let sentence = cause.sentence();
        self.is_refused(answer, &sentence).await;
        self.is_refused(answer, &sentence).await;
        let told = self.app.latest_record("cause").await.unwrap();
        assert_eq!(told, sentence, "{cause:?}");
    }

    /// Nobody was signed in, and the trail says why.
    pub(crate) async fn is_refused(&self, answer: &Answer, why: &str) {
        assert_eq!(answer.status, 403, "{why}: {}", answer.text());
        assert_eq!(answer.header("set-cookie"), "", "{why}");
        assert!(
            answer.text().contains("You could not be signed in"),
            "{why}"
        );
        assert_eq!(self.app.rows("session").await, 0, "{why}");
        assert_eq!(self.app.rows("saml_result").await, 0, "{why}");
        let cause = self.app.latest_record("cause").await.unwrap();
        assert!(cause.contains(why), "expected {why:?}, told {cause:?}");
    }
}

/// The session cookie that an answer sets.
pub(crate) fn session_of(answer: &Answer) -> String {
    let set = answer.headers.get_all("set-cookie").iter();
    let set = set.map(|value| value.to_str().unwrap().to_owned());
    let session = set
        .filter_map(|cookie| cookie.split(';').next().map(str::to_owned))
        .find(|cookie| cookie.starts_with("latchkey=") && cookie.len() > 20);
    session.unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text()))
}
