-- Approval by a second person. The SQLite file of the same name makes the same tables.

-- The settings in force: always exactly one row. The ranges are those of the program.
create table approval_settings (
    id bigint primary key not null constraint one_approval_settings check (id = 1),
    -- What needs approval.
    on_create boolean not null,
    on_update boolean not null,
    on_delete boolean not null,
    on_reissue boolean not null,
    expiry_hours bigint not null
        constraint expiry_in_range check (expiry_hours between 24 and 168),
    purge_days bigint not null
        constraint purge_in_range check (purge_days between 3 and 30),
    run_on_approval boolean not null,
    mail boolean not null,
    -- Addresses (JSON).
    mail_to text collate "C" not null
);

insert into approval_settings (id, on_create, on_update, on_delete, on_reissue, expiry_hours,
    purge_days, run_on_approval, mail, mail_to) values (1, false, false, false, false, 72, 30, false, false, '[]');

-- Who needs no approval for what.
create table approval_exemption (
    user_id bigint not null references app_user (id),
    action text collate "C" not null
        constraint exempt_action_known check (action in
            ('API_KEY_CREATE', 'API_KEY_UPDATE', 'API_KEY_DELETE', 'API_KEY_REISSUE')),
    reason text collate "C" not null
        constraint exemption_has_a_reason check (length(reason) between 1 and 256),
    -- NULL: until it is taken away.
    until bigint,
    constraint exempt_once primary key (user_id, action)
);

create table ticket (
    -- Never used again. 32 bits on the wire.
    id bigint generated always as identity primary key,
    action text collate "C" not null
        constraint ticket_action_known check (action in
            ('API_KEY_CREATE', 'API_KEY_UPDATE', 'API_KEY_DELETE', 'API_KEY_REISSUE',
             'API_KEY_REVOKE', 'MPA_CONFIGURATION_UPDATE')),
    -- What it blocks while it waits: a key, an owner's next key, or the settings.
    subject text collate "C" not null,
    -- SHA-256 of the proposal, in hexadecimal.
    digest text collate "C" not null constraint ticket_digest_has_64_characters check (length(digest) = 64),
    -- What would be done (JSON). Never a secret.
    proposal text collate "C" not null,
    requester_id bigint not null references app_user (id),
    -- As it was last moved; one that waits has expired at `expires_at` whatever stands here.
    state text collate "C" not null
        constraint ticket_state_known check (state in
            ('PENDING', 'APPROVED', 'REJECTED', 'DONE', 'CANCELED', 'EXPIRED')),
    -- Whether the requester has to execute it after its approval.
    by_hand boolean not null,
    created_at bigint not null,
    updated_at bigint not null,
    expires_at bigint not null
        constraint ticket_ends_after_it_begins check (expires_at > created_at),
    -- Who approved or rejected it, and when. NULL: nobody.
    decided_by bigint references app_user (id),
    decided_at bigint,
    -- What came of it (JSON). NULL: it was not executed. Never a secret.
    result text collate "C",
    constraint a_decision_is_signed check ((decided_by is null) = (decided_at is null)),
    constraint nobody_decides_their_own check (decided_by <> requester_id),
    constraint what_waits_for_a_decision_has_none check (state <> 'PENDING' or decided_by is null),
    constraint what_was_decided_is_signed
        check (state not in ('APPROVED', 'REJECTED', 'DONE') or decided_by is not null),
    constraint what_was_executed_has_a_result check ((state = 'DONE') = (result is not null))
);

-- One at a time about the same thing.
create unique index one_waiting_ticket on ticket (subject) where state in ('PENDING', 'APPROVED');
create index ticket_by_requester on ticket (requester_id, id);
create index ticket_waiting_by_end on ticket (expires_at) where state in ('PENDING', 'APPROVED');
create index ticket_closed_by_time on ticket (updated_at)
    where state not in ('PENDING', 'APPROVED');

-- What happened to a ticket.
create table ticket_event (
    ticket_id bigint not null references ticket (id) on delete cascade,
    -- From 1.
    place bigint not null constraint places_are_positive check (place > 0),
    at bigint not null,
    -- Full identity.
    actor text collate "C" not null,
    what text collate "C" not null
        constraint ticket_event_known check (what in
            ('REQUESTED', 'APPROVED', 'REJECTED', 'CANCELED', 'EXECUTED', 'EXPIRED', 'RENEWED',
             'COMMENTED')),
    -- Empty: nothing was said.
    comment text collate "C" not null
        constraint comment_has_1024_characters check (length(comment) <= 1024),
    constraint rejecting_is_explained check (what <> 'REJECTED' or comment <> ''),
    constraint ticket_event_once primary key (ticket_id, place)
);
