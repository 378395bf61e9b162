//! Keys, their tombstones and their use.

pub(crate) mod directory;
mod query;
pub(crate) mod words;

use domain::{
    Instant,
    key::{ApiKey, Deletion, Facts, LastUse, Tag},
    principal::{Identity, UserId},
};
use sqlx::FromRow;

pub(crate) use self::query::{Visible, count, key as place_of, list};
use super::{Conn, Sql, Time, filter::fetch_all, roles::HeldRow, run, sql::Arg, users};
use crate::{fault::Fault, operation::Admission};

/// A new key.
pub(crate) struct NewKeyRow<'a> {
    pub(crate) tag: &'a Tag,
    pub(crate) owner: UserId,
    pub(crate) digest: Vec<u8>,
    pub(crate) pepper_id: &'a str,
    pub(crate) description: &'a str,
    pub(crate) now: Instant,
    pub(crate) expires_at: Instant,
    pub(crate) issuer: &'a Identity,
    pub(crate) saml_validated: bool,
    pub(crate) awaiting_sign_in: bool,
}

/// A key with its owner, without its digest.
#[derive(Debug, FromRow)]
pub(crate) struct KeyRow {
    tag: String,
    description: String,
    created_at: Time,
    expires_at: Time,
    modified_at: Time,
    issuer_id: i64,
    issuer_domain_type: String,
    issuer_domain: String,
    issuer_name: String,
    saml_validated: bool,
    awaiting_sign_in: bool,
    revoked_at: Option<Time>,
    retires_at: Option<Time>,
    deleted_at: Option<Time>,
    deleted_by: Option<String>,
    last_used_at: Option<Time>,
    last_used_address: Option<String>,
    version: i64,
    user_id: i64,
    user_domain_type: String,
    user_domain: String,
    user_name: String,
    owner_disabled_at: Option<Time>,
}

/// The columns of [`KeyRow`], of `api_key k` and `app_user u`.
macro_rules! key_columns {
    () => {
        "k.tag, k.description, k.created_at, k.expires_at, k.modified_at, \
         k.issuer_id, k.issuer_domain_type, k.issuer_domain, k.issuer_name, \
         k.saml_validated, k.awaiting_sign_in, k.revoked_at, k.retires_at, k.deleted_at, \
         k.deleted_by, k.last_used_at, k.last_used_address, k.version, u.id as user_id, \
         u.domain_type as user_domain_type, u.domain as user_domain, u.name as user_name, \
         u.disabled_at as owner_disabled_at"
    };
}
pub(crate) use key_columns;

/// Selects [`KeyRow`]s.
macro_rules! select_key {
    ($rest:literal) => {
        concat!(
            "select ",
            $crate::store::keys::key_columns!(),
            " from api_key k join app_user u on u.id = k.user_id ",
            $rest
        )
    };
}
pub(crate) use select_key;

impl KeyRow {
    /// What people see of it at `now`.
    pub(crate) fn into_key(self, now: Instant) -> Result<ApiKey, Fault> {
        let facts = Facts {
            deleted: self.deleted_at.is_some(),
            revoked: self.revoked_at.is_some(),
            owner_disabled: self.owner_disabled_at.is_some(),
            awaiting_sign_in: self.awaiting_sign_in,
            retires_at: self.retires_at.map(Instant::from),
            expires_at: self.expires_at.0,
        };
        Ok(ApiKey {
            tag: read_tag(&self.tag)?,
            owner: users::identity(
                self.user_id,
                &self.user_domain_type,
                &self.user_domain,
                &self.user_name,
            )?,
            description: self.description,
            created_at: self.created_at.0,
            expires_at: self.expires_at.0,
            modified_at: self.modified_at.0,
            issuer: users::identity(
                self.issuer_id,
                &self.issuer_domain_type,
                &self.issuer_domain,
                &self.issuer_name,
            )?,
            state: facts.state(now),
            saml_validated: self.saml_validated,
            last_used: self.last_used_at.map(|at| LastUse {
                at: at.0,
                address: self.last_used_address.unwrap_or_default(),
            }),
            retires_at: self.retires_at.map(Instant::from),
            deleted: self.deleted_at.map(|at| Deletion {
                at: at.0,
                by: self.deleted_by.unwrap_or_default(),
            }),
            version: self.version,
        })
    }
}

/// The present keys of these users: one each at most.
pub(crate) async fn present_of(conn: &mut Conn<'_>, users: &[i64]) -> Result<Vec<KeyRow>, Fault> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(select_key!(
        "where k.deleted_at is null and k.retires_at is null and k.user_id in "
    ));
    sql.bind_list(users.iter().copied().map(Arg::Int));
    fetch_all(conn, sql).await
}

