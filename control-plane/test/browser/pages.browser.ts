import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { pageOf } from '../../contract/page.ts';
import { Router } from '../../contract/routers.ts';
import { TestBastion } from '../harness/bastion.ts';
import { accessibilityProblems, DESKTOP, fitsItsWindow, PHONE, signIn, TestBrowser } from '../harness/browser.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

const WEB = join(import.meta.dirname, '../../../web/dist');

describe('the pages', () => {
  let bastion: TestBastion;
  let browser: TestBrowser;
  let alice: TestPerson;
  let router: TestRouter;
  let organisationId: string;

  beforeAll(async () => {
    bastion = await TestBastion.start({ webDirectory: WEB });
    browser = await TestBrowser.start();
    alice = await bastion.signIn('alice');
    organisationId = (await alice.newOrganisation('Northern Cafe')).id;
    router = await bastion.enrolRouter(alice, organisationId, 'Cafe router');
  });
  afterAll(async () => {
    await browser?.close();
    await bastion?.close();
  });

  test.each([
    ['desktop', DESKTOP, 'dark'],
    ['phone', PHONE, 'light'],
  ] as const)('every page fits a %s and is accessible', async (_, shape, scheme) => {
    const session = await alice.liveSession(router.id);
    const { context, page, errors } = await browser.person(shape, scheme);
    await page.goto(`${bastion.url}/sign-in`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await signIn(page, bastion.url, 'Alice');
    const pages: [string, string | RegExp][] = [
      ['/routers', 'Routers'],
      ['/routers/new', 'Add router'],
      [`/routers/${router.id}`, 'Cafe router'],
      ['/sessions', /sessions/iu],
      ['/organisations', 'Organisations'],
      [`/organisations/${organisationId}`, 'Northern Cafe'],
      [`/organisations/${organisationId}/audit`, /audit/iu],
      ['/oversight', 'Oversight'],
      ['/account', 'Account'],
      ['/nowhere', /not|nothing/iu],
    ];
    for (const [path, heading] of pages) {
      await page.goto(`${bastion.url}${path}`);
      await page.getByRole('heading', { name: heading }).first().waitFor();
      expect([path, await accessibilityProblems(page)]).toEqual([path, []]);
      expect([path, await fitsItsWindow(page)]).toEqual([path, true]);
    }
    expect(errors).toEqual([]);
    await alice.tell('DELETE', `/sessions/${session.id}`);
    await context.close();
  });

  test('a newcomer makes an organisation, adds a router on a phone and sees it come up', async () => {
    const bob = await bastion.signIn('bob');
    const { context, page } = await browser.person(PHONE);
    await signIn(page, bastion.url, 'Bob');
    await page.getByRole('link', { name: 'Create organisation' }).first().click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Southern Farm');
    await page.getByRole('button', { name: 'Create organisation' }).click();
    await page.getByRole('link', { name: 'Add router' }).first().click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Barn');
    await page.getByRole('button', { name: 'Get the line' }).click();
    const line = await page.getByRole('textbox', { name: 'Line to paste' }).innerText();
    await page.getByText('Waiting for the router…').waitFor();
    const { items } = await bob.ask(pageOf(Router), 'GET', '/routers');
    const barn = items.find((item) => item.name === 'Barn');
    if (barn === undefined) throw new Error('the router is not there');
    await bastion.attachRouter(bob, barn, line);
    await page.getByText('The router is online').first().waitFor();
    await context.close();
  });

  test('a changed host key is compared on the page before it is trusted', async () => {
    const changed = await bastion.enrolRouter(alice, organisationId, 'Loft');
    await changed.changeHostKey();
    const { context, page } = await browser.person(DESKTOP);
    await signIn(page, bastion.url, 'Alice');
    await page.goto(`${bastion.url}/routers/${changed.id}`);
    await page.getByRole('button', { name: 'Test connection' }).click();
    await page
      .getByText(/another host key than before/u)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Compare the host key' }).first().click();
    const confirm = page.getByRole('button', { name: 'Confirm host key' });
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByRole('checkbox', { name: /I compared it/u }).check();
    await confirm.click();
    await confirm.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Test connection' }).click();
    await page
      .getByText(/lets the bastion in/u)
      .first()
      .waitFor();
    await context.close();
  });

  test('an administrator of the platform sees a session live and ends it', async () => {
    const session = await alice.startSession(router.id);
    await alice.sessionIn(session.id, 'live');
    const { context, page } = await browser.person(DESKTOP);
    await signIn(page, bastion.url, 'Root');
    await page.goto(`${bastion.url}/oversight`);
    const row = page.getByRole('row', { name: /on Cafe router$/u });
    await row.waitFor();
    await row.getByRole('button', { name: /^More about the session/u }).click();
    await page.getByRole('menuitem', { name: 'End session…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End it now' }).click();
    expect(await alice.sessionIn(session.id, 'ended')).toMatchObject({ endReason: 'admin' });
    await row.waitFor({ state: 'detached' });
    await context.close();
  });

  test('a page that loses the api says so, keeps what it shows, and heals', async () => {
    const { context, page } = await browser.person(PHONE, 'dark');
    await signIn(page, bastion.url, 'Alice');
    await page.goto(`${bastion.url}/routers`);
    await page.getByRole('listitem', { name: 'Cafe router' }).waitFor();
    await bastion.api.stop('SIGKILL');
    await page
      .getByText(/trying again/iu)
      .first()
      .waitFor();
    expect(await page.getByRole('listitem', { name: 'Cafe router' }).count()).toBe(1);
    bastion.api.start();
    await bastion.ready();
    await page
      .getByText(/trying again/iu)
      .first()
      .waitFor({ state: 'hidden' });
    await context.close();
  });
});
