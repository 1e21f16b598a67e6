import { randomUUID } from 'node:crypto';
import type { Transaction } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { Membership as MembershipRow } from '@netpilot/db/models/membership.ts';
import type { Member, MemberInput, Organisation } from '../../../contract/organisations.ts';
import type { Role } from '../../../contract/people.ts';
import { type Actor, oversightScope, roleIn, scopeOf } from '../access/actor.ts';
import { authorise, can } from '../access/policy.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { notFound, ProblemError } from '../errors.ts';
import { presentMember, presentOrganisation } from './presenter.ts';

/** An organisation's members fit on one page; more are not asked for. */
const MEMBERS_LISTED = 1_000;
/** Organisations that one person may have made; keeps a script from filling the table. */
const ORGANISATIONS_PER_PERSON = 20;

export interface OrganisationService {
  /** Names of the organisations that the actor is a member of, by id. */
  namesOf(actor: Actor): Promise<ReadonlyMap<string, string>>;
  list(actor: Actor): Promise<Organisation[]>;
  get(actor: Actor, id: string): Promise<Organisation>;
  create(actor: Actor, name: string): Promise<Organisation>;
  rename(actor: Actor, id: string, name: string): Promise<Organisation>;
  remove(actor: Actor, id: string): Promise<void>;
  members(actor: Actor, id: string): Promise<Member[]>;
  addMember(actor: Actor, id: string, input: MemberInput): Promise<Member>;
  changeMember(actor: Actor, id: string, userId: string, role: Role): Promise<Member>;
  removeMember(actor: Actor, id: string, userId: string): Promise<void>;
}

/**
 * Organisations and memberships. Every method throws ProblemError: `not_found` for what the actor may not know of, `forbidden` for what
 * they may see but not do.
 */
