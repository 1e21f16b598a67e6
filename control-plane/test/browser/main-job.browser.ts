import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { TestBastion } from '../harness/bastion.ts';
import { accessibilityProblems, DESKTOP, fitsItsWindow, PHONE, signIn, TestBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

const WEB = join(import.meta.dirname, '../../../web/dist');

/** Text of a terminal as a screen reader has it. */
const terminalText = (page: Page, number: number) =>
  page
    .getByRole('region', { name: `Terminal ${number}` })
    .locator('.xterm-accessibility-tree')
    .innerText();

const sees = (page: Page, number: number, text: string | RegExp) =>
  eventually(`terminal ${number} to show ${String(text)}`, async () => {
    const now = (await terminalText(page, number)).replaceAll('\u00a0', ' ');
    return typeof text === 'string' ? now.includes(text) : text.test(now);
  });

describe('the main job in a browser', () => {
  let bastion: TestBastion;
  let browser: TestBrowser;
  let alice: TestPerson;
  let router: TestRouter;

  beforeAll(async () => {
    bastion = await TestBastion.start({ webDirectory: WEB });
    browser = await TestBrowser.start();
    alice = await bastion.signIn('alice');
    const organisation = await alice.newOrganisation('Northern Cafe');
    router = await bastion.enrolRouter(alice, organisation.id, 'Cafe router');
    const bob = await bastion.signIn('bob');
    await bastion.enrolRouter(bob, (await bob.newOrganisation('Southern Farm')).id, 'Farm router');
  });
  afterAll(async () => {
    await browser?.close();
    await bastion?.close();
  });

  /** The session page with its text readable; the address is taken over from the one that is open. */
  const readable = async (page: Page) => {
    const url = new URL(page.url());
    url.searchParams.set('screenReader', '');
    await page.goto(url.href);
    await page.getByRole('region', { name: 'Terminal 1' }).waitFor();
  };
  const focusTerminal = (page: Page, number: number) =>
    page
      .getByRole('region', { name: `Terminal ${number}` })
      .getByRole('textbox')
      .focus();

  test.each([
    ['desktop', DESKTOP, 'Alice', 'Cafe router', 'Farm router'],
    ['phone', PHONE, 'Bob', 'Farm router', 'Cafe router'],
  ] as const)(
    'on a %s: sign in, pick the router, work in the terminal, end',
    async (kind, shape, person, mine, theirs) => {
      const { context, page, errors } = await browser.person(shape, kind === 'phone' ? 'dark' : 'light');
      await signIn(page, bastion.url, person);
      const row = page.getByRole('listitem', { name: mine });
      await row.waitFor();
      expect(await page.getByText(theirs).count()).toBe(0);
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await fitsItsWindow(page)).toBe(true);

      await row.getByRole('button', { name: /^Open terminal/u }).click();
      await page.waitForURL(/\/sessions\//u);
      await page.getByText('Connected', { exact: true }).waitFor();
      await readable(page);
      await sees(page, 1, /[#$]/u);
      if (kind === 'desktop') {
        await focusTerminal(page, 1);
        await page.keyboard.type('echo answer-$((40 + 2))\n');
      } else {
        await page.getByRole('textbox', { name: 'Command line' }).fill('echo answer-$((40 + 2))');
        await page.getByRole('button', { name: 'Send line' }).click();
      }
      await sees(page, 1, 'answer-42');
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await fitsItsWindow(page)).toBe(true);

      // A reload goes on where it was.
      await page.reload();
      await sees(page, 1, 'answer-42');

      await act(page, kind, 'New terminal');
      await page.getByRole('region', { name: 'Terminal 2' }).waitFor();
      await sees(page, 2, /[#$]/u);

      await act(page, kind, 'End session');
      await page.getByRole('dialog').getByRole('button', { name: 'End it now' }).click();
      await page.getByText('You ended this session').first().waitFor();
      expect(errors).toEqual([]);
      await context.close();
    },
  );

  /** On a phone the session's actions stand in its menu. */
  const act = async (page: Page, kind: string, name: string) => {
    if (kind === 'desktop') return page.getByRole('button', { name }).click();
    await page.getByRole('button', { name: 'Session menu' }).click();
    await page.getByRole('menuitem', { name }).click();
  };

  test('a flood does not freeze the page, and what follows it is there', async () => {
    const session = await alice.liveSession(router.id);
    const { context, page } = await browser.person(DESKTOP);
    await signIn(page, bastion.url, 'Alice');
    await page.goto(`${bastion.url}/sessions/${session.id}?screenReader`);
    await sees(page, 1, /[#$]/u);
    await focusTerminal(page, 1);
    await page.keyboard.type('yes 0123456789 | head -c 20000000; echo; echo end-$((3 + 4))\n');
    // While it runs the page answers.
    await page.getByRole('button', { name: 'New terminal' }).click();
    await page.getByRole('region', { name: 'Terminal 2' }).waitFor();
    await page.getByRole('tab', { name: /^Terminal 1/u }).click();
    await sees(page, 1, 'end-7');
    await context.close();
  });

  test('a terminal goes on by itself after the api was killed', async () => {
    const session = await alice.liveSession(router.id);
    const { context, page } = await browser.person(DESKTOP);
    await signIn(page, bastion.url, 'Alice');
    await page.goto(`${bastion.url}/sessions/${session.id}?screenReader`);
    await sees(page, 1, /[#$]/u);
    await focusTerminal(page, 1);
    await page.keyboard.type('sleep 2; echo survived-$((4 + 4))\n');
    await bastion.api.stop('SIGKILL');
    bastion.api.start();
    await bastion.ready();
    await sees(page, 1, 'survived-8');
    await context.close();
  });
});
