import type { Database } from '@netpilot/db/database.ts';
import { ProblemError } from '../errors.ts';

export interface FileLimits {
  /** Bytes that one person may move on one day (UTC), both directions together. */
  readonly bytesPerDay: number;
  /** Transfers that one person may have running. */
  readonly transfersPerPerson: number;
}

/** Bytes after which a running transfer is written to the database; what a crash forgets is never more for each transfer. */
const SAVE_EVERY = 67_108_864;

/** What one transfer may still move. */
export interface Allowance {
  /** Takes bytes that have moved. @returns false when the day's bytes are used up: the transfer must end. */
  spend(bytes: number): boolean;
  /** Gives the place back and writes what was moved; to be called once. Rejects when the database does not take it. */
  end(): Promise<void>;
}

interface Person {
  running: number;
  day: string;
  /** Bytes of the day: those the database told of, and ours since. */
  used: number;
  /** Bytes that running transfers said they would move and have not moved yet. */
  reserved: number;
  unsaved: number;
  /** The write under way. */
  saving: Promise<void>;
}

/** Counts what people move: in memory for those who move something now, in the database for all processes and after a restart. */
export class FileQuota {
  readonly #database: Database;
  readonly #limits: FileLimits;
  readonly #now: () => number;
  readonly #people = new Map<string, Person>();

  constructor(database: Database, limits: FileLimits, now: () => number = Date.now) {
    this.#database = database;
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Lets a transfer begin.
   * @param expected bytes that it will move; null when nobody can say.
   * @throws ProblemError `file_transfers`, `file_quota`; what the database throws.
   */
  async begin(userId: string, expected: number | null): Promise<Allowance> {
    const { bytesPerDay, transfersPerPerson } = this.#limits;
    const person = this.#people.get(userId) ?? newPerson();
    if (person.running >= transfersPerPerson) throw new ProblemError('file_transfers');
    this.#people.set(userId, person);
    person.running += 1;
    try {
      await this.#load(userId, person);
      const left = bytesPerDay - person.used - person.reserved;
      if (left <= 0 || (expected ?? 0) > left)
        throw new ProblemError('file_quota', `${Math.max(0, left)} bytes are left.`);
    } catch (error) {
      this.#leave(userId, person);
      throw error;
    }
    let reserved = expected ?? 0;
    person.reserved += reserved;
    return {
      spend: (bytes) => {
        const kept = Math.min(bytes, reserved);
        reserved -= kept;
        person.reserved -= kept;
        person.used += bytes;
        person.unsaved += bytes;
        // What cannot be written now is tried again with the next bytes, and at the end.
        if (person.unsaved >= SAVE_EVERY) void this.#save(userId, person).catch(() => undefined);
        return person.used <= bytesPerDay;
      },
      end: async () => {
        person.reserved -= reserved;
        reserved = 0;
        try {
          await this.#save(userId, person);
        } finally {
          this.#leave(userId, person);
        }
      },
    };
  }

  /** Reads what other processes, and earlier days of ours, have counted. */
  async #load(userId: string, person: Person): Promise<void> {
    const day = new Date(this.#now()).toISOString().slice(0, 10);
    const { FileUsage } = this.#database.models;
    await person.saving.catch(() => undefined);
    const row = await this.#database.transaction({ organisations: [], userId }, (transaction) =>
      FileUsage.findOne({ where: { userId, day }, transaction }),
    );
    if (person.day !== day) Object.assign(person, { day, unsaved: 0 });
    person.used = Number(row?.bytes ?? 0) + person.unsaved;
  }

  /** Writes one after the other, so that a load never misses what is on its way. */
  #save(userId: string, person: Person): Promise<void> {
    person.saving = person.saving.catch(() => undefined).then(() => this.#write(userId, person));
    return person.saving;
  }

  async #write(userId: string, person: Person): Promise<void> {
    const { day, unsaved: bytes } = person;
    if (bytes === 0) return;
    person.unsaved = 0;
    const { FileUsage } = this.#database.models;
    try {
      await this.#database.transaction({ organisations: [], userId }, async (transaction) => {
        await FileUsage.bulkCreate([{ userId, day, bytes: '0' }], { ignoreDuplicates: true, transaction });
        await FileUsage.increment({ bytes }, { where: { userId, day }, transaction });
      });
    } catch (error) {
      if (person.day === day) person.unsaved += bytes;
      throw error;
    }
  }

  #leave(userId: string, person: Person): void {
    person.running -= 1;
    if (person.running === 0 && person.unsaved === 0) this.#people.delete(userId);
  }
}

function newPerson(): Person {
  return { running: 0, day: '', used: 0, reserved: 0, unsaved: 0, saving: Promise.resolve() };
}
