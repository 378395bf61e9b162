-- What lists of audit records are filtered and sorted by. All of it follows from columns that the
-- chain's hash covers, so there is nothing here that could be changed on its own.
-- The PostgreSQL file of the same name adds the same columns.

-- The record's number among those of all servers, the nth server's from (n - 1) * 10^12 on.
alter table audit_record add column number integer not null
    generated always as ((chain - 1) * 1000000000000 + id) virtual;

-- Parts of the full identity domain:user:type:number; a SAML user's name may contain colons.
-- Empty: not signed in.
alter table audit_record add column actor_domain text not null
    generated always as (coalesce(substr(actor, 1, instr(actor, ':') - 1), '')) virtual;
alter table audit_record add column actor_name text not null
    generated always as (coalesce(substr(
        rtrim(rtrim(rtrim(actor, '0123456789'), ':'), 'abcdefghijklmnopqrstuvwxyz'),
        instr(actor, ':') + 1,
        length(rtrim(rtrim(rtrim(actor, '0123456789'), ':'), 'abcdefghijklmnopqrstuvwxyz'))
            - instr(actor, ':') - 1
    ), '')) virtual;

-- Collectors read on from a number; people look at a stretch of time.
create unique index audit_record_number on audit_record (number);
create index audit_record_time on audit_record (recorded_at, number);
