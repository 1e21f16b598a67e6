import type { Migration } from './migration.ts';

/**
 * What an edited file was before (sealed: configuration holds passwords), and how many bytes a person has moved on a day. Versions belong
 * to a router and go with it; the hash of the path keeps the index small whatever its length.
 */
const up = `
create table file_versions (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid not null references organisations (id) on delete cascade,
  router_id uuid not null,
  path_hash bytea not null check (octet_length(path_hash) = 32),
  path text not null check (char_length(path) between 1 and 16384),
  size integer not null check (size >= 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  sealed bytea not null check (octet_length(sealed) <= 4194304),
  user_id uuid references users (id) on delete set null,
  user_name text not null check (char_length(user_name) <= 200),
  created_at timestamptz(3) not null default now(),
  foreign key (organisation_id, router_id) references routers (organisation_id, id) on delete cascade
);
create index file_versions_of_path on file_versions (router_id, path_hash, created_at desc, id desc);
create index file_versions_organisation on file_versions (organisation_id);
create index file_versions_user on file_versions (user_id);
create index file_versions_age on file_versions (created_at);

create table file_usage (
  user_id uuid not null references users (id) on delete cascade,
  day date not null,
  bytes bigint not null default 0 check (bytes >= 0),
  primary key (user_id, day)
);

alter table file_versions enable row level security, force row level security;
alter table file_usage enable row level security, force row level security;
create policy tenant on file_versions using (app_sees(organisation_id)) with check (app_sees(organisation_id));
create policy person on file_usage
  using (app_sees_all() or user_id = app_user()) with check (app_sees_all() or user_id = app_user());

grant select, insert, delete on file_versions to netpilot_api;
grant select, insert, update, delete on file_usage to netpilot_api;
`;

const down = `
drop table file_usage;
drop table file_versions;
`;

/** Kept versions of edited files, and the bytes of each person and day. */
export const files: Migration = {
  async up(client) {
    await client.query(up);
  },
  async down(client) {
    await client.query(down);
  },
};
