//! The store's contract: the constraints hold whatever the code above them does.

use domain::audit::hex;
use service::{on_both_databases, testing::Harness};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

/// A connection of the test's own.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

pub(crate) async fn connect(harness: &Harness) -> Raw {
    match &harness.database_url {
        None => {
            let path = harness.data_dir.path().join("latchkey.db");
            let url = format!("sqlite://{}", path.display());
            Raw::Sqlite(SqliteConnection::connect(&url).await.unwrap())
        }
        Some(url) => Raw::Postgres(PgConnection::connect(url).await.unwrap()),
    }
}

/// Runs a statement beside the service; the error is the violated constraint's message.
pub(crate) async fn execute(harness: &Harness, sql: &str) -> Result<u64, String> {
    let sql = AssertSqlSafe(sql.to_owned());
    match connect(harness).await {
        Raw::Sqlite(mut c) => c.execute(sql).await.map(|done| done.rows_affected()),
        Raw::Postgres(mut c) => c.execute(sql).await.map(|done| done.rows_affected()),
    }
    .map_err(|error| error.to_string())
}

/// A number from the database.
pub(crate) async fn number(harness: &Harness, sql: &str) -> i64 {
    let sql = AssertSqlSafe(sql.to_owned());
    match connect(harness).await {
        Raw::Sqlite(mut c) => sqlx::query_scalar(sql).fetch_one(&mut c).await,
        Raw::Postgres(mut c) => sqlx::query_scalar(sql).fetch_one(&mut c).await,
    }
    .unwrap()
}

/// A column of texts from the database.
pub(crate) async fn texts(harness: &Harness, sql: &str) -> Vec<String> {
    let sql = AssertSqlSafe(sql.to_owned());
    match connect(harness).await {
        Raw::Sqlite(mut c) => sqlx::query_scalar(sql).fetch_all(&mut c).await,
        Raw::Postgres(mut c) => sqlx::query_scalar(sql).fetch_all(&mut c).await,
    }
    .unwrap()
}

/// A key's row with the given parts, as SQL.
fn key_row(tag: &str, digest: bool, deleted: bool, retires: &str) -> String {
    let digest = if digest {
        format!("'{}'", "d".repeat(32))
    } else {
        "null".into()
    };
    let pepper = if digest == "null" { "null" } else { "'p'" };
    let (deleted_at, deleted_by) = if deleted {
        ("5", "'x'")
    } else {
        ("null", "null")
    };
    format!(
        "insert into used_tag (tag) values ('{tag}'); \
         insert into api_key (tag, user_id, digest, pepper_id, description, created_at, \
         expires_at, modified_at, issuer_id, issuer_domain_type, issuer_domain, issuer_name, \
         saml_validated, awaiting_sign_in, retires_at, deleted_at, deleted_by) values ('{tag}', \
         1000, cast({digest} as {{blob}}), {pepper}, '', 1, 2, 1, 0, 'unixpwd', '', 'x', false, \
         false, {retires}, {deleted_at}, {deleted_by})"
    )
}

async fn put(harness: &Harness, sql: &str) -> Result<u64, String> {
    let blob = if harness.database_url.is_some() {
        "bytea"
    } else {
        "blob"
    };
    execute(harness, &sql.replace("{blob}", blob)).await
}

