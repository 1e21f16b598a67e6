import type { Migration } from './migration.ts';

/** What is known of each terminal's recording; the recording itself is a file. A row stays when its file is deleted, and says so. */
const up = `
create table recordings (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid not null references organisations (id) on delete cascade,
  session_id uuid not null references bastion_sessions (id) on delete cascade,
  terminal_id integer not null check (terminal_id >= 1),
  router_id uuid,
  router_name text not null,
  user_id uuid not null references users (id) on delete restrict,
  user_name text not null,
  state text not null default 'recording' check (state in ('recording', 'complete', 'broken', 'deleted')),
  place text not null default 'directory' check (place in ('directory', 'bucket')),
  started_at timestamptz(3) not null default now(),
  ended_at timestamptz(3),
  output_bytes bigint not null default 0 check (output_bytes >= 0),
  file_bytes bigint not null default 0 check (file_bytes >= 0),
  -- Of the end: what its file must still say.
  chain_head text check (char_length(chain_head) = 44),
  signature text check (char_length(signature) = 88),
  unique (session_id, terminal_id),
  foreign key (organisation_id, router_id) references routers (organisation_id, id) on delete set null (router_id),
  constraint recordings_complete check (state <> 'complete' or (ended_at is not null and chain_head is not null and signature is not null))
);
create index recordings_page on recordings (organisation_id, started_at desc, id desc);
create index recordings_page_of_all on recordings (started_at desc, id desc);
create index recordings_page_of_user on recordings (user_id, started_at desc, id desc);
create index recordings_page_of_router on recordings (router_id, started_at desc, id desc);
create index recordings_open on recordings (state) where state = 'recording';
create index recordings_spooled on recordings (place, ended_at) where state = 'complete';

alter table recordings enable row level security, force row level security;
create policy tenant on recordings using (app_sees(organisation_id)) with check (app_sees(organisation_id));
grant select, insert, update on recordings to netpilot_api;
`;

const down = `
drop table recordings;
`;

export const recordings: Migration = {
  async up(client) {
    await client.query(up);
  },
  async down(client) {
    await client.query(down);
  },
};
