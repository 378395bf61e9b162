-- What people are told. The SQLite file of the same name makes the same tables.

-- A notice for one person, as the application shows it.
create table notice (
    -- Never used again.
    id bigint generated always as identity primary key,
    user_id bigint not null references app_user (id),
    -- What happened (JSON). Never a secret.
    notice text collate "C" not null,
    created_at bigint not null,
    -- NULL: not read yet.
    read_at bigint
);

create index notice_by_user on notice (user_id, id);
create index notice_unread on notice (user_id) where read_at is null;
create index notice_by_time on notice (created_at);

-- What somebody wants by mail. No row: everything, to the address that a sign-in gave.
create table notice_choice (
    user_id bigint primary key not null references app_user (id),
    -- Empty: the address that a sign-in gave.
    address text collate "C" not null
        constraint address_has_254_characters check (length(address) <= 254),
    on_keys boolean not null,
    on_ends boolean not null,
    on_tickets boolean not null
);

create table webhook (
    -- Never used again.
    id bigint generated always as identity primary key,
    url text collate "C" not null constraint url_has_2048_characters check (length(url) between 1 and 2048),
    -- The secret that signs, sealed under the pepper.
    sealed bytea not null,
    -- The kinds that it is told (JSON).
    events text collate "C" not null,
    enabled boolean not null,
    created_at bigint not null,
    -- Until when the secret is shown to whoever administers webhooks. NULL: it was put away.
    shown_until bigint
);

-- What is to be sent, and what was.
create table outbox (
    -- Never used again; receivers tell deliveries apart by it.
    id bigint generated always as identity primary key,
    -- An address of mail. NULL: it goes to a webhook.
    mail_to text collate "C",
    -- NULL: it goes by mail.
    webhook_id bigint references webhook (id) on delete cascade,
    -- Whether it says "your", to whom it concerns.
    to_person boolean not null,
    -- What happened (JSON). Never a secret.
    notice text collate "C" not null,
    created_at bigint not null,
    state text collate "C" not null
        constraint delivery_state_known check (state in ('WAITING', 'SENT', 'FAILED')),
    -- Counts the attempts since it was asked for.
    attempts bigint not null constraint attempts_are_counted check (attempts >= 0),
    -- When it is tried next; while it is tried, when somebody else may.
    next_attempt_at bigint not null,
    -- When the latest attempt ended. NULL: none has.
    tried_at bigint,
    -- What was in the way of the latest attempt. NULL: nothing, or there was none.
    trouble text collate "C",
    constraint one_way_to_go check ((mail_to is null) <> (webhook_id is null)),
    constraint what_was_sent_had_no_trouble check (state <> 'SENT' or trouble is null),
    constraint failing_is_explained check (state <> 'FAILED' or trouble is not null)
);

create index outbox_due on outbox (next_attempt_at, id) where state = 'WAITING';
create index outbox_by_webhook on outbox (webhook_id, id) where webhook_id is not null;
create index outbox_of_mail on outbox (id) where webhook_id is null;
create index outbox_of_failed_mail on outbox (id) where webhook_id is null and state = 'FAILED';
create index outbox_closed_by_time on outbox (created_at) where state <> 'WAITING';

-- How far the ends of keys and tickets were told. No row: from now on.
create table notice_mark (
    name text collate "C" primary key not null,
    -- The end of the last one that was looked at, and which it was.
    at bigint not null,
    last text collate "C" not null
);

-- Keys that were replaced and whose use was told.
create table old_key_told (
    tag text collate "C" primary key not null references api_key (tag) on delete cascade
);
