import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { RecordingFault, Verification } from '@netpilot/control-plane/contract/recordings.ts';
import { type CastHeader, MAX_LINE, parseHeader } from '@netpilot/control-plane/src/api/recordings/cast-format.ts';
import { RecordingFile } from '@netpilot/control-plane/src/api/recordings/recording-file.ts';
import { readTrustedKeys } from '@netpilot/control-plane/src/api/recordings/signing-key.ts';
import { splitLines } from '@netpilot/control-plane/src/api/recordings/split-lines.ts';
import { verify } from '@netpilot/control-plane/src/api/recordings/verify.ts';
import { stateDirectory } from './places.ts';
import { RECORDING_KEY } from './secrets.ts';

/** What the program ends with. */
export const EXIT = { intact: 0, broken: 1, open: 2, unreadable: 3, unknownSigner: 4 } as const;

const USAGE = `npm run verify-recording FILE [-- --key KEYFILE]

Says whether a recording is as it was written, and where it is not. KEYFILE holds the public key of the bastion (PEM or base64, from
GET /api/v1/recordings/key); left out, the key of the installation in this directory is taken, if there is one.
Ends with 0 intact, 1 broken, 2 not ended yet, 3 not readable, 4 whole in itself but signed by a key that was not given.
`;

const FAULTS: Record<RecordingFault, string> = {
  not_a_recording: 'it is not a recording of a bastion',
  another_recording: 'it is another recording',
  changed: 'bytes were changed, added or taken out',
  out_of_order: 'parts are missing or stand in another order',
  forged: 'a signature does not fit what it signs',
  wrong_key: 'it is signed with a key that is not the one given',
  cut: 'it has no end',
  continued: 'something follows its end',
};

/**
 * The command behind `npm run verify-recording`.
 * @param args of the command line, without the program.
 * @param say writes one line.
 * @returns the exit code, one of {@link EXIT}.
 */
export async function verifyRecording(args: readonly string[], say: (line: string) => void): Promise<number> {
  let path: string | undefined;
  let keyFile: string | undefined;
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      options: { key: { type: 'string' } },
      allowPositionals: true,
    });
    path = positionals.length === 1 ? positionals[0] : undefined;
    keyFile = values.key;
  } catch {
    path = undefined;
  }
  if (path === undefined) {
    say(USAGE);
    return EXIT.unreadable;
  }
  try {
    const trusted = await trustedKeys(keyFile);
    const file = await RecordingFile.open(resolve(path), 'read');
    try {
      return tell(await headerOf(file), await verify(file.stream(), { trusted }), trusted !== null, say);
    } finally {
      await file.close();
    }
  } catch (error) {
    say(`${path}: ${(error as Error).message}`);
    return EXIT.unreadable;
  }
}

/** @returns null when no key was named and there is none here. */
async function trustedKeys(keyFile: string | undefined): Promise<ReadonlySet<string> | null> {
  if (keyFile !== undefined) return readTrustedKeys(await readFile(resolve(keyFile), 'utf8'));
  const own = await readFile(join(stateDirectory(), 'secrets', RECORDING_KEY), 'utf8').catch(() => null);
  return own === null ? null : readTrustedKeys(own);
}

async function headerOf(file: RecordingFile): Promise<CastHeader | null> {
  try {
    for await (const line of splitLines(file.stream(0, MAX_LINE))) return parseHeader(line.bytes);
  } catch {
    // The verification says so.
  }
  return null;
}

function tell(header: CastHeader | null, found: Verification, knowsKey: boolean, say: (line: string) => void): number {
  if (header !== null) {
    const { recording, organisation, router, session, terminal, user, image } = header.netpilot;
    say(`recording     ${recording}`);
    say(`who           ${printable(user.name)} (${user.id})`);
    say(`where         ${printable(router.name)} (${router.id ?? 'deleted'}), organisation ${organisation}`);
    say(`when          ${new Date(header.timestamp * 1_000).toISOString()}, session ${session}, terminal ${terminal}`);
    say(`sandbox       ${printable(image ?? 'unknown')}`);
  }
  for (const signer of found.signers) say(`signed by     ${signer}`);
  const upTo = `${found.seconds.toFixed(3)} s, ${found.output} bytes of output, byte ${found.bytes} of the file, ${found.links} links`;
  if (found.state === 'broken') {
    say(`BROKEN        ${found.fault === null ? '' : FAULTS[found.fault]}; right up to ${upTo}`);
    return EXIT.broken;
  }
  if (found.state === 'open') {
    say(`NOT ENDED     right up to ${upTo}; it is being written, or its end was cut off`);
    return EXIT.open;
  }
  if (!knowsKey) {
    say(`UNKNOWN KEY   whole in itself: ${upTo}; compare the key with that of the bastion, or give it with --key`);
    return EXIT.unknownSigner;
  }
  say(`INTACT        ${upTo}`);
  return EXIT.intact;
}

/** Names come from people: nothing of them may steer the terminal of whoever verifies. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const args = process.argv.slice(2).filter((argument, index) => index > 0 || argument !== 'verify-recording');
  process.exitCode = await verifyRecording(args, (line) => process.stdout.write(`${line}\n`));
}