fn read_tag(text: &str) -> Result<Tag, Fault> {
    Tag::parse(text).map_err(|_| Fault::Broken("a stored tag is no tag"))
}

/// What verification needs, one row a role of the owner.
#[derive(Debug, FromRow)]
pub(crate) struct CheckRow {
    pub(crate) digest: Option<Vec<u8>>,
    pub(crate) created_at: Time,
    pub(crate) expires_at: Time,
    pub(crate) awaiting_sign_in: bool,
    pub(crate) revoked_at: Option<Time>,
    pub(crate) retires_at: Option<Time>,
    pub(crate) deleted_at: Option<Time>,
    pub(crate) owner_disabled_at: Option<Time>,
    user_id: i64,
    user_domain_type: String,
    user_domain: String,
    user_name: String,
    /// Whether the owner holds *API Key Self-Service*.
    pub(crate) self_service: bool,
    /// `None`: the owner holds no other role.
    role_id: Option<i64>,
    role_name: Option<String>,
    namespace: Option<String>,
    permission: Option<String>,
}

impl CheckRow {
    /// Whose key it is.
    pub(crate) fn owner(&self) -> Result<Identity, Fault> {
        users::identity(
            self.user_id,
            &self.user_domain_type,
            &self.user_domain,
            &self.user_name,
        )
    }

    /// When it ends by itself.
    pub(crate) fn ends_at(&self) -> Instant {
        let retires_at = self.retires_at.map(Instant::from);
        retires_at.map_or(self.expires_at.0, |end| end.min(self.expires_at.0))
    }

    /// The permission that the row adds, if it adds one.
    pub(crate) fn held(&self) -> Option<HeldRow> {
        Some(HeldRow {
            role_id: self.role_id?,
            role_name: self.role_name.clone()?,
            namespace: self.namespace.clone(),
            permission: self.permission.clone(),
        })
    }

    /// What decides its state.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            deleted: self.deleted_at.is_some(),
            revoked: self.revoked_at.is_some(),
            owner_disabled: self.owner_disabled_at.is_some(),
            awaiting_sign_in: self.awaiting_sign_in,
            retires_at: self.retires_at.map(Instant::from),
            expires_at: self.expires_at.0,
        }
    }
}

/// Takes a tag for ever. `false`: it was given out before; draw again.
pub(crate) async fn take_tag(conn: &mut Conn<'_>, tag: &Tag) -> Result<bool, Fault> {
    let taken = run!(conn, sqlx::query("insert into used_tag (tag) values ($1) on conflict do nothing")
        .bind(tag.as_str()) => rows_affected)?;
    Ok(taken == 1)
}

/// Adds a key. `false`: the owner has one already.
pub(crate) async fn insert(
    conn: &mut Conn<'_>,
    key: NewKeyRow<'_>,
    _: &Admission,
) -> Result<bool, Fault> {
    let issuer = &key.issuer.principal;
    let inserted = run!(conn, sqlx::query(
        "insert into api_key (tag, user_id, digest, pepper_id, description, created_at, \
         expires_at, modified_at, issuer_id, issuer_domain_type, issuer_domain, issuer_name, \
         saml_validated, awaiting_sign_in) \
         values ($1, $2, $3, $4, $5, $6, $7, $6, $8, $9, $10, $11, $12, $13) \
         on conflict (user_id) where deleted_at is null and retires_at is null do nothing",
    )
    .bind(key.tag.as_str())
    .bind(key.owner.0)
    .bind(&*key.digest)
    .bind(key.pepper_id)
    .bind(key.description)
    .bind(Time(key.now))
    .bind(Time(key.expires_at))
    .bind(key.issuer.id.0)
    .bind(issuer.domain_type.as_str())
    .bind(&*issuer.domain)
    .bind(&*issuer.name)
    .bind(key.saml_validated)
    .bind(key.awaiting_sign_in) => rows_affected)?;
    if inserted == 1 {
        words::insert(conn, key.tag, key.description).await?;
    }
    Ok(inserted == 1)
}

/// The key with that tag, also a tombstone.
pub(crate) async fn by_tag(conn: &mut Conn<'_>, tag: &Tag) -> Result<Option<KeyRow>, Fault> {
    Ok(
        run!(conn, sqlx::query_as::<_, KeyRow>(select_key!("where k.tag = $1"))
        .bind(tag.as_str()) => fetch_optional)?,
    )
}

/// Locks the key with that tag, if there is one, until the transaction ends.
pub(crate) async fn lock(conn: &mut Conn<'_>, tag: &Tag) -> Result<(), Fault> {
    // An update locks the row on PostgreSQL; SQLite holds the write lock already.
    run!(conn, sqlx::query("update api_key set version = version where tag = $1")
        .bind(tag.as_str()) => rows_affected)?;
    Ok(())
}

