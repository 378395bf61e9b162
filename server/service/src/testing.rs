//! A service on a fresh database of either kind, with a clock and a generator that tests control.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "this is test code, whatever crate uses it: it panics where a test fails"
)]

use std::{path::Path, sync::Arc};

use chrono::TimeDelta;
use domain::{
    Instant,
    approval::KeyAction,
    audit::{Action, Event},
    expiry::SamlSession,
    principal::{DomainType, Identity, Principal},
    ticket::TicketId,
};
use serde_json::json;
use sqlx::Connection;
use tempfile::TempDir;

use crate::{
    Actor, Limits, Options, Origin, Outcome, Services,
    clock::FakeClock,
    entropy::{FakeEntropy, OsEntropy, random},
    notices::{MailServer, Notifying},
    secret::RandomToken,
    sessions::Credentials,
    store::{
        SQLITE_FILE,
        sessions::{self, NewSession},
    },
    tickets::ApprovalChange,
    users::NewUser,
};

/// The password of every account that a harness makes.
pub const PASSWORD: &str = "correct horse battery";

/// Names an administrator's address of a PostgreSQL server: each harness makes a database there.
/// `cargo xtask test` starts a server and sets it.
pub const POSTGRES: &str = "LATCHKEY_TEST_POSTGRES";

/// A service and what it was made from.
pub struct Harness {
    /// The service.
    pub services: Services,
    /// Stands still until moved.
    pub clock: Arc<FakeClock>,
    /// Predictable; takes scripted answers.
    pub entropy: Arc<FakeEntropy>,
    /// Holds the secrets, and the database if it is SQLite.
    pub data_dir: Arc<TempDir>,
    /// `None`: SQLite in the data directory.
    pub database_url: Option<String>,
}

impl Harness {
    /// When every harness's clock starts.
    pub fn start_of_time() -> Instant {
        "2026-11-22T08:28:30.294Z".parse().expect("an instant")
    }

    /// On embedded SQLite.
    pub async fn sqlite() -> Self {
        Self::on(None).await
    }

    /// On embedded SQLite, with these limits.
    pub async fn sqlite_with(limits: Limits) -> Self {
        Self::with(None, Some(limits)).await
    }

