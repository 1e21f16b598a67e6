import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineBuffer } from './line-buffer.ts';
import { RecordingEncoder } from './recording-encoder.ts';
import { RecordingFile } from './recording-file.ts';
import { beginRecording } from './recording-position.ts';
import { testHeader } from './test-header.ts';
import { testKey } from './test-key.ts';
import { verify } from './verify.ts';

const key = testKey();
const LINK_BYTES = 524_288;

test('the end is the last line, also where a link would have been due behind it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'netpilot-encoder-'));
  try {
    const file = await RecordingFile.create(join(directory, 'one.cast'));
    const encoder = new RecordingEncoder(await beginRecording(file, testHeader()), key);
    const lines = LineBuffer.take();
    const from = encoder.size;
    while (encoder.size < LINK_BYTES - 100) encoder.output(Buffer.from('x'), lines);
    const end = encoder.end({ code: 0, signal: null, reason: 'exited' }, lines);
    expect(encoder.size).toBeGreaterThan(LINK_BYTES);
    expect(end).toMatchObject({ n: 0, out: encoder.outputEnd });
    expect(encoder.unsealed).toBe(false);
    const made = lines.from(0);
    for (let done = 0; done < made.length;) done += await file.write(made.subarray(done), from + done);
    expect(await verify(file.stream(), { trusted: key.trusted })).toMatchObject({ state: 'intact' });
    await file.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