/// A user's current key: neither deleted nor retiring.
pub(crate) async fn current_of(
    conn: &mut Conn<'_>,
    owner: UserId,
) -> Result<Option<KeyRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, KeyRow>(select_key!(
        "where k.user_id = $1 and k.deleted_at is null and k.retires_at is null"
    ))
    .bind(owner.0) => fetch_optional)?)
}

/// A user's retiring key, also one whose overlap has just ended.
pub(crate) async fn retiring_of(
    conn: &mut Conn<'_>,
    owner: UserId,
) -> Result<Option<KeyRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, KeyRow>(select_key!(
        "where k.user_id = $1 and k.deleted_at is null and k.retires_at is not null"
    ))
    .bind(owner.0) => fetch_optional)?)
}

/// A user's tombstones, the latest first, a page of them at most.
pub(crate) async fn deleted_of(conn: &mut Conn<'_>, owner: UserId) -> Result<Vec<KeyRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, KeyRow>(select_key!(
        "where k.user_id = $1 and k.deleted_at is not null order by k.deleted_at desc limit 20"
    ))
    .bind(owner.0) => fetch_all)?)
}

/// Turns a key into its tombstone, and with a current key the owner's retiring one. `false`: it
/// was deleted already.
pub(crate) async fn delete(
    conn: &mut Conn<'_>,
    tag: &Tag,
    owner: UserId,
    by: &str,
    now: Instant,
    _: &Admission,
) -> Result<bool, Fault> {
    let deleted = run!(conn, sqlx::query(
        "update api_key set deleted_at = $2, deleted_by = $3, digest = null, pepper_id = null, \
         version = version + 1 where tag = $1 and deleted_at is null",
    )
    .bind(tag.as_str())
    .bind(Time(now))
    .bind(by) => rows_affected)?;
    run!(conn, sqlx::query(
        "update api_key set deleted_at = $2, deleted_by = $3, digest = null, pepper_id = null \
         where user_id = $1 and deleted_at is null and retires_at is not null \
         and not exists (select 1 from api_key c where c.user_id = $1 \
                         and c.deleted_at is null and c.retires_at is null)",
    )
    .bind(owner.0)
    .bind(Time(now))
    .bind(by) => rows_affected)?;
    Ok(deleted == 1)
}

/// Changes a key's validity and description. `None` for the validity: as it was. `false`: the key
/// was changed since `version`, or is gone.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    tag: &Tag,
    version: i64,
    description: &str,
    expires_at: Option<Instant>,
    now: Instant,
    _: &Admission,
) -> Result<bool, Fault> {
    let changed = run!(conn, sqlx::query(
        "update api_key set description = $3, expires_at = coalesce($4, expires_at), \
         modified_at = case when $4 is null then modified_at else $5 end, version = version + 1 \
         where tag = $1 and version = $2 and deleted_at is null and retires_at is null",
    )
    .bind(tag.as_str())
    .bind(version)
    .bind(description)
    .bind(expires_at.map(Time))
    .bind(Time(now)) => rows_affected)?;
    if changed == 1 {
        words::forget(conn, tag).await?;
        words::insert(conn, tag, description).await?;
    }
    Ok(changed == 1)
}

/// Lets a key work no more. `false`: it does not, or is gone.
pub(crate) async fn revoke(
    conn: &mut Conn<'_>,
    tag: &Tag,
    now: Instant,
    _: &Admission,
) -> Result<bool, Fault> {
    let revoked = run!(conn, sqlx::query(
        "update api_key set revoked_at = $2, version = version + 1 \
         where tag = $1 and revoked_at is null and deleted_at is null",
    )
    .bind(tag.as_str())
    .bind(Time(now)) => rows_affected)?;
    Ok(revoked == 1)
}

/// Lets a key retire: it is no longer the owner's current key and ends at `retires_at`. A key that
/// retires already ends at once. `false`: it was changed since `version`, or is gone.
pub(crate) async fn retire(
    conn: &mut Conn<'_>,
    key: &ApiKey,
    retires_at: Instant,
    by: &str,
    now: Instant,
    _: &Admission,
) -> Result<bool, Fault> {
    // The new key locks its owner; whoever disables the owner goes on to the keys.
    users::lock(conn, key.owner.id).await?;
    run!(conn, sqlx::query(
        "update api_key set deleted_at = $2, deleted_by = $3, digest = null, pepper_id = null, \
         version = version + 1 \
         where user_id = $1 and deleted_at is null and retires_at is not null",
    )
    .bind(key.owner.id.0)
    .bind(Time(now))
    .bind(by) => rows_affected)?;
    let retired = run!(conn, sqlx::query(
        "update api_key set retires_at = $3, version = version + 1 \
         where tag = $1 and version = $2 and deleted_at is null and retires_at is null",
    )
    .bind(key.tag.as_str())
    .bind(key.version)
    .bind(Time(retires_at)) => rows_affected)?;
    Ok(retired == 1)
}

