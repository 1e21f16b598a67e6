/** `NOTIFY netpilot_changes` for what ends somebody's access or outdates an open page; ids only, as any role could listen. */
const up = `
create function notify_change() returns trigger language plpgsql as $$
declare
  changed jsonb := to_jsonb(coalesce(new, old));
begin
  perform pg_notify('netpilot_changes', jsonb_strip_nulls(jsonb_build_object(
    'table', tg_table_name,
    'operation', lower(tg_op),
    'id', case tg_table_name when 'memberships' then changed ->> 'user_id' else changed ->> 'id' end,
    'organisationId', case tg_table_name when 'organisations' then changed ->> 'id' else changed ->> 'organisation_id' end,
    'userId', case tg_table_name when 'users' then changed ->> 'id' else changed ->> 'user_id' end
  ))::text);
  return null;
end
$$;
create trigger memberships_changed after insert or update or delete on memberships
  for each row execute function notify_change();
create trigger users_disabled after update of disabled_at on users
  for each row when (old.disabled_at is distinct from new.disabled_at) execute function notify_change();
create trigger login_sessions_revoked after update of revoked_at on login_sessions
  for each row when (old.revoked_at is null and new.revoked_at is not null) execute function notify_change();
create trigger routers_listed after insert or delete on routers for each row execute function notify_change();
create trigger routers_changed
  after update of name, algorithms, host_key, pending_host_key, tunnel_port, enrolled_at on routers
  for each row execute function notify_change();
create trigger organisations_renamed after update of name on organisations
  for each row execute function notify_change();
create trigger organisations_deleted after delete on organisations for each row execute function notify_change();
`;

const down = `
drop trigger organisations_deleted on organisations;
drop trigger organisations_renamed on organisations;
drop trigger routers_changed on routers;
drop trigger routers_listed on routers;
drop trigger login_sessions_revoked on login_sessions;
drop trigger users_disabled on users;
drop trigger memberships_changed on memberships;
drop function notify_change();
`;

export const changes = { up, down };
