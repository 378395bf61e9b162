//! What every use case shares, and the handle the doors hold.

use std::{path::PathBuf, sync::Arc, time::Duration};

use domain::Instant;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    audit::{CHECKPOINT_FILE, Checkpoints},
    clock::Clock,
    entropy::SecretSource,
    fault::Fault,
    jobs::Jobs,
    keys::Keys,
    notices::{Bell, Notices, Notifying},
    password::Passwords,
    principals::Principals,
    refusals::Refusals,
    roles::Roles,
    saml::{Saml, key::SamlKeyPlace},
    second_factor::SecondFactors,
    secrets::{self, Secrets},
    sessions::Sessions,
    store::{self, Db, OpenError},
    throttle::Throttles,
    tickets::Tickets,
    token::Ring,
    usage::Usage,
    users::Users,
    verify::Verifier,
};

/// Where things are and how much is allowed.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite://PATH` or `postgres://…`. `None`: SQLite in the data directory.
    pub database_url: Option<SecretString>,
    /// Holds the secrets, and the embedded database.
    pub data_dir: PathBuf,
    /// The pepper's file, when it is not in the data directory.
    pub pepper_file: Option<PathBuf>,
    /// The token key's file (PKCS#8 PEM), when it is not in the data directory.
    pub token_key_file: Option<PathBuf>,
    /// The SAML key's and certificate's file (PEM), when it is not in the data directory.
    pub saml_key_file: Option<PathBuf>,
    /// The audit key's file, when it is not in the data directory.
    pub audit_key_file: Option<PathBuf>,
    /// Where signed checkpoints of the audit trail go, when not into the data directory.
    pub audit_checkpoint_file: Option<PathBuf>,
    /// Limits.
    pub limits: Limits,
    /// How people are told things.
    pub notifying: Notifying,
}

/// How long and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// A session without use ends after this.
    pub session_idle: Duration,
    /// A session ends after this at the latest.
    pub session_max: Duration,
    /// A REST token ends after this.
    pub token_lifetime: Duration,
    /// Failed sign-ins per user and address before they are refused unread.
    pub lockout_failures: u32,
    /// For how long.
    pub lockout_time: Duration,
    /// Failed authentications a minute and address, or key, before they are 429.
    pub failures_per_minute: u32,
    /// Requests a second and address, or principal, in the long run.
    pub requests_per_second: u32,
    /// And at once.
    pub request_burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            session_idle: Duration::from_mins(30),
            session_max: Duration::from_hours(12),
            token_lifetime: Duration::from_hours(24),
            lockout_failures: 10,
            lockout_time: Duration::from_mins(15),
            failures_per_minute: 60,
            requests_per_second: 100,
            request_burst: 500,
        }
    }
}

/// What every use case shares.
pub(crate) struct Core {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn SecretSource>,
    pub(crate) secrets: Secrets,
    /// What signs and checks tokens.
    pub(crate) ring: Ring,
    pub(crate) jobs: Jobs,
    pub(crate) throttles: Throttles,
    pub(crate) checkpoints: Checkpoints,
    /// The number of this server's audit chain.
    pub(crate) chain: i64,
    pub(crate) limits: Limits,
    pub(crate) passwords: Passwords,
    pub(crate) usage: Usage,
    pub(crate) refusals: Refusals,
    pub(crate) notifying: Notifying,
    /// Wakes whoever sends notices.
    pub(crate) bell: Bell,
    pub(crate) saml_key: SamlKeyPlace,
    /// Where the first administrator's password may wait.
    pub(crate) initial_password_file: PathBuf,
}