on_both_databases! {
    async fn one_current_and_one_retiring_key_per_user_and_any_tombstones(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let put = async |sql: String| put(&harness, &sql).await;
        put(key_row("tag-00000001", false, true, "null")).await.unwrap();
        put(key_row("tag-00000002", false, true, "null")).await.unwrap();
        put(key_row("tag-00000003", true, false, "null")).await.unwrap();
        put(key_row("tag-00000004", true, false, "9")).await.unwrap();
        assert!(put(key_row("tag-00000005", true, false, "null")).await.is_err());
        assert!(put(key_row("tag-00000006", true, false, "9")).await.is_err());
        assert_eq!(number(&harness, "select count(*) from api_key").await, 4);
    }

    async fn a_key_without_digest_is_a_tombstone_and_the_reverse(harness: Harness) {
        harness.add_user("bob", &[]).await;
        for (tag, digest, deleted) in [("tag-00000001", false, false), ("tag-00000002", true, true)] {
            let error = put(&harness, &key_row(tag, digest, deleted, "null")).await;
            assert!(error.unwrap_err().contains("a_tombstone_has_no_digest"));
        }
    }

    /// Each constraint by its name.
    async fn what_cannot_be_is_refused(harness: Harness) {
        harness.add_user("bob", &[]).await;
        put(&harness, &key_row("tag-00000001", true, false, "null")).await.unwrap();
        for (sql, constraint) in [
            ("insert into used_tag (tag) values ('short')", "tag_has_12_characters"),
            ("update api_key set expires_at = created_at", "ends_after_it_begins"),
            ("update api_key set pepper_id = null", "digest_and_pepper_go_together"),
            ("update api_key set deleted_at = 5", "a_tombstone_has_no_digest"),
            ("update app_user set domain_type = 'nis'", "user_domain_type_known"),
            ("update app_user set domain = 'x'", "unixpwd_has_no_domain"),
            ("update key_tally set span = 2", "tally_span_known"),
            ("update key_tally set keys = 0", "tally_changes_something"),
            (
                "insert into session (id, kind, user_id, created_at, last_seen_at, expires_at, \
                 address) values ('s', 'browser', 1000, 1, 1, 2, '')",
                "browsers_have_a_token_and_others_none",
            ),
            (
                "insert into session (id, kind, user_id, created_at, last_seen_at, expires_at, \
                 address) values ('s', 'phone', 1000, 1, 1, 2, '')",
                "session_kind_known",
            ),
        ] {
            let error = execute(&harness, sql).await.unwrap_err();
            assert!(error.contains(constraint), "{sql}: {error}");
        }
        let long = format!("update api_key set description = '{}'", "a".repeat(257));
        assert!(execute(&harness, &long).await.unwrap_err().contains("description_has_256"));
        for sql in [
            "insert into user_role (user_id, role_id) values (1, 1)",
            "insert into user_role (user_id, role_id) values (1000, 99)",
            "delete from used_tag",
            "delete from app_user",
        ] {
            assert!(execute(&harness, sql).await.is_err(), "{sql}");
        }
    }

    /// The same, of approval.
    async fn what_cannot_be_of_approval_is_refused(harness: Harness) {
        harness.add_user("bob", &[]).await;
        harness.add_user("eve", &[]).await;
        let ticket = |subject: &str, state: &str, decision: &str, result: &str| {
            format!(
                "insert into ticket (action, subject, digest, proposal, requester_id, state, by_hand, \
             created_at, updated_at, expires_at, decided_by, decided_at, result) values \
             ('API_KEY_DELETE', '{subject}', '{}', '{{}}', 1000, '{state}', true, 1, 1, 2, \
             {decision}, {result})",
                "d".repeat(64)
            )
        };
        let (none, signed) = ("null, null", "1001, 1");
        execute(&harness, &ticket("key a", "PENDING", none, "null"))
            .await
            .unwrap();
        execute(&harness, &ticket("key b", "APPROVED", signed, "null"))
            .await
            .unwrap();
        // M7: one that waits, and any that are closed.
        for state in ["PENDING", "APPROVED"] {
            for subject in ["key a", "key b"] {
                let decision = if state == "PENDING" { none } else { signed };
                let told = execute(&harness, &ticket(subject, state, decision, "null")).await;
                assert!(told.is_err(), "{subject} {state}");
            }
        }
        execute(&harness, &ticket("key a", "CANCELED", none, "null"))
            .await
            .unwrap();
        execute(&harness, &ticket("key a", "EXPIRED", signed, "null"))
            .await
            .unwrap();
        execute(&harness, &ticket("key a", "DONE", signed, "'{}'"))
            .await
            .unwrap();
        execute(&harness, &ticket("key a", "REJECTED", signed, "null"))
            .await
            .unwrap();
        let event = |place: i64, what: &str, comment: &str| {
            format!(
                "insert into ticket_event (ticket_id, place, at, actor, what, comment) \
             select min(id), {place}, 1, 'x', '{what}', '{comment}' from ticket"
            )
        };
        let exempt = |action: &str, reason: &str| {
            format!(
                "insert into approval_exemption (user_id, action, reason) \
             values (1000, '{action}', '{reason}')"
            )
        };
        for (sql, constraint) in [
            (ticket("x", "WAITING", none, "null"), "ticket_state_known"),
            (
                ticket("x", "PENDING", signed, "null"),
                "what_waits_for_a_decision_has_none",
            ),
            (
                ticket("x", "APPROVED", none, "null"),
                "what_was_decided_is_signed",
            ),
            (
                ticket("x", "REJECTED", none, "null"),
                "what_was_decided_is_signed",
            ),
            (
                ticket("x", "EXPIRED", "1001, null", "null"),
                "a_decision_is_signed",
            ),
            // M1.
            (
                ticket("x", "APPROVED", "1000, 1", "null"),
                "nobody_decides_their_own",
            ),
            (
                ticket("x", "DONE", signed, "null"),
                "what_was_executed_has_a_result",
            ),
            (
                ticket("x", "CANCELED", none, "'{}'"),
                "what_was_executed_has_a_result",
            ),
            (
                "update ticket set action = 'API_KEY_BURN'".to_owned(),
                "ticket_action_known",
            ),
            (
                "update ticket set digest = 'x'".to_owned(),
                "ticket_digest_has_64_characters",
            ),
            (
                "update ticket set expires_at = 1".to_owned(),
                "ticket_ends_after_it_begins",
            ),
            (event(0, "COMMENTED", ""), "places_are_positive"),
            (event(1, "BURNT", ""), "ticket_event_known"),
            (event(1, "REJECTED", ""), "rejecting_is_explained"),
            (
                event(1, "COMMENTED", &"a".repeat(1025)),
                "comment_has_1024_characters",
            ),
            (exempt("API_KEY_REVOKE", "x"), "exempt_action_known"),
            (exempt("API_KEY_CREATE", ""), "exemption_has_a_reason"),
            (
                exempt("API_KEY_CREATE", &"a".repeat(257)),
                "exemption_has_a_reason",
            ),
            (
                "update approval_settings set id = 2".to_owned(),
                "one_approval_settings",
            ),
            (
                "update approval_settings set expiry_hours = 23".to_owned(),
                "expiry_in_range",
            ),
            (
                "update approval_settings set expiry_hours = 169".to_owned(),
                "expiry_in_range",
            ),
            (
                "update approval_settings set purge_days = 2".to_owned(),
                "purge_in_range",
            ),
            (
                "update approval_settings set purge_days = 31".to_owned(),
                "purge_in_range",
            ),
        ] {
            let told = execute(&harness, &sql).await.unwrap_err();
            assert!(told.contains(constraint), "{sql}: {told}");
        }
        for column in [
            "on_create",
            "on_update",
            "on_delete",
            "on_reissue",
            "run_on_approval",
            "mail",
        ] {
            let sql = format!("update approval_settings set {column} = 2");
            assert!(execute(&harness, &sql).await.is_err(), "{column}");
        }
        execute(&harness, &exempt("API_KEY_CREATE", "x"))
            .await
            .unwrap();
        execute(&harness, &event(1, "COMMENTED", "")).await.unwrap();
        for twice in [exempt("API_KEY_CREATE", "y"), event(1, "COMMENTED", "x")] {
            assert!(execute(&harness, &twice).await.is_err(), "{twice}");
        }
        assert!(execute(&harness, "delete from app_user").await.is_err());
    }

    /// The same, of sign-in by SAML.
    async fn what_cannot_be_of_saml_is_refused(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let provider = |name: &str, entity: &str| format!(
            "insert into saml_provider (name, entity_id, facts, settings, enabled, created_at) \
             values ('{name}', '{entity}', '{{}}', '{{}}', true, 1)"
        );
        execute(&harness, &provider("idp", "e")).await.unwrap();
        let id = number(&harness, "select id from saml_provider").await;
        let row = |table: &str, columns: &str, values: &str| {
            format!("insert into saml_{table} (provider_id, {columns}) values ({id}, {values})")
        };
        let hash = |bytes: usize| format!("cast('{}' as {{blob}})", "h".repeat(bytes));
        let request = |relay: usize, browser: usize, kind: &str, tester: &str| {
            let columns = "relay_hash, browser_hash, kind, tester_id, message_id, next_page, \
                           created_at, expires_at";
            let (relay, browser) = (hash(relay), hash(browser));
            row("request", columns, &format!("{relay}, {browser}, '{kind}', {tester}, '', '', 1, 2"))
        };
        let result = |handle: usize, browser: usize, kind: &str, tester: &str| {
            let columns = "handle_hash, browser_hash, kind, tester_id, next_page, body, expires_at";
            let (handle, browser) = (hash(handle), hash(browser));
            row("result", columns, &format!("{handle}, {browser}, '{kind}', {tester}, '', '', 2"))
        };
        let user = |user: i64, name_id: &str| {
            let columns = "user_id, name_id, mail, display_name, signed_in_at";
            row("user", columns, &format!("{user}, {name_id}, '', '', 1"))
        };
        put(&harness, &user(1000, "'n'")).await.unwrap();
        for (sql, constraint) in [
            (provider("idp", "other"), "name"),
            (provider("other", "e"), "entity"),
            (provider("", "other"), "provider_name_has_64_characters"),
            (request(31, 32, "sign-in", "null"), "relay_hash_has_32_bytes"),
            (request(32, 33, "sign-in", "null"), "browser_hash_has_32_bytes"),
            (request(32, 32, "other", "null"), "request_kind_known"),
            (request(32, 32, "test", "null"), "only_tests_have_a_tester"),
            (request(32, 32, "logout", "1000"), "only_tests_have_a_tester"),
            (result(31, 32, "sign-in", "null"), "handle_hash_has_32_bytes"),
            (result(32, 31, "sign-in", "null"), "result_browser_hash_has_32_bytes"),
            (result(32, 32, "logout", "null"), "result_kind_known"),
            (result(32, 32, "test", "null"), "only_test_results_have_a_tester"),
            (result(32, 32, "unsolicited", "1000"), "only_test_results_have_a_tester"),
            (
                format!("insert into saml_seen (message_hash, expires_at) values ({}, 1)", hash(5)),
                "message_hash_has_32_bytes",
            ),
        ] {
            let error = put(&harness, &sql).await.unwrap_err();
            assert!(error.contains(constraint), "{sql}: {error}");
        }
        harness.add_user("carl", &[]).await;
        for sql in [user(1001, "'n'"), user(1000, "'m'"), user(7, "'m'")] {
            assert!(put(&harness, &sql).await.is_err(), "{sql}");
        }
        put(&harness, &user(1001, "null")).await.unwrap();
        assert!(execute(&harness, "delete from saml_provider").await.is_err());
    }

    /// Each constraint of the REST API's tables and of second factors by its name.
    async fn what_cannot_be_beside_keys_is_refused(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let bytes = |count: usize| format!("cast('{}' as {{blob}})", "x".repeat(count));
        let token_key = |id: &str, key: &str, rest: &str| {
            format!(
                "insert into token_key (id, public_key, created_at, sealed, ends_at) \
                 values ('{id}', {key}, 1, {rest})"
            )
        };
        let factor = |step: i64| {
            format!(
                "insert into second_factor (user_id, sealed, created_at, last_step) \
                 values (1000, {}, 1, {step})",
                bytes(40)
            )
        };
        put(&harness, &factor(0)).await.unwrap();
        for (sql, constraint) in [
            (token_key("x", &bytes(31), "null, 5"), "token_public_key_has_32_bytes"),
            (token_key("x", &bytes(32), &format!("{}, 5", bytes(40))), "only_the_signing_key_is_kept"),
            (
                format!(
                    "insert into service_principal (user_id, kind, created_at) values (1000, '{}', 1)",
                    "k".repeat(64)
                ),
                "principal_kind_has_63_characters",
            ),
            ("update second_factor set last_step = -1".to_owned(), "steps_are_not_negative"),
            (
                format!("insert into recovery_code (user_id, digest) values (1000, {})", bytes(31)),
                "recovery_digest_has_32_bytes",
            ),
        ] {
            let error = put(&harness, &sql).await.unwrap_err();
            assert!(error.contains(constraint), "{sql}: {error}");
        }
        for sql in [
            // The one that signs is there already.
            token_key("y", &bytes(32), "null, null"),
            factor(0),
            "insert into service_principal (user_id, kind, created_at) values (7, '', 1)".to_owned(),
            "insert into service_principal (user_id, kind, role_id, created_at) values (1000, '', 99, 1)".to_owned(),
            format!("insert into recovery_code (user_id, digest) values (7, {})", bytes(32)),
            "insert into idempotency_key (user_id, name, request, tag, created_at) values (1000, 'n', 'r', 'tag-00000009', 1)".to_owned(),
        ] {
            assert!(put(&harness, &sql).await.is_err(), "{sql}");
        }
    }

    async fn user_numbers_start_at_1000_and_are_never_used_again(harness: Harness) {
        assert_eq!(harness.add_user("anna", &[]).await.id.0, 1000);
        assert_eq!(harness.add_user("bob", &[]).await.id.0, 1001);
        execute(&harness, "delete from app_user where id = 1001").await.unwrap();
        assert!(harness.add_user("carl", &[]).await.id.0 > 1001);
    }

    /// K15: the database holds digests, and nothing that a value could be read from.
    async fn the_database_holds_no_value(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let wanted = service::keys::NewKey {
            validity: Some(domain::expiry::Validity::days(30).unwrap()),
            ..service::keys::NewKey::default()
        };
        let keys = &harness.services.keys;
        let cookie = keys.create_for_reveal(&bob, wanted).await.unwrap().done();
        let stored = everything(&harness).await;
        let value = keys.take_reveal(&bob, &cookie).await.unwrap().value.reveal();
        let secret = &domain::key::parse(value.as_bytes()).unwrap()[8..44];
        let needles = [
            value[12..].as_bytes().to_vec(),
            secret.to_vec(),
            hex(secret).into_bytes(),
            cookie.reveal().as_bytes().to_vec(),
        ];
        for needle in needles {
            assert!(!stored.windows(needle.len()).any(|window| window == needle));
        }
    }
}

