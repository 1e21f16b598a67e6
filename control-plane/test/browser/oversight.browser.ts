import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { asRole } from '@netpilot/db/test/tenant.ts';
import type { Page } from 'playwright-core';
import { Member, type Organisation } from '../../contract/organisations.ts';
import { Lock } from '../../contract/oversight.ts';
import type { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { accessibilityProblems, DESKTOP, fitsItsWindow, PHONE, signIn, TestBrowser } from '../harness/browser.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TerminalClient } from '../harness/terminal-client.ts';

const WEB = join(import.meta.dirname, '../../../web/dist');

describe('oversight in a browser', () => {
  let bastion: TestBastion;
  let browser: TestBrowser;
  let alice: TestPerson;
  let carol: TestPerson;
  let organisation: Organisation;
  let routerId: string;

  beforeAll(async () => {
    bastion = await TestBastion.start({ webDirectory: WEB });
    browser = await TestBrowser.start();
    alice = await bastion.signIn('alice');
    carol = await bastion.signIn('carol');
    organisation = await alice.newOrganisation('Northern Cafe');
    const member = { email: 'carol@one.test', role: 'operator' };
    await alice.ask(Member, 'POST', `/organisations/${organisation.id}/members`, member);
    routerId = (await bastion.enrolRouter(alice, organisation.id, 'Cafe router')).id;
  });
  afterAll(async () => {
    await browser?.close();
    await bastion?.close();
  });

  const working = async (): Promise<{ session: Session; terminal: TerminalClient }> => {
    const session = await carol.liveSession(routerId);
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

  test('a locked screen shows nothing until the person signs in again', async () => {
    const { session, terminal } = await working();
    terminal.close();
    const { page, errors } = await browser.person(PHONE);
    await signIn(page, bastion.url, 'Carol');
    await page.goto(`${bastion.url}/sessions/${session.id}`);
    await screen(page).waitFor();
    // As after a quarter of an hour without input; a lock outlives a restart.
    await bastion.api.stop();
    await asRole(bastion.database.apiUrl, { organisations: 'all' }, (client) =>
      client.query('update bastion_sessions set screen_locked_at = now() where id = $1', [session.id]),
    );
    bastion.api.start();
    await bastion.ready();
    await page.getByRole('heading', { name: 'The screen is locked' }).waitFor();
    expect(await screen(page).count()).toBe(0);
    await wellMade(page, errors);
    await page.getByRole('button', { name: 'Sign in again' }).click();
    await page.getByRole('button', { name: 'Continue as Carol' }).click();
    await page.waitForURL((address) => address.pathname === `/sessions/${session.id}`);
    await screen(page).waitFor();
  });
});
