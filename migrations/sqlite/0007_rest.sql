-- What the REST API needs beside keys: token keys, service principals, idempotency keys.
-- The PostgreSQL file of the same name makes the same tables.

-- The key pairs that tokens are signed with.
create table token_key (
    -- Names it in the header of a token (`kid`).
    id text primary key not null,
    public_key blob not null
        constraint token_public_key_has_32_bytes check (length(public_key) = 32),
    -- The private key, sealed under the pepper: nonce, then ciphertext. NULL: it is in the token
    -- key's file, or signs no more.
    sealed blob,
    created_at integer not null,
    -- NULL: signs new tokens. Otherwise the last of its tokens has ended by then.
    ends_at integer,
    constraint only_the_signing_key_is_kept check (ends_at is null or sealed is null)
) strict;

create unique index one_signing_key on token_key ((ends_at is null)) where ends_at is null;

-- Service principals that are in use.
create table service_principal (
    user_id integer primary key not null references app_user (id),
    -- What the client called its type.
    kind text not null constraint principal_kind_has_63_characters check (length(kind) <= 63),
    -- The role that was made with it. NULL: it was made without one.
    role_id integer references role (id),
    created_at integer not null
) strict;

-- Requests that shall not be repeated (`Idempotency-Key`).
create table idempotency_key (
    user_id integer not null references app_user (id) on delete cascade,
    -- SHA-256 of the client's key, in hexadecimal.
    name text not null,
    -- SHA-256 of method, path and body, in hexadecimal.
    request text not null,
    -- The key that it made.
    tag text not null references used_tag (tag),
    created_at integer not null,
    primary key (user_id, name)
) strict;

create index idempotency_key_by_time on idempotency_key (created_at);

-- A user's sessions by their key, so that they end with it.
create index session_by_key on session (key_tag) where key_tag is not null;
