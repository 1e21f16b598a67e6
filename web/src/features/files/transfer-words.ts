import { sizeWords } from '@netpilot/control-plane/contract/printable.ts';
import { describeTrouble } from '../../api/problem.ts';
import { secondsWords } from './file-words.ts';
import type { TransferView } from './transfer-queue.ts';

/** @returns how far it is, how fast and how long still; or why it does not go on. */
export function stateWords({ state, moved, total, rate, error, sha256 }: TransferView): string {
  const far = total === null ? sizeWords(moved) : `${sizeWords(moved)} of ${sizeWords(total)}`;
  switch (state) {
    case 'waiting':
      return `Waiting for its turn · ${far}`;
    case 'running': {
      if (rate === null || rate < 1) return far;
      const left = total === null ? '' : ` · ${secondsWords((total - moved) / rate)} left`;
      return `${far} · ${sizeWords(rate)}/s${left}`;
    }
    case 'offline':
      return `${far} · the line is away, goes on by itself`;
    case 'verifying':
      return `${far} · comparing checksums`;
    case 'paused':
      return `Paused at ${far}`;
    case 'done':
      return `${sizeWords(moved)}${sha256 === null ? ' · done' : ` · verified, SHA-256 ${sha256.slice(0, 12)}…`}`;
    case 'failed': {
      const { title, detail } = describeTrouble(error);
      return detail === null || detail === title ? title : `${title}: ${detail}`;
    }
  }
}