export function createOrganisationService(database: Database, audit: AuditLog): OrganisationService {
  const { Organisation: Organisations, Membership, User } = database.models;

  /** Runs work inside one organisation that the actor may act on. */
  const inside = async <T>(
    actor: Actor,
    id: string,
    action: Parameters<typeof can>[1],
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> => {
    authorise(actor, action, { organisationId: id }, roleIn(actor, id) !== null);
    return database.transaction({ organisations: [id], userId: actor.userId }, work);
  };

  const memberOf = async (organisationId: string, userId: string, transaction: Transaction): Promise<MembershipRow> => {
    const row = await Membership.findOne({ where: { organisationId, userId }, transaction });
    if (row === null) throw notFound();
    return row;
  };

  /** Owners are made and removed by owners only, and the last one stays. Locks the owners, so that two requests cannot remove both. */
  const guardOwners = async (
    actor: Actor,
    row: MembershipRow,
    next: Role | null,
    transaction: Transaction,
  ): Promise<void> => {
    if (row.role !== 'owner' && next !== 'owner') return;
    if (roleIn(actor, row.organisationId) !== 'owner')
      throw new ProblemError('forbidden', 'Only an owner may do this.');
    if (row.role !== 'owner' || next === 'owner') return;
    const owners = await Membership.findAll({
      where: { organisationId: row.organisationId, role: 'owner' },
      lock: transaction.LOCK.UPDATE,
      transaction,
    });
    if (owners.length < 2) throw new ProblemError('last_owner');
  };

  return {
    async namesOf(actor) {
      const rows = await database.transaction(scopeOf(actor), (transaction) => Organisations.findAll({ transaction }));
      return new Map(rows.map((row) => [row.id, row.name]));
    },

    async list(actor) {
      const rows = await database.transaction(scopeOf(actor), (transaction) =>
        Organisations.findAll({ order: [['name', 'ASC']], transaction }),
      );
      return rows.map((row) => presentOrganisation(row, roleIn(actor, row.id)));
    },

    async get(actor, id) {
      authorise(actor, 'organisation.read', { organisationId: id }, false);
      const row = await database.transaction(oversightScope(actor), (transaction) =>
        Organisations.findByPk(id, { transaction }),
      );
      if (row === null) throw notFound();
      return presentOrganisation(row, roleIn(actor, id));
    },

    async create(actor, name) {
      if (actor.memberships.filter((membership) => membership.role === 'owner').length >= ORGANISATIONS_PER_PERSON) {
        throw new ProblemError('conflict', `A person may own ${ORGANISATIONS_PER_PERSON} organisations.`);
      }
      const id = randomUUID();
      return database.transaction({ organisations: [id], userId: actor.userId }, async (transaction) => {
        const row = await Organisations.create({ id, name }, { transaction });
        await Membership.create({ organisationId: id, userId: actor.userId, role: 'owner' }, { transaction });
        await audit.record(
          { action: 'organisation_created', organisationId: id, actor, subjectId: id, details: { name } },
          transaction,
        );
        return presentOrganisation(row, 'owner');
      });
    },

    rename: (actor, id, name) =>
      inside(actor, id, 'organisation.rename', async (transaction) => {
        const row = await Organisations.findByPk(id, { transaction });
        if (row === null) throw notFound();
        const before = row.name;
        await row.update({ name }, { transaction });
        await audit.record(
          {
            action: 'organisation_renamed',
            organisationId: id,
            actor,
            subjectId: id,
            details: { from: before, to: name },
          },
          transaction,
        );
        return presentOrganisation(row, roleIn(actor, id));
      }),

    remove: (actor, id) =>
      inside(actor, id, 'organisation.delete', async (transaction) => {
        // The trail of an organisation that is gone belongs to the platform.
        await audit.record({ action: 'organisation_deleted', organisationId: id, actor, subjectId: id }, transaction);
        await Organisations.destroy({ where: { id }, transaction });
      }),

    async members(actor, id) {
      authorise(actor, 'member.list', { organisationId: id }, false);
      return database.transaction(oversightScope(actor), async (transaction) => {
        const memberships = await Membership.findAll({
          where: { organisationId: id },
          order: [['createdAt', 'ASC']],
          limit: MEMBERS_LISTED,
          transaction,
        });
        if (memberships.length === 0) throw notFound();
        const users = await User.findAll({ where: { id: memberships.map((row) => row.userId) }, transaction });
        const byId = new Map(users.map((user) => [user.id, user]));
        return memberships.flatMap((row) => {
          const user = byId.get(row.userId);
          return user === undefined ? [] : [presentMember(row, user)];
        });
      });
    },

    addMember: (actor, id, input) =>
      inside(actor, id, 'member.change', async (transaction) => {
        if (input.role === 'owner' && roleIn(actor, id) !== 'owner')
          throw new ProblemError('forbidden', 'Only an owner may do this.');
        const user = await User.findOne({
          where: { email: input.email.toLowerCase(), emailVerified: true, disabledAt: null },
          transaction,
        });
        if (user === null)
          throw new ProblemError('not_found', 'Nobody with this verified e-mail address has signed in yet.');
        const existing = await Membership.findOne({ where: { organisationId: id, userId: user.id }, transaction });
        if (existing !== null) throw new ProblemError('already_member');
        const row = await Membership.create({ organisationId: id, userId: user.id, role: input.role }, { transaction });
        await audit.record(
          { action: 'member_added', organisationId: id, actor, subjectId: user.id, details: { role: input.role } },
          transaction,
        );
        return presentMember(row, user);
      }),

    changeMember: (actor, id, userId, role) =>
      inside(actor, id, 'member.change', async (transaction) => {
        const row = await memberOf(id, userId, transaction);
        await guardOwners(actor, row, role, transaction);
        const before = row.role;
        await row.update({ role }, { transaction });
        await audit.record(
          {
            action: 'member_changed',
            organisationId: id,
            actor,
            subjectId: userId,
            details: { from: before, to: role },
          },
          transaction,
        );
        const user = await User.findByPk(userId, { transaction });
        if (user === null) throw notFound();
        return presentMember(row, user);
      }),

    async removeMember(actor, id, userId) {
      // Everybody may leave; removing somebody else is an administrator's.
      const action = userId === actor.userId ? 'organisation.read' : 'member.change';
      await inside(actor, id, action, async (transaction) => {
        const row = await memberOf(id, userId, transaction);
        await guardOwners(actor, row, null, transaction);
        await audit.record(
          { action: 'member_removed', organisationId: id, actor, subjectId: userId, details: { role: row.role } },
          transaction,
        );
        await row.destroy({ transaction });
      });
    },
  };
}
