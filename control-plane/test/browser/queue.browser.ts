import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { TestBastion } from '../harness/bastion.ts';
import { accessibilityProblems, DESKTOP, signIn, TestBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';

const WEB = join(import.meta.dirname, '../../../web/dist');
let bastion: TestBastion;
let browser: TestBrowser;

beforeAll(async () => {
  bastion = await TestBastion.start({ webDirectory: WEB, gateway: { NETPILOT_SESSION_CAP: '1' } });
  browser = await TestBrowser.start();
});
afterAll(async () => {
  await browser?.close();
  await bastion?.close();
});

test('a person who waits sees their place, and gets the terminal when one ends', async () => {
  const alice = await bastion.signIn('alice');
  const bob = await bastion.signIn('bob');
  const first = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id, 'Attic');
  await bastion.enrolRouter(bob, (await bob.newOrganisation('Two')).id, 'Barn');
  const running = await alice.liveSession(first.id);
  const { context, page } = await browser.person(DESKTOP);
  await signIn(page, bastion.url, 'Bob');
  await page
    .getByRole('listitem', { name: 'Barn' })
    .getByRole('button', { name: /^Open terminal/u })
    .click();
  await page.getByRole('heading', { name: 'You are next' }).waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await alice.tell('DELETE', `/sessions/${running.id}`);
  await page.getByText('Connected', { exact: true }).waitFor();
  await page.getByRole('region', { name: 'Terminal 1' }).waitFor();

  // A place in the queue is given up by cancelling.
  await page.goto(`${bastion.url}/routers`);
  await page
    .getByRole('listitem', { name: 'Barn' })
    .getByRole('button', { name: /^Open terminal/u })
    .click();
  await page.getByRole('heading', { name: 'You are next' }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  const url = new URL(page.url());
  const id = url.pathname.split('/').at(-1) ?? '';
  await eventually('the place to be given up', async () => (await bob.session(id)).state === 'ended');
  await context.close();
});
