-- Second factors (TOTP, RFC 6238).
-- The SQLite file of the same name makes the same tables.

create table second_factor (
    user_id bigint primary key not null references app_user (id) on delete cascade,
    -- The secret, sealed under the pepper: nonce, then ciphertext.
    sealed bytea not null,
    created_at bigint not null,
    -- When a code first showed that it was set up. NULL: not yet, so none is asked for.
    confirmed_at bigint,
    -- The time step of the last code: none is accepted twice.
    last_step bigint not null default 0
        constraint steps_are_not_negative check (last_step >= 0)
);

create table recovery_code (
    user_id bigint not null references second_factor (user_id) on delete cascade,
    -- HMAC-SHA-256 of the code under the pepper.
    digest bytea not null
        constraint recovery_digest_has_32_bytes check (length(digest) = 32),
    primary key (user_id, digest)
);

-- Whether everybody with a password needs a second factor.
alter table policy add column second_factor_required boolean not null default false;
