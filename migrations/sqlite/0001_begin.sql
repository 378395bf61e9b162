-- Times are whole microseconds since 1970-01-01T00:00:00Z, bound by the program, never now().
-- The PostgreSQL file of the same name makes the same tables.

-- What tells this database's secret files from others (HMAC under the secret, not the secret).
create table secret_fingerprint (
    name text primary key not null,
    fingerprint text not null
) strict;

create table app_user (
    -- From 1000; autoincrement: never used again.
    id integer primary key autoincrement not null,
    domain_type text not null
        constraint user_domain_type_known
        check (domain_type in ('unixpwd', 'nt', 'vx', 'ldap', 'saml', 'nbsp')),
    domain text not null
        constraint unixpwd_has_no_domain check (domain_type <> 'unixpwd' or domain = ''),
    -- As entered.
    name text not null,
    -- As compared: PRECIS UsernameCaseMapped (RFC 8265) for local names.
    name_folded text not null,
    -- Argon2id in PHC format. NULL: this account has no password and cannot sign in with one.
    password_hash text,
    -- Whether the password must be replaced before anything else.
    password_change_needed integer not null
        constraint password_change_needed_is_boolean check (password_change_needed in (0, 1)),
    -- Whether API Key Self-Service was withdrawn from this user.
    self_service_withdrawn integer not null default 0
        constraint self_service_withdrawn_is_boolean check (self_service_withdrawn in (0, 1)),
    -- NULL: enabled.
    disabled_at integer,
    created_at integer not null,
    constraint user_name_taken unique (domain_type, domain, name_folded)
) strict;

insert into sqlite_sequence (name, seq) values ('app_user', 999);

-- Domains whose users do not hold API Key Self-Service.
create table self_service_withdrawn_domain (
    domain_type text not null,
    domain text not null,
    primary key (domain_type, domain)
) strict;

create table role (
    -- Built-in ones below 1000; autoincrement: never used again.
    id integer primary key autoincrement not null,
    name text not null
        constraint role_name_taken unique
        constraint role_name_has_64_characters check (length(name) between 1 and 64),
    description text not null
        constraint role_description_has_256_characters check (length(description) <= 256),
    -- What built-in roles grant stands in the program: they cannot be edited.
    built_in integer not null constraint built_in_is_boolean check (built_in in (0, 1))
) strict;

insert into role (id, name, description, built_in) values
    (1, 'Administrator', 'Everything', 1),
    (2, 'Default Security Administrator', 'API keys, approval settings, the audit trail and roles', 1),
    (3, 'Default Multi-Person Authorization Approver', 'Sees and decides tickets', 1),
    (4, 'API Key Self-Service', 'One''s own API key', 1);

update sqlite_sequence set seq = 999 where name = 'role';

-- What custom roles grant.
create table role_permission (
    role_id integer not null references role (id) on delete cascade,
    namespace text not null,
    permission text not null,
    constraint role_permission_once primary key (role_id, namespace, permission)
) strict;

create table user_role (
    user_id integer not null references app_user (id),
    role_id integer not null references role (id),
    constraint user_role_once primary key (user_id, role_id)
) strict;

create index user_role_by_role on user_role (role_id);

-- The policy in force: always exactly one row. The ranges are those of the program.
create table policy (
    id integer primary key not null constraint one_policy check (id = 1),
    max_lifetime_days integer not null
        constraint max_lifetime_in_range check (max_lifetime_days between 1 and 355000),
    default_lifetime_days integer not null
        constraint default_lifetime_in_range
        check (default_lifetime_days between 1 and max_lifetime_days),
    overlap_hours integer not null
        constraint overlap_in_range check (overlap_hours between 0 and 24),
    tombstone_days integer not null
        constraint tombstone_time_in_range check (tombstone_days between 1 and 3650),
    self_service integer not null
        constraint self_service_is_boolean check (self_service in (0, 1)),
    saml_max_lifetime_hours integer not null
        constraint saml_lifetime_in_range check (saml_max_lifetime_hours between 1 and 8760),
    saml_expiry text not null
        constraint saml_expiry_known check (saml_expiry in ('session', 'fixed')),
    later_than_saml text not null
        constraint later_than_saml_known check (later_than_saml in ('warn', 'refuse')),
    limit_security_administrators integer not null
        constraint limit_security_administrators_is_boolean
        check (limit_security_administrators in (0, 1))
) strict;

insert into policy (id, max_lifetime_days, default_lifetime_days, overlap_hours, tombstone_days,
    self_service, saml_max_lifetime_hours, saml_expiry, later_than_saml,
    limit_security_administrators) values (1, 365, 30, 0, 30, 1, 24, 'session', 'warn', 0);

