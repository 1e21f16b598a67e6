import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asRole } from '@netpilot/db/test/tenant.ts';
import type { Page } from 'playwright-core';
import { Member, type Organisation } from '../../contract/organisations.ts';
import { Lock } from '../../contract/oversight.ts';
import type { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { accessibilityProblems, DESKTOP, fitsItsWindow, PHONE, shot, signIn, TestBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import type { TerminalClient } from '../harness/terminal-client.ts';

const WEB = join(import.meta.dirname, '../../../web/dist');

describe('oversight in a browser', () => {
  let bastion: TestBastion;
  let browser: TestBrowser;
  let alice: TestPerson;
  let carol: TestPerson;
  let organisation: Organisation;
  let router: TestRouter;

  beforeAll(async () => {
    bastion = await TestBastion.start({ webDirectory: WEB });
    browser = await TestBrowser.start();
    alice = await bastion.signIn('alice');
    carol = await bastion.signIn('carol');
    organisation = await alice.newOrganisation('Northern Cafe');
    const member = { email: 'carol@one.test', role: 'operator' };
    await alice.ask(Member, 'POST', `/organisations/${organisation.id}/members`, member);
    router = await bastion.enrolRouter(alice, organisation.id, 'Cafe router');
  });
  afterAll(async () => {
    await browser?.close();
    await bastion?.close();
  });

  const working = async (): Promise<{ session: Session; terminal: TerminalClient }> => {
    const session = await carol.liveSession(router.id);
    const terminal = await carol.openTerminal(session.id);
    terminal.type('echo shown-$((40 + 2))\n');
    await terminal.sees('shown-42');
    return { session, terminal };
  };
  const screen = (page: Page) => page.getByRole('region', { name: 'Terminal 1' });
  /** Everything that a page must be, whatever it shows. */
  const wellMade = async (page: Page, errors: readonly string[]) => {
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await fitsItsWindow(page)).toBe(true);
    expect(errors).toEqual([]);
  };

  test('an administrator watches, pauses, writes, locks; the person sees each of it', async () => {
    const { session, terminal } = await working();
    const { page: hers, errors: herErrors } = await browser.person(DESKTOP);
    await signIn(hers, bastion.url, 'Carol');
    await hers.goto(`${bastion.url}/sessions/${session.id}`);
    await screen(hers).waitFor();

    const { page, errors } = await browser.person(DESKTOP);
    await signIn(page, bastion.url, 'Alice');
    await page.getByRole('link', { name: 'Oversight' }).click();
    const line = page.getByRole('row', { name: 'Carol Cook on Cafe router' });
    await line.getByText('Connected').waitFor();
    await wellMade(page, errors);

    await line.getByRole('link', { name: /^Watch/u }).click();
    await page.getByText('You are watching Carol Cook').waitFor();
    await hers.getByText('Alice Archer is watching.').waitFor();
    await wellMade(page, errors);
    await page.getByRole('button', { name: 'More about the session of Carol Cook' }).click();
    await page.getByRole('menuitem', { name: 'Pause input' }).click();
    await hers.getByText('Alice Archer has paused this session.').waitFor();
    await page.getByRole('button', { name: 'More about the session of Carol Cook' }).click();
    await page.getByRole('menuitem', { name: 'Send a message…' }).click();
    await page.getByRole('textbox', { name: 'Message' }).fill('Please stop at five.');
    await page.getByRole('button', { name: 'Send' }).click();
    await hers.getByText('Please stop at five.').waitFor();
    await wellMade(hers, herErrors);
    await page.getByRole('button', { name: 'More about the session of Carol Cook' }).click();
    await page.getByRole('menuitem', { name: 'Let input go on' }).click();
    await hers.getByText('Alice Archer has paused this session.').waitFor({ state: 'hidden' });

    await page.getByRole('button', { name: 'More about the session of Carol Cook' }).click();
    await page.getByRole('menuitem', { name: 'Lock…' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('Under repair until noon.');
    await page.getByRole('button', { name: 'Lock', exact: true }).click();
    await hers.getByText('Under repair until noon.').waitFor();
    expect(await terminal.closed).toBe(4410);
    await page.goto(`${bastion.url}/oversight/locks`);
    await page.getByRole('listitem', { name: 'Person Carol Cook' }).waitFor();
    await wellMade(page, errors);
    await page.getByRole('button', { name: 'Lift' }).click();
    await page.getByText('Nothing is locked').waitFor();
  });

  test('the audit trail is filtered, searched and checked, also on a phone', async () => {
    const { id } = await alice.ask(Lock, 'POST', '/locks', {
      organisationId: organisation.id,
      target: { type: 'role', role: 'viewer' },
      message: 'Under repair until noon.',
      expiresAt: null,
    });
    await alice.tell('DELETE', `/locks/${id}`);
    const { page, errors } = await browser.person(PHONE, 'dark');
    await signIn(page, bastion.url, 'Alice');
    await page.goto(`${bastion.url}/organisations/${organisation.id}/audit`);
    const entries = page.getByRole('list', { name: 'Audit entries' });
    await entries.getByText('created the organisation').waitFor();
    await page.getByRole('textbox', { name: 'Search' }).fill('under REPAIR');
    await entries.getByText('created the organisation').waitFor({ state: 'hidden' });
    await entries.getByText('set a lock').first().waitFor();
    await page.getByRole('button', { name: 'Check that it is whole' }).click();
    await page.getByText(/All \d+ entries are as they were written/u).waitFor();
    await wellMade(page, errors);
    await page.goto(`${bastion.url}/organisations/${organisation.id}`);
    await page.getByRole('switch', { name: 'People are told who watches their sessions' }).waitFor();
    await wellMade(page, errors);
    await page.goto(`${bastion.url}/oversight`);
    await page.getByText('No session is running').waitFor();
  });

  /** Has a session be as it is after some time: what the api counts its limits from, `change` says, and a restart takes up. */
  const later = async ({ id }: Session, change: string) => {
    await bastion.api.stop();
    await asRole(bastion.database.apiUrl, { organisations: 'all' }, (client) =>
      client.query(`update bastion_sessions set ${change} where id = $1`, [id]),
    );
    bastion.api.start();
    await bastion.ready();
  };
  const sees = (page: Page, text: string) =>
    eventually(`the page to show ${text}`, async () =>
      (await screen(page).locator('.xterm-accessibility-tree').innerText()).includes(text),
    );
  const open = async (page: Page, session: Session) => {
    await signIn(page, bastion.url, 'Carol');
    await page.goto(`${bastion.url}/sessions/${session.id}?screenReader`);
    await sees(page, 'shown-42');
  };

  test('a limit that is near is counted down to; a key takes one of idleness back, and none of lifetime', async () => {
    const { session, terminal } = await working();
    terminal.close();
    const { context, page, errors } = await browser.person(DESKTOP);
    await open(page, session);
    const banner = (text: string) => page.getByRole('alert').filter({ hasText: text });
    const idle = banner('Nothing happens here.');
    const lifetime = banner('The session reaches its longest time.');

    await later(session, `last_activity_at = now() - interval '13 minutes 5 seconds'`);
    const clock = idle.getByRole('timer');
    const left = await clock.innerText();
    await eventually('the countdown to go on', async () => (await clock.innerText()) !== left);
    await shot(page, 'idle-desk');
    await page.setViewportSize(PHONE.viewport);
    expect(await fitsItsWindow(page)).toBe(true);
    await shot(page, 'idle-phone');
    await page.setViewportSize(DESKTOP.viewport);
    await screen(page).getByRole('textbox').focus();
    await page.keyboard.type('echo typed-$((7 * 7))\n');
    await idle.waitFor({ state: 'hidden' });
    await sees(page, 'typed-49');

    await later(session, `live_at = now() - interval '11 hours 58 minutes 5 seconds', last_activity_at = now()`);
    await lifetime.waitFor();
    await page.keyboard.type('echo again-$((8 * 8))\n');
    await sees(page, 'again-64');
    await lifetime.waitFor();
    // What failed during the restart is asked for again.
    await page.getByRole('button', { name: 'Try again' }).waitFor({ state: 'hidden' });
    await shot(page, 'lifetime-desk');

    await later(session, `live_at = now() - interval '12 hours'`);
    await page.getByText('Ended at the longest time a session may take').first().waitFor();
    await page.getByRole('button', { name: 'Try again' }).waitFor({ state: 'hidden' });
    await shot(page, 'over-desk');
    await wellMade(page, errors);
    await context.close();
  });

  test('an idle screen is locked and shows nothing until the person signs in again, while the work goes on', async () => {
    const { session, terminal } = await working();
    const go = join(router.directory, 'go');
    terminal.type(`while [ ! -e '${go}' ]; do sleep 0.1; done; echo meanwhile-$((6 * 9))\n`);
    await terminal.sees('sleep 0.1');
    terminal.close();
    const { context, page, errors } = await browser.person(PHONE, 'dark');
    await open(page, session);
    await later(session, `last_activity_at = now() - interval '16 minutes'`);
    await page.getByRole('heading', { name: 'The screen is locked' }).waitFor();
    expect(await screen(page).count()).toBe(0);
    expect(await page.locator('body').innerText()).not.toContain('shown-42');
    writeFileSync(go, '');
    await shot(page, 'locked-phone');
    await wellMade(page, errors);
    await page.getByRole('button', { name: 'Sign in again' }).click();
    await page.getByRole('button', { name: 'Continue as Carol' }).click();
    await page.waitForURL((address) => address.pathname === `/sessions/${session.id}`);
    await sees(page, 'meanwhile-54');
    await shot(page, 'unlocked-phone');

    // Locked anew, and idle for long: the end that comes behind the lock is counted down to.
    await later(session, `screen_locked_at = now(), last_activity_at = now() - interval '28 minutes 5 seconds'`);
    await page.getByRole('main').getByRole('timer').waitFor();
    await shot(page, 'ending-phone');
    await carol.tell('DELETE', `/sessions/${session.id}`);
    await context.close();
  });
});
