/** What of a session never changes. */
export interface SessionIdentity {
  readonly id: string;
  readonly organisationId: string;
  /** Null once the router is deleted. */
  readonly routerId: string | null;
  readonly routerName: string;
  readonly userId: string;
  readonly userName: string;
  /** The sign-in that started it; when that is revoked the session ends. */
  readonly loginSessionId: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}
