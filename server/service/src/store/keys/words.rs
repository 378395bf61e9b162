//! The words of descriptions, for search.

use domain::{directory::words, key::Tag};

use crate::{
    fault::Fault,
    store::{
        Conn, Sql, run,
        sql::{Arg, bind_all},
    },
};

/// Enters a key's words.
pub(crate) async fn insert(conn: &mut Conn<'_>, tag: &Tag, description: &str) -> Result<(), Fault> {
    let words = words(description);
    if words.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new("insert into api_key_word (word, tag) values ");
    for (place, word) in words.into_iter().enumerate() {
        sql.push(if place == 0 { "(" } else { ", (" });
        sql.bind(Arg::Text(word)).push(", ");
        sql.bind(Arg::Text(tag.as_str().to_owned())).push(")");
    }
    let (text, args) = sql.into_parts();
    match conn {
        Conn::Sqlite(c) => {
            bind_all!(sqlx::query(text), args).execute(&mut **c).await?;
        }
        Conn::Postgres(c) => {
            bind_all!(sqlx::query(text), args).execute(&mut **c).await?;
        }
    }
    Ok(())
}

/// Forgets a key's words.
pub(crate) async fn forget(conn: &mut Conn<'_>, tag: &Tag) -> Result<(), Fault> {
    run!(conn, sqlx::query("delete from api_key_word where tag = $1")
        .bind(tag.as_str()) => rows_affected)?;
    Ok(())
}
