import { createRequire } from 'node:module';
import { poolPadding } from '../../../ssh/packet-padding.ts';

const endPooling = poolPadding();
/** ssh2, padding its packets from a pool. It is loaded here: an import would come before the pool. */
export const ssh2 = createRequire(import.meta.url)('ssh2') as typeof import('ssh2');
endPooling();
