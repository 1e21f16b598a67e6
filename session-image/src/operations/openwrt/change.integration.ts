import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ensureDemoRouterImage } from '@netpilot/compose/demo-router/image.ts';
import { type DemoRouter, startDemoRouter } from '@netpilot/compose/demo-router/router.ts';
import { OperationFailure, routerSaid } from '../problem.ts';
import type { CommandAnswer, CommandOptions } from '../runner.ts';
import { applyChange, type Change } from './change.ts';

const BEFORE = "config system 'main'\n\toption hostname 'before'\n";
/** Whatever a value may hold, and no line feed at the end. */
const AFTER = `config system 'main'\n\toption hostname 'a'\\''b "$(reboot)" \`id\` grün'\n\toption notes 'two\nlines'`;
const FILE = '/etc/config/system';

let router: DemoRouter;

beforeAll(async () => {
  await ensureDemoRouterImage();
  router = await startDemoRouter({ name: 'change', instance: `test-change-${process.pid}` });
});
afterAll(() => router.stop());

/** The road to the router as the engine of containers offers it; `refuse` names the command that never gets there. */
function road(refuse?: RegExp) {
  return {
    async run(command: string, { input }: CommandOptions = {}): Promise<CommandAnswer> {
      if (refuse?.test(command)) throw new OperationFailure({ code: 'connection_lost', detail: 'cut by the test' });
      const { code, output } = await router.exec(command, input === undefined ? {} : { input: input.toString('utf8') });
      return { stdout: output, stderr: '', exitCode: code };
    },
  };
}

const output = async (line: string) => (await router.exec(line)).output;

/** The router before each case: one file as it was, another one that is not there, nothing pending. */
async function asBefore(): Promise<void> {
  await router.exec(`cat > ${FILE} && chmod 640 ${FILE}; rm -rf /etc/netpilot /tmp/.uci`, { input: BEFORE });
}

const change = (rest: Partial<Change> = {}): Change => ({
  files: [
    { path: FILE, content: AFTER, before: BEFORE },
    { path: '/etc/netpilot/queues', content: '1 - -\n' },
  ],
  reload: ['load'],
  ...rest,
});

async function expectUntouched(): Promise<void> {
  expect(await output(`cat ${FILE}; ls -l ${FILE} | cut -c1-10; ls /etc/netpilot /tmp/netpilot 2>&1`)).toBe(
    `${BEFORE}-rw-r-----\nls: /etc/netpilot: No such file or directory\n/tmp/netpilot:\nlock\n`,
  );
}

async function failure(attempt: Promise<void>): Promise<OperationFailure['problem']> {
  const error: unknown = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OperationFailure);
  return (error as OperationFailure).problem;
}

describe('a change', () => {
  test('that is confirmed is there byte for byte, with the mode the file had, and nothing is left behind', async () => {
    await asBefore();
    await applyChange(road(), change({ verify: async () => expect(await output(`cat ${FILE}`)).toBe(AFTER) }));
    expect(await output(`cat ${FILE}`)).toBe(AFTER);
    expect(await output(`ls -l ${FILE} | cut -c1-10; ls /tmp/netpilot; ls -A /etc/config | grep tmp`)).toBe(
      '-rw-r-----\nlock\n',
    );
    // The next one does not wait for anything.
    await applyChange(road(), change({ files: [{ path: '/etc/netpilot/queues', content: null }] }));
  });

  test('that does not verify is taken back at once', async () => {
    await asBefore();
    const verify = () => Promise.reject(routerSaid('It is not so.', null));
    expect(await failure(applyChange(road(), change({ verify })))).toMatchObject({
      code: 'rolled_back',
      certain: true,
    });
    await expectUntouched();
  });

  test('that does not take effect is taken back at once', async () => {
    await asBefore();
    const files = [
      ...change().files,
      { path: '/etc/netpilot/load', content: '#!/bin/sh\necho no >&2\nexit 1\n', mode: '755' as const },
    ];
    expect(await failure(applyChange(road(), change({ files, reload: ['load'] })))).toMatchObject({
      code: 'rolled_back',
      certain: true,
      detail: expect.stringContaining('no'),
    });
    await expectUntouched();
  });

  test('of a file that somebody else changed, or has changes of, is a conflict', async () => {
    await asBefore();
    const other = change({ files: [{ path: FILE, content: AFTER, before: `${BEFORE}#` }] });
    expect(await failure(applyChange(road(), other))).toMatchObject({ code: 'conflict' });
    await router.exec("uci set system.main.hostname='half done'");
    expect(await failure(applyChange(road(), change()))).toMatchObject({ code: 'conflict' });
    await router.exec('uci revert system');
    await router.exec('rm -rf /tmp/.uci');
    await expectUntouched();
  });

  test('that the router cannot read never gets into its place', async () => {
    await asBefore();
    const broken = change({ files: [{ path: FILE, content: "config system 'a\n", before: BEFORE }] });
    expect(await failure(applyChange(road(), broken))).toMatchObject({ code: 'invalid_value' });
    await expectUntouched();
  });

  test('whose confirmation never arrives is taken back by the router within 30 seconds', async () => {
    await asBefore();
    const since = Date.now();
    const problem = await failure(applyChange(road(/mkdir \$d\/decided 2>\/dev\/null && \{/u), change()));
    expect(problem).toMatchObject({ code: 'rolled_back', certain: false });
    expect(await output(`cat ${FILE}`)).toBe(AFTER);
    // While it waits there is no other.
    expect(await failure(applyChange(road(), change()))).toMatchObject({ code: 'busy' });
    const back = `i=0; while [ -e /etc/netpilot/queues ] && [ $i -lt 60 ]; do sleep 1; i=$((i+1)); done; sleep 1`;
    await router.exec(back, { timeoutMs: 70_000 });
    expect(Date.parse('by' in problem && problem.by !== null ? problem.by : '') - since).toBeLessThan(31_000);
    await expectUntouched();
  });
});
