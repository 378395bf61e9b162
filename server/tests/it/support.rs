//! Actors that send requests to the whole router.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, Once, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request},
};
use domain::{
    key,
    principal::{DomainType, Principal},
};
use http::{HeaderMap, HeaderName, Method};
use serde_json::{Value, json};
use server::{
    AppState,
    config::{Flags, Settings},
    router::router,
};
use service::{
    entropy::FakeEntropy,
    testing::{Harness, PASSWORD, credentials, origin},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tower::ServiceExt;

/// The API's media type in a version that clients of today send.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.netbackup+json;version=14.0";
/// Where the keys are.
pub(crate) const KEYS: &str = "/netbackup/security/api-keys";
/// The id of every test's request, unless the test sends another.
pub(crate) const REQUEST_ID: &str = "request-1";

/// A running Latchkey without sockets.
pub(crate) struct App {
    pub(crate) harness: Harness,
    router: Router,
}

impl App {
    pub(crate) fn on(harness: Harness) -> Self {
        Self::with(harness, &[])
    }

    /// With settings as in the environment.
    pub(crate) fn with(harness: Harness, variables: &[(&str, &str)]) -> Self {
        Log::start();
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::load(&Flags::default(), variables, None).unwrap();
        let state = AppState {
            services: harness.services.clone(),
            settings: Arc::new(settings),
            entropy: Arc::new(FakeEntropy::default()),
        };
        Self {
            harness,
            router: router(state),
        }
    }

    /// The actor without credentials.
    pub(crate) fn anonymous(&self) -> Client {
        Client {
            router: self.router.clone(),
            credential: None,
        }
    }

    /// An actor with this header on every request.
    pub(crate) fn with_header(&self, name: &str, value: &str) -> Client {
        Client {
            credential: Some((name.parse().unwrap(), value.to_owned())),
            ..self.anonymous()
        }
    }

    /// The actor with an API key.
    pub(crate) fn key(&self, value: &str) -> Client {
        self.with_header("authorization", value)
    }

    /// An actor with a token from a password sign-in, of a new account.
    pub(crate) async fn user(&self, name: &str) -> Client {
        self.user_with(name, &[]).await
    }

    /// The same with the role Administrator.
    pub(crate) async fn administrator(&self) -> Client {
        self.user_with("root", &["Administrator"]).await
    }

    async fn user_with(&self, name: &str, roles: &[&str]) -> Client {
        self.harness.add_user(name, roles).await;
        let answer = self
            .anonymous()
            .post("/netbackup/login", login(name, PASSWORD))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// The text of a browser session's cookie, of an existing account.
    pub(crate) async fn session_cookie(&self, name: &str) -> String {
        let sessions = &self.harness.services.sessions;
        let signed_in = sessions
            .sign_in(credentials(name, PASSWORD), origin())
            .await;
        signed_in.unwrap().token.reveal().to_string()
    }

    /// Every record of the audit trail as `action outcome`, e.g. `key.create done`.
    pub(crate) async fn trail(&self) -> Vec<String> {
        let sql = "select action || ' ' || outcome from audit_record order by id";
        match &self.harness.database_url {
            Some(url) => {
                let mut database = PgConnection::connect(url).await.unwrap();
                sqlx::query_scalar(sql)
                    .fetch_all(&mut database)
                    .await
                    .unwrap()
            }
            None => {
                let mut database = self.sqlite().await;
                sqlx::query_scalar(sql)
                    .fetch_all(&mut database)
                    .await
                    .unwrap()
            }
        }
    }

    /// Every value of a column, as text.
    pub(crate) async fn column(&self, table: &str, column: &str) -> Vec<Option<String>> {
        let sql = AssertSqlSafe(format!("select cast({column} as text) from {table}"));
        match &self.harness.database_url {
            Some(url) => {
                let mut database = PgConnection::connect(url).await.unwrap();
                sqlx::query_scalar(sql)
                    .fetch_all(&mut database)
                    .await
                    .unwrap()
            }
            None => {
                let mut database = self.sqlite().await;
                sqlx::query_scalar(sql)
                    .fetch_all(&mut database)
                    .await
                    .unwrap()
            }
        }
    }

    async fn sqlite(&self) -> SqliteConnection {
        let path = self.harness.data_dir.path().join("latchkey.db");
        let url = format!("sqlite://{}", path.display());
        SqliteConnection::connect(&url).await.unwrap()
    }

    /// The next key that is made is this one. Returns its value and its tag.
    pub(crate) fn next_key(&self, seed: u8) -> (String, String) {
        let random = [seed; key::RANDOM_BYTES];
        self.harness.entropy.script(random);
        let bytes = key::assemble(&random);
        (key::write(&bytes), key::Tag::of(&bytes).to_string())
    }
}

/// Somebody who sends requests.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    credential: Option<(HeaderName, String)>,
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub(crate) async fn get_as(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers, Body::empty()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_text(path, &body.to_string()).await
    }

    pub(crate) async fn post_text(&self, path: &str, body: &str) -> Answer {
        let headers = [("content-type", MEDIA_TYPE)];
        self.send(Method::POST, path, &headers, body.to_owned())
            .await
    }

    /// Makes a key for oneself; returns its value and its tag.
    pub(crate) async fn make_key(&self) -> (String, String) {
        let answer = self.post(KEYS, wanted()).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let document = answer.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&document["data"]["attributes"]["apiKey"]),
            text(&document["data"]["id"]),
        )
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let peer: SocketAddr = "192.0.2.7:4711".parse().unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(ConnectInfo(peer));
        if !headers.iter().any(|(name, _)| *name == "x-request-id") {
            request = request.header("x-request-id", REQUEST_ID);
        }
        if let Some((name, value)) = &self.credential {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap(),
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: {:?}", self.status, self.body))
    }

    /// A header's text; empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Status and `attributeErrors`: what a bad request learns.
    pub(crate) fn faults(&self) -> (u16, Value) {
        (self.status, self.json()["attributeErrors"].clone())
    }
}

