/** Instants have milliseconds, as JavaScript's do: a cursor made of one finds its row again. */
const up = `
create table organisations (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 80),
  created_at timestamptz(3) not null default now()
);

create table users (
  id uuid primary key default gen_random_uuid(),
  issuer text not null check (char_length(issuer) between 1 and 2000),
  subject text not null check (char_length(subject) between 1 and 255),
  email text check (char_length(email) <= 254),
  email_verified boolean not null default false,
  name text not null check (char_length(name) <= 200),
  platform_administrator boolean not null default false,
  disabled_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  last_sign_in_at timestamptz(3),
  unique (issuer, subject)
);
create index users_page on users (created_at desc, id desc);
create index users_email on users (lower(email));

create table memberships (
  organisation_id uuid not null references organisations (id) on delete cascade,
  user_id uuid not null references users (id) on delete restrict,
  role text not null check (role in ('owner', 'admin', 'operator', 'viewer')),
  created_at timestamptz(3) not null default now(),
  primary key (organisation_id, user_id)
);
create index memberships_user on memberships (user_id);

create table routers (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid not null references organisations (id) on delete cascade,
  owner_id uuid not null references users (id) on delete restrict,
  name text not null check (char_length(name) between 1 and 80),
  user_name text not null check (user_name ~ '^[A-Za-z_][A-Za-z0-9._-]{0,31}$'),
  algorithms text not null default 'modern' check (algorithms in ('modern', 'legacy')),
  attachment text not null check (attachment in ('enrolled', 'manual')),
  authentication text not null check (authentication in ('bastion_key', 'password', 'private_key')),
  tunnel_port integer unique check (tunnel_port between 1 and 65535),
  tunnel_key text unique,
  host_key text,
  pending_host_key text,
  bastion_public_key text,
  credential bytea,
  enrolment_token_hash bytea unique,
  enrolment_expires_at timestamptz(3),
  enrolled_at timestamptz(3),
  last_seen_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  unique (organisation_id, id)
);
create index routers_page on routers (organisation_id, created_at desc, id desc);
create index routers_page_of_all on routers (created_at desc, id desc);
create index routers_owner on routers (owner_id);

create table login_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz(3) not null default now(),
  last_used_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  revoked_reason text check (char_length(revoked_reason) <= 60),
  user_agent text check (char_length(user_agent) <= 1000),
  address inet
);
create index login_sessions_page on login_sessions (user_id, created_at desc, id desc);
create index login_sessions_expiry on login_sessions (expires_at);

create table refresh_tokens (
  id uuid primary key default gen_random_uuid(),
  login_session_id uuid not null references login_sessions (id) on delete cascade,
  token_hash bytea not null unique,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  used_at timestamptz(3)
);
create index refresh_tokens_login_session on refresh_tokens (login_session_id);

create table bastion_sessions (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid not null references organisations (id) on delete cascade,
  router_id uuid,
  router_name text not null,
  user_id uuid not null references users (id) on delete restrict,
  user_name text not null,
  login_session_id uuid references login_sessions (id) on delete set null,
  state text not null
    check (state in ('requested', 'queued', 'starting', 'connecting', 'live', 'ending', 'ended')),
  end_reason text check (end_reason in ('user', 'idle', 'lifetime', 'admin', 'lock', 'access_lost', 'abandoned',
    'router_lost', 'router_refused', 'host_key_changed', 'sandbox_lost', 'start_failed', 'shutdown')),
  end_detail text,
  sandbox_id uuid,
  image_digest text,
  created_at timestamptz(3) not null default now(),
  live_at timestamptz(3),
  ended_at timestamptz(3),
  last_activity_at timestamptz(3),
  -- Both columns, so that a session can never name a router of another organisation.
  foreign key (organisation_id, router_id) references routers (organisation_id, id) on delete set null (router_id),
  constraint bastion_sessions_ended check (state <> 'ended' or (end_reason is not null and ended_at is not null))
);
create index bastion_sessions_page on bastion_sessions (organisation_id, created_at desc, id desc);
create index bastion_sessions_page_of_user on bastion_sessions (user_id, created_at desc, id desc);
create index bastion_sessions_page_of_all on bastion_sessions (created_at desc, id desc);
create index bastion_sessions_router on bastion_sessions (router_id);
create index bastion_sessions_login_session on bastion_sessions (login_session_id);
create index bastion_sessions_open on bastion_sessions (state) where state <> 'ended';

-- No foreign keys: an entry outlives what it speaks of.
create table audit_events (
  id uuid primary key default gen_random_uuid(),
  seq bigint not null generated always as identity unique,
  at timestamptz(3) not null default now(),
  organisation_id uuid,
  actor_id uuid,
  actor_name text,
  subject_id uuid,
  action text not null check (action in ('sign_in', 'sign_in_failed', 'sign_out', 'refresh_reuse',
    'login_session_revoked', 'user_disabled', 'user_enabled', 'organisation_created', 'organisation_renamed',
    'organisation_deleted', 'member_added', 'member_changed', 'member_removed', 'router_created', 'router_changed',
    'router_deleted', 'router_enrolment_issued', 'router_enrolled', 'router_tested', 'host_key_pinned',
    'host_key_changed', 'session_requested', 'session_live', 'session_ended', 'terminal_opened', 'command_run')),
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object')
);
create index audit_events_page on audit_events (organisation_id, at desc, id desc);
create index audit_events_page_of_all on audit_events (at desc, id desc);
create index audit_events_subject on audit_events (subject_id, at desc);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit_events is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_events_append_only before update or delete or truncate on audit_events
  for each statement execute function refuse_audit_change();
`;

const down = `
drop table audit_events;
drop function refuse_audit_change();
drop table bastion_sessions, refresh_tokens, login_sessions, routers, memberships, users, organisations;
`;

export const tables = { up, down };
