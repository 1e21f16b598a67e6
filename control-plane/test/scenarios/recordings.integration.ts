import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EXIT, verifyRecording } from '@netpilot/compose/local/verify-recording.ts';
import { AuditEvent } from '../../contract/audit.ts';
import type { Organisation } from '../../contract/organisations.ts';
import { pageOf } from '../../contract/page.ts';
import {
  Recording,
  RecordingKey,
  RecordingMarkers,
  RecordingMatches,
  Verification,
} from '../../contract/recordings.ts';
import { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

describe('recordings', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let organisation: Organisation;
  let router: TestRouter;
  /** A disk of its own that can be filled. */
  let disk: string;
  let mounted = false;

  beforeAll(async () => {
    bastion = await TestBastion.start({ api: { NETPILOT_ROUTER_WAIT_SECONDS: '60' } });
    disk = join(bastion.directory, 'recordings');
    await mkdir(disk, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', disk], { timeout: 30_000 });
    mounted = true;
    alice = await bastion.signIn('alice');
    organisation = await alice.newOrganisation('One');
    router = await bastion.enrolRouter(alice, organisation.id, 'edge');
    router.keepDialling();
  });
  afterAll(async () => {
    await bastion?.api.stop();
    if (mounted) execFileSync('umount', ['-l', disk], { timeout: 30_000 });
    await bastion?.close();
  });

  const ofSession = async (id: string) =>
    (await alice.ask(pageOf(Recording), 'GET', `/recordings?sessionId=${id}`)).items;
  const verification = (id: string) => alice.ask(Verification, 'GET', `/recordings/${id}/verification`);
  const end = async (id: string) => {
    await alice.ask(Session, 'DELETE', `/sessions/${id}`);
    await alice.sessionIn(id, 'ended');
  };
  const complete = (id: string) =>
    eventually('the recording to be complete', async () => {
      const recording = await alice.ask(Recording, 'GET', `/recordings/${id}`);
      return recording.state === 'complete' ? recording : null;
    });
  const download = async (id: string, headers: Record<string, string> = {}) => {
    const response = await alice.fetch('GET', `/recordings/${id}/download`, undefined, headers);
    return { response, bytes: Buffer.from(await response.arrayBuffer()) };
  };
  const audited = async (action: string) => {
    const { items } = await alice.ask(pageOf(AuditEvent), 'GET', `/organisations/${organisation.id}/audit?limit=100`);
    return items.filter((event) => event.action === action);
  };

  test('a terminal is recorded with who, where and in what, through a kill of the api, and ends intact', async () => {
    const session = await alice.liveSession(router.id);
    const terminal = await alice.openTerminal(session.id);
    terminal.type("stty -echo; echo be''fore-$((40 + 2)); printf '\\377\\376\\342\\202'; printf '\\254 after\\n'\n");
    await terminal.sees('after');
    const [recording] = await ofSession(session.id);
    const id = recording?.id ?? '';
    expect(recording).toMatchObject({ state: 'recording', routerName: 'edge', terminalId: terminal.id });
    expect(await verification(id)).toMatchObject({ state: 'open', fault: null });

    await bastion.api.stop('SIGKILL');
    await terminal.closed;
    bastion.api.start();
    await bastion.ready();
    await alice.sessionIn(session.id, 'live');
    const again = await eventually('the terminal to be attached again', () =>
      alice.attach(session.id, terminal.id, terminal.offset),
    );
    again.type("echo aga''in-$((6 * 7))\n");
    await again.sees('again-42');
    again.close();
    await end(session.id);

    const ended = await complete(id);
    expect(await ofSession(session.id)).toHaveLength(1);
    expect(await verification(id)).toMatchObject({
      state: 'intact',
      fault: null,
      output: ended.outputBytes,
      bytes: ended.fileBytes,
    });

    const { response, bytes } = await download(id);
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="netpilot-${id}.cast"`);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const [header, ...events] = bytes
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(header).toMatchObject({
      version: 2,
      netpilot: {
        recording: id,
        organisation: organisation.id,
        router: { id: router.id, name: 'edge' },
        session: session.id,
        user: { name: 'Alice Archer' },
        image: expect.stringMatching(/^sha256:/u),
      },
    });
    const shown = events.filter(([, code]) => code === 'o').map(([, , text]) => text);
    expect(shown.join('')).toContain('before-42');
    expect(shown.join('')).toContain('€ after');
    expect(shown.join('')).toContain('again-42');
    // Nobody asked for input to be kept.
    expect(events.filter(([, code]) => code === 'i')).toEqual([]);

    // What was taken away is verified with the key that the api tells, by the program that an auditor runs.
    const [copy, key] = [join(bastion.directory, 'copy.cast'), join(bastion.directory, 'public_key')];
    writeFileSync(copy, bytes);
    writeFileSync(key, (await alice.ask(RecordingKey, 'GET', '/recordings/key')).publicKey);
    const said: string[] = [];
    expect(await verifyRecording([copy, '--key', key], (line) => said.push(line))).toBe(EXIT.intact);
    expect(said.join('\n')).toContain('Alice Archer');

    const part = await download(id, { range: 'bytes=10-19' });
    expect([part.response.status, part.bytes.toString()]).toEqual([206, bytes.subarray(10, 20).toString()]);
    expect(part.response.headers.get('content-range')).toBe(`bytes 10-19/${bytes.length}`);
    expect(await audited('recording_downloaded')).toHaveLength(2);

    const found = await alice.ask(RecordingMatches, 'GET', `/recordings/${id}/matches?text=AGAIN-42`);
    expect(found).toMatchObject({ complete: true, items: [{ line: 'again-42' }] });
  });

  test('commands behind a prompt are marked, and a player gets only what it knows', async () => {
    const session = await alice.liveSession(router.id);
    const terminal = await alice.openTerminal(session.id);
    terminal.type("PS1='root@edge:~# '\n");
    await terminal.sees(/root@edge:~# $/u);
    terminal.type('echo marked-$((1 + 1))\n');
    await terminal.sees('marked-2');
    terminal.resize(100, 30);
    terminal.type('stty size\n');
    await terminal.sees('30 100');
    terminal.close();
    await end(session.id);
    const id = (await ofSession(session.id))[0]?.id ?? '';
    await complete(id);
    const { items } = await alice.ask(RecordingMarkers, 'GET', `/recordings/${id}/markers`);
    expect(items).toContainEqual({ seconds: expect.any(Number), kind: 'command', label: 'echo marked-$((1 + 1))' });
    expect(items).toContainEqual({ seconds: expect.any(Number), kind: 'resize', label: '100x30' });
    const played = await (await alice.fetch('GET', `/recordings/${id}/playback`)).text();
    const codes = new Set(
      played
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => z.tuple([z.number(), z.string(), z.string()]).parse(JSON.parse(line))[1]),
    );
    expect([...codes].filter((code) => !['o', 'r', 'm'].includes(code))).toEqual([]);
    expect(played).not.toContain('netpilot');
  });

  test('input is kept when the organisation wants it, and never what is typed without an echo', async () => {
    await alice.tell('PATCH', `/organisations/${organisation.id}/policy`, { recordInput: true });
    const session = await alice.liveSession(router.id);
    const terminal = await alice.openTerminal(session.id);
    terminal.type("PS1='root@edge:~# '\n");
    await terminal.sees(/root@edge:~# $/u);
    terminal.type('read -rs hidden; echo re-$((1 + 1))\n');
    // Whether the echo is off already is the router's to know.
    await eventually('the echo to be off', async () => {
      const { stdout } = await alice.ask(z.object({ stdout: z.string() }), 'POST', `/sessions/${session.id}/exec`, {
        command: 'for tty in /dev/pts/[0-9]*; do stty -a < "$tty" 2> /dev/null; done',
      });
      return stdout.includes('-echo ');
    });
    for (const key of 'hunter2-secret\n') terminal.type(key);
    await terminal.sees(/re-2[^#]*root@edge:~# $/u);
    for (const key of 'echo typed-$((1 + 2))\n') terminal.type(key);
    await terminal.sees('typed-3');
    terminal.close();
    await end(session.id);
    await alice.tell('PATCH', `/organisations/${organisation.id}/policy`, { recordInput: false });
    const id = (await ofSession(session.id))[0]?.id ?? '';
    await complete(id);
    const text = (await download(id)).bytes.toString('utf8');
    expect(text).not.toContain('hunter2');
    const typed = text.split('\n').filter((line) => /^\[[\d.]+,"i"/u.test(line));
    expect(typed.some((line) => line.includes('echo typed-$((1 + 2))'))).toBe(true);
    expect(typed.join('\n')).not.toMatch(/secret|h.*u.*n.*t.*e.*r/u);
    expect(await verification(id)).toMatchObject({ state: 'intact' });
  });

  test('a full disk stops the terminal and says so; with room it goes on and nothing is lost', async () => {
    const session = await alice.liveSession(router.id);
    const terminal = await alice.openTerminal(session.id);
    terminal.type("stty -echo; PS1=; echo re''ady\n");
    await terminal.sees('ready');
    const filler = join(disk, 'filler');
    try {
      writeFileSync(filler, Buffer.alloc(8_388_608));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
    const from = terminal.offset;
    terminal.type('i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "line $i."; done; echo do\'\'ne\n');
    await eventually('the audit trail to say so', async () => (await audited('recording_failed')).length > 0);
    const [failed] = await audited('recording_failed');
    expect(failed).toMatchObject({ subjectId: session.id, details: { trouble: 'disk_full', router: 'edge' } });
    expect(terminal.text.slice(-200)).not.toContain('done');

    rmSync(filler);
    await terminal.sees('done');
    const lines = [...terminal.text.matchAll(/line (\d+)\./gu)].map((match) => Number(match[1]));
    expect(lines).toEqual(Array.from({ length: 3_000 }, (_, index) => index + 1));
    expect(terminal.offset).toBeGreaterThan(from);
    await eventually(
      'the audit trail to say that it goes on',
      async () => (await audited('recording_resumed')).length > 0,
    );
    terminal.close();
    await end(session.id);
    const id = (await ofSession(session.id))[0]?.id ?? '';
    await complete(id);
    expect(await verification(id)).toMatchObject({ state: 'intact' });
  });

  test('a recording that is deleted is gone, and the trail says who did it', async () => {
    const { items } = await alice.ask(pageOf(Recording), 'GET', `/recordings?organisationId=${organisation.id}`);
    const [recording] = items;
    const id = recording?.id ?? '';
    expect(recording).toMatchObject({ may: { download: true, delete: true } });
    await alice.tell('DELETE', `/recordings/${id}`);
    expect(await alice.ask(Recording, 'GET', `/recordings/${id}`)).toMatchObject({ state: 'deleted', fileBytes: 0 });
    for (const part of ['playback', 'download', 'verification', 'markers', 'matches?text=x']) {
      expect(await alice.refusal('GET', `/recordings/${id}/${part}`)).toEqual([410, 'recording_gone']);
    }
    expect(await audited('recording_deleted')).toMatchObject([{ subjectId: id, actorName: 'Alice Archer' }]);
    expect(execFileSync('find', [disk, '-name', `${id}*`], { encoding: 'utf8', timeout: 30_000 })).toBe('');
  });

  test('a recording whose writer died before its session ended gets its end, and one that was changed is found out', async () => {
    const session = await alice.liveSession(router.id);
    const terminal = await alice.openTerminal(session.id);
    terminal.type("echo evid''ence\n");
    await terminal.sees('evidence');
    const id = (await ofSession(session.id))[0]?.id ?? '';
    await bastion.api.stop('SIGKILL');
    execFileSync('docker', ['rm', '-f', ...bastion.containers()], { stdio: 'ignore', timeout: 60_000 });
    bastion.api.start();
    await bastion.ready();
    await alice.sessionIn(session.id, 'ended');
    await complete(id);
    expect(await verification(id)).toMatchObject({ state: 'intact' });

    const file = execFileSync('find', [disk, '-name', `${id}.cast`], { encoding: 'utf8', timeout: 30_000 }).trim();
    execFileSync('sed', ['-i', 's/evidence/innocent/', file], { timeout: 30_000 });
    expect(await verification(id)).toMatchObject({ state: 'broken', fault: 'changed' });
    // It plays all the same.
    expect((await alice.fetch('GET', `/recordings/${id}/playback`)).status).toBe(200);
  });
});