    /// On a new PostgreSQL database.
    pub async fn postgres() -> Self {
        let server = std::env::var(POSTGRES).unwrap_or_else(|_| {
            unreachable!("{POSTGRES} is not set: run the tests by `cargo xtask test`")
        });
        let name: [u8; 8] = random(&OsEntropy).expect("randomness");
        let name = format!("latchkey_{}", domain::audit::hex(&name));
        let mut admin = sqlx::PgConnection::connect(&server)
            .await
            .expect("PostgreSQL");
        sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}")))
            .execute(&mut admin)
            .await
            .expect("a new database");
        let (base, _) = server.rsplit_once('/').expect("a database in the address");
        Self::on(Some(format!("{base}/{name}"))).await
    }

    async fn on(database_url: Option<String>) -> Self {
        Self::with(database_url, None).await
    }

    async fn with(database_url: Option<String>, limits: Option<Limits>) -> Self {
        let data_dir = Arc::new(tempfile::tempdir().expect("a temporary directory"));
        let clock = Arc::new(FakeClock::new(Self::start_of_time()));
        let entropy = Arc::new(FakeEntropy::default());
        let mut options = options(data_dir.path(), database_url.as_deref());
        options.limits = limits.unwrap_or(options.limits);
        let services = Services::open(options, Arc::new(clock.clone()), Arc::new(entropy.clone()))
            .await
            .expect("a service");
        Self {
            services,
            clock,
            entropy,
            data_dir,
            database_url,
        }
    }

    /// A second service on the same data directory and database, as after a restart.
    pub async fn reopened(&self) -> Services {
        let options = options(self.data_dir.path(), self.database_url.as_deref());
        Services::open(
            options,
            Arc::new(self.clock.clone()),
            Arc::new(self.entropy.clone()),
        )
        .await
        .expect("a service")
    }

    /// Another server on the same database: the same secrets, a data directory of its own, which
    /// goes with the returned folder.
    pub async fn beside(&self) -> (Services, TempDir) {
        let (folder, first) = (
            tempfile::tempdir().expect("a temporary directory"),
            self.data_dir.path(),
        );
        let embedded = || format!("sqlite://{}", first.join(SQLITE_FILE).display());
        let url = self.database_url.clone().unwrap_or_else(embedded);
        let options = Options {
            pepper_file: Some(first.join("pepper")),
            token_key_file: Some(first.join("token-key.pem")),
            audit_key_file: Some(first.join("audit-key")),
            saml_key_file: Some(first.join("saml-key.pem")).filter(|file| file.exists()),
            ..options(folder.path(), Some(&url))
        };
        let (clock, entropy) = (Arc::new(self.clock.clone()), Arc::new(OsEntropy));
        let services = Services::open(options, clock, entropy).await;
        (services.expect("a service"), folder)
    }

    /// Appends `count` audit records of the size that an edit of a key has.
    pub async fn fill_audit(&self, count: u64) {
        let core = &self.services.core;
        let mut actor = Actor::console();
        actor.origin = origin();
        let mut tx = core.db.begin().await.expect("a transaction");
        for number in 1..=count {
            let state = |days: u64| {
                json!({
                    "owner": ":bob:unixpwd:1000",
                    "description": format!("nightly build {number}"),
                    "created": "2026-11-22T08:28:30.294000Z",
                    "expires": format!("in {days} days"),
                    "issuer": ":bob:unixpwd:1000",
                    "state": "ACTIVE",
                })
            };
            let event = Event::done(Action::KeyUpdated, "lky_AAECAwQ=")
                .before(state(30))
                .after(state(60));
            let appended = core.append(&mut tx, (&actor).into(), &event).await;
            appended.expect("a record");
            // PostgreSQL gets slower with every version of the head in one transaction.
            if number % 1000 == 0 {
                tx.commit_unrecorded().await.expect("a commit");
                tx = core.db.begin().await.expect("a transaction");
            }
        }
        tx.commit_unrecorded().await.expect("a commit");
    }

    /// Makes a local account with [`PASSWORD`] and these roles.
    pub async fn add_user(&self, name: &str, roles: &[&str]) -> Identity {
        let wanted = NewUser {
            principal: Principal::new(DomainType::Unixpwd, "", name).expect("a principal"),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            password: Some(PASSWORD.to_owned().into()),
        };
        let users = &self.services.users;
        users
            .add(&Actor::console(), wanted)
            .await
            .expect("an account")
    }

    /// Makes an account and signs it in to a browser session.
    pub async fn user(&self, name: &str, roles: &[&str]) -> Actor {
        self.add_user(name, roles).await;
        self.sign_in(name).await
    }

    /// Makes a SAML user of the identity provider `idp`, who has no password here.
    pub async fn add_saml_user(&self, name: &str) -> Identity {
        let wanted = NewUser {
            principal: Principal::new(DomainType::Saml, "idp", name).expect("a principal"),
            roles: Vec::new(),
            password: None,
        };
        let users = &self.services.users;
        users
            .add(&Actor::console(), wanted)
            .await
            .expect("an account")
    }

    /// Begins a browser session of a SAML user; see [`saml_session`].
    pub async fn saml_session(
        &self,
        user: &Identity,
        not_on_or_after: Option<Instant>,
    ) -> (RandomToken, Actor) {
        saml_session(&self.services, user, not_on_or_after).await
    }

    /// Signs an account in to a browser session.
    pub async fn sign_in(&self, name: &str) -> Actor {
        let sessions = &self.services.sessions;
        sessions
            .sign_in(credentials(name, PASSWORD), origin())
            .await
            .expect("a session")
            .actor
    }
}

