import '../../zod-without-eval.ts';
import type { ProblemCode } from '@netpilot/control-plane/contract/problems.ts';
import { reconnectWait } from '../../api/back-off.ts';
import { ProblemError, UnreachableError } from '../../api/problem.ts';
import { Download } from './download-job.ts';
import { type FileCalls, fileCalls } from './file-calls.ts';
import { type TransferJob, type TransferNews, type TransferOrder, packFailure } from './transfer-job.ts';
import { type Reports, Upload } from './upload-job.ts';

/** What one worker does in its life; kept between a pause and going on. */
interface Work {
  run(calls: FileCalls, signal: AbortSignal, report: Reports): Promise<string | null>;
  giveUp?(calls: FileCalls): Promise<void>;
}

let work: Work | null = null;
let running: { readonly controller: AbortController; readonly ended: Promise<void> } | null = null;
let sessionId = '';

const tell = (news: TransferNews) => postMessage(news);
const report: Reports = {
  moved: (moved, total) => tell({ type: 'progress', moved, total }),
  verifying: () => tell({ type: 'verifying' }),
  begun: (uploadId) => tell({ type: 'begun', uploadId }),
};

addEventListener('message', ({ data }: MessageEvent<TransferOrder>) => {
  if (data.type === 'give_up') return void giveUp();
  if (data.type === 'pause') return running?.controller.abort();
  if (running !== null) return;
  sessionId = data.sessionId;
  const controller = new AbortController();
  running = { controller, ended: run(data.job, controller.signal) };
});

async function run(job: TransferJob, signal: AbortSignal): Promise<void> {
  work ??= workOf(job);
  try {
    tell({ type: 'done', sha256: await persist(work, fileCalls(sessionId), signal) });
  } catch (error) {
    tell(signal.aborted ? { type: 'paused' } : { type: 'failed', failure: packFailure(error) });
  } finally {
    running = null;
  }
}

async function giveUp(): Promise<void> {
  running?.controller.abort();
  await running?.ended;
  // A session that is over has taken it away already, or never can.
  await work?.giveUp?.(fileCalls(sessionId)).catch(() => undefined);
  tell({ type: 'gone' });
}

/** What a router, its session or the bastion gets over without anybody's doing. */
const PASSING: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'session_not_live',
  'session_paused',
  'sandbox_failed',
  'router_unreachable',
  'gateway_unavailable',
  'database_unavailable',
  'too_many_requests',
]);

function passesByItself(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ProblemError && PASSING.has(error.problem.code));
}

/** Tries again for as long as only the line, or the way over it, is away. */
async function persist(what: Work, calls: FileCalls, signal: AbortSignal): Promise<string | null> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await what.run(calls, signal, {
        ...report,
        moved: (moved, total) => {
          attempt = 0;
          report.moved(moved, total);
        },
      });
    } catch (error) {
      if (!passesByItself(error)) throw error;
      tell({ type: 'waiting' });
      await wait(reconnectWait(attempt), signal);
    }
  }
}

function workOf(job: TransferJob): Work {
  switch (job.type) {
    case 'upload':
      return new Upload(job);
    case 'download':
      return new Download(job);
    case 'unpack':
      return {
        async run(calls, signal, { moved }) {
          moved(0, job.tar.size);
          await calls.unpack(job.path, job.tar, signal);
          moved(job.tar.size, job.tar.size);
          return null;
        },
      };
  }
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException('paused', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
  });
}
