import type { Migration } from './migration.ts';

const tables = `
-- A device is its MAC on one router; addresses move. What people gave (name, kind, icon) no scan touches.
create table devices (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid not null,
  router_id uuid not null,
  mac macaddr not null,
  name text check (char_length(name) between 1 and 80),
  kind text check (kind ~ '^[a-z_]{1,40}$'),
  icon text check (icon ~ '^[a-z_]{1,40}$'),
  hostname text check (char_length(hostname) <= 255),
  addresses inet[] not null default '{}' check (cardinality(addresses) <= 64),
  -- How it hung on the router when it was last there.
  attachment jsonb check (jsonb_typeof(attachment) = 'object'),
  online boolean not null default false,
  first_seen_at timestamptz(3),
  last_seen_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  foreign key (organisation_id, router_id) references routers (organisation_id, id) on delete cascade,
  unique (router_id, mac)
);
create index devices_organisation on devices (organisation_id, router_id);

-- What was asked of the router and confirmed (desired), and what it said when last read (observed). Never a key of a Wi-Fi.
create table router_policies (
  organisation_id uuid not null,
  router_id uuid not null,
  kind text not null check (kind ~ '^[a-z_]{1,40}$'),
  subject text not null check (char_length(subject) <= 80),
  desired jsonb check (jsonb_typeof(desired) = 'object'),
  observed jsonb check (jsonb_typeof(observed) = 'object'),
  observed_at timestamptz(3),
  changed_at timestamptz(3) not null default now(),
  changed_by uuid references users (id) on delete set null,
  primary key (router_id, kind, subject),
  -- Group 0 is Guest: no plan is without it.
  check (kind <> 'access' or desired is null or desired -> 'groups' @> '[{"id": 0}]'),
  foreign key (organisation_id, router_id) references routers (organisation_id, id) on delete cascade
);
create index router_policies_organisation on router_policies (organisation_id, router_id);
create index router_policies_changed_by on router_policies (changed_by);

-- The cumulative counters as they were last read: the next reading is told as the difference to these.
create table usage_counters (
  organisation_id uuid not null,
  router_id uuid not null,
  mac macaddr not null,
  source text not null check (source ~ '^[a-z0-9_]{1,40}$'),
  period text not null check (char_length(period) <= 255),
  down_bytes bigint not null check (down_bytes >= 0),
  up_bytes bigint not null check (up_bytes >= 0),
  at timestamptz(3) not null,
  primary key (router_id, mac, source),
  foreign key (organisation_id, router_id) references routers (organisation_id, id) on delete cascade
);
create index usage_counters_organisation on usage_counters (organisation_id, router_id);

-- Bytes of a device between two readings; down is what it received.
create table usage_samples (
  organisation_id uuid not null,
  router_id uuid not null,
  mac macaddr not null,
  starts_at timestamptz(3) not null,
  ends_at timestamptz(3) not null,
  down_bytes bigint not null check (down_bytes >= 0),
  up_bytes bigint not null check (up_bytes >= 0),
  primary key (router_id, mac, starts_at),
  foreign key (organisation_id, router_id) references routers (organisation_id, id) on delete cascade,
  check (starts_at < ends_at)
);
create index usage_samples_organisation on usage_samples (organisation_id, router_id);
create index usage_samples_window on usage_samples (router_id, ends_at);

create table speed_tests (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid not null,
  router_id uuid not null,
  tool text not null check (char_length(tool) <= 80),
  server text check (char_length(server) <= 255),
  down_mbps real check (down_mbps >= 0),
  up_mbps real check (up_mbps >= 0),
  ping_ms real check (ping_ms >= 0),
  jitter_ms real check (jitter_ms >= 0),
  user_name text not null,
  created_at timestamptz(3) not null default now(),
  foreign key (organisation_id, router_id) references routers (organisation_id, id) on delete cascade
);
create index speed_tests_page on speed_tests (organisation_id, router_id, created_at desc, id desc);

create table operation_runs (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid not null,
  router_id uuid not null,
  session_id uuid references bastion_sessions (id) on delete set null,
  user_id uuid not null references users (id) on delete restrict,
  user_name text not null,
  operation text not null check (operation ~ '^[a-z0-9_.-]{1,60}$'),
  subject text check (char_length(subject) <= 80),
  state text not null check (state ~ '^[a-z_]{1,20}$'),
  problem text check (problem ~ '^[a-z_]{1,60}$'),
  detail text check (char_length(detail) <= 500),
  created_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  foreign key (organisation_id, router_id) references routers (organisation_id, id) on delete cascade
);
create index operation_runs_page on operation_runs (organisation_id, router_id, created_at desc, id desc);
create index operation_runs_open on operation_runs (state) where ended_at is null;
create index operation_runs_session on operation_runs (session_id);
create index operation_runs_user on operation_runs (user_id);
`;

const secured = ['devices', 'router_policies', 'usage_counters', 'usage_samples', 'speed_tests', 'operation_runs'];

const access = `
${secured
  .map(
    (table) => `alter table ${table} enable row level security, force row level security;
create policy tenant on ${table} using (app_sees(organisation_id)) with check (app_sees(organisation_id));`,
  )
  .join('\n')}
grant select, insert, update, delete on ${secured.join(', ')} to netpilot_api;
`;

const down = `
drop table ${secured.toReversed().join(', ')};
`;

/** Router operations: devices, what routers are set to, usage, speed tests and the history of what was done. */
export const operations: Migration = {
  async up(client) {
    await client.query(tables);
    await client.query(access);
  },
  async down(client) {
    await client.query(down);
  },
};