-- Every tag ever given out, also of purged keys: a tag is unique for ever.
create table used_tag (
    tag text primary key not null
        constraint tag_has_12_characters check (length(tag) = 12)
) strict;

create table api_key (
    tag text primary key not null references used_tag (tag),
    user_id integer not null references app_user (id),
    -- Copies of the owner's facts, for the indexes of the directory; triggers keep them.
    owner_name text not null default '',
    owner_disabled integer not null default 0
        constraint owner_disabled_is_boolean check (owner_disabled in (0, 1)),
    -- HMAC-SHA-256 of the key under the pepper. NULL: deleted, nothing can match any more.
    digest blob
        constraint digest_has_32_bytes check (digest is null or length(digest) = 32),
    -- Which pepper. NULL with the digest.
    pepper_id text,
    description text not null
        constraint description_has_256_characters check (length(description) <= 256),
    created_at integer not null,
    expires_at integer not null
        constraint ends_after_it_begins check (expires_at > created_at),
    -- When the validity was last changed.
    modified_at integer not null,
    -- The issuer as it was then; the console has the number 0 and no account.
    issuer_id integer not null,
    issuer_domain_type text not null,
    issuer_domain text not null,
    issuer_name text not null,
    saml_validated integer not null
        constraint saml_validated_is_boolean check (saml_validated in (0, 1)),
    -- Made for a SAML user who has not signed in since.
    awaiting_sign_in integer not null
        constraint awaiting_sign_in_is_boolean check (awaiting_sign_in in (0, 1)),
    -- Service principals only. NULL: not revoked.
    revoked_at integer,
    -- End of the overlap after a reissue. NULL: not replaced.
    retires_at integer,
    -- NULL: not deleted. Otherwise the row is a tombstone.
    deleted_at integer,
    -- Full identity. NULL: not deleted.
    deleted_by text,
    -- NULL: never used.
    last_used_at integer,
    last_used_address text,
    -- Counts the changes, for ETags.
    version integer not null default 1,
    constraint a_tombstone_has_no_digest check ((digest is null) = (deleted_at is not null)),
    constraint digest_and_pepper_go_together check ((digest is null) = (pepper_id is null)),
    constraint deletion_is_signed check ((deleted_at is null) = (deleted_by is null))
) strict;

-- One key per user at a time; neither tombstones nor retiring keys count.
create unique index one_key_per_user on api_key (user_id)
    where deleted_at is null and retires_at is null;
create unique index one_retiring_key_per_user on api_key (user_id)
    where deleted_at is null and retires_at is not null;
create index api_key_by_owner on api_key (user_id);

-- The directory's indexes. Each is one order of one slice, so that a page anywhere in it is a short
-- walk, whatever is left out; none depends on the time of day. A new key is entered in those marked
-- with *; the others hold few keys. The columns after the tag are there so that counting reads the
-- index alone; a first one that is the same in all entries, so that this index is taken and no other.

-- * All, by the end of validity.
create index api_key_by_expiry on api_key (expires_at, tag) where deleted_at is null;
-- * All, by creation.
create index api_key_by_creation on api_key (created_at, tag) where deleted_at is null;
-- * All, by owner; search by the owner's name.
create index api_key_by_owner_name on api_key (owner_name, tag) where deleted_at is null;
-- * Never used, by creation; the beginning of all by last use. The first use removes the entry.
create index api_key_never_used on api_key
    (last_used_at, created_at, tag, deleted_at, retires_at)
    where deleted_at is null and last_used_at is null;
-- All by last use; unused for long.
create index api_key_by_use on api_key
    (last_used_at, tag, deleted_at, retires_at)
    where deleted_at is null and last_used_at is not null;
-- * Active, expiring, inactive and expired keys, by the end of validity.
create index api_key_in_force on api_key
    (awaiting_sign_in, expires_at, tag, deleted_at, retires_at, revoked_at, owner_disabled)
    where deleted_at is null and retires_at is null and revoked_at is null
    and not owner_disabled;
-- Replaced keys, by the end of the overlap; also which of them are to be buried.
create index api_key_retiring on api_key
    (retires_at, tag, deleted_at, revoked_at, owner_disabled)
    where deleted_at is null and retires_at is not null;
-- Keys of disabled owners, by owner.
create index api_key_disabled on api_key
    (deleted_at, owner_name, tag, owner_disabled, revoked_at, retires_at)
    where deleted_at is null and owner_disabled;
-- Tombstones by deletion, also which of them are to be purged; and by owner, for search.
create index api_key_deleted on api_key (deleted_at, tag) where deleted_at is not null;
create index api_key_deleted_by_owner_name on api_key (owner_name, tag)
    where deleted_at is not null;

