import type { Migration } from './migration.ts';

/** Locks, what an organisation decides about its sessions, and when a person last proved who they are. */
const up = `
create table locks (
  id uuid primary key default gen_random_uuid(),
  -- Null: everywhere.
  organisation_id uuid references organisations (id) on delete cascade,
  target text not null check (target in ('user', 'router', 'organisation', 'role')),
  user_id uuid references users (id) on delete cascade,
  router_id uuid,
  role text check (role in ('owner', 'admin', 'operator', 'viewer')),
  target_name text not null check (char_length(target_name) <= 200),
  message text not null check (char_length(message) between 1 and 300),
  created_by uuid references users (id) on delete set null,
  created_by_name text not null check (char_length(created_by_name) <= 200),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3),
  foreign key (organisation_id, router_id) references routers (organisation_id, id) on delete cascade,
  constraint locks_target check (
    (target = 'user') = (user_id is not null) and (target = 'router') = (router_id is not null)
    and (target = 'role') = (role is not null) and (organisation_id is not null or target = 'user'))
);
create index locks_organisation on locks (organisation_id, created_at desc);
create index locks_user on locks (user_id);
create index locks_router on locks (router_id);
create index locks_created_by on locks (created_by);

alter table locks enable row level security, force row level security;
create policy tenant on locks using (app_sees(organisation_id)) with check (app_sees(organisation_id));
grant select, insert, delete on locks to netpilot_api;
create trigger locks_changed after insert or delete on locks for each row execute function notify_change();

alter table organisations
  add column record_input boolean not null default false,
  add column recording_retention_days integer not null default 90 check (recording_retention_days between 1 and 3650),
  add column watch_notice boolean not null default true;
create trigger organisations_policy_changed
  after update of record_input, recording_retention_days, watch_notice on organisations
  for each row execute function notify_change();

set local app.organisations = 'all';
alter table login_sessions add column authenticated_at timestamptz(3) not null default now();
update login_sessions set authenticated_at = created_at;

-- A restart of the api neither shows a hidden screen nor lets a paused person type.
alter table bastion_sessions
  add column screen_locked_at timestamptz(3),
  add column paused_at timestamptz(3),
  add column paused_by text check (char_length(paused_by) <= 200);
`;

const down = `
alter table bastion_sessions drop column paused_by, drop column paused_at, drop column screen_locked_at;
alter table login_sessions drop column authenticated_at;
drop trigger organisations_policy_changed on organisations;
alter table organisations drop column watch_notice, drop column recording_retention_days, drop column record_input;
drop table locks;
`;

export const oversight: Migration = {
  async up(client) {
    await client.query(up);
  },
  async down(client) {
    await client.query(down);
  },
};
