-- How many keys there are of each kind, so that no figure counts them (docs/adr/0011).
-- The PostgreSQL file of the same name keeps the same figures.

-- What a key counts as. Its state apart from the time of day, and the time (0: none) from which on
-- the state is another:
alter table api_key add column tally_state text not null
    generated always as (case
        when deleted_at is not null then 'deleted'
        when retires_at is not null then case
            when revoked_at is not null then 'replaced-revoked'
            when owner_disabled then 'replaced-disabled'
            else 'replaced' end
        when revoked_at is not null then 'revoked'
        when owner_disabled then 'disabled'
        when awaiting_sign_in then 'awaiting'
        else 'active' end) virtual;
alter table api_key add column tally_state_at integer not null
    generated always as (case
        when deleted_at is not null then 0
        when retires_at is not null then retires_at
        when revoked_at is not null or owner_disabled then 0
        else expires_at end) virtual;
-- Its use; NULL: it is not one's current key. The last use is counted by the day.
alter table api_key add column tally_use text
    generated always as (case
        when deleted_at is not null or retires_at is not null then null
        when last_used_at is null then 'never'
        else 'used' end) virtual;
alter table api_key add column tally_use_at integer
    generated always as (coalesce(last_used_at, 0)) virtual;

-- Changes of the figures, only ever added, so that writers do not wait for one another; what
-- belongs together is folded into one row every minute. Figures are sums.
create table key_tally (
    measure text not null,
    -- How long the stretch is, in hours.
    span integer not null constraint tally_span_known check (span in (1, 24)),
    -- Which stretch since 1970.
    stretch integer not null,
    keys integer not null constraint tally_changes_something check (keys <> 0)
) strict;

create index key_tally_by_stretch on key_tally (measure, span, stretch, keys);

-- What the sums of the table must be, from the keys themselves.
create view key_tally_due (measure, span, stretch, keys) as
    select tally_state, 1, tally_state_at / 3600000000, count(*) from api_key
        where tally_state_at <> 0 group by 1, 3
    union all
    select tally_state, 24, tally_state_at / 86400000000, count(*) from api_key group by 1, 3
    union all
    select tally_use, 24, tally_use_at / 86400000000, count(*) from api_key
        where tally_use is not null group by 1, 3;

insert into key_tally select * from key_tally_due;

create trigger new_key_is_tallied after insert on api_key
begin
    insert into key_tally
        select new.tally_state, 1, new.tally_state_at / 3600000000, 1 where new.tally_state_at <> 0
        union all select new.tally_state, 24, new.tally_state_at / 86400000000, 1
        union all select new.tally_use, 24, new.tally_use_at / 86400000000, 1
            where new.tally_use is not null;
end;

create trigger changed_key_is_tallied after update on api_key
begin
    insert into key_tally
        select measure, span, stretch, sum(keys) from (
            select new.tally_state as measure, 1 as span,
                new.tally_state_at / 3600000000 as stretch, 1 as keys where new.tally_state_at <> 0
            union all select new.tally_state, 24, new.tally_state_at / 86400000000, 1
            union all select new.tally_use, 24, new.tally_use_at / 86400000000, 1
                where new.tally_use is not null
            union all select old.tally_state, 1, old.tally_state_at / 3600000000, -1
                where old.tally_state_at <> 0
            union all select old.tally_state, 24, old.tally_state_at / 86400000000, -1
            union all select old.tally_use, 24, old.tally_use_at / 86400000000, -1
                where old.tally_use is not null
        ) group by 1, 2, 3 having sum(keys) <> 0;
end;

create trigger purged_key_is_tallied after delete on api_key
begin
    insert into key_tally
        select old.tally_state, 1, old.tally_state_at / 3600000000, -1 where old.tally_state_at <> 0
        union all select old.tally_state, 24, old.tally_state_at / 86400000000, -1
        union all select old.tally_use, 24, old.tally_use_at / 86400000000, -1
            where old.tally_use is not null;
end;

-- Whether a key has another word as well, from the index alone.
drop index api_key_word_by_tag;
create index api_key_word_by_tag on api_key_word (tag, word);
