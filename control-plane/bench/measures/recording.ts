import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundleProgram, PROGRAMS } from '@netpilot/compose/local/bundle.ts';
import { Recorder } from '../../src/api/recordings/recorder.ts';
import { RecordingFile } from '../../src/api/recordings/recording-file.ts';
import { beginRecording } from '../../src/api/recordings/recording-position.ts';
import { createSigningKey } from '../../src/api/recordings/signing-key.ts';
import { testHeader } from '../../src/api/recordings/test-header.ts';
import { verify } from '../../src/api/recordings/verify.ts';
import { BulkOutput } from '../bulk-output.ts';
import { atLeastShare, atMost, forComparison, type Measure } from '../measure.ts';
import { onStage, type Stage } from '../stage.ts';
import { summarise } from '../statistics.ts';

const KEYS = { quick: 500, full: 5_000 };
const RUNS = { quick: 2, full: 5 };
const BULK_BYTES = 100_000_000;
/** As the agent sends output, and how much of it waits for the recording at most. */
const CHUNK_BYTES = 32_768;
const IN_FLIGHT = 32;
const MEGABYTE = 1_000_000;

/** What recording costs a person's output, and by itself. */
export async function measureRecording(quick: boolean): Promise<Measure[]> {
  return [await measureCost(quick ? RUNS.quick : 2 * RUNS.full), ...(await measureWriting(quick))];
}

/** Bulk output of two bastions side by side, in turns: the real one, and one whose api records nothing. */
async function measureCost(runs: number): Promise<Measure> {
  const apiProgram = join(dirname(PROGRAMS.api.bundle), 'api-unrecorded.mjs');
  const unrecorded = join(import.meta.dirname, '../unrecorded.ts');
  await bundleProgram(PROGRAMS.api.source, apiProgram, [
    {
      name: 'unrecorded',
      setup({ onResolve }) {
        onResolve({ filter: /^\.\/recorder\.ts$/ }, () => ({ path: unrecorded }));
      },
    },
  ]);
  const rates = { recorded: [] as number[], not: [] as number[] };
  await onStage({ warmPool: 1 }, (recorded) =>
    onStage({ warmPool: 1, apiProgram }, async (not) => {
      const [ours, theirs] = [await outputOn(recorded), await outputOn(not)];
      for (let run = 0; run < runs; run += 1) {
        rates.recorded.push(await ours());
        rates.not.push(await theirs());
      }
    }),
  );
  const measure = { name: 'output of 100 MB, recorded', unit: 'MB/s', ours: summarise(rates.recorded) } as const;
  return atLeastShare(measure, summarise(rates.not), 0.9, 'the same unrecorded');
}

async function outputOn(stage: Stage): Promise<() => Promise<number>> {
  const desk = await stage.desk('alice');
  await stage.rested();
  const session = await desk.session();
  const output = new BulkOutput(desk);
  return () => output.rate(session);
}

/** A key's way into the file, and bulk output's, beside writing the same bytes without a recording. */
async function measureWriting(quick: boolean): Promise<Measure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'netpilot-bench-'));
  try {
    const keys = await keyTimes(directory, quick ? KEYS.quick : KEYS.full);
    const text = Buffer.from(randomBytes(CHUNK_BYTES).toString('base64').replace(/.{76}/gu, '$&\r\n')).subarray(
      0,
      CHUNK_BYTES,
    );
    const rates = { recorded: [] as number[], written: [] as number[], verified: [] as number[] };
    for (let run = 0; run < (quick ? RUNS.quick : RUNS.full); run += 1) {
      const path = join(directory, `${run}.cast`);
      rates.recorded.push(await recordRate(path, text));
      rates.verified.push(await verifyRate(path));
      rates.written.push(await writeRate(join(directory, 'plain'), text));
      rmSync(path);
    }
    return [
      atMost({ name: 'recording of a key', unit: 'ms', ours: summarise(keys) }, 0.1, 'median'),
      forComparison(
        { name: 'recording of 100 MB, beside plain writes', unit: 'MB/s', ours: summarise(rates.recorded) },
        summarise(rates.written),
      ),
      forComparison({ name: '  verifying it', unit: 'MB/s', ours: summarise(rates.verified) }),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function begin(path: string): Promise<Recorder> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const file = await RecordingFile.create(path);
  const position = await beginRecording(file, testHeader());
  const onTrouble = (trouble: string | null) => {
    if (trouble !== null) throw new Error(`the recording fails: ${trouble}`);
  };
  return new Recorder({ file, position, key: createSigningKey(pem), maxBytes: 1e12, onTrouble });
}

async function keyTimes(directory: string, samples: number): Promise<number[]> {
  const recorder = await begin(join(directory, 'keys.cast'));
  const key = Buffer.from('x');
  const times: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const since = performance.now();
    await recorder.append(key);
    times.push(performance.now() - since);
  }
  await recorder.finish(null);
  return times;
}

/** Megabytes of output a second, until all of it is in the file. */
async function recordRate(path: string, text: Buffer): Promise<number> {
  const recorder = await begin(path);
  const since = performance.now();
  const waiting: Promise<void>[] = [];
  for (let sent = 0; sent < BULK_BYTES; sent += text.length) {
    waiting.push(recorder.append(text));
    if (waiting.length >= IN_FLIGHT) await waiting.shift();
  }
  await Promise.all(waiting);
  const seconds = (performance.now() - since) / 1_000;
  await recorder.finish(null);
  return BULK_BYTES / MEGABYTE / seconds;
}

async function verifyRate(path: string): Promise<number> {
  const file = await RecordingFile.open(path, 'read');
  try {
    const since = performance.now();
    const { state } = await verify(file.stream(), { trusted: null });
    if (state !== 'intact') throw new Error(`the recording is ${state}`);
    return BULK_BYTES / MEGABYTE / ((performance.now() - since) / 1_000);
  } finally {
    await file.close();
  }
}

/** The same bytes into a file, with nothing around them. */
async function writeRate(path: string, text: Buffer): Promise<number> {
  const file = await open(path, 'w');
  try {
    const since = performance.now();
    for (let sent = 0; sent < BULK_BYTES; sent += text.length) await file.write(text);
    return BULK_BYTES / MEGABYTE / ((performance.now() - since) / 1_000);
  } finally {
    await file.close();
  }
}
