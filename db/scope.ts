const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;

/**
 * Whose rows a transaction may touch. `'all'` is for the system itself (sign-in, platform administrators) and never follows from
 * what a request says; `userId` adds what belongs to the person: their memberships, organisations and login sessions.
 */
export type Scope = { organisations: readonly string[] | 'all'; userId: string | null };

/**
 * @returns the values of `app.organisations` and `app.user_id` for a scope.
 * @throws TypeError when an id is not a UUID: `all` must never come from a list.
 */
export function scopeSettings(scope: Scope): [organisations: string, userId: string] {
  const organisations = scope.organisations === 'all' ? 'all' : scope.organisations.map(uuid).join(',');
  return [organisations, scope.userId === null ? '' : uuid(scope.userId)];
}

function uuid(value: string): string {
  if (!UUID.test(value)) throw new TypeError('a scope holds UUIDs only');
  return value;
}
