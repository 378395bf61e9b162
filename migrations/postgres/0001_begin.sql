-- Times are whole microseconds since 1970-01-01T00:00:00Z, bound by the program, never now().
-- The SQLite file of the same name makes the same tables. Text is compared byte for byte (collation
-- "C") so that both databases sort alike.

-- What tells this database's secret files from others (HMAC under the secret, not the secret).
create table secret_fingerprint (
    name text collate "C" primary key not null,
    fingerprint text collate "C" not null
);

create table app_user (
    -- From 1000, never used again.
    id bigint generated always as identity (start with 1000) primary key,
    domain_type text collate "C" not null
        constraint user_domain_type_known
        check (domain_type in ('unixpwd', 'nt', 'vx', 'ldap', 'saml', 'nbsp')),
    domain text collate "C" not null
        constraint unixpwd_has_no_domain check (domain_type <> 'unixpwd' or domain = ''),
    -- As entered.
    name text collate "C" not null,
    -- As compared: PRECIS UsernameCaseMapped (RFC 8265) for local names.
    name_folded text collate "C" not null,
    -- Argon2id in PHC format. NULL: this account has no password and cannot sign in with one.
    password_hash text collate "C",
    -- Whether the password must be replaced before anything else.
    password_change_needed boolean not null,
    -- NULL: enabled.
    disabled_at bigint,
    created_at bigint not null,
    constraint user_name_taken unique (domain_type, domain, name_folded)
);

create table role (
    id bigint primary key not null,
    name text collate "C" not null constraint role_name_taken unique,
    -- What built-in roles grant stands in the program: they cannot be edited.
    built_in boolean not null
);

insert into role (id, name, built_in) values
    (1, 'Administrator', true),
    (2, 'Default Security Administrator', true),
    (3, 'Default Multi-Person Authorization Approver', true),
    (4, 'API Key Self-Service', true);

create table user_role (
    user_id bigint not null references app_user (id),
    role_id bigint not null references role (id),
    constraint user_role_once primary key (user_id, role_id)
);

-- Every tag ever given out, also of purged keys: a tag is unique for ever.
create table used_tag (
    tag text collate "C" primary key not null
        constraint tag_has_12_characters check (length(tag) = 12)
);

create table api_key (
    tag text collate "C" primary key not null references used_tag (tag),
    user_id bigint not null references app_user (id),
    -- HMAC-SHA-256 of the key under the pepper. NULL: deleted, nothing can match any more.
    digest bytea
        constraint digest_has_32_bytes check (digest is null or length(digest) = 32),
    -- Which pepper. NULL with the digest.
    pepper_id text collate "C",
    description text collate "C" not null
        constraint description_has_256_characters check (length(description) <= 256),
    created_at bigint not null,
    expires_at bigint not null
        constraint ends_after_it_begins check (expires_at > created_at),
    -- When the validity was last changed.
    modified_at bigint not null,
    -- The issuer as it was then; the console has the number 0 and no account.
    issuer_id bigint not null,
    issuer_domain_type text collate "C" not null,
    issuer_domain text collate "C" not null,
    issuer_name text collate "C" not null,
    saml_validated boolean not null,
    -- Made for a SAML user who has not signed in since.
    awaiting_sign_in boolean not null,
    -- Service principals only. NULL: not revoked.
    revoked_at bigint,
    -- End of the overlap after a reissue. NULL: not replaced.
    retires_at bigint,
    -- NULL: not deleted. Otherwise the row is a tombstone.
    deleted_at bigint,
    -- Full identity. NULL: not deleted.
    deleted_by text collate "C",
    -- NULL: never used.
    last_used_at bigint,
    last_used_address text collate "C",
    constraint a_tombstone_has_no_digest check ((digest is null) = (deleted_at is not null)),
    constraint digest_and_pepper_go_together check ((digest is null) = (pepper_id is null)),
    constraint deletion_is_signed check ((deleted_at is null) = (deleted_by is null))
);

