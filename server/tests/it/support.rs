//! Actors that send requests to the whole router, in-process.

mod client;
mod documents;
mod log;

use std::{sync::Arc, time::Duration};

use axum::Router;
use domain::key;
use server::{
    AppState, RootCertificate, Streams,
    config::{Flags, Settings},
    router::{TIMEOUT, router_within},
};
use service::{
    entropy::FakeEntropy,
    testing::{Harness, PASSWORD, credentials, origin},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tokio::sync::Mutex;

pub(crate) use self::{
    client::{Answer, Client},
    documents::*,
    log::Log,
};

/// A running Latchkey without sockets.
pub(crate) struct App {
    pub(crate) harness: Harness,
    /// What tells open pages what is new.
    pub(crate) streams: Streams,
    router: Router,
    /// Looks at the tables beside the service.
    beside: Mutex<Option<Beside>>,
}

enum Beside {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl App {
    pub(crate) fn on(harness: Harness) -> Self {
        Self::with(harness, &[])
    }

    /// With settings as in the environment.
    pub(crate) fn with(harness: Harness, variables: &[(&str, &str)]) -> Self {
        Self::of(harness, variables, None, TIMEOUT)
    }

    /// That waits no longer than this for a request's end.
    pub(crate) fn impatient(harness: Harness, timeout: Duration) -> Self {
        Self::of(harness, &[], None, timeout)
    }

    /// That clients trust by this certificate.
    pub(crate) fn trusted_by(harness: Harness, root: &str) -> Self {
        Self::of(harness, &[], Some(root.into()), TIMEOUT)
    }

    fn of(
        harness: Harness,
        variables: &[(&str, &str)],
        root: Option<Arc<str>>,
        timeout: Duration,
    ) -> Self {
        Log::start();
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::load(&Flags::default(), variables, None).unwrap();
        let streams = Streams::every(Duration::from_millis(10));
        let state = AppState {
            services: harness.services.clone(),
            settings: Arc::new(settings),
            root_certificate: root
                .map(|root| -> RootCertificate { Arc::new(move || root.clone()) }),
            entropy: Arc::new(FakeEntropy::default()),
            streams: streams.clone(),
        };
        Self {
            harness,
            streams,
            router: router_within(state, timeout),
            beside: Mutex::default(),
        }
    }

    /// For a server with sockets.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// The actor without credentials.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.router.clone(), None)
    }

    /// An actor with this header on every request.
    pub(crate) fn with_header(&self, name: &str, value: &str) -> Client {
        let header = (name.parse().unwrap(), value.to_owned());
        Client::new(self.router.clone(), Some(header))
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
        self.signed_in(name).await
    }

    /// An actor with a token from a password sign-in, of an existing account.
    pub(crate) async fn signed_in(&self, name: &str) -> Client {
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
        let records = self.select(sql).await;
        records.into_iter().flatten().collect()
    }

    /// A column of the latest audit record.
    pub(crate) async fn latest_record(&self, column: &str) -> Option<String> {
        let sql = format!("select {column} from audit_record order by id desc limit 1");
        self.select(&sql).await.pop().flatten()
    }

    /// How many rows a table has.
    pub(crate) async fn rows(&self, table: &str) -> usize {
        self.select(&format!("select 'x' from {table}")).await.len()
    }

    /// The one column of a statement's rows, as text.
    pub(crate) async fn select(&self, sql: &str) -> Vec<Option<String>> {
        let sql = AssertSqlSafe(sql.to_owned());
        let mut beside = self.beside.lock().await;
        if beside.is_none() {
            *beside = Some(self.connect().await);
        }
        match beside.as_mut().unwrap() {
            Beside::Sqlite(c) => sqlx::query_scalar(sql).fetch_all(c).await,
            Beside::Postgres(c) => sqlx::query_scalar(sql).fetch_all(c).await,
        }
        .unwrap()
    }

    async fn connect(&self) -> Beside {
        if let Some(url) = &self.harness.database_url {
            return Beside::Postgres(PgConnection::connect(url).await.unwrap());
        }
        let path = self.harness.data_dir.path().join("latchkey.db");
        let url = format!("sqlite://{}", path.display());
        Beside::Sqlite(SqliteConnection::connect(&url).await.unwrap())
    }

    /// The next key that is made is this one. Returns its value and its tag.
    pub(crate) fn next_key(&self, seed: u8) -> (String, String) {
        let random = [seed; key::RANDOM_BYTES];
        self.harness.entropy.script(random);
        let bytes = key::assemble(&random);
        (key::write(&bytes), key::Tag::of(&bytes).to_string())
    }
}
