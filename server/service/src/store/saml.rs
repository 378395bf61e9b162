//! Sign-in by SAML: providers, what was asked of them, what was used, and who is who there.

use domain::{
    Instant,
    key::Tag,
    principal::UserId,
    saml::{Facts, ProviderSettings},
};
use sqlx::FromRow;

use super::{Conn, Time, run};
use crate::fault::Fault;

/// A provider as it is stored.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ProviderRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    facts: String,
    settings: String,
    pub(crate) created_at: Time,
    pub(crate) version: i64,
}

impl ProviderRow {
    /// What its metadata says.
    pub(crate) fn facts(&self) -> Result<Facts, Fault> {
        serde_json::from_str(&self.facts).map_err(|_| Fault::Broken("a stored provider is odd"))
    }

    /// What administrators decided.
    pub(crate) fn settings(&self) -> Result<ProviderSettings, Fault> {
        serde_json::from_str(&self.settings).map_err(|_| Fault::Broken("a stored provider is odd"))
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|_| Fault::Broken("a value is no JSON"))
}

/// Every provider, by name.
pub(crate) async fn providers(conn: &mut Conn<'_>) -> Result<Vec<ProviderRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, ProviderRow>(
        "select id, name, facts, settings, created_at, version from saml_provider order by name",
    ) => fetch_all)?)
}

/// The names of the providers that people can sign in by.
pub(crate) async fn enabled_names(conn: &mut Conn<'_>) -> Result<Vec<String>, Fault> {
    Ok(run!(conn, sqlx::query_scalar(
        "select name from saml_provider where enabled order by name",
    ) => fetch_all)?)
}

/// The provider of that number.
pub(crate) async fn provider(conn: &mut Conn<'_>, id: i64) -> Result<Option<ProviderRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, ProviderRow>(
        "select id, name, facts, settings, created_at, version from saml_provider where id = $1",
    )
    .bind(id) => fetch_optional)?)
}

/// The provider of exactly that name.
pub(crate) async fn provider_named(
    conn: &mut Conn<'_>,
    name: &str,
) -> Result<Option<ProviderRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, ProviderRow>(
        "select id, name, facts, settings, created_at, version from saml_provider where name = $1",
    )
    .bind(name) => fetch_optional)?)
}

/// The provider that calls itself so.
pub(crate) async fn provider_by_entity(
    conn: &mut Conn<'_>,
    entity_id: &str,
) -> Result<Option<ProviderRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, ProviderRow>(
        "select id, name, facts, settings, created_at, version from saml_provider \
         where entity_id = $1",
    )
    .bind(entity_id) => fetch_optional)?)
}

/// Adds a provider. `None`: the name or the entity is taken.
pub(crate) async fn insert_provider(
    conn: &mut Conn<'_>,
    settings: &ProviderSettings,
    facts: &Facts,
    now: Instant,
) -> Result<Option<i64>, Fault> {
    Ok(run!(conn, sqlx::query_scalar(
        "insert into saml_provider (name, entity_id, facts, settings, enabled, created_at) \
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id",
    )
    .bind(&*settings.name)
    .bind(&*facts.entity_id)
    .bind(json(facts)?)
    .bind(json(settings)?)
    .bind(settings.enabled)
    .bind(Time(now)) => fetch_optional)?)
}

/// Changes a provider. `false`: it was changed since `version`.
pub(crate) async fn update_provider(
    conn: &mut Conn<'_>,
    id: i64,
    version: i64,
    settings: &ProviderSettings,
    facts: &Facts,
) -> Result<bool, Fault> {
    let changed = run!(conn, sqlx::query(
        "update saml_provider set entity_id = $3, facts = $4, settings = $5, enabled = $6, \
         version = version + 1 where id = $1 and version = $2",
    )
    .bind(id)
    .bind(version)
    .bind(&*facts.entity_id)
    .bind(json(facts)?)
    .bind(json(settings)?)
    .bind(settings.enabled) => rows_affected)?;
    Ok(changed == 1)
}

/// Whether anybody has an account by that provider.
pub(crate) async fn has_users(conn: &mut Conn<'_>, id: i64, name: &str) -> Result<bool, Fault> {
    Ok(run!(conn, sqlx::query_scalar(
        "select exists (select 1 from saml_user where provider_id = $1) \
         or exists (select 1 from app_user where domain_type = 'saml' and domain = $2)",
    )
    .bind(id)
    .bind(name) => fetch_one)?)
}

/// Removes a provider that nobody has an account by.
pub(crate) async fn delete_provider(conn: &mut Conn<'_>, id: i64) -> Result<bool, Fault> {
    let deleted = run!(conn, sqlx::query("delete from saml_provider where id = $1")
        .bind(id) => rows_affected)?;
    Ok(deleted == 1)
}

