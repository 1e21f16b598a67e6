import type { UsageHistory } from '../../../contract/usage-history.ts';
import { csvLine } from './csv.ts';

/** @returns the usage of each device in bytes, a line each. */
export function usageCsv({ from, to, devices }: UsageHistory): string {
  const head = ['mac', 'name', 'from', 'to', 'download_bytes', 'upload_bytes'];
  const lines = devices.map(({ mac, name, downBytes, upBytes }) => csvLine([mac, name, from, to, downBytes, upBytes]));
  return [csvLine(head), ...lines].join('');
}
