import { createRequire } from 'node:module';
import { poolPadding } from '../../../wire/packet-padding.ts';

const require = createRequire(import.meta.url);
// dockerode brings ssh2 along for engines that are reached over SSH, and has loaded it by now: what follows loads it anew.
for (const file of Object.keys(require.cache)) {
  if (/\/ssh2\/lib\/.*\.js$/u.test(file)) delete require.cache[file];
}
const endPooling = poolPadding();
/** ssh2, padding its packets from a pool. It is loaded here: an import would come before the pool. */
export const ssh2 = require('ssh2') as typeof import('ssh2');
endPooling();