/// A request on its way to a provider.
pub(crate) struct NewRequest<'a> {
    pub(crate) relay_hash: Vec<u8>,
    pub(crate) provider: i64,
    pub(crate) kind: &'a str,
    pub(crate) message_id: &'a str,
    pub(crate) browser_hash: Vec<u8>,
    pub(crate) next_page: &'a str,
    pub(crate) tester: Option<UserId>,
    pub(crate) now: Instant,
    pub(crate) expires_at: Instant,
}

/// A request that is waited for.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct RequestRow {
    pub(crate) provider_id: i64,
    pub(crate) kind: String,
    pub(crate) message_id: String,
    pub(crate) browser_hash: Vec<u8>,
    pub(crate) next_page: String,
    pub(crate) tester_id: Option<i64>,
    pub(crate) expires_at: Time,
}

/// Keeps a request until it is answered.
pub(crate) async fn put_request(conn: &mut Conn<'_>, new: NewRequest<'_>) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into saml_request (relay_hash, provider_id, kind, message_id, browser_hash, \
         next_page, tester_id, created_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(new.relay_hash)
    .bind(new.provider)
    .bind(new.kind)
    .bind(new.message_id)
    .bind(new.browser_hash)
    .bind(new.next_page)
    .bind(new.tester.map(|tester| tester.0))
    .bind(Time(new.now))
    .bind(Time(new.expires_at)) => rows_affected)?;
    Ok(())
}

/// The request with that relay state.
pub(crate) async fn request(
    conn: &mut Conn<'_>,
    relay_hash: &[u8],
) -> Result<Option<RequestRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, RequestRow>(
        "select provider_id, kind, message_id, browser_hash, next_page, tester_id, expires_at \
         from saml_request where relay_hash = $1",
    )
    .bind(relay_hash) => fetch_optional)?)
}

/// Takes a request: it is answered. `false`: it was already.
pub(crate) async fn take_request(conn: &mut Conn<'_>, relay_hash: &[u8]) -> Result<bool, Fault> {
    let taken = run!(conn, sqlx::query("delete from saml_request where relay_hash = $1")
        .bind(relay_hash) => rows_affected)?;
    Ok(taken == 1)
}

/// Notes that a message was used. `false`: it was before (S19).
pub(crate) async fn see(
    conn: &mut Conn<'_>,
    message_hash: &[u8],
    until: Instant,
) -> Result<bool, Fault> {
    let noted = run!(conn, sqlx::query(
        "insert into saml_seen (message_hash, expires_at) values ($1, $2) on conflict do nothing",
    )
    .bind(message_hash)
    .bind(Time(until)) => rows_affected)?;
    Ok(noted == 1)
}

/// What was validated and waits for the browser.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ResultRow {
    pub(crate) handle_hash: Vec<u8>,
    pub(crate) provider_id: i64,
    pub(crate) kind: String,
    pub(crate) browser_hash: Vec<u8>,
    pub(crate) next_page: String,
    pub(crate) tester_id: Option<i64>,
    pub(crate) body: String,
    pub(crate) expires_at: Time,
}

/// Keeps a result.
pub(crate) async fn put_result(conn: &mut Conn<'_>, row: &ResultRow) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into saml_result (handle_hash, provider_id, kind, browser_hash, next_page, \
         tester_id, body, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&row.handle_hash)
    .bind(row.provider_id)
    .bind(&row.kind)
    .bind(&row.browser_hash)
    .bind(&row.next_page)
    .bind(row.tester_id)
    .bind(&row.body)
    .bind(row.expires_at) => rows_affected)?;
    Ok(())
}

/// The result behind a handle.
pub(crate) async fn result(
    conn: &mut Conn<'_>,
    handle_hash: &[u8],
) -> Result<Option<ResultRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, ResultRow>(
        "select handle_hash, provider_id, kind, browser_hash, next_page, tester_id, body, \
         expires_at from saml_result where handle_hash = $1",
    )
    .bind(handle_hash) => fetch_optional)?)
}

/// Takes a result: a handle counts once. `false`: it was taken already.
pub(crate) async fn take_result(conn: &mut Conn<'_>, handle_hash: &[u8]) -> Result<bool, Fault> {
    let taken = run!(conn, sqlx::query("delete from saml_result where handle_hash = $1")
        .bind(handle_hash) => rows_affected)?;
    Ok(taken == 1)
}

/// The subject that an account is bound to. `None`: none, yet.
pub(crate) async fn bound_subject(
    conn: &mut Conn<'_>,
    user: UserId,
) -> Result<Option<String>, Fault> {
    let found: Option<Option<String>> = run!(conn, sqlx::query_scalar("select name_id from saml_user where user_id = $1")
        .bind(user.0) => fetch_optional)?;
    Ok(found.flatten())
}

/// The account that is bound to a subject.
pub(crate) async fn user_of_subject(
    conn: &mut Conn<'_>,
    provider: i64,
    name_id: &str,
) -> Result<Option<UserId>, Fault> {
    let id: Option<i64> = run!(conn, sqlx::query_scalar(
        "select user_id from saml_user where provider_id = $1 and name_id = $2",
    )
    .bind(provider)
    .bind(name_id) => fetch_optional)?;
    Ok(id.map(UserId))
}