create trigger new_key_has_its_owner after insert on api_key
    when (new.owner_name, new.owner_disabled) is not
        (select u.name_folded, u.disabled_at is not null from app_user u where u.id = new.user_id)
begin
    update api_key set (owner_name, owner_disabled) =
        (select u.name_folded, u.disabled_at is not null from app_user u where u.id = new.user_id)
        where tag = new.tag;
end;

create trigger keys_have_their_owner after update of name_folded, disabled_at on app_user
begin
    update api_key set owner_name = new.name_folded, owner_disabled = new.disabled_at is not null
        where user_id = new.id;
end;

-- The words of every description, for search: an inverted index in a table, since neither
-- database's own can be walked in order from anywhere.
create table api_key_word (
    word text not null,
    tag text not null references api_key (tag) on delete cascade,
    primary key (word, tag)
) strict, without rowid;

-- Whether a key has another word as well; what to forget with a key.
create index api_key_word_by_tag on api_key_word (tag);

-- Successful verifications, counted per key and hour.
create table api_key_use (
    tag text not null references api_key (tag) on delete cascade,
    -- The start of the hour.
    hour integer not null,
    uses integer not null constraint uses_are_positive check (uses > 0),
    primary key (tag, hour)
) strict;

create table session (
    -- Names the session; is not the token.
    id text primary key not null,
    kind text not null constraint session_kind_known check (kind in ('browser', 'token')),
    -- SHA-256 of the cookie's token. NULL: a signed REST token, which needs none.
    token_hash blob constraint session_token_unique unique
        constraint token_hash_has_32_bytes check (token_hash is null or length(token_hash) = 32),
    user_id integer not null references app_user (id),
    -- The key it was got with. NULL: a password.
    key_tag text references used_tag (tag),
    created_at integer not null,
    -- To the minute.
    last_seen_at integer not null,
    expires_at integer not null,
    address text not null,
    -- NULL: the client does not say.
    user_agent text,
    -- When a SAML assertion was validated for this session. NULL: no SAML session.
    saml_validated_at integer,
    -- SessionNotOnOrAfter of that assertion. NULL: it has none.
    saml_not_on_or_after integer,
    constraint browsers_have_a_token_and_others_none
        check ((kind = 'browser') = (token_hash is not null))
) strict;

create index session_by_user on session (user_id);
create index session_by_end on session (expires_at);

-- A new key's value on its way to the reveal page: encrypted under a key that only the browser
-- has, for a minute at most.
create table reveal (
    session_id text primary key not null references session (id) on delete cascade,
    tag text not null references api_key (tag) on delete cascade,
    nonce blob not null constraint nonce_has_12_bytes check (length(nonce) = 12),
    ciphertext blob not null,
    expires_at integer not null
) strict;

-- Failed sign-ins per user name and address. The name is hashed: people type passwords there.
create table sign_in_failure (
    subject text not null,
    address text not null,
    failures integer not null,
    -- The count is forgotten then.
    until integer not null,
    primary key (subject, address)
) strict;

-- The heads of the audit chains, one chain a server; the embedded database has one.
create table chain_head (
    chain integer primary key not null,
    -- Which server appends to it.
    server text not null constraint one_chain_per_server unique,
    height integer not null,
    hash text not null,
    -- HMAC-SHA-256 of chain, height and hash under the audit key, which is not in the database.
    mac text not null
) strict;

-- The audit trail. The id is the place in the chain, without gaps. Every other value is readable
-- text, and `hash` covers them all (docs/ARCHITECTURE.md, "The audit chain").
create table audit_record (
    id integer primary key not null,
    chain integer not null references chain_head (chain),
    recorded_at text not null,
    action text not null,
    category text not null,
    operation text not null,
    outcome text not null constraint outcome_known check (outcome in ('done', 'refused')),
    -- Full identity. NULL: not signed in.
    actor text,
    -- By what: session, token, a key's tag, console, job. NULL: not signed in.
    via text,
    -- NULL: not over a network.
    address text,
    object text not null,
    -- JSON. NULL: there was, or is, nothing.
    state_before text,
    state_after text,
    -- Why it was refused. NULL: it was done.
    cause text,
    -- What the client gave as its reason and its name. NULL: nothing.
    reason text,
    client_id text,
    -- NULL: not a request.
    request_id text,
    previous_hash text not null,
    hash text not null
) strict;

create trigger audit_record_is_not_updated before update on audit_record
begin
    select raise(abort, 'the audit trail is append-only');
end;

create trigger audit_record_is_not_deleted before delete on audit_record
begin
    select raise(abort, 'the audit trail is append-only');
end;
