import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PROBE_SCRIPT, ProbeReport } from '@netpilot/session-image/test/probe.ts';
import { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

const Inspected = z.object({
  Config: z.object({
    Env: z.array(z.string()),
    Labels: z.record(z.string(), z.string()),
    Cmd: z.array(z.string()).nullable(),
    Image: z.string(),
  }),
  HostConfig: z.object({ Binds: z.array(z.string()).nullable(), Privileged: z.boolean() }),
  Mounts: z.array(z.object({ Source: z.string(), Destination: z.string(), RW: z.boolean() })),
  State: z.object({ Pid: z.int() }),
});

/** The sandboxes here are the ones that serve live sessions of the whole bastion, looked at from inside by a process of their own. */
describe('a sandbox', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let router: TestRouter;
  let other: TestRouter;
  let container: string;
  let report: ProbeReport;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    alice = await bastion.signIn('alice');
    const bob = await bastion.signIn('bob');
    router = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id);
    other = await bastion.enrolRouter(bob, (await bob.newOrganisation('Two')).id);
    const before = new Set(bastion.containers());
    const session = await alice.liveSession(router.id);
    expect(session.state).toBe('live');
    // The one that serves it has a terminal's worth of sockets; all of the instance are alike, so any that is assigned will do.
    const assigned = readdirSync(join(bastion.runDirectory, 'assignments')).map((name) => name.replace(/\.json$/u, ''));
    container = labelled(`netpilot.sandbox=${assigned[0]}`);
    expect(before.size).toBeGreaterThanOrEqual(0);
    report = ProbeReport.parse(JSON.parse(inside(PROBE_SCRIPT)));
  });
  afterAll(() => bastion?.close());

  const labelled = (label: string) =>
    execFileSync('docker', ['ps', '-q', '--no-trunc', '--filter', `label=${label}`], { encoding: 'utf8' }).trim();
  const inside = (script: string) =>
    execFileSync('docker', ['exec', container, '/usr/local/bin/node', '-e', script], {
      encoding: 'utf8',
      maxBuffer: 8_388_608,
    });
  const inspect = () =>
    Inspected.parse(JSON.parse(execFileSync('docker', ['inspect', container], { encoding: 'utf8' }))[0]);

  test('has no capability, gains none, and is filtered by seccomp', () => {
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect([set, report.status[set]]).toEqual([set, '0000000000000000']);
    expect(report.status['NoNewPrivs']).toBe('1');
    expect(report.status['Seccomp']).toBe('2');
    expect(report.status['Uid']).toMatch(/^65532\s+65532\s+65532\s+65532$/u);
    expect(report.becameRoot).toBe(false);
    expect(report.setuid).toEqual([]);
  });

  test('sees no network but its own loopback', () => {
    expect(report.interfaces).toEqual(['lo']);
    expect(report.reached).toEqual([]);
  });

  test('writes nowhere but to its small temporary directory, and runs nothing from there', () => {
    expect(report.writable.filter(({ path }) => path !== '/tmp' && path !== '/dev/shm')).toEqual([]);
    expect(report.writable.filter(({ executable }) => executable)).toEqual([]);
  });

  test('has no shell, no package manager, no engine socket, no unmasked kernel file', () => {
    expect(report.present).toEqual([]);
    expect(report.unmasked).toEqual([]);
  });

  test('has namespaces of its own', () => {
    for (const [name, inode] of Object.entries(report.namespaces)) {
      if (name === 'user' || name === 'time' || name.endsWith('_for_children')) continue;
      expect([name, inode]).not.toEqual([name, readlinkSync(`/proc/self/ns/${name}`)]);
    }
  });

  test('is bounded in processes, files and memory', () => {
    expect(
      Number(execFileSync('docker', ['inspect', '-f', '{{.HostConfig.PidsLimit}}', container], { encoding: 'utf8' })),
    ).toBe(64);
    const bounds = z
      .object({ Memory: z.int(), MemorySwap: z.int(), NanoCpus: z.int(), OomScoreAdj: z.int() })
      .parse(
        JSON.parse(execFileSync('docker', ['inspect', '-f', '{{json .HostConfig}}', container], { encoding: 'utf8' })),
      );
    expect(bounds.Memory).toBe(bounds.MemorySwap);
    expect(bounds.Memory).toBeGreaterThan(0);
    expect(bounds.NanoCpus).toBeGreaterThan(0);
    expect(bounds.OomScoreAdj).toBeGreaterThan(0);
  });

  test('a fork bomb stops at its bound and the machine goes on', () => {
    const count = inside(
      `const { spawn } = require('node:child_process'); let n = 0, failed = 0; const all = [];
       for (let i = 0; i < 200; i++) { const c = spawn(process.execPath, ['-e', 'setTimeout(()=>{},3000)'], {stdio:'ignore'}); c.on('error', () => failed++); if (c.pid) n++; all.push(c); }
       setTimeout(() => { for (const c of all) try { c.kill('SIGKILL') } catch {} ; console.log(n); process.exit(0) }, 1000);`,
    );
    expect(Number(count)).toBeLessThan(64);
  });

  test('a full temporary directory stops at its size', () => {
    const written = inside(
      `const fs = require('node:fs'); const fd = fs.openSync('/tmp/fill', 'w'); let total = 0; try { for (;;) total += fs.writeSync(fd, Buffer.alloc(65536)); } catch {} ; fs.unlinkSync('/tmp/fill'); console.log(total)`,
    );
    expect(Number(written)).toBeLessThanOrEqual(16 * 1_048_576);
    const files = inside(
      `const fs = require('node:fs'); let n = 0; try { for (;; n++) fs.writeFileSync('/tmp/f' + n, ''); } catch {} ; for (let i = 0; i < n; i++) fs.unlinkSync('/tmp/f' + i); console.log(n)`,
    );
    expect(Number(files)).toBeLessThanOrEqual(1_024);
  });

  test('holds no secret: not in its environment, labels, arguments, mounts or logs', () => {
    const { Config, HostConfig, Mounts } = inspect();
    expect(Config.Env.map((line) => line.split('=')[0]).sort()).toEqual(expect.arrayContaining(['HOME']));
    const told = JSON.stringify([Config.Env, Config.Labels, Config.Cmd]);
    for (const secret of ['password', 'secret', 'token', 'PRIVATE KEY', 'alice', 'postgres'])
      expect(told.toLowerCase()).not.toContain(secret.toLowerCase());
    expect(HostConfig.Privileged).toBe(false);
    expect(Mounts).toHaveLength(1);
    expect(Mounts[0]).toMatchObject({ Destination: '/session', RW: false });
    expect(readdirSync(Mounts[0]?.Source ?? '').sort()).toEqual(['control.sock', 'tunnel.sock']);
    expect(Config.Image).toMatch(/^sha256:/u);
    expect(() => execFileSync('docker', ['logs', container], { stdio: 'pipe' })).toThrow();
  });

  test('reaches its own router through its tunnel, and no other tenant’s port in any way', () => {
    const answer = inside(
      `const s = require('node:net').connect('/session/tunnel.sock'); s.once('data', (d) => { console.log(d.toString().trim()); process.exit(0) }); s.on('error', (e) => { console.log(e.code); process.exit(0) }); setTimeout(() => process.exit(0), 20000);`,
    );
    expect(answer).toMatch(/^SSH-2\.0-/u);
    const tried = inside(
      `const net = require('node:net'); const out = []; const targets = [${router.port}, ${other.port}, ${bastion.tunnelPort}, 22, 80, 2375].flatMap((port) => ['127.0.0.1', '172.17.0.1', '169.254.169.254', '::1', '0.0.0.0'].map((host) => ({ host, port })));
       let left = targets.length; for (const t of targets) { const s = net.connect(t); const done = (w) => { if (w) out.push(t.host + ':' + t.port); s.destroy(); if (--left === 0) { console.log(JSON.stringify(out)); process.exit(0) } }; s.once('connect', () => done(true)); s.once('error', () => done(false)); s.setTimeout(5000, () => done(false)); }`,
    );
    expect(JSON.parse(tried)).toEqual([]);
    const lookup = inside(
      `require('node:dns').lookup('example.com', (error) => { console.log(error ? error.code : 'resolved'); process.exit(0) }); setTimeout(() => { console.log('silent'); process.exit(0) }, 10000)`,
    );
    expect(lookup.trim()).not.toBe('resolved');
  });

  test('is removed with its session', async () => {
    const { items } = await alice.ask(z.object({ items: z.array(Session) }), 'GET', '/sessions?state=active');
    for (const session of items) {
      await alice.ask(Session, 'DELETE', `/sessions/${session.id}`);
      await alice.sessionIn(session.id, 'ended');
    }
    expect(bastion.containers()).not.toContain(container);
  });
});