/// A login's body.
pub(crate) fn login(name: &str, password: &str) -> Value {
    json!({"userName": name, "password": password, "domainType": "unixpwd", "domainName": "host.example"})
}

/// The body of a request for a key of one's own.
pub(crate) fn wanted() -> Value {
    wanted_with(json!({"expireAfterDays": "P30D", "description": "CI"}))
}

pub(crate) fn wanted_with(attributes: Value) -> Value {
    json!({"data": {"type": "apiKeyCreationRequest", "attributes": attributes}})
}

/// An error document.
pub(crate) fn error(code: u32, message: &str, attributes: Value) -> Value {
    json!({
        "errorCode": code,
        "errorMessage": message,
        "attributeErrors": attributes,
        "errorDetails": [format!("Request: {REQUEST_ID}")],
        "fileUploadErrors": [],
    })
}

/// The document of a failed authentication.
pub(crate) fn unauthenticated() -> Value {
    error(
        5930,
        "Authentication failed. Send a valid API key or token.",
        json!({}),
    )
}

pub(crate) fn not_found() -> Value {
    error(227, "Nothing was found under that name.", json!({}))
}

/// A principal of the kind that the harness makes.
pub(crate) fn local(name: &str) -> Principal {
    Principal::new(DomainType::Unixpwd, "", name).unwrap()
}

/// Everything that is logged at any level, by every thread of this test program.
pub(crate) struct Log;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static START: Once = Once::new();

impl Log {
    pub(crate) fn start() {
        START.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(|| Self)
                .init();
        });
    }

    /// The lines so far that contain `text`.
    pub(crate) fn lines_with(text: &str) -> Vec<String> {
        let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8_lossy(&lines)
            .lines()
            .filter(|line| line.contains(text))
            .map(str::to_owned)
            .collect()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