/// Every byte of the data directory, or every value of every table.
async fn everything(harness: &Harness) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(harness.data_dir.path()).unwrap() {
        all.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    if let Raw::Postgres(mut c) = connect(harness).await {
        for table in ["api_key", "reveal", "session", "audit_record", "used_tag"] {
            let sql = AssertSqlSafe(format!(
                "select coalesce(string_agg(t::text, ' '), '') from {table} t"
            ));
            let text: String = sqlx::query_scalar(sql).fetch_one(&mut c).await.unwrap();
            assert!(table == "used_tag" || text.len() > 20, "{table}: {text}");
            all.extend(text.into_bytes());
        }
    }
    all
}

/// Both folders hold the same migrations, and the databases the same tables and columns; but SQLite,
/// which has no functions, computes what a key is tallied as in columns.
#[tokio::test]
async fn both_databases_have_the_same_schema() {
    let folder = |name: &str| {
        let path = format!("{}/../../migrations/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(folder("sqlite"), folder("postgres"));

    let sqlite = Harness::sqlite().await;
    let postgres = Harness::postgres().await;
    let Raw::Sqlite(mut c) = connect(&sqlite).await else {
        unreachable!()
    };
    let ours: Vec<String> = sqlx::query_scalar(
        "select m.name || '.' || c.name || case when c.\"notnull\" then ' not null' else '' end \
         from sqlite_schema m join pragma_table_xinfo(m.name) c where m.type = 'table' \
         and m.name not like 'sqlite_%' and m.name <> '_sqlx_migrations' \
         and c.name not like 'tally_%' order by 1",
    )
    .fetch_all(&mut c)
    .await
    .unwrap();
    let Raw::Postgres(mut c) = connect(&postgres).await else {
        unreachable!()
    };
    let theirs: Vec<String> = sqlx::query_scalar(
        "select (table_name || '.' || column_name || case is_nullable when 'NO' then ' not null' \
         else '' end) collate \"C\" from information_schema.columns \
         join information_schema.tables using (table_schema, table_name) \
         where table_schema = 'public' and table_type = 'BASE TABLE' \
         and table_name <> '_sqlx_migrations' order by 1",
    )
    .fetch_all(&mut c)
    .await
    .unwrap();
    assert_eq!(ours, theirs);
}