impl Core {
    /// Opens database and secrets; see [`Services::open`].
    async fn open(
        options: Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn SecretSource>,
    ) -> Result<Self, OpenError> {
        let failed = |cause: Fault| OpenError::because("cannot prepare the database", cause);
        let lock = secrets::lock(&options.data_dir)?;
        let url = options
            .database_url
            .as_ref()
            .map(ExposeSecret::expose_secret);
        let db = Db::open(url, &options.data_dir).await?;
        let mut tx = db.begin().await.map_err(failed)?;
        let known = store::secrets::all(&mut tx.conn()).await.map_err(failed)?;
        let secrets = Secrets::load(&options, &secrets::Known(&known), &*entropy)?;
        for (name, fingerprint) in secrets.fingerprints() {
            store::secrets::remember(&mut tx.conn(), name, &fingerprint)
                .await
                .map_err(failed)?;
        }
        let chain =
            Self::find_or_start_chain(&mut tx, db.chain_name(&secrets.server), &secrets.audit_key)
                .await
                .map_err(failed)?;
        let ring = Ring::open(&mut tx.conn(), &secrets, clock.now())
            .await
            .map_err(failed)?;
        tx.commit_unrecorded().await.map_err(failed)?;
        drop(lock);
        let saml_key = SamlKeyPlace::new(&options);
        let checkpoint_file = options
            .audit_checkpoint_file
            .unwrap_or_else(|| options.data_dir.join(CHECKPOINT_FILE));
        Ok(Self {
            checkpoints: Checkpoints::new(checkpoint_file, &secrets.audit_key),
            db,
            clock,
            entropy,
            chain,
            ring,
            jobs: Jobs::default(),
            throttles: Throttles::new(&options.limits),
            secrets,
            limits: options.limits,
            passwords: Passwords::default(),
            usage: Usage::default(),
            refusals: Refusals::default(),
            notifying: options.notifying,
            bell: Bell::default(),
            saml_key,
            initial_password_file: options.data_dir.join(secrets::INITIAL_PASSWORD_FILE),
        })
    }
}

/// The use cases. Cheap to clone: every clone is the same service.
#[derive(Clone)]
pub struct Services {
    /// Keys.
    pub keys: Keys,
    /// Accounts.
    pub users: Users,
    /// Roles, and who holds them.
    pub roles: Roles,
    /// Second factors.
    pub second_factors: SecondFactors,
    /// Sign-in and sessions.
    pub sessions: Sessions,
    /// Identity providers, and sign-in by them.
    pub saml: Saml,
    /// Service principals.
    pub principals: Principals,
    /// Tickets and approval settings.
    pub tickets: Tickets,
    /// Notices, and how they are sent.
    pub notices: Notices,
    /// Verification.
    pub verifier: Verifier,
    pub(crate) core: Arc<Core>,
}

impl Services {
    /// Opens the database (making schema and secrets in an empty one, under a lock) and the
    /// secrets that belong to it.
    ///
    /// # Errors
    /// A message for the operator that names the setting, file or migration in question.
    pub async fn open(
        options: Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn SecretSource>,
    ) -> Result<Self, OpenError> {
        let core = Arc::new(Core::open(options, clock, entropy).await?);
        Ok(Self {
            keys: Keys { core: core.clone() },
            users: Users { core: core.clone() },
            roles: Roles { core: core.clone() },
            sessions: Sessions { core: core.clone() },
            saml: Saml::new(core.clone()),
            principals: Principals { core: core.clone() },
            second_factors: SecondFactors { core: core.clone() },
            tickets: Tickets { core: core.clone() },
            notices: Notices { core: core.clone() },
            verifier: Verifier { core: core.clone() },
            core,
        })
    }

    /// Now, by the service's clock: what pages show as the time they were made.
    pub fn now(&self) -> Instant {
        self.core.clock.now()
    }

    /// Names this server among those on one database: 32 hexadecimal digits as a UUID is written.
    pub fn server_id(&self) -> String {
        let id = &self.core.secrets.server;
        let part = |range| id.get(range).unwrap_or_default();
        [
            part(0..8),
            part(8..12),
            part(12..16),
            part(16..20),
            part(20..32),
        ]
        .join("-")
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> bool {
        self.core.db.answers().await
    }

    /// Writes what is gathered and closes the database. After this nothing works.
    pub async fn close(&self) {
        if let Err(cause) = self.core.usage.flush(&self.core.db).await {
            tracing::warn!(%cause, "the last uses of keys were not written");
        }
        if let Err(cause) = self.core.record_refusals(true).await {
            tracing::warn!(%cause, "the last refused keys were not recorded");
        }
        if let Err(cause) = self.core.sign_checkpoint().await {
            tracing::warn!(%cause, "the last checkpoint was not written");
        }
        self.core.db.close().await;
    }
}
