import type { Actor } from '../access/actor.ts';
import { ProblemError } from '../errors.ts';
import type { AgentFiles } from '../sandbox-link/agent-files.ts';
import type { LiveSession } from '../sessions/live-session.ts';
import type { SessionReader } from '../sessions/reader.ts';
import type { SessionService } from '../sessions/service.ts';
import { whileLive } from '../sessions/while-live.ts';

/** Questions (listings, searches, counts, sums) that run on one router's session at once. */
const QUESTIONS_AT_ONCE = 8;

/** The files of a session, opened for one request of the person whose session it is. */
export interface OpenFiles {
  readonly actor: Actor;
  readonly session: LiveSession;
  readonly files: AgentFiles;
}

/** Where every request for files comes in: session, right, and a bound of what one session asks at once. */
export class FileDesk {
  readonly #sessions: Pick<SessionService, 'find'>;
  readonly #reader: Pick<SessionReader, 'missing'>;
  readonly #questions = new Map<string, number>();

  constructor(sessions: Pick<SessionService, 'find'>, reader: Pick<SessionReader, 'missing'>) {
    this.#sessions = sessions;
    this.#reader = reader;
  }

  /** @throws ProblemError `not_found`, `forbidden`, `session_over`, `session_not_live`, `sandbox_failed`. */
  async open(actor: Actor, sessionId: string, action: 'files.read' | 'files.write'): Promise<OpenFiles> {
    const session = this.#sessions.find(actor, sessionId, action) ?? (await this.#reader.missing(actor, sessionId));
    const { files } = session.link;
    session.touch();
    return { actor, session, files };
  }

  /** Takes a place for a question. @returns gives it back; to be called once. @throws ProblemError `too_many_requests`. */
  ask({ session }: OpenFiles): () => void {
    const { id } = session.identity;
    const running = this.#questions.get(id) ?? 0;
    if (running >= QUESTIONS_AT_ONCE) throw new ProblemError('too_many_requests');
    this.#questions.set(id, running + 1);
    return () => {
      const left = (this.#questions.get(id) ?? 1) - 1;
      if (left > 0) this.#questions.set(id, left);
      else this.#questions.delete(id);
    };
  }

  /** Runs a question that has one answer. @throws ProblemError `too_many_requests`; what `question` throws. */
  async answer<T>(open: OpenFiles, question: (files: AgentFiles) => Promise<T>): Promise<T> {
    const done = this.ask(open);
    try {
      return await whileLive(open.session, question(open.files));
    } finally {
      done();
    }
  }
}

/** For a question about what may not be there. @throws every other error. */
export function unlessVanished(error: unknown): null {
  if (error instanceof ProblemError && error.code === 'file_vanished') return null;
  throw error;
}
