import { isDatabaseGone } from '@netpilot/db/database.ts';
import type { Recording as RecordingRow } from '@netpilot/db/models/recording.ts';
import type { Logger } from 'pino';
import type { RecordingTrouble } from '../../../contract/recordings.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { CastError, type CastHeader } from './cast-format.ts';
import { Recorder } from './recorder.ts';
import type { RecordingDirectory } from './recording-directory.ts';
import { troubleOf } from './recording-file.ts';
import { type RecordingPosition, beginRecording, hasHeader, readPosition } from './recording-position.ts';
import type { RecordingFile } from './recording-file.ts';
import type { RecordingRows } from './recording-rows.ts';
import type { SigningKey } from './signing-key.ts';
import {
  type RecordedTerminal,
  RecordingError,
  type RecordingStore,
  type TerminalRecording,
} from './terminal-recording.ts';

export interface RecordingStoreOptions {
  readonly directory: RecordingDirectory;
  readonly rows: RecordingRows;
  readonly key: SigningKey;
  readonly audit: AuditLog;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** No recording grows larger, in bytes. */
  readonly maxBytes: number;
  /** A recording has its end, in its file and in the database. */
  readonly onEnded: () => void;
}

type RowNames = Pick<RecordingRow, 'id' | 'organisationId' | 'routerName' | 'sessionId' | 'terminalId' | 'startedAt'>;

/** Records terminals into the directory of this process. Owner of every recording that is open. */
export class DirectoryStore implements RecordingStore {
  readonly #options: RecordingStoreOptions;
  readonly #open = new Map<string, Recorder>();
  /** Terminals whose recording is open or being opened. */
  readonly #taken = new Set<string>();
  /** Of recordings that fail, so that each trouble is told once. */
  readonly #troubles = new Map<string, RecordingTrouble>();
  #closed = false;

  constructor(options: RecordingStoreOptions) {
    this.#options = options;
  }

  /** The recording as it is being written in this process. */
  live(id: string): Pick<Recorder, 'size' | 'end'> | null {
    return this.#open.get(id) ?? null;
  }

