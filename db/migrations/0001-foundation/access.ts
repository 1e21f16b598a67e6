const tenantTable = (table: string, column: string): string => `
create policy tenant on ${table} using (app_sees(${column})) with check (app_sees(${column}));`;

const secured = [
  'organisations',
  'memberships',
  'routers',
  'login_sessions',
  'refresh_tokens',
  'bastion_sessions',
  'audit_events',
];

/**
 * Who sees what. `app.organisations` is '' or missing (nothing), 'all', or a comma list of UUIDs; `app.user_id` is '' or a UUID.
 * Forced, so that even the owner of the tables needs a scope. A null organisation is visible to 'all' only.
 */
const up = `
create function app_sees(organisation uuid) returns boolean language sql stable parallel safe as $$
  select case coalesce(current_setting('app.organisations', true), '')
    when '' then false
    when 'all' then true
    else coalesce(organisation = any (string_to_array(current_setting('app.organisations', true), ',')::uuid[]), false)
  end
$$;
create function app_sees_all() returns boolean language sql stable parallel safe as $$
  select coalesce(current_setting('app.organisations', true), '') = 'all'
$$;
create function app_user() returns uuid language sql stable parallel safe as $$
  select nullif(current_setting('app.user_id', true), '')::uuid
$$;

${secured.map((table) => `alter table ${table} enable row level security, force row level security;`).join('\n')}
${tenantTable('organisations', 'id')}
${tenantTable('memberships', 'organisation_id')}
${tenantTable('routers', 'organisation_id')}
${tenantTable('bastion_sessions', 'organisation_id')}
${tenantTable('audit_events', 'organisation_id')}

-- A person sees their memberships and through them their organisations; they change neither that way.
create policy person on memberships for select using (user_id = app_user());
create policy person on organisations for select
  using (exists (select from memberships m where m.organisation_id = organisations.id and m.user_id = app_user()));

create policy person on login_sessions
  using (app_sees_all() or user_id = app_user()) with check (app_sees_all() or user_id = app_user());
create policy person on refresh_tokens
  using (app_sees_all() or exists (select from login_sessions s where s.id = login_session_id and s.user_id = app_user()))
  with check (app_sees_all() or exists (select from login_sessions s where s.id = login_session_id and s.user_id = app_user()));

grant select, insert, update, delete on organisations, memberships, routers, login_sessions, refresh_tokens to netpilot_api;
grant select, insert, update on users, bastion_sessions to netpilot_api;
grant select, insert on audit_events to netpilot_api;

-- The gateway serves every tenant, and learns of a router only what it needs to hold its tunnel.
create policy gateway_reads on routers for select to netpilot_gateway using (true);
create policy gateway_records on routers for update to netpilot_gateway using (true) with check (true);
grant select (id, organisation_id, tunnel_port, tunnel_key, attachment, last_seen_at) on routers to netpilot_gateway;
grant update (tunnel_port, last_seen_at) on routers to netpilot_gateway;
`;

const down = `
drop policy gateway_records on routers;
drop policy gateway_reads on routers;
drop policy person on refresh_tokens;
drop policy person on login_sessions;
drop policy person on organisations;
drop policy person on memberships;
${['audit_events', 'bastion_sessions', 'routers', 'memberships', 'organisations'].map((table) => `drop policy tenant on ${table};`).join('\n')}
${secured.map((table) => `alter table ${table} no force row level security, disable row level security;`).join('\n')}
revoke all on ${[...secured, 'users'].join(', ')} from netpilot_api, netpilot_gateway;
revoke select (id, organisation_id, tunnel_port, tunnel_key, attachment, last_seen_at), update (tunnel_port, last_seen_at)
  on routers from netpilot_gateway;
drop function app_user();
drop function app_sees_all();
drop function app_sees(uuid);
`;

export const access = { up, down };
