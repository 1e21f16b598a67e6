/** Who asks for a sandbox. */
export interface Applicant {
  sessionId: string;
  organisationId: string;
  userId: string;
  /** Higher goes first, inside the organisation only. */
  priority: number;
}

export interface AdmissionLimits {
  /** Sessions on this machine. */
  sessions: number;
  perOrganisation: number;
  perUser: number;
  /** Waiting, in all and of one person. */
  waiting: number;
  waitingPerUser: number;
}

/** Who has a sandbox and who waits for one. Immutable: every function here returns a new one. */
export interface AdmissionState {
  /** By session. */
  readonly running: ReadonlyMap<string, Applicant>;
  /** Of each organisation that waits, in the order in which they go: priority first, then arrival. */
  readonly waiting: ReadonlyMap<string, readonly Applicant[]>;
  /** Organisations that wait; the first is next. One that was served goes to the end, one that comes joins there. */
  readonly rotation: readonly string[];
}

export const NOBODY: AdmissionState = { running: new Map(), waiting: new Map(), rotation: [] };

/**
 * Puts an applicant into the line. One that runs or waits already stays exactly where it is, whatever it asks for now.
 * @returns the new state, or null when too many wait.
 */
export function join(state: AdmissionState, applicant: Applicant, limits: AdmissionLimits): AdmissionState | null {
  const { sessionId, organisationId, userId, priority } = applicant;
  if (state.running.has(sessionId) || isWaiting(state, sessionId)) return state;
  const everybody = [...state.waiting.values()].flat();
  if (everybody.length >= limits.waiting) return null;
  if (everybody.filter((other) => other.userId === userId).length >= limits.waitingPerUser) return null;
  const line = state.waiting.get(organisationId) ?? [];
  const behind = line.findIndex((other) => other.priority < priority);
  const at = behind === -1 ? line.length : behind;
  return {
    running: state.running,
    waiting: new Map(state.waiting).set(organisationId, [...line.slice(0, at), applicant, ...line.slice(at)]),
    rotation: state.rotation.includes(organisationId) ? state.rotation : [...state.rotation, organisationId],
  };
}

/** Takes a session out, whether it runs or waits; the place of everybody else stays. */
export function leave(state: AdmissionState, sessionId: string): AdmissionState {
  if (state.running.has(sessionId)) {
    const running = new Map(state.running);
    running.delete(sessionId);
    return { ...state, running };
  }
  for (const [organisationId, line] of state.waiting) {
    const applicant = line.find((other) => other.sessionId === sessionId);
    if (applicant !== undefined) return withoutWaiting(state, organisationId, applicant);
  }
  return state;
}

/** Counts a session that has its sandbox already, as after a restart; no limit is asked. */
export function readmit(state: AdmissionState, applicant: Applicant): AdmissionState {
  return { ...state, running: new Map(state.running).set(applicant.sessionId, applicant) };
}

/**
 * Lets everybody in for whom there is room, one organisation after the other.
 * An organisation that is at its cap, or whose people are, is passed over and keeps its turn.
 * @returns the new state and who was let in, in order.
 */
export function admit(
  state: AdmissionState,
  limits: AdmissionLimits,
): { state: AdmissionState; admitted: readonly Applicant[] } {
  const admitted: Applicant[] = [];
  let current = state;
  for (;;) {
    const next = nextOf(current, limits);
    if (next === null) return { state: current, admitted };
    admitted.push(next);
    const left = withoutWaiting(current, next.organisationId, next);
    current = {
      running: new Map(current.running).set(next.sessionId, next),
      waiting: left.waiting,
      rotation: left.waiting.has(next.organisationId)
        ? [...left.rotation.filter((other) => other !== next.organisationId), next.organisationId]
        : left.rotation,
    };
  }
}

/** @returns everybody who waits, next first, as if no cap but the machine's held anybody back. */
export function lineOf(state: AdmissionState): Applicant[] {
  const line: Applicant[] = [];
  for (let round = 0; ; round += 1) {
    const before = line.length;
    for (const organisationId of state.rotation) {
      const applicant = state.waiting.get(organisationId)?.[round];
      if (applicant !== undefined) line.push(applicant);
    }
    if (line.length === before) return line;
  }
}

function nextOf(state: AdmissionState, limits: AdmissionLimits): Applicant | null {
  if (state.running.size >= limits.sessions) return null;
  const running = [...state.running.values()];
  for (const organisationId of state.rotation) {
    const inside = running.filter((other) => other.organisationId === organisationId);
    if (inside.length >= limits.perOrganisation) continue;
    const next = state.waiting
      .get(organisationId)
      // A person's cap holds over all their organisations.
      ?.find(({ userId }) => running.filter((other) => other.userId === userId).length < limits.perUser);
    if (next !== undefined) return next;
  }
  return null;
}

function isWaiting(state: AdmissionState, sessionId: string): boolean {
  for (const line of state.waiting.values()) {
    if (line.some((other) => other.sessionId === sessionId)) return true;
  }
  return false;
}

function withoutWaiting(state: AdmissionState, organisationId: string, applicant: Applicant): AdmissionState {
  const line = (state.waiting.get(organisationId) ?? []).filter((other) => other !== applicant);
  const waiting = new Map(state.waiting);
  if (line.length > 0) waiting.set(organisationId, line);
  else waiting.delete(organisationId);
  return {
    running: state.running,
    waiting,
    rotation: line.length > 0 ? state.rotation : state.rotation.filter((other) => other !== organisationId),
  };
}
