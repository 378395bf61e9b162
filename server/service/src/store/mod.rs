//! The only place that knows that two databases exist. One SQL text serves both where the dialect
//! is shared; [`run!`] hands it to whichever is there.

pub(crate) mod approval;
pub(crate) mod audit;
pub(crate) mod bulk;
mod connect;
pub(crate) mod filter;
pub(crate) mod idempotency;
pub(crate) mod keys;
pub(crate) mod notices;
pub(crate) mod outbox;
pub(crate) mod policy;
pub(crate) mod principals;
pub(crate) mod reveals;
pub(crate) mod roles;
pub(crate) mod saml;
pub(crate) mod second_factors;
pub(crate) mod secrets;
pub(crate) mod sessions;
pub(crate) mod sign_in_failures;
mod sql;
pub(crate) mod tickets;
mod time;
pub(crate) mod token_keys;
pub(crate) mod users;
pub(crate) mod webhooks;

use sqlx::{
    PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
    pool::PoolConnection,
};

pub use self::connect::OpenError;
#[cfg(feature = "testing")]
pub(crate) use self::connect::SQLITE_FILE;
pub(crate) use self::{sql::Sql, time::Time};
use crate::fault::Fault;

/// The database.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// Embedded: one writer, many readers.
    Sqlite { write: SqlitePool, read: SqlitePool },
    /// Shared by replicas.
    Postgres(PgPool),
}

/// A connection to read from.
pub(crate) enum Reader {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// A transaction. Dropped without a commit, it never happened.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// What statements run on.
pub(crate) enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// Runs one query on either database: `run!(conn, query(…).bind(…) => fetch_one)`, or
/// `=> rows_affected` to execute it and count.
macro_rules! run {
    ($conn:expr, $query:expr => rows_affected) => {
        match $conn {
            $crate::store::Conn::Sqlite(c) => $query
                .execute(&mut **c)
                .await
                .map(|done| done.rows_affected()),
            $crate::store::Conn::Postgres(c) => $query
                .execute(&mut **c)
                .await
                .map(|done| done.rows_affected()),
        }
    };
    ($conn:expr, $query:expr => $fetch:ident) => {
        match $conn {
            $crate::store::Conn::Sqlite(c) => $query.$fetch(&mut **c).await,
            $crate::store::Conn::Postgres(c) => $query.$fetch(&mut **c).await,
        }
    };
}
pub(crate) use run;

/// How PostgreSQL begins to read from one moment.
macro_rules! snapshot {
    () => {
        "begin isolation level repeatable read read only"
    };
}

impl Db {
    /// A connection for reading.
    pub(crate) async fn reader(&self) -> Result<Reader, Fault> {
        Ok(match self {
            Self::Sqlite { read, .. } => Reader::Sqlite(read.acquire().await?),
            Self::Postgres(pool) => Reader::Postgres(pool.acquire().await?),
        })
    }

    /// A transaction for writing. On SQLite it holds the write lock from its start, so that what
    /// it reads stays true until it commits.
    pub(crate) async fn begin(&self) -> Result<Tx, Fault> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("begin immediate").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A transaction for reading: everything as it was at its start.
    pub(crate) async fn snapshot(&self) -> Result<Tx, Fault> {
        self.begin_reading(snapshot!()).await
    }

    /// A snapshot for short statements: PostgreSQL plans each once for a connection, whatever its
    /// values, as planning takes longer than running them. Limits and whatever else a plan depends
    /// on must stand in their texts.
    pub(crate) async fn quick_snapshot(&self) -> Result<Tx, Fault> {
        self.begin_reading(concat!(
            snapshot!(),
            "; set local plan_cache_mode = force_generic_plan"
        ))
        .await
    }

    async fn begin_reading(&self, postgres: &'static str) -> Result<Tx, Fault> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin_with(postgres).await?),
        })
    }

    /// Waits for running statements and closes every connection.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Reader {
    /// To run statements on.
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(c) => Conn::Sqlite(c),
            Self::Postgres(c) => Conn::Postgres(c),
        }
    }
}

impl Tx {
    /// To run statements on.
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(c) => Conn::Sqlite(c),
            Self::Postgres(c) => Conn::Postgres(c),
        }
    }

    /// Commits what needs no audit record: last-seen times, counters, clean-up. Everything else
    /// commits through [`crate::audit`].
    pub(crate) async fn commit_unrecorded(self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
