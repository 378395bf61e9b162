//! Very many rows at once, into tables that nobody else uses meanwhile: without indexes and checks
//! of each row, which are put back afterwards.

use std::{fmt::Write as _, sync::Arc};

use sqlx::{AssertSqlSafe, Executor, FromRow, PgConnection, SqliteConnection};

use super::{Conn, Db, Tx};
use crate::fault::Fault;

/// Rows in one message or statement.
const CHUNK: usize = 500;
/// How many of these are made ahead.
const AHEAD: usize = 8;

/// A value. Texts are shared: many rows have the same.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Text(Arc<str>),
    Number(i64),
    Switch(bool),
    Bytes([u8; 32]),
    Null,
}

/// Rows in the making, some ahead of the table that takes them.
pub(crate) struct Rows<const N: usize>(tokio::sync::mpsc::Receiver<Vec<[Cell; N]>>);

impl<const N: usize> Rows<N> {
    /// Begins to make them, in a thread of their own.
    pub(crate) fn begin<I: Iterator<Item = [Cell; N]>>(
        rows: impl FnOnce() -> I + Send + 'static,
    ) -> Self {
        let (sender, receiver) = tokio::sync::mpsc::channel(AHEAD);
        tokio::task::spawn_blocking(move || {
            let mut rows = rows().peekable();
            while rows.peek().is_some() {
                let chunk: Vec<_> = rows.by_ref().take(CHUNK).collect();
                if sender.blocking_send(chunk).is_err() {
                    // The database failed, and nobody listens any more.
                    return;
                }
            }
        });
        Self(receiver)
    }
}

/// A transaction that fills tables.
pub(crate) struct Bulk {
    tx: Tx,
    /// What puts back what was taken away.
    restore: Vec<String>,
    /// Tables that were made anew in this transaction: PostgreSQL marks their rows as seen by all
    /// when it stores them, instead of when they are first read.
    anew: Vec<&'static str>,
}

#[derive(FromRow)]
struct Piece {
    remove: String,
    restore: String,
}

/// The filled tables' indexes and triggers on SQLite.
const SQLITE_PIECES: &str = "select 'drop ' || type || ' ' || name as remove, sql as restore \
     from sqlite_schema where type in ('index', 'trigger') and sql is not null \
     and tbl_name in ('app_user', 'api_key', 'api_key_word')";

/// The same on PostgreSQL, and the keys, foreign ones first: each row's would be looked up one by
/// one. They are put back in the opposite order.
const POSTGRES_PIECES: &str = "with filled as (select unnest(array[\
     'app_user', 'used_tag', 'api_key', 'api_key_word']::regclass[]) as id) \
     select remove, restore from (\
     select 1 as step, format('alter table %s drop constraint %I', conrelid::regclass, conname) \
     as remove, format('alter table %s add constraint %I %s', conrelid::regclass, conname, \
     pg_get_constraintdef(oid)) as restore from pg_constraint where contype = 'f' \
     and (conrelid in (select id from filled) or confrelid in (select id from filled)) \
     union all select 2, 'drop index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid) \
     from pg_index i where i.indrelid in (select id from filled) \
     and not exists (select 1 from pg_constraint c where c.conindid = i.indexrelid \
     and c.contype in ('p', 'u')) \
     union all select 3, format('alter table %s drop constraint %I', conrelid::regclass, conname), \
     format('alter table %s add constraint %I %s', conrelid::regclass, conname, \
     pg_get_constraintdef(oid)) from pg_constraint where contype in ('p', 'u') \
     and conrelid in (select id from filled) \
     union all values (4, 'alter table api_key disable trigger user', \
     'alter table api_key enable trigger user')) pieces order by step";

/// By a table in between: PostgreSQL uses several processes for it, but not for an insertion.
const TALLY: [&str; 4] = [
    "delete from key_tally",
    "create temporary table tally_made as select * from key_tally_due",
    "insert into key_tally select * from tally_made",
    "drop table tally_made",
];

impl Bulk {
    /// Begins. On SQLite the one connection that writes is set up for much work; `finish` ends it.
    pub(crate) async fn begin(db: &Db) -> Result<Self, Fault> {
        if let Db::Sqlite { write, .. } = db {
            write
                .execute(
                    "pragma foreign_keys = off; pragma synchronous = off; \
                     pragma cache_size = -16384; pragma threads = 2",
                )
                .await?;
        }
        let mut tx = db.begin().await?;
        let pieces: Vec<Piece> = match &mut tx.conn() {
            Conn::Sqlite(c) => sqlx::query_as(SQLITE_PIECES).fetch_all(&mut **c).await?,
            Conn::Postgres(c) => {
                c.execute(
                    "set local maintenance_work_mem = '512MB'; set local work_mem = '256MB'; \
                     set local jit = off",
                )
                .await?;
                sqlx::query_as(POSTGRES_PIECES).fetch_all(&mut **c).await?
            }
        };
        let mut restore = Vec::new();
        for piece in pieces {
            execute(&mut tx, piece.remove).await?;
            restore.push(piece.restore);
        }
        let mut anew = Vec::new();
        if let Conn::Postgres(c) = tx.conn() {
            for table in ["used_tag", "api_key", "api_key_word"] {
                let empty = AssertSqlSafe(format!("select not exists (select from {table})"));
                if sqlx::query_scalar(empty).fetch_one(&mut *c).await? {
                    c.execute(AssertSqlSafe(format!("truncate {table}")))
                        .await?;
                    anew.push(table);
                }
            }
        }
        Ok(Self { tx, restore, anew })
    }

