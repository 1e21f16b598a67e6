import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { pageOf } from '../../contract/page.ts';
import { Recording } from '../../contract/recordings.ts';
import { TestBastion } from '../harness/bastion.ts';
import { accessibilityProblems, DESKTOP, fitsItsWindow, PHONE, signIn, TestBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';

const WEB = join(import.meta.dirname, '../../../web/dist');

/** What a router prints that would rather run in the page of whoever plays it. */
const HOSTILE = [
  '<img src=x onerror="window.pwned=1">',
  '\\033]0;<script>window.pwned=1</script>\\007',
  '\\033]8;;javascript:window.pwned=1\\033\\\\click me\\033]8;;\\033\\\\',
  '\\033]52;c;cHduZWQ=\\007',
  '\\033P$qm\\033\\\\\\033[6n\\033[c\\033[>c\\033[5n',
  '\\033[999999999;999999999H\\033[99999999999999999999m',
  '\\377\\376\\300\\200\\355\\240\\200',
].join('\\r\\n');

describe('playing a recording', () => {
  let bastion: TestBastion;
  let browser: TestBrowser;
  let alice: TestPerson;
  let recording: Recording;

  beforeAll(async () => {
    bastion = await TestBastion.start({ webDirectory: WEB });
    browser = await TestBrowser.start();
    alice = await bastion.signIn('alice');
    const organisation = await alice.newOrganisation('Northern Cafe');
    const router = await bastion.enrolRouter(alice, organisation.id, 'Cafe router');
    const session = await alice.liveSession(router.id);
    const terminal = await alice.openTerminal(session.id);
    terminal.type("PS1='root@cafe:~# '\n");
    await terminal.sees(/root@cafe:~# $/u);
    terminal.type(`printf '${HOSTILE}\\r\\n'\n`);
    terminal.type('clear; echo needle-$((40 + 2))\n');
    await terminal.sees('needle-42');
    terminal.resize(100, 30);
    terminal.type('stty size\n');
    await terminal.sees('30 100');
    terminal.close();
    await alice.tell('DELETE', `/sessions/${session.id}`);
    recording = await eventually('the recording to be complete', async () => {
      const { items } = await alice.ask(pageOf(Recording), 'GET', `/recordings?sessionId=${session.id}`);
      return items.find(({ state }) => state === 'complete') ?? null;
    });
  });
  afterAll(async () => {
    await browser?.close();
    await bastion?.close();
  });

  const shown = (page: Page) => page.getByRole('region', { name: 'Player' });
  const file = () => {
    const directory = join(bastion.directory, 'recordings');
    const name = readdirSync(directory, { recursive: true }).find((each) => String(each).includes(recording.id));
    return join(directory, String(name));
  };

  test('from the list to a place that was searched for, at another speed, without idle time and with it', async () => {
    const { context, page, errors } = await browser.person(DESKTOP, 'dark');
    await signIn(page, bastion.url, 'Alice');
    await page.getByRole('link', { name: 'Recordings' }).click();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('link', { name: 'Cafe router' }).click();
    await page.getByText('Intact', { exact: true }).waitFor();
    await shown(page).locator('.ap-player').waitFor();
    await page.getByRole('button', { name: /echo needle-/u }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);

    await page.getByRole('textbox', { name: 'Text to find in the recording' }).fill('NEEDLE-42');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('list', { name: 'Found' }).getByRole('button').last().click();
    const text = () => shown(page).innerText();
    // Not before, and not what came later.
    await eventually('the player to show the place', async () => (await text()).includes('needle-'));
    expect(await text()).not.toContain('30 100');
    await page.getByText('8×').click();
    await page.getByRole('switch', { name: 'Skip idle time' }).uncheck({ force: true });
    await page.getByRole('list', { name: 'Markers' }).getByRole('button', { name: '100x30' }).click();
    await eventually('the player to show the place', async () => (await text()).includes('needle-42'));

    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await shown(page).locator('a').count()).toBe(0);
    expect(await page.evaluate('navigator.clipboard.readText()')).not.toBe('pwned');
    expect(errors).toEqual([]);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: /^Download/u }).click();
    expect(readFileSync(await (await download).path())).toEqual(readFileSync(file()));
    await context.close();
  });

  test('on a phone it fits, and a page that came from elsewhere can play as well', async () => {
    const { context, page, errors } = await browser.person(PHONE);
    await signIn(page, bastion.url, 'Alice');
    await page.goto(`${bastion.url}/recordings`);
    await page.getByRole('link', { name: 'Cafe router' }).waitFor();
    expect([await accessibilityProblems(page), await fitsItsWindow(page)]).toEqual([[], true]);
    await page.goto(`${bastion.url}/recordings/${recording.id}`);
    await page.getByText('Intact', { exact: true }).waitFor();
    await shown(page).locator('.ap-player').waitFor();
    await page.getByRole('list', { name: 'Markers' }).waitFor();
    expect([await accessibilityProblems(page), await fitsItsWindow(page)]).toEqual([[], true]);
    expect(errors).toEqual([]);
    await context.close();
  });

  test('one that was tampered with says where it is broken, runs nothing and hangs nothing', async () => {
    const path = file();
    const whole = readFileSync(path, 'utf8');
    const lines = whole.trimEnd().split('\n');
    const { context, page, errors } = await browser.person(DESKTOP);
    await signIn(page, bastion.url, 'Alice');
    try {
      for (const content of [
        [...lines.slice(0, 3), '[0.5,"o","<img src=x onerror=window.pwned=1>"]', ...lines.slice(3)],
        [...lines.slice(0, 3), '[0.5,"r","99999x99999"]', '[1e300,"o","late"]', '[0.5,"o"', '{"o":1}', '[[[['],
        [lines[0] ?? '', `[0.1,"o","${'x'.repeat(600_000)}"]`, ...lines.slice(1)],
      ]) {
        writeFileSync(path, `${content.join('\n')}\n`);
        await page.goto(`${bastion.url}/recordings/${recording.id}`);
        await page.getByText(/^Broken at/u).waitFor();
        await shown(page).locator('.ap-player').waitFor();
        await page.getByRole('textbox', { name: 'Text to find in the recording' }).fill('anything');
        await page.getByRole('button', { name: 'Find' }).click();
        await page.getByText('It is nowhere in the output.').waitFor();
      }
      writeFileSync(path, 'not a recording');
      await page.goto(`${bastion.url}/recordings/${recording.id}`);
      await page.getByText(/^Broken at/u).waitFor();
      expect(await page.evaluate('window.pwned')).toBeUndefined();
      expect(errors).toEqual([]);
    } finally {
      writeFileSync(path, whole);
    }
    await context.close();
  });
});