/// Notes who an account is to its provider, at a sign-in. A binding is never loosened.
pub(crate) async fn bind_user(
    conn: &mut Conn<'_>,
    user: UserId,
    provider: i64,
    name_id: Option<&str>,
    (mail, display_name): (&str, &str),
    now: Instant,
) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into saml_user (user_id, provider_id, name_id, mail, display_name, signed_in_at) \
         values ($1, $2, $3, $4, $5, $6) on conflict (user_id) do update set \
         name_id = coalesce(saml_user.name_id, excluded.name_id), mail = excluded.mail, \
         display_name = excluded.display_name, signed_in_at = excluded.signed_in_at",
    )
    .bind(user.0)
    .bind(provider)
    .bind(name_id)
    .bind(mail)
    .bind(display_name)
    .bind(Time(now)) => rows_affected)?;
    Ok(())
}

/// The roles that groups gave somebody.
pub(crate) async fn roles_by_group(conn: &mut Conn<'_>, user: UserId) -> Result<Vec<i64>, Fault> {
    Ok(run!(conn, sqlx::query_scalar(
        "select role_id from saml_user_role where user_id = $1 order by role_id",
    )
    .bind(user.0) => fetch_all)?)
}

/// Notes that a group gave somebody a role.
pub(crate) async fn note_role(conn: &mut Conn<'_>, user: UserId, role: i64) -> Result<(), Fault> {
    run!(conn, sqlx::query(
        "insert into saml_user_role (user_id, role_id) values ($1, $2) on conflict do nothing",
    )
    .bind(user.0)
    .bind(role) => rows_affected)?;
    Ok(())
}

/// Forgets that a group gave somebody a role.
pub(crate) async fn forget_role(conn: &mut Conn<'_>, user: UserId, role: i64) -> Result<(), Fault> {
    run!(conn, sqlx::query("delete from saml_user_role where user_id = $1 and role_id = $2")
        .bind(user.0)
        .bind(role) => rows_affected)?;
    Ok(())
}

/// Lets the keys work that waited for their owner's sign-in. Returns their tags.
pub(crate) async fn activate_keys(conn: &mut Conn<'_>, user: UserId) -> Result<Vec<Tag>, Fault> {
    tags(run!(conn, sqlx::query_scalar(
        "update api_key set awaiting_sign_in = false, saml_validated = true, \
         version = version + 1 where user_id = $1 and deleted_at is null and awaiting_sign_in \
         returning tag",
    )
    .bind(user.0) => fetch_all)?)
}

/// Stops keys until their owner's next sign-in. Returns their tags.
pub(crate) async fn suspend_keys(conn: &mut Conn<'_>, user: UserId) -> Result<Vec<Tag>, Fault> {
    tags(run!(conn, sqlx::query_scalar(
        "update api_key set awaiting_sign_in = true, version = version + 1 \
         where user_id = $1 and deleted_at is null and not awaiting_sign_in returning tag",
    )
    .bind(user.0) => fetch_all)?)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "what a statement returns is handed on as it is"
)]
fn tags(texts: Vec<String>) -> Result<Vec<Tag>, Fault> {
    let tags = texts.iter().map(|text| Tag::parse(text));
    let tags: Result<Vec<_>, _> = tags.collect();
    tags.map_err(|_| Fault::Broken("a stored tag is no tag"))
}

/// Sessions of a subject: number, user, the provider's number.
pub(crate) async fn sessions_of_subject(
    conn: &mut Conn<'_>,
    provider: i64,
    name_id: &str,
) -> Result<Vec<(String, i64, Option<String>)>, Fault> {
    Ok(run!(conn, sqlx::query_as(
        "select id, user_id, saml_index from session \
         where saml_provider_id = $1 and saml_name_id = $2",
    )
    .bind(provider)
    .bind(name_id) => fetch_all)?)
}

/// The provider's session behind one of ours: provider, subject, number.
pub(crate) async fn subject_of_session(
    conn: &mut Conn<'_>,
    session: &str,
) -> Result<Option<(i64, String, Option<String>)>, Fault> {
    Ok(run!(conn, sqlx::query_as(
        "select saml_provider_id, saml_name_id, saml_index from session \
         where id = $1 and saml_provider_id is not null",
    )
    .bind(session) => fetch_optional)?)
}

/// Removes what is past its time.
pub(crate) async fn purge(conn: &mut Conn<'_>, now: Instant) -> Result<(), Fault> {
    for sql in [
        "delete from saml_request where expires_at <= $1",
        "delete from saml_seen where expires_at <= $1",
        "delete from saml_result where expires_at <= $1",
    ] {
        run!(&mut *conn, sqlx::query(sql).bind(Time(now)) => rows_affected)?;
    }
    Ok(())
}
