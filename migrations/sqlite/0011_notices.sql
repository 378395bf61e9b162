-- What people are told. The PostgreSQL file of the same name makes the same tables.

-- A notice for one person, as the application shows it.
create table notice (
    -- Autoincrement: never used again.
    id integer primary key autoincrement not null,
    user_id integer not null references app_user (id),
    -- What happened (JSON). Never a secret.
    notice text not null,
    created_at integer not null,
    -- NULL: not read yet.
    read_at integer
) strict;

create index notice_by_user on notice (user_id, id);
create index notice_unread on notice (user_id) where read_at is null;
create index notice_by_time on notice (created_at);

-- What somebody wants by mail. No row: everything, to the address that a sign-in gave.
create table notice_choice (
    user_id integer primary key not null references app_user (id),
    -- Empty: the address that a sign-in gave.
    address text not null
        constraint address_has_254_characters check (length(address) <= 254),
    on_keys integer not null constraint on_keys_is_boolean check (on_keys in (0, 1)),
    on_ends integer not null constraint on_ends_is_boolean check (on_ends in (0, 1)),
    on_tickets integer not null constraint on_tickets_is_boolean check (on_tickets in (0, 1))
) strict;

create table webhook (
    -- Autoincrement: never used again.
    id integer primary key autoincrement not null,
    url text not null constraint url_has_2048_characters check (length(url) between 1 and 2048),
    -- The secret that signs, sealed under the pepper.
    sealed blob not null,
    -- The kinds that it is told (JSON).
    events text not null,
    enabled integer not null constraint webhook_enabled_is_boolean check (enabled in (0, 1)),
    created_at integer not null,
    -- Until when the secret is shown to whoever administers webhooks. NULL: it was put away.
    shown_until integer
) strict;

-- What is to be sent, and what was.
create table outbox (
    -- Autoincrement: never used again; receivers tell deliveries apart by it.
    id integer primary key autoincrement not null,
    -- An address of mail. NULL: it goes to a webhook.
    mail_to text,
    -- NULL: it goes by mail.
    webhook_id integer references webhook (id) on delete cascade,
    -- Whether it says "your", to whom it concerns.
    to_person integer not null constraint to_person_is_boolean check (to_person in (0, 1)),
    -- What happened (JSON). Never a secret.
    notice text not null,
    created_at integer not null,
    state text not null
        constraint delivery_state_known check (state in ('WAITING', 'SENT', 'FAILED')),
    -- Counts the attempts since it was asked for.
    attempts integer not null constraint attempts_are_counted check (attempts >= 0),
    -- When it is tried next; while it is tried, when somebody else may.
    next_attempt_at integer not null,
    -- When the latest attempt ended. NULL: none has.
    tried_at integer,
    -- What was in the way of the latest attempt. NULL: nothing, or there was none.
    trouble text,
    constraint one_way_to_go check ((mail_to is null) <> (webhook_id is null)),
    constraint what_was_sent_had_no_trouble check (state <> 'SENT' or trouble is null),
    constraint failing_is_explained check (state <> 'FAILED' or trouble is not null)
) strict;

create index outbox_due on outbox (next_attempt_at, id) where state = 'WAITING';
create index outbox_by_webhook on outbox (webhook_id, id) where webhook_id is not null;
create index outbox_of_mail on outbox (id) where webhook_id is null;
create index outbox_of_failed_mail on outbox (id) where webhook_id is null and state = 'FAILED';
create index outbox_closed_by_time on outbox (created_at) where state <> 'WAITING';

-- How far the ends of keys and tickets were told. No row: from now on.
create table notice_mark (
    name text primary key not null,
    -- The end of the last one that was looked at, and which it was.
    at integer not null,
    last text not null
) strict;

-- Keys that were replaced and whose use was told.
create table old_key_told (
    tag text primary key not null references api_key (tag) on delete cascade
) strict;
