-- What the lists of users, of a role's holders and of audit records walk along, page by page.
-- The SQLite file of the same name makes the same indexes.

-- By name, whatever its case: under the collation "C" lower() minds ASCII letters alone, as on SQLite.
create index app_user_by_name on app_user (lower(name_folded), id);

-- Who holds a role, in the order of their numbers.
drop index user_role_by_role;
create index user_role_by_role on user_role (role_id, user_id);

-- The trail by time, narrowed to one user, one thing, one kind, or to what was refused.
create index audit_record_actor on audit_record (actor_name, recorded_at, number);
create index audit_record_object on audit_record (object, recorded_at, number);
create index audit_record_category on audit_record (category, recorded_at, number);
create index audit_record_action on audit_record (action, recorded_at, number);
create index audit_record_refused on audit_record (recorded_at, number)
    where outcome = 'refused';