  async open(terminal: RecordedTerminal): Promise<TerminalRecording> {
    const name = nameOf(terminal.session.id, terminal.terminalId);
    if (this.#closed) throw new RecordingError('disk_failed', 'the recordings are closed');
    if (this.#taken.has(name)) throw new Error('this terminal is being recorded already');
    this.#taken.add(name);
    try {
      return await this.#openTaken(terminal);
    } catch (error) {
      this.#taken.delete(name);
      throw error instanceof RecordingError
        ? error
        : new RecordingError(troubleIn(error), 'the terminal cannot be recorded', { cause: error });
    }
  }

  async #openTaken(terminal: RecordedTerminal): Promise<Recorder> {
    const { row, isNew, input } = await this.#options.rows.ofTerminal(terminal.session, terminal.terminalId);
    try {
      const recorder = await this.#record(row, terminal, { isNew, input });
      this.#open.set(recorder.id, recorder);
      this.#tell(row, null);
      return recorder;
    } catch (error) {
      this.#tell(row, troubleIn(error));
      throw error;
    }
  }

  /**
   * Ends a recording that nobody will go on with: cuts off what is torn, and signs that nobody saw it end.
   * @returns false when its file is not here.
   */
  async finalise(row: RecordingRow): Promise<boolean> {
    const { directory, key, rows, maxBytes } = this.#options;
    if (this.#open.has(row.id)) return true;
    this.#troubles.delete(row.id);
    const file = await directory.open(row, 'write');
    if (file === null) return false;
    let position: RecordingPosition;
    try {
      position = await readPosition(file, row.id, key.trusted);
    } catch (error) {
      const size = await file.size();
      await file.close();
      if (!(error instanceof CastError)) throw error;
      await rows.ended(row, null, { output: 0, file: size });
      this.#tell(row, 'broken');
      return true;
    }
    await file.truncate(position.size);
    const onTrouble = () => undefined;
    const recorder = new Recorder({ file, position, key, maxBytes, onTrouble });
    try {
      await recorder.finish(null);
    } finally {
      await recorder.close();
    }
    await rows.ended(row, recorder.signedEnd, { output: recorder.end, file: recorder.size });
    return true;
  }

  /** Lets go of every recording; the next process continues them. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open.values()].map((recorder) => recorder.close()));
  }

  async #record(
    row: RecordingRow,
    terminal: RecordedTerminal,
    begun: { isNew: boolean; input: boolean },
  ): Promise<Recorder> {
    const { directory, key, maxBytes } = this.#options;
    if (row.state === 'deleted' || row.state === 'broken') throw new CastError(`the recording is ${row.state}`);
    const earlier = await this.#earlier(row);
    const file = earlier?.file ?? (await directory.create(row));
    try {
      const position = earlier?.position ?? (await beginRecording(file, headerOf(row, terminal, begun.input)));
      const recorder: Recorder = new Recorder({
        file,
        position,
        key,
        maxBytes,
        onTrouble: (trouble) => {
          this.#tell(row, trouble);
          terminal.onTrouble(trouble);
        },
        onClosed: (): Promise<void> => this.#closedOne(row, recorder),
      });
      if (earlier !== null) {
        recorder.marker('the bastion was restarted');
        recorder.resize(terminal.size);
      } else if (!begun.isNew) recorder.marker('what was recorded earlier is missing');
      return recorder;
    } catch (error) {
      await file.close();
      if (earlier === null) await directory.remove(row);
      throw error;
    }
  }

  /** What another process wrote, cut to what is whole; null when there is nothing. */
  async #earlier(row: RecordingRow): Promise<{ file: RecordingFile; position: RecordingPosition } | null> {
    const { directory, key } = this.#options;
    const file = await directory.open(row, 'write');
    if (file === null) return null;
    try {
      if (await hasHeader(file)) {
        const position = await readPosition(file, row.id, key.trusted);
        if (position.end === null) await file.truncate(position.size);
        return { file, position };
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    // Its writer died in the first line: nothing was shown.
    await file.close();
    await directory.remove(row);
    return null;
  }

  async #closedOne(row: RecordingRow, recorder: Recorder): Promise<void> {
    this.#open.delete(recorder.id);
    this.#troubles.delete(recorder.id);
    this.#taken.delete(nameOf(row.sessionId, row.terminalId));
    if (!recorder.ended) return;
    try {
      await this.#options.rows.ended(row, recorder.signedEnd, { output: recorder.end, file: recorder.size });
      this.#options.onEnded();
    } catch (error) {
      // The sweep finds it: its file has the end that its row lacks.
      this.#options.log.warn({ err: error, recordingId: row.id }, 'the end of a recording is not in the database yet');
    }
  }

  #tell(row: RowNames, trouble: RecordingTrouble | null): void {
    const { audit, log } = this.#options;
    if ((this.#troubles.get(row.id) ?? null) === trouble) return;
    if (trouble === null) this.#troubles.delete(row.id);
    else this.#troubles.set(row.id, trouble);
    const { organisationId, sessionId, terminalId, routerName } = row;
    log[trouble === null ? 'warn' : 'error'](
      { recordingId: row.id, sessionId, trouble },
      trouble === null ? 'a terminal is recorded again' : 'a terminal cannot be recorded',
    );
    const details = { router: routerName, terminal: terminalId, recording: row.id };
    audit
      .record(
        trouble === null
          ? { action: 'recording_resumed', organisationId, actor: null, subjectId: sessionId, details }
          : {
              action: 'recording_failed',
              organisationId,
              actor: null,
              subjectId: sessionId,
              details: { ...details, trouble },
            },
      )
      .catch((error: unknown) =>
        log.error({ err: error, recordingId: row.id }, 'a trouble of a recording is not in the audit trail'),
      );
  }
}

function headerOf(
  row: RecordingRow,
  { session, terminalId, size, imageDigest }: RecordedTerminal,
  input: boolean,
): CastHeader {
  return {
    version: 2,
    width: size.cols,
    height: size.rows,
    timestamp: row.startedAt.getTime() / 1_000,
    title: `${session.routerName}, ${session.userName}`,
    env: { TERM: 'xterm-256color' },
    netpilot: {
      format: 1,
      recording: row.id,
      organisation: session.organisationId,
      router: { id: session.routerId, name: session.routerName },
      session: session.id,
      terminal: terminalId,
      user: { id: session.userId, name: session.userName },
      image: imageDigest,
      input,
    },
  };
}

function nameOf(sessionId: string, terminalId: number): string {
  return `${sessionId}/${terminalId}`;
}

function troubleIn(error: unknown): RecordingTrouble {
  if (error instanceof RecordingError) return error.trouble;
  if (isDatabaseGone(error)) return 'database_gone';
  return error instanceof CastError ? 'broken' : troubleOf(error);
}
