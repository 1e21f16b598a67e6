import type { Database } from '@netpilot/db/database.ts';
import type { OrganisationPolicy, OrganisationPolicyChange } from '../../../contract/oversight.ts';
import { type Actor, oversightScope, roleIn } from '../access/actor.ts';
import { authorise } from '../access/policy.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { notFound } from '../errors.ts';

/** What organisations decide about the sessions of their people. */
export class OrganisationPolicies {
  readonly #database: Database;
  readonly #audit: AuditLog;

  constructor(database: Database, audit: AuditLog) {
    this.#database = database;
    this.#audit = audit;
  }

  /** Every member may know what holds for them. @throws ProblemError `not_found`. */
  async get(actor: Actor, organisationId: string): Promise<OrganisationPolicy> {
    authorise(actor, 'organisation.read', { organisationId }, false);
    const row = await this.#database.transaction(oversightScope(actor), (transaction) =>
      this.#database.models.Organisation.findByPk(organisationId, { transaction }),
    );
    if (row === null) throw notFound();
    return policyOf(row);
  }

  /** Changes what is given; what it was and what it is now is in the audit trail. @throws ProblemError `not_found`, `forbidden`. */
  change(actor: Actor, organisationId: string, change: OrganisationPolicyChange): Promise<OrganisationPolicy> {
    authorise(actor, 'policy.change', { organisationId }, roleIn(actor, organisationId) !== null);
    const scope = { organisations: [organisationId], userId: actor.userId };
    return this.#database.transaction(scope, async (transaction) => {
      const row = await this.#database.models.Organisation.findByPk(organisationId, {
        lock: transaction.LOCK.UPDATE,
        transaction,
      });
      if (row === null) throw notFound();
      const before = policyOf(row);
      const after = { ...before, ...change };
      const changed = (Object.keys(after) as (keyof OrganisationPolicy)[]).filter(
        (name) => after[name] !== before[name],
      );
      if (changed.length === 0) return before;
      await row.update(after, { transaction });
      const details = Object.fromEntries(
        changed.map((name) => [name, `${String(before[name])} to ${String(after[name])}`]),
      );
      await this.#audit.record(
        { action: 'policy_changed', organisationId, actor, subjectId: organisationId, details },
        transaction,
      );
      return after;
    });
  }

  /** For the system itself; what belongs to no organisation any more is told. */
  async of(organisationId: string): Promise<OrganisationPolicy> {
    const row = await this.#database.transaction({ organisations: [organisationId], userId: null }, (transaction) =>
      this.#database.models.Organisation.findByPk(organisationId, { transaction }),
    );
    if (row === null) throw notFound();
    return policyOf(row);
  }
}

function policyOf({ recordInput, recordingRetentionDays, watchNotice }: OrganisationPolicy): OrganisationPolicy {
  return { recordInput, recordingRetentionDays, watchNotice };
}