/// Turns keys whose overlap has ended into tombstones.
pub(crate) async fn bury_retired(conn: &mut Conn<'_>, now: Instant) -> Result<u64, Fault> {
    Ok(run!(conn, sqlx::query(
        "update api_key set deleted_at = retires_at, deleted_by = 'reissue', digest = null, \
         pepper_id = null, version = version + 1 where deleted_at is null and retires_at <= $1",
    )
    .bind(Time(now)) => rows_affected)?)
}

/// What verification needs of the key with that tag: nothing, or one row a role of its owner.
pub(crate) async fn for_check(conn: &mut Conn<'_>, tag: &Tag) -> Result<Vec<CheckRow>, Fault> {
    Ok(run!(conn, sqlx::query_as::<_, CheckRow>(
        "select k.digest, k.created_at, k.expires_at, k.awaiting_sign_in, k.revoked_at, \
         k.retires_at, k.deleted_at, u.disabled_at as owner_disabled_at, \
         u.id as user_id, u.domain_type as user_domain_type, \
         u.domain as user_domain, u.name as user_name, \
         (o.self_service and not u.self_service_withdrawn and not exists \
          (select 1 from self_service_withdrawn_domain d \
           where d.domain_type = u.domain_type and d.domain = u.domain)) as self_service, \
         r.id as role_id, r.name as role_name, p.namespace, p.permission \
         from api_key k join app_user u on u.id = k.user_id cross join policy o \
         left join user_role g on g.user_id = u.id left join role r on r.id = g.role_id \
         left join role_permission p on p.role_id = r.id where k.tag = $1 order by r.id",
    )
    .bind(tag.as_str()) => fetch_all)?)
}

/// How many current keys end after `end`; counting stops at `limit`.
pub(crate) async fn ending_after(
    conn: &mut Conn<'_>,
    end: Instant,
    limit: u64,
) -> Result<u64, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let count: i64 = run!(conn, sqlx::query_scalar(
        "select count(*) from (select 1 from api_key \
         where deleted_at is null and expires_at > $1 limit $2) found",
    )
    .bind(Time(end))
    .bind(limit) => fetch_one)?;
    u64::try_from(count).map_err(|_| Fault::Broken("a negative count"))
}

#[derive(FromRow)]
struct HourRow {
    hour: Time,
    uses: i64,
}

/// The hours since `first` in which a key was used, and how often.
pub(crate) async fn uses_since(
    conn: &mut Conn<'_>,
    tag: &Tag,
    first: Instant,
) -> Result<Vec<(Instant, u64)>, Fault> {
    let rows = run!(conn, sqlx::query_as::<_, HourRow>(
        "select hour, uses from api_key_use where tag = $1 and hour >= $2 order by hour",
    )
    .bind(tag.as_str())
    .bind(Time(first)) => fetch_all)?;
    let read = |row: HourRow| {
        let uses = u64::try_from(row.uses).map_err(|_| Fault::Broken("a negative count"))?;
        Ok((row.hour.0, uses))
    };
    rows.into_iter().map(read).collect()
}

/// Notes the latest use of a key and counts its uses in the hour.
pub(crate) async fn note_use(
    conn: &mut Conn<'_>,
    tag: &Tag,
    last: &LastUse,
    hour: Instant,
    uses: i64,
) -> Result<(), Fault> {
    let noted = run!(conn, sqlx::query(
        "update api_key set last_used_at = $2, last_used_address = $3 \
         where tag = $1 and (last_used_at is null or last_used_at <= $2)",
    )
    .bind(tag.as_str())
    .bind(Time(last.at))
    .bind(&*last.address) => rows_affected)?;
    if noted == 1 {
        run!(conn, sqlx::query(
            "insert into api_key_use (tag, hour, uses) values ($1, $2, $3) \
             on conflict (tag, hour) do update set uses = api_key_use.uses + excluded.uses",
        )
        .bind(tag.as_str())
        .bind(Time(hour))
        .bind(uses) => rows_affected)?;
    }
    Ok(())
}

/// Removes tombstones older than the policy keeps them. The tags stay taken.
pub(crate) async fn purge(conn: &mut Conn<'_>, deleted_before: Instant) -> Result<u64, Fault> {
    Ok(
        run!(conn, sqlx::query("delete from api_key where deleted_at <= $1")
        .bind(Time(deleted_before)) => rows_affected)?,
    )
}
