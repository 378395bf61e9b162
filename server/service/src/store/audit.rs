//! The chain's head and its records.

mod query;
mod trail;

use sqlx::FromRow;

pub(crate) use self::{
    query::{by_number, count, list},
    trail::{trail, trail_count},
};
use super::{Conn, Db, run};
use crate::fault::Fault;

/// The columns of a record that its hash covers, in the order of the table, without the hashes.
pub(crate) const COLUMNS: usize = 17;

/// A chain's head.
#[derive(Debug, FromRow)]
pub(crate) struct HeadRow {
    pub(crate) height: i64,
    pub(crate) hash: String,
    pub(crate) mac: String,
}

impl Db {
    /// What the chain of this server is called: the embedded database has a single one, which the
    /// command line beside the server appends to as well.
    pub(crate) fn chain_name<'a>(&self, server: &'a str) -> &'a str {
        match self {
            Self::Sqlite { .. } => "embedded",
            Self::Postgres(_) => server,
        }
    }
}

/// The number of a server's chain, if it has one.
pub(crate) async fn find_chain(conn: &mut Conn<'_>, server: &str) -> Result<Option<i64>, Fault> {
    Ok(
        run!(conn, sqlx::query_scalar("select chain from chain_head where server = $1")
        .bind(server) => fetch_optional)?,
    )
}

/// The number that the next chain would have.
pub(crate) async fn next_chain(conn: &mut Conn<'_>) -> Result<i64, Fault> {
    Ok(run!(conn, sqlx::query_scalar(
        "select cast(coalesce(max(chain), 0) + 1 as bigint) from chain_head",
    ) => fetch_one)?)
}

/// Starts a chain. `false`: another server took the number, or the chain is there already.
pub(crate) async fn start_chain(
    conn: &mut Conn<'_>,
    chain: i64,
    server: &str,
    hash: &str,
    mac: &str,
) -> Result<bool, Fault> {
    let inserted = run!(conn, sqlx::query(
        "insert into chain_head (chain, server, height, hash, mac) values ($1, $2, 0, $3, $4) \
         on conflict do nothing",
    )
    .bind(chain)
    .bind(server)
    .bind(hash)
    .bind(mac) => rows_affected)?;
    Ok(inserted == 1)
}

/// The head of a chain, locked until the transaction ends: whoever appends next waits.
pub(crate) async fn lock_head(conn: &mut Conn<'_>, chain: i64) -> Result<HeadRow, Fault> {
    // An update locks the row on PostgreSQL; SQLite holds the write lock already.
    Ok(run!(conn, sqlx::query_as::<_, HeadRow>(
        "update chain_head set height = height where chain = $1 returning height, hash, mac",
    )
    .bind(chain) => fetch_one)?)
}

/// A chain and its head.
#[derive(Debug, FromRow)]
pub(crate) struct ChainRow {
    pub(crate) chain: i64,
    pub(crate) height: i64,
    pub(crate) hash: String,
    pub(crate) mac: String,
}

/// A record as it stands in the table.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct RecordRow {
    pub(crate) id: i64,
    pub(crate) chain: i64,
    pub(crate) recorded_at: String,
    pub(crate) action: String,
    pub(crate) category: String,
    pub(crate) operation: String,
    pub(crate) outcome: String,
    pub(crate) actor: Option<String>,
    pub(crate) via: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) object: String,
    pub(crate) state_before: Option<String>,
    pub(crate) state_after: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) previous_hash: String,
    pub(crate) hash: String,
}

macro_rules! select_record {
    ($rest:literal) => {
        concat!(
            "select id, chain, recorded_at, action, category, operation, outcome, actor, via, ",
            "address, object, state_before, state_after, cause, reason, client_id, request_id, ",
            "previous_hash, hash from audit_record ",
            $rest
        )
    };
}
use select_record;

/// Every chain's head.
pub(crate) async fn heads(conn: &mut Conn<'_>) -> Result<Vec<ChainRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, ChainRow>(
        "select chain, height, hash, mac from chain_head order by chain",
    ) => fetch_all)?)
}

/// One chain's head, as it is at present.
pub(crate) async fn head(conn: &mut Conn<'_>, chain: i64) -> Result<HeadRow, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, HeadRow>(
        "select height, hash, mac from chain_head where chain = $1",
    )
    .bind(chain) => fetch_one)?)
}

/// The next records of a chain after the place `id`.
pub(crate) async fn records_after(
    conn: &mut Conn<'_>,
    chain: i64,
    id: i64,
    limit: i64,
) -> Result<Vec<RecordRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, RecordRow>(
        select_record!("where chain = $1 and id > $2 order by id limit $3"),
    )
    .bind(chain)
    .bind(id)
    .bind(limit) => fetch_all)?)
}

/// Moves the head of a chain.
pub(crate) async fn move_head(
    conn: &mut Conn<'_>,
    chain: i64,
    height: i64,
    hash: &str,
    mac: &str,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "update chain_head set height = $2, hash = $3, mac = $4 where chain = $1",
    )
    .bind(chain)
    .bind(height)
    .bind(hash)
    .bind(mac) => rows_affected)?;
    Ok(())
}

/// Appends a record: the first two columns as numbers, the others as they are.
pub(crate) async fn append(
    conn: &mut Conn<'_>,
    id: i64,
    chain: i64,
    columns: &[Option<&str>; COLUMNS],
    previous_hash: &str,
    hash: &str,
) -> Result<(), Fault> {
    macro_rules! insert {
        ($c:expr) => {{
            let mut query = sqlx::query(
                "insert into audit_record (id, chain, recorded_at, action, category, operation, \
                 outcome, actor, via, address, object, state_before, state_after, cause, reason, \
                 client_id, request_id, previous_hash, hash) values ($1, $2, $3, $4, $5, $6, $7, \
                 $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
            )
            .bind(id)
            .bind(chain);
            for column in &columns[2..] {
                query = query.bind(*column);
            }
            query.bind(previous_hash).bind(hash).execute(&mut **$c).await?;
        }};
    }
    match conn {
        Conn::Sqlite(c) => insert!(c),
        Conn::Postgres(c) => insert!(c),
    }
    Ok(())
}
