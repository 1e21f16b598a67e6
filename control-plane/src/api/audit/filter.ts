import { Op, type WhereOptions, cast, col, literal, where } from 'sequelize';
import type { AuditFilter } from '../../../contract/audit.ts';

/** @returns the rows that fit every part of the filter. Ids have been parsed as UUIDs before. */
export function whereOf({ action, personId, routerId, from, until, text }: AuditFilter): WhereOptions {
  const conditions: WhereOptions[] = [];
  if (action !== undefined) conditions.push({ action });
  if (personId !== undefined) conditions.push({ [Op.or]: [{ actorId: personId }, { subjectId: personId }] });
  if (routerId !== undefined) {
    const sessions = literal(`(select id from bastion_sessions where router_id = '${routerId}'::uuid)`);
    conditions.push({ [Op.or]: [{ subjectId: routerId }, { subjectId: { [Op.in]: sessions } }] });
  }
  if (from !== undefined) conditions.push({ at: { [Op.gte]: from } });
  if (until !== undefined) conditions.push({ at: { [Op.lt]: until } });
  if (text !== undefined) {
    // Details are searched as the JSON that they are stored as.
    const details = where(cast(col('AuditEvent.details'), 'text'), {
      [Op.iLike]: containing(JSON.stringify(text).slice(1, -1)),
    });
    conditions.push({ [Op.or]: [{ actorName: { [Op.iLike]: containing(text) } }, details] });
  }
  return conditions.length === 0 ? {} : { [Op.and]: conditions };
}

/** A LIKE pattern that means this text and nothing else. */
function containing(text: string): string {
  return `%${text.replace(/[\\%_]/gu, '\\$&')}%`;
}