-- One key per user at a time; neither tombstones nor retiring keys count.
create unique index one_key_per_user on api_key (user_id)
    where deleted_at is null and retires_at is null;
create unique index one_retiring_key_per_user on api_key (user_id)
    where deleted_at is null and retires_at is not null;
create index api_key_by_owner on api_key (user_id);
create index api_key_deleted on api_key (deleted_at) where deleted_at is not null;

-- Successful verifications, counted per key and hour.
create table api_key_use (
    tag text collate "C" not null references api_key (tag) on delete cascade,
    -- The start of the hour.
    hour bigint not null,
    uses bigint not null constraint uses_are_positive check (uses > 0),
    primary key (tag, hour)
);

create table session (
    -- Names the session; is not the token.
    id text collate "C" primary key not null,
    kind text collate "C" not null constraint session_kind_known check (kind in ('browser', 'token')),
    -- SHA-256 of the cookie's token. NULL: a signed REST token, which needs none.
    token_hash bytea constraint session_token_unique unique
        constraint token_hash_has_32_bytes check (token_hash is null or length(token_hash) = 32),
    user_id bigint not null references app_user (id),
    -- The key it was got with. NULL: a password.
    key_tag text collate "C" references used_tag (tag),
    created_at bigint not null,
    -- To the minute.
    last_seen_at bigint not null,
    expires_at bigint not null,
    address text collate "C" not null,
    -- NULL: the client does not say.
    user_agent text collate "C",
    constraint browsers_have_a_token_and_others_none
        check ((kind = 'browser') = (token_hash is not null))
);

create index session_by_user on session (user_id);
create index session_by_end on session (expires_at);

-- A new key's value on its way to the reveal page: encrypted under a key that only the browser
-- has, for a minute at most.
create table reveal (
    session_id text collate "C" primary key not null references session (id) on delete cascade,
    tag text collate "C" not null references api_key (tag) on delete cascade,
    nonce bytea not null constraint nonce_has_12_bytes check (length(nonce) = 12),
    ciphertext bytea not null,
    expires_at bigint not null
);

-- Failed sign-ins per user name and address. The name is hashed: people type passwords there.
create table sign_in_failure (
    subject text collate "C" not null,
    address text collate "C" not null,
    failures bigint not null,
    -- The count is forgotten then.
    until bigint not null,
    primary key (subject, address)
);

-- The heads of the audit chains, one chain a server; the embedded database has one.
create table chain_head (
    chain bigint primary key not null,
    -- Which server appends to it.
    server text collate "C" not null constraint one_chain_per_server unique,
    height bigint not null,
    hash text collate "C" not null,
    -- HMAC-SHA-256 of chain, height and hash under the audit key, which is not in the database.
    mac text collate "C" not null
);

-- The audit trail. The id is the place in the chain, without gaps. Every other value is readable
-- text, and `hash` covers them all (docs/ARCHITECTURE.md, "The audit chain").
create table audit_record (
    id bigint not null,
    chain bigint not null references chain_head (chain),
    recorded_at text collate "C" not null,
    action text collate "C" not null,
    category text collate "C" not null,
    operation text collate "C" not null,
    outcome text collate "C" not null constraint outcome_known check (outcome in ('done', 'refused')),
    -- Full identity. NULL: not signed in.
    actor text collate "C",
    -- By what: session, token, a key's tag, console, job. NULL: not signed in.
    via text collate "C",
    -- NULL: not over a network.
    address text collate "C",
    object text collate "C" not null,
    -- JSON. NULL: there was, or is, nothing.
    state_before text collate "C",
    state_after text collate "C",
    -- Why it was refused. NULL: it was done.
    cause text collate "C",
    -- What the client gave as its reason and its name. NULL: nothing.
    reason text collate "C",
    client_id text collate "C",
    -- NULL: not a request.
    request_id text collate "C",
    previous_hash text collate "C" not null,
    hash text collate "C" not null,
    primary key (chain, id)
);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit trail is append-only';
end
$$;

create trigger audit_record_is_not_changed before update or delete or truncate on audit_record
    for each statement execute function refuse_audit_change();
