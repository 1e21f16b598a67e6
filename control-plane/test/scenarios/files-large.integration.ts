import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { FileListLine } from '../../contract/files.ts';
import { agentPid, residentMb } from '../harness/process-memory.ts';
import { containerOf } from '../survival/truth.ts';
import { useSessionFiles } from './session-files.ts';

const MIB = 1_048_576;
/** What is moved each way to have everything of a transfer in memory once, and then the tenfold. */
const [FEW, MANY] = [16 * MIB, 160 * MIB];
/** What api and agent may need more for it, in MB; without constant memory it were 144 or the double. */
const GROWTH_MB = 90;

describe('large files and large folders', () => {
  const here = useSessionFiles();
  const { at, send, beginUpload, sendPiece, finishUpload } = here;

  async function download(name: string, size: number): Promise<void> {
    writeFileSync(at(name), '');
    truncateSync(at(name), size);
    const reader = (await send('GET', 'content', { path: at(name) })).body?.getReader();
    let bytes = 0;
    for (;;) {
      const next = await reader?.read();
      if (next === undefined || next.done) break;
      bytes += next.value.length;
    }
    expect(bytes).toBe(size);
  }

  async function upload(name: string, size: number): Promise<void> {
    const part = Buffer.alloc(MIB);
    const sum = createHash('sha256');
    function* zeros() {
      for (let sent = 0; sent < size; sent += MIB) {
        sum.update(part);
        yield part;
      }
    }
    const { uploadId } = await beginUpload(at(name), size);
    const body = Readable.toWeb(Readable.from(zeros())) as unknown as BodyInit;
    const response = await sendPiece(uploadId, at(name), 0, body);
    expect([response.status, await response.json()]).toEqual([200, { offset: size }]);
    expect((await finishUpload(uploadId, at(name), size, sum.digest('hex'))).status).toBe(200);
    expect(statSync(at(name)).size).toBe(size);
  }

  test('ten times the bytes cost api and agent no more memory, both ways', async () => {
    const agent = agentPid(await containerOf(here.bastion, here.session));
    const most = () => ({ api: residentMb(here.bastion.api.pid, 'VmHWM'), agent: residentMb(agent, 'VmHWM') });
    await download('few-down', FEW);
    await upload('few-up', FEW);
    const few = most();
    await download('many-down', MANY);
    await upload('many-up', MANY);
    const many = most();
    expect(many.api - few.api).toBeLessThan(GROWTH_MB);
    expect(many.agent - few.agent).toBeLessThan(GROWTH_MB);
  });

  test('a folder of a hundred thousand entries comes whole', async () => {
    const folder = at('crowd');
    mkdirSync(folder);
    execFileSync('sh', ['-c', 'seq -f "entry-%06g" 1 100000 | xargs touch'], { cwd: folder, timeout: 120_000 });
    const text = await (await send('GET', 'list', { path: folder })).text();
    const lines = text.split('\n').filter((line) => line !== '');
    const end = { type: 'end', count: 100_000, skipped: 0 };
    expect(FileListLine.parse(JSON.parse(lines.at(-1) ?? ''))).toMatchObject(end);
    const names = new Set<string>();
    for (const line of lines) {
      const { entries = [] } = JSON.parse(line) as { entries?: { name: { text: string } }[] };
      for (const { name } of entries) names.add(name.text);
    }
    expect([names.size, names.has('entry-000001'), names.has('entry-100000')]).toEqual([100_000, true, true]);
  });
});
