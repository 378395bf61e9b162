//! Opening the database and bringing its schema up to date.

use std::{
    fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::Path, str::FromStr, time::Duration,
};

use sqlx::{
    Database, PgPool, SqlitePool,
    migrate::Migrator,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::Db;

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The embedded database's file in the data directory.
pub(crate) const SQLITE_FILE: &str = "latchkey.db";
/// How long a statement waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// What each reader may keep of the database, in KiB (negative: not pages): the upper levels of the
/// indexes of a million keys.
const READER_CACHE: &str = "-16384";
const POSTGRES_CONNECTIONS: u32 = 16;

/// Why the database or its secrets could not be opened: a message for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub(crate) String);

impl OpenError {
    /// `what` went wrong because of `cause`.
    pub(crate) fn because(what: impl std::fmt::Display, cause: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {cause}"))
    }
}

/// A pool that keeps its connections. sqlx 0.9 looks after idle ones in a loop that counts them, and
/// the count wraps below zero when one is taken and given back at the same moment: then the loop
/// does not end, nor does the program. Whether a connection is still good is asked when it is taken.
fn keeping<DB: Database>(options: PoolOptions<DB>) -> PoolOptions<DB> {
    options.idle_timeout(None).max_lifetime(None)
}

impl Db {
    /// Opens the database at `url` (`sqlite://PATH`, `postgres://…`), or the embedded one in
    /// `data_dir`, and applies the migrations it lacks.
    pub(crate) async fn open(url: Option<&str>, data_dir: &Path) -> Result<Self, OpenError> {
        match url {
            None => {
                Self::open_sqlite(SqliteConnectOptions::new().filename(data_dir.join(SQLITE_FILE)))
                    .await
            }
            Some(url) if url.starts_with("sqlite:") => {
                let options = SqliteConnectOptions::from_str(url)
                    .map_err(|_| OpenError("the database URL is not a valid SQLite URL".into()))?;
                Self::open_sqlite(options).await
            }
            Some(url) if url.starts_with("postgres:") || url.starts_with("postgresql:") => {
                let options = PgConnectOptions::from_str(url).map_err(|_| {
                    OpenError("the database URL is not a valid PostgreSQL URL".into())
                })?;
                Self::open_postgres(options).await
            }
            Some(_) => Err(OpenError(
                "the database URL must start with sqlite: or postgres:".into(),
            )),
        }
    }

    async fn open_sqlite(options: SqliteConnectOptions) -> Result<Self, OpenError> {
        let file = options.get_filename().display().to_string();
        let failed = |cause: sqlx::Error| {
            OpenError::because(
                format_args!("cannot open the SQLite database {file}"),
                cause,
            )
        };
        // SQLite gives its journal files the mode of the database: for the owner only.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(options.get_filename())
            .map_err(|cause| failed(cause.into()))?;
        // An acknowledged commit survives loss of power: WAL with synchronous = FULL.
        let options = options
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let write: SqlitePool = keeping(SqlitePoolOptions::new())
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(failed)?;
        SQLITE.run(&write).await.map_err(|cause| {
            OpenError::because(format_args!("cannot migrate the database {file}"), cause)
        })?;
        let read = keeping(SqlitePoolOptions::new())
            .max_connections(READERS)
            .connect_with(
                options
                    .pragma("query_only", "on")
                    .pragma("cache_size", READER_CACHE),
            )
            .await
            .map_err(failed)?;
        Ok(Self::Sqlite { write, read })
    }

    async fn open_postgres(options: PgConnectOptions) -> Result<Self, OpenError> {
        let host = options.get_host().to_owned();
        let pool: PgPool = keeping(PgPoolOptions::new())
            .max_connections(POSTGRES_CONNECTIONS)
            .connect_with(options.application_name("latchkey"))
            .await
            .map_err(|cause| {
                OpenError::because(format_args!("cannot reach PostgreSQL at {host}"), cause)
            })?;
        POSTGRES
            .run(&pool)
            .await
            .map_err(|cause| OpenError::because("cannot migrate the PostgreSQL database", cause))?;
        Ok(Self::Postgres(pool))
    }

    /// Whether the database answers.
    pub(crate) async fn answers(&self) -> bool {
        let Ok(mut reader) = self.reader().await else {
            return false;
        };
        super::run!(&mut reader.conn(), sqlx::query_scalar::<_, i64>("select cast(1 as bigint)") => fetch_one)
            .is_ok()
    }
}
