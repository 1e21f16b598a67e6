import type { Recording as RecordingRow } from '@netpilot/db/models/recording.ts';
import type { Recording } from '../../../contract/recordings.ts';

/** What of an open recording its row does not know yet. */
export interface Progress {
  readonly end: number;
  readonly size: number;
}

/** @returns the recording as a page sees it. */
export function presentRecording(row: RecordingRow, progress: Progress | null, may: Recording['may']): Recording {
  return {
    id: row.id,
    organisationId: row.organisationId,
    sessionId: row.sessionId,
    terminalId: row.terminalId,
    routerId: row.routerId,
    routerName: row.routerName,
    userId: row.userId,
    userName: row.userName,
    state: row.state,
    startedAt: row.startedAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    outputBytes: progress?.end ?? Number(row.outputBytes),
    fileBytes: progress?.size ?? Number(row.fileBytes),
    may,
  };
}
