-- Approval by a second person. The PostgreSQL file of the same name makes the same tables.

-- The settings in force: always exactly one row. The ranges are those of the program.
create table approval_settings (
    id integer primary key not null constraint one_approval_settings check (id = 1),
    -- What needs approval.
    on_create integer not null constraint on_create_is_boolean check (on_create in (0, 1)),
    on_update integer not null constraint on_update_is_boolean check (on_update in (0, 1)),
    on_delete integer not null constraint on_delete_is_boolean check (on_delete in (0, 1)),
    on_reissue integer not null constraint on_reissue_is_boolean check (on_reissue in (0, 1)),
    expiry_hours integer not null
        constraint expiry_in_range check (expiry_hours between 24 and 168),
    purge_days integer not null
        constraint purge_in_range check (purge_days between 3 and 30),
    run_on_approval integer not null
        constraint run_on_approval_is_boolean check (run_on_approval in (0, 1)),
    mail integer not null constraint mail_is_boolean check (mail in (0, 1)),
    -- Addresses (JSON).
    mail_to text not null
) strict;

insert into approval_settings (id, on_create, on_update, on_delete, on_reissue, expiry_hours,
    purge_days, run_on_approval, mail, mail_to) values (1, 0, 0, 0, 0, 72, 30, 0, 0, '[]');

-- Who needs no approval for what.
create table approval_exemption (
    user_id integer not null references app_user (id),
    action text not null
        constraint exempt_action_known check (action in
            ('API_KEY_CREATE', 'API_KEY_UPDATE', 'API_KEY_DELETE', 'API_KEY_REISSUE')),
    reason text not null
        constraint exemption_has_a_reason check (length(reason) between 1 and 256),
    -- NULL: until it is taken away.
    until integer,
    constraint exempt_once primary key (user_id, action)
) strict;

create table ticket (
    -- Autoincrement: never used again. 32 bits on the wire.
    id integer primary key autoincrement not null,
    action text not null
        constraint ticket_action_known check (action in
            ('API_KEY_CREATE', 'API_KEY_UPDATE', 'API_KEY_DELETE', 'API_KEY_REISSUE',
             'API_KEY_REVOKE', 'MPA_CONFIGURATION_UPDATE')),
    -- What it blocks while it waits: a key, an owner's next key, or the settings.
    subject text not null,
    -- SHA-256 of the proposal, in hexadecimal.
    digest text not null constraint ticket_digest_has_64_characters check (length(digest) = 64),
    -- What would be done (JSON). Never a secret.
    proposal text not null,
    requester_id integer not null references app_user (id),
    -- As it was last moved; one that waits has expired at `expires_at` whatever stands here.
    state text not null
        constraint ticket_state_known check (state in
            ('PENDING', 'APPROVED', 'REJECTED', 'DONE', 'CANCELED', 'EXPIRED')),
    -- Whether the requester has to execute it after its approval.
    by_hand integer not null constraint by_hand_is_boolean check (by_hand in (0, 1)),
    created_at integer not null,
    updated_at integer not null,
    expires_at integer not null
        constraint ticket_ends_after_it_begins check (expires_at > created_at),
    -- Who approved or rejected it, and when. NULL: nobody.
    decided_by integer references app_user (id),
    decided_at integer,
    -- What came of it (JSON). NULL: it was not executed. Never a secret.
    result text,
    constraint a_decision_is_signed check ((decided_by is null) = (decided_at is null)),
    constraint nobody_decides_their_own check (decided_by <> requester_id),
    constraint what_waits_for_a_decision_has_none check (state <> 'PENDING' or decided_by is null),
    constraint what_was_decided_is_signed
        check (state not in ('APPROVED', 'REJECTED', 'DONE') or decided_by is not null),
    constraint what_was_executed_has_a_result check ((state = 'DONE') = (result is not null))
) strict;

-- One at a time about the same thing.
create unique index one_waiting_ticket on ticket (subject) where state in ('PENDING', 'APPROVED');
create index ticket_by_requester on ticket (requester_id, id);
create index ticket_waiting_by_end on ticket (expires_at) where state in ('PENDING', 'APPROVED');
create index ticket_closed_by_time on ticket (updated_at)
    where state not in ('PENDING', 'APPROVED');

-- What happened to a ticket.
create table ticket_event (
    ticket_id integer not null references ticket (id) on delete cascade,
    -- From 1.
    place integer not null constraint places_are_positive check (place > 0),
    at integer not null,
    -- Full identity.
    actor text not null,
    what text not null
        constraint ticket_event_known check (what in
            ('REQUESTED', 'APPROVED', 'REJECTED', 'CANCELED', 'EXECUTED', 'EXPIRED', 'RENEWED',
             'COMMENTED')),
    -- Empty: nothing was said.
    comment text not null
        constraint comment_has_1024_characters check (length(comment) <= 1024),
    constraint rejecting_is_explained check (what <> 'REJECTED' or comment <> ''),
    constraint ticket_event_once primary key (ticket_id, place)
) strict;