/// Begins a browser session of a SAML user, as a validated assertion will.
pub async fn saml_session(
    services: &Services,
    user: &Identity,
    not_on_or_after: Option<Instant>,
) -> (RandomToken, Actor) {
    let core = &services.core;
    let token = RandomToken::generate(&OsEntropy).expect("randomness");
    let id = domain::audit::hex(&random::<16>(&OsEntropy).expect("randomness"));
    let now = core.clock.now();
    let session = NewSession {
        id: &id,
        token_hash: Some(token.hash()),
        user: user.id,
        key_tag: None,
        now,
        expires_at: now + TimeDelta::hours(12),
        address: "192.0.2.8",
        user_agent: None,
        saml: Some(SamlSession {
            validated_at: now,
            not_on_or_after,
        }),
        link: None,
    };
    let mut tx = core.db.begin().await.expect("a transaction");
    sessions::insert(&mut tx.conn(), session)
        .await
        .expect("a session");
    tx.commit_unrecorded().await.expect("a commit");
    let cookie = token.reveal();
    let actor = services.sessions.by_cookie(&cookie, origin()).await;
    (token, actor.expect("an actor"))
}

/// Where a test's service keeps everything.
pub fn options(data_dir: &Path, database_url: Option<&str>) -> Options {
    Options {
        database_url: database_url.map(Into::into),
        data_dir: data_dir.to_owned(),
        pepper_file: None,
        token_key_file: None,
        audit_key_file: None,
        saml_key_file: None,
        audit_checkpoint_file: None,
        // One clock that stands still is one moment, with all of a test's requests in it.
        limits: Limits {
            failures_per_minute: 1_000_000,
            requests_per_second: 1_000_000,
            request_burst: 1_000_000,
            ..Limits::default()
        },
        notifying: Notifying {
            mail: Some(MailServer {
                address: "mail.example.org:587".to_owned(),
                security: "STARTTLS",
                sender: "keys@example.org".to_owned(),
            }),
            http_allowed: true,
        },
    }
}

/// What somebody types.
pub fn credentials(name: &str, password: &str) -> Credentials {
    Credentials {
        domain_type: None,
        domain: String::new(),
        user_name: name.to_owned(),
        password: password.into(),
    }
}

/// Approval settings under which these actions need approval, for so many hours; else the defaults.
pub fn approval(actions: &[KeyAction], expiry_hours: u32) -> ApprovalChange {
    let defaults = domain::approval::Settings::default();
    ApprovalChange {
        actions: actions.iter().copied().collect(),
        expiry_hours,
        purge_days: defaults.purge_days,
        run_on_approval: false,
        mail: false,
        mail_to: Vec::new(),
        exemptions: Vec::new(),
    }
}

/// The code that an authenticator application shows which was set up with that secret.
pub fn totp(secret: &str, now: Instant) -> String {
    crate::second_factor::totp::shown(secret, now)
}

/// Where every test's request comes from.
pub fn origin() -> Origin {
    Origin {
        address: "192.0.2.7".to_owned(),
        request_id: "request-1".to_owned(),
        ..Origin::default()
    }
}

impl<T> Outcome<T> {
    /// The result of an operation that was carried out.
    pub fn done(self) -> T {
        match self {
            Self::Done(result) => result,
            Self::Waits(waiting) => unreachable!("it waits for approval: {waiting:?}"),
        }
    }

    /// The ticket of an operation that waits.
    pub fn ticket(self) -> TicketId {
        match self {
            Self::Waits(waiting) => waiting.ticket,
            Self::Done(_) => unreachable!("it did not wait for approval"),
        }
    }
}

/// Runs each test on SQLite and on PostgreSQL, as `sqlite::NAME` and `postgres::NAME`.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($harness:ident: Harness) $body:block)*) => {
        $(async fn $name($harness: $crate::testing::Harness) $body)*

        mod sqlite {
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::testing::Harness::sqlite().await).await;
            })*
        }

        mod postgres {
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::testing::Harness::postgres().await).await;
            })*
        }
    };
}
