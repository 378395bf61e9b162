-- The sums by the day come from those by the hour: a third less to sort. What they are has not
-- changed.
drop view key_tally_due;

create view key_tally_due (measure, span, stretch, keys) as
    with hourly (measure, stretch, keys) as materialized (
        select tally_state, tally_state_at / 3600000000, count(*) from api_key group by 1, 2
    )
    -- Zero: no time at which the state is another.
    select measure, 1, stretch, keys from hourly where stretch <> 0
    union all
    select measure, 24, stretch / 24, sum(keys) from hourly group by 1, 3
    union all
    select tally_use, 24, tally_use_at / 86400000000, count(*) from api_key
        where tally_use is not null group by 1, 3;
