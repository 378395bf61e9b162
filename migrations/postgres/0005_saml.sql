-- Sign-in by SAML. The SQLite file of the same name makes the same tables.

-- Whether signing out at the provider, or here with single logout, disables the key until the next
-- sign-in.
alter table policy add column logout_disables_keys boolean not null default true;

create table saml_provider (
    -- Never used again.
    id bigint generated always as identity primary key,
    -- The domain of its users; never changed.
    name text collate "C" not null
        constraint provider_name_taken unique
        constraint provider_name_has_64_characters check (length(name) between 1 and 64),
    -- The provider's name for itself.
    entity_id text collate "C" not null constraint provider_entity_taken unique,
    -- What the metadata says, as far as it is used (JSON), with the certificates.
    facts text collate "C" not null,
    -- What administrators decide about it (JSON).
    settings text collate "C" not null,
    -- Copies of two decisions, for the sign-in page.
    enabled boolean not null,
    created_at bigint not null,
    -- Counts the changes, so that nobody overwrites another's unseen.
    version bigint not null default 1
);

-- Whom an account is, to its provider.
create table saml_user (
    user_id bigint primary key not null references app_user (id),
    provider_id bigint not null references saml_provider (id),
    -- The NameID it is bound to since its first sign-in. NULL: the provider's do not last.
    name_id text collate "C",
    -- Empty: unknown.
    mail text collate "C" not null,
    display_name text collate "C" not null,
    -- The latest sign-in.
    signed_in_at bigint not null,
    constraint one_account_per_subject unique (provider_id, name_id)
);

-- Roles that a group gave, not an administrator: they go with the group.
create table saml_user_role (
    user_id bigint not null references app_user (id),
    role_id bigint not null references role (id) on delete cascade,
    primary key (user_id, role_id)
);

-- What we asked providers and they have not answered yet.
create table saml_request (
    -- SHA-256 of the RelayState.
    relay_hash bytea primary key not null
        constraint relay_hash_has_32_bytes check (length(relay_hash) = 32),
    provider_id bigint not null references saml_provider (id) on delete cascade,
    kind text collate "C" not null constraint request_kind_known check (kind in ('sign-in', 'test', 'logout')),
    -- The message's ID, which the answer names.
    message_id text collate "C" not null,
    -- SHA-256 of the cookie of the browser that asks.
    browser_hash bytea not null
        constraint browser_hash_has_32_bytes check (length(browser_hash) = 32),
    -- The page to go to afterwards. Empty: the usual one.
    next_page text collate "C" not null,
    -- Who tries the provider out. NULL: somebody signs in or out.
    tester_id bigint references app_user (id),
    created_at bigint not null,
    expires_at bigint not null,
    constraint only_tests_have_a_tester check ((kind = 'test') = (tester_id is not null))
);

create index saml_request_by_end on saml_request (expires_at);

-- Messages that were used, until they are past their own time: none is used twice, on no server.
create table saml_seen (
    -- SHA-256 of provider, kind and ID.
    message_hash bytea primary key not null
        constraint message_hash_has_32_bytes check (length(message_hash) = 32),
    expires_at bigint not null
);

create index saml_seen_by_end on saml_seen (expires_at);

-- What was validated, on its way from the provider's POST to our own page.
create table saml_result (
    -- SHA-256 of the one-time handle.
    handle_hash bytea primary key not null
        constraint handle_hash_has_32_bytes check (length(handle_hash) = 32),
    provider_id bigint not null references saml_provider (id) on delete cascade,
    kind text collate "C" not null constraint result_kind_known check (kind in ('sign-in', 'unsolicited', 'test')),
    -- SHA-256 of the cookie of the browser that asked.
    browser_hash bytea not null
        constraint result_browser_hash_has_32_bytes check (length(browser_hash) = 32),
    next_page text collate "C" not null,
    -- Who tries the provider out. NULL: somebody signs in.
    tester_id bigint references app_user (id),
    -- The assertion, or the report of a test (JSON).
    body text collate "C" not null,
    expires_at bigint not null,
    constraint only_test_results_have_a_tester check ((kind = 'test') = (tester_id is not null))
);

create index saml_result_by_end on saml_result (expires_at);

-- The provider's session behind one of ours. NULL: no SAML session.
alter table session add column saml_provider_id bigint references saml_provider (id);
alter table session add column saml_name_id text collate "C";
-- The provider's number for it. NULL also when it gave none.
alter table session add column saml_index text collate "C";

create index session_by_saml_subject on session (saml_provider_id, saml_name_id)
    where saml_provider_id is not null;
