import type { Transaction } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { Router } from '@netpilot/db/models/router.ts';
import { type Actor, scopeOf } from '../access/actor.ts';
import { type Action, authorise, can } from '../access/policy.ts';
import { notFound } from '../errors.ts';

/**
 * Finds a router that the actor can see and may do this with, and works inside a transaction of their organisations.
 * @throws ProblemError `not_found`, `forbidden`; what `work` throws.
 */
export function withRouterOf<T>(
  database: Database,
  actor: Actor,
  id: string,
  action: Action,
  work: (row: Router, transaction: Transaction) => Promise<T>,
): Promise<T> {
  return database.transaction(scopeOf(actor), async (transaction) => {
    const row = await database.models.Router.findByPk(id, { transaction });
    if (row === null) throw notFound();
    const { organisationId, ownerId } = row;
    authorise(actor, action, { organisationId, ownerId }, can(actor, 'router.read', { organisationId }));
    return work(row, transaction);
  });
}
