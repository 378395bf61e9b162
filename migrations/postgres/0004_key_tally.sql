-- How many keys there are of each kind, so that no figure counts them (docs/adr/0011).
-- The SQLite file of the same name keeps the same figures.

-- What a key counts as: its state apart from the time of day, with the time (0: none) from which on
-- the state is another, by the hour and by the day; and, for one's current key, its last use by the
-- day.
create function tally_of(k api_key)
    returns table (measure text, span bigint, stretch bigint)
    language sql immutable as $$
    with facts as (
        select
            case
                when k.deleted_at is not null then 'deleted'
                when k.retires_at is not null then case
                    when k.revoked_at is not null then 'replaced-revoked'
                    when k.owner_disabled then 'replaced-disabled'
                    else 'replaced' end
                when k.revoked_at is not null then 'revoked'
                when k.owner_disabled then 'disabled'
                when k.awaiting_sign_in then 'awaiting'
                else 'active' end as state,
            case
                when k.deleted_at is not null then 0
                when k.retires_at is not null then k.retires_at
                when k.revoked_at is not null or k.owner_disabled then 0
                else k.expires_at end as state_at
    )
    select state, 1::bigint, state_at / 3600000000 from facts where state_at <> 0
    union all
    select state, 24::bigint, state_at / 86400000000 from facts
    union all
    select case when k.last_used_at is null then 'never' else 'used' end, 24::bigint,
        coalesce(k.last_used_at, 0) / 86400000000
        where k.deleted_at is null and k.retires_at is null
$$;

-- Changes of the figures, only ever added, so that writers do not wait for one another; what
-- belongs together is folded into one row every minute. Figures are sums.
create table key_tally (
    measure text collate "C" not null,
    -- How long the stretch is, in hours.
    span bigint not null constraint tally_span_known check (span in (1, 24)),
    -- Which stretch since 1970.
    stretch bigint not null,
    keys bigint not null constraint tally_changes_something check (keys <> 0)
);

create index key_tally_by_stretch on key_tally (measure, span, stretch, keys);

-- What the sums of the table must be, from the keys themselves.
create view key_tally_due (measure, span, stretch, keys) as
    select t.measure, t.span, t.stretch, count(*) from api_key k, tally_of(k) t group by 1, 2, 3;

insert into key_tally select * from key_tally_due;

create function tally_key() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into key_tally select measure, span, stretch, 1 from tally_of(new);
    elsif tg_op = 'DELETE' then
        insert into key_tally select measure, span, stretch, -1 from tally_of(old);
    else
        insert into key_tally
            select measure, span, stretch, sum(keys) from (
                select *, 1 as keys from tally_of(new)
                union all
                select *, -1 from tally_of(old)
            ) changes group by 1, 2, 3 having sum(keys) <> 0;
    end if;
    return null;
end
$$;

create trigger key_is_tallied after insert or update or delete on api_key
    for each row execute function tally_key();

-- Whether a key has another word as well, from the index alone.
drop index api_key_word_by_tag;
create index api_key_word_by_tag on api_key_word (tag, word);
