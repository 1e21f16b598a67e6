import type { Migration } from './migration.ts';

/** What actions and reasons look like; which there are says the contract, so that a new one needs no migration. */
const WORD = `~ '^[a-z][a-z_]{2,39}$'`;

const words = `
alter table audit_events drop constraint audit_events_action_check;
alter table audit_events add constraint audit_events_action_check check (action ${WORD});
alter table bastion_sessions drop constraint bastion_sessions_end_reason_check;
alter table bastion_sessions add constraint bastion_sessions_end_reason_check check (end_reason ${WORD});
`;

/**
 * Each organisation has a chain of its own, and what belongs to none has one. A link is made when the transaction commits, so that the
 * lock which orders a chain is held for the commit alone. The api may add events; links are the database's.
 */
const chain = `
create table audit_links (
  event_id uuid primary key references audit_events (id),
  organisation_id uuid,
  -- From 1, without gaps.
  position bigint not null check (position > 0),
  hash bytea not null check (octet_length(hash) = 32)
);
create unique index audit_links_chain on audit_links
  (coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'), position);

-- Heads of chains, signed with a key that the database does not have.
create table audit_anchors (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid,
  position bigint not null check (position > 0),
  hash bytea not null check (octet_length(hash) = 32),
  signed_at timestamptz(3) not null,
  key_id text not null check (char_length(key_id) <= 80),
  signature bytea not null check (octet_length(signature) = 64)
);
create unique index audit_anchors_chain on audit_anchors
  (coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'), position);

create function audit_field(value text) returns text language sql immutable parallel safe as $$
  select coalesce(octet_length(convert_to(value, 'UTF8')) || ':' || value, '-') || ','
$$;
-- SHA-256 of the hash before and of every field behind its length; 'control-plane/src/api/audit/chain.ts' computes the same.
create function audit_digest(previous bytea, link_position bigint, event audit_events) returns bytea
language sql stable parallel safe as $$
  select sha256(previous || convert_to(
    audit_field(link_position::text) || audit_field(event.id::text)
    || audit_field(floor(extract(epoch from event.at) * 1000)::bigint::text)
    || audit_field(event.organisation_id::text) || audit_field(event.actor_id::text) || audit_field(event.actor_name)
    || audit_field(event.subject_id::text) || audit_field(event.action) || audit_field(event.details::text), 'UTF8'))
$$;

create function link_audit_event(event audit_events) returns void
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  chain uuid := coalesce(event.organisation_id, '00000000-0000-0000-0000-000000000000');
  head record;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit ' || chain::text, 0));
  select position, hash into head from audit_links
    where coalesce(organisation_id, '00000000-0000-0000-0000-000000000000') = chain order by position desc limit 1;
  insert into audit_links (event_id, organisation_id, position, hash) values (
    event.id, event.organisation_id, coalesce(head.position, 0) + 1,
    audit_digest(coalesce(head.hash, decode(repeat('00', 32), 'hex')), coalesce(head.position, 0) + 1, event));
end
$$;
revoke all on function link_audit_event(audit_events) from public;

-- As the owner of the tables: nobody else writes links.
create function chain_audit_event() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform link_audit_event(new);
  return null;
end
$$;

set local app.organisations = 'all';
lock table audit_events in share row exclusive mode;
do $$
declare
  event audit_events;
begin
  for event in select * from audit_events order by seq loop
    perform link_audit_event(event);
  end loop;
end
$$;

create constraint trigger audit_events_chain after insert on audit_events
  deferrable initially deferred for each row execute function chain_audit_event();

create or replace function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_links_append_only before update or delete or truncate on audit_links
  for each statement execute function refuse_audit_change();
create trigger audit_anchors_append_only before update or delete or truncate on audit_anchors
  for each statement execute function refuse_audit_change();

-- Replication roles, which skip plain triggers, are no way around either.
alter table audit_events enable always trigger audit_events_chain, enable always trigger audit_events_append_only;
alter table audit_links enable always trigger audit_links_append_only;
alter table audit_anchors enable always trigger audit_anchors_append_only;

alter table audit_links enable row level security, force row level security;
alter table audit_anchors enable row level security, force row level security;
create policy tenant on audit_links using (app_sees(organisation_id)) with check (app_sees(organisation_id));
create policy tenant on audit_anchors using (app_sees(organisation_id)) with check (app_sees(organisation_id));
grant select on audit_links to netpilot_api;
grant select, insert on audit_anchors to netpilot_api;
`;

/** Rows written meanwhile may hold words that the old checks did not know: they stay, and are not looked at again. */
const undo = `
drop trigger audit_events_chain on audit_events;
drop table audit_anchors, audit_links;
drop function chain_audit_event();
drop function link_audit_event(audit_events);
drop function audit_digest(bytea, bigint, audit_events);
drop function audit_field(text);
alter table audit_events enable trigger audit_events_append_only;
create or replace function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit_events is append-only' using errcode = 'insufficient_privilege';
end
$$;
alter table audit_events drop constraint audit_events_action_check;
alter table audit_events add constraint audit_events_action_check check (action in ('sign_in', 'sign_in_failed', 'sign_out',
  'refresh_reuse', 'login_session_revoked', 'user_disabled', 'user_enabled', 'organisation_created', 'organisation_renamed',
  'organisation_deleted', 'member_added', 'member_changed', 'member_removed', 'router_created', 'router_changed',
  'router_deleted', 'router_enrolment_issued', 'router_enrolled', 'router_tested', 'host_key_pinned', 'host_key_changed',
  'session_requested', 'session_live', 'session_ended', 'terminal_opened', 'command_run')) not valid;
alter table bastion_sessions drop constraint bastion_sessions_end_reason_check;
alter table bastion_sessions add constraint bastion_sessions_end_reason_check check (end_reason in ('user', 'idle', 'lifetime',
  'admin', 'lock', 'access_lost', 'abandoned', 'router_lost', 'router_refused', 'host_key_changed', 'sandbox_lost',
  'start_failed', 'shutdown')) not valid;
`;

/** Words of the contract instead of frozen lists, and an audit trail in which a changed, missing or reordered entry is found. */
export const auditChain: Migration = {
  async up(client) {
    await client.query(words);
    await client.query(chain);
  },
  async down(client) {
    await client.query(undo);
  },
};