    /// Fills a table. The rows should come in the order of its key. `progress` learns how many are
    /// stored.
    pub(crate) async fn load<const N: usize>(
        &mut self,
        table: &'static str,
        columns: [&'static str; N],
        mut rows: Rows<N>,
        mut progress: impl FnMut(u64),
    ) -> Result<(), Fault> {
        let columns = columns.join(", ");
        let mut made = 0;
        let mut told = |chunk: &Vec<[Cell; N]>| {
            made += chunk.len() as u64;
            progress(made);
        };
        match self.tx.conn() {
            Conn::Sqlite(c) => load_sqlite(c, table, &columns, &mut rows, &mut told).await,
            Conn::Postgres(c) => {
                let how = if self.anew.contains(&table) {
                    "with (freeze)"
                } else {
                    ""
                };
                let copy = format!("copy {table} ({columns}) from stdin {how}");
                load_postgres(c, &copy, &mut rows, &mut told).await
            }
        }
    }

    /// Puts indexes and checks back. The transaction is still to be committed.
    pub(crate) async fn finish(mut self) -> Result<Tx, Fault> {
        // In the opposite order: foreign keys need the keys that they name.
        for statement in self.restore.into_iter().rev() {
            execute(&mut self.tx, statement).await?;
        }
        // What the triggers did not tally.
        for statement in TALLY {
            execute(&mut self.tx, statement.to_owned()).await?;
        }
        if let Conn::Postgres(c) = self.tx.conn() {
            c.execute(
                "select setval(pg_get_serial_sequence('app_user', 'id'), max(id)) from app_user",
            )
            .await?;
        }
        Ok(self.tx)
    }
}

impl Db {
    /// Brings the database back to everyday work after a [`Bulk`], whether it was committed or not.
    pub(crate) async fn settle(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite { write, .. } => {
                write
                    .execute(
                        "pragma foreign_keys = on; pragma synchronous = full; \
                         pragma cache_size = -2000; pragma threads = 0; \
                         pragma wal_checkpoint(truncate)",
                    )
                    .await?;
            }
            // As it would do by itself within minutes. What was stored in a table made anew needs no
            // vacuum.
            Self::Postgres(pool) => {
                pool.execute("analyze app_user, used_tag, api_key, api_key_word")
                    .await?;
                pool.execute("vacuum (analyze) key_tally").await?;
            }
        }
        Ok(())
    }
}

/// Runs a statement of the database's own schema.
async fn execute(tx: &mut Tx, statement: String) -> Result<(), Fault> {
    let statement = AssertSqlSafe(statement);
    match tx.conn() {
        Conn::Sqlite(c) => c.execute(statement).await.map(drop)?,
        Conn::Postgres(c) => c.execute(statement).await.map(drop)?,
    }
    Ok(())
}

async fn load_sqlite<const N: usize>(
    conn: &mut SqliteConnection,
    table: &str,
    columns: &str,
    rows: &mut Rows<N>,
    stored: &mut impl FnMut(&Vec<[Cell; N]>),
) -> Result<(), Fault> {
    let row = format!("({})", ["?"; N].join(", "));
    while let Some(chunk) = rows.0.recv().await {
        stored(&chunk);
        let places = vec![&*row; chunk.len()].join(", ");
        // Safe: names of ours and placeholders.
        let text = AssertSqlSafe(format!("insert into {table} ({columns}) values {places}"));
        let mut query = sqlx::query(text);
        for cell in chunk.into_iter().flatten() {
            query = match cell {
                Cell::Text(text) => query.bind(text),
                Cell::Number(number) => query.bind(number),
                Cell::Switch(switch) => query.bind(switch),
                Cell::Bytes(bytes) => query.bind(bytes.to_vec()),
                Cell::Null => query.bind(None::<i64>),
            };
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// By COPY in its text format.
async fn load_postgres<const N: usize>(
    conn: &mut PgConnection,
    statement: &str,
    rows: &mut Rows<N>,
    stored: &mut impl FnMut(&Vec<[Cell; N]>),
) -> Result<(), Fault> {
    let mut copy = conn.copy_in_raw(statement).await?;
    let mut text = String::new();
    while let Some(chunk) = rows.0.recv().await {
        stored(&chunk);
        text.clear();
        for row in chunk {
            for (place, cell) in row.iter().enumerate() {
                if place > 0 {
                    text.push('\t');
                }
                push_copied(&mut text, cell);
            }
            text.push('\n');
        }
        copy.send(text.as_bytes()).await?;
    }
    copy.finish().await?;
    Ok(())
}

fn push_copied(text: &mut String, cell: &Cell) {
    // Writing to a string does not fail.
    let _ = match cell {
        Cell::Null => write!(text, "\\N"),
        Cell::Number(number) => write!(text, "{number}"),
        Cell::Switch(switch) => write!(text, "{switch}"),
        Cell::Bytes(bytes) => write!(text, "\\\\x{}", domain::audit::hex(bytes)),
        Cell::Text(plain) => {
            for c in plain.chars() {
                match c {
                    '\\' => text.push_str("\\\\"),
                    '\t' => text.push_str("\\t"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    c => text.push(c),
                }
            }
            Ok(())
        }
    };
}
