//! K14, K15: a key's value and a password are shown to whoever they belong to, and to nothing else.

use std::{fs, path::Path};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use service::{on_both_databases, testing::PASSWORD};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support::{App, KEYS, Log, login};

/// Whether the bytes occur in any file below the folder.
fn files_contain(folder: &Path, wanted: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_contain(&path, wanted)
        } else {
            let bytes = fs::read(&path).unwrap();
            bytes.windows(wanted.len()).any(|window| window == wanted)
        }
    })
}

/// Whether the text occurs in any row of a PostgreSQL database.
async fn rows_contain(url: &str, wanted: &str) -> bool {
    let mut database = PgConnection::connect(url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'public'",
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    assert!(tables.len() > 5);
    for table in tables {
        let sql = format!("select coalesce(string_agg(t::text, ' '), '') from \"{table}\" t");
        let text: String = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut database)
            .await
            .unwrap();
        if text.contains(wanted) {
            return true;
        }
    }
    false
}

on_both_databases! {
    /// K14, K15.
    async fn a_value_is_in_no_log_file_or_row(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (key, tag) = bob.make_key().await;
        let client = app.key(&key);
        assert_eq!(client.get(KEYS).await.status, 200);
        assert_eq!(client.get("/verify").await.status, 204);
        client.post_text(KEYS, "{").await;
        client.post_text(KEYS, "{}").await;
        app.key(&format!("{key}x")).get(KEYS).await;
        let wrong = "a wrong password 4711";
        assert_eq!(app.anonymous().post("/netbackup/login", login("bob", wrong)).await.status, 401);
        app.harness.services.close().await;
        // With the database gone there is an error to tell, and nothing more.
        let answer = client.get(KEYS).await;
        assert!(answer.status >= 500, "{}", answer.status);
        assert!(!answer.text().contains(&key));
        assert!(!answer.text().contains("sql"), "{}", answer.text());

        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&key).unwrap();
        let folder = app.harness.data_dir.path();
        for secret in [key.as_bytes(), &key.as_bytes()[12..], &bytes, &bytes[8..44], wrong.as_bytes(), PASSWORD.as_bytes()] {
            assert!(!files_contain(folder, secret), "{}", String::from_utf8_lossy(secret));
        }
        if let Some(url) = &app.harness.database_url {
            let hex = domain::audit::hex(&bytes[8..44]);
            assert!(rows_contain(url, &tag).await);
            for secret in [&key[12..], &hex, wrong, PASSWORD] {
                assert!(!rows_contain(url, secret).await, "{secret}");
            }
        }
        assert!(!Log::lines_with(&tag).is_empty());
        for secret in [&key[12..], wrong, PASSWORD] {
            assert_eq!(Log::lines_with(secret), [""; 0]);
        }
    }
}
