import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { TestBastion } from '../harness/bastion.ts';
import { accessibilityProblems, DESKTOP, fitsItsWindow, PHONE, shot, signIn, TestBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

const WEB = join(import.meta.dirname, '../../../web/dist');

describe('a session on several devices', () => {
  let bastion: TestBastion;
  let browser: TestBrowser;
  let alice: TestPerson;
  let router: TestRouter;

  beforeAll(async () => {
    bastion = await TestBastion.start({ webDirectory: WEB });
    browser = await TestBrowser.start();
    alice = await bastion.signIn('alice');
    router = await bastion.enrolRouter(alice, (await alice.newOrganisation('Northern Cafe')).id, 'Cafe router');
  });
  afterAll(async () => {
    await browser?.close();
    await bastion?.close();
  });

  const region = (page: Page) => page.getByRole('region', { name: 'Terminal 1' });
  const sees = (page: Page, text: string) =>
    eventually(`the page to show ${text}`, async () =>
      (await region(page).locator('.xterm-accessibility-tree').innerText()).replaceAll('\u00a0', ' ').includes(text),
    );

  test('is opened on a phone as it stands, follows, is taken over with one tap, and comes back from the background', async () => {
    const session = await alice.liveSession(router.id);
    const address = `${bastion.url}/sessions/${session.id}?screenReader`;
    const desk = await browser.person(DESKTOP);
    await signIn(desk.page, bastion.url, 'Alice');
    await desk.page.goto(address);
    await sees(desk.page, '#');
    await region(desk.page).getByRole('textbox').focus();
    await desk.page.keyboard.type('for i in 1 2 3; do echo desk-$((i * 7)); done\n');
    await sees(desk.page, 'desk-21');
    await desk.page.keyboard.type('seq 1 40000 | tail -c 150000; echo lo""ng\n');
    await sees(desk.page, 'long');

    // More than the page would replay: the screen is drawn, and it is the same one.
    const phone = await browser.person(PHONE, 'dark');
    await signIn(phone.page, bastion.url, 'Alice');
    await phone.page.goto(address);
    await sees(phone.page, 'long');
    await phone.page.getByText('drives this terminal').waitFor();
    await desk.page.getByText('1 page follows').waitFor();
    expect(await accessibilityProblems(phone.page)).toEqual([]);
    expect(await fitsItsWindow(phone.page)).toBe(true);
    await shot(phone.page, 'follow-phone');
    await shot(desk.page, 'follow-desk');
    await desk.page.keyboard.type('echo both-$((2 * 9))\n');
    await sees(phone.page, 'both-18');

    await phone.page.getByRole('button', { name: 'Take over' }).click();
    await desk.page.getByText('took over').waitFor();
    expect(await accessibilityProblems(desk.page)).toEqual([]);
    await shot(desk.page, 'taken-desk');
    await phone.page.getByRole('textbox', { name: 'Command line' }).fill('stty size; echo phone-$((3 * 9))');
    await phone.page.getByRole('button', { name: 'Send line' }).click();
    await sees(phone.page, 'phone-27');
    await sees(desk.page, 'phone-27');
    await shot(phone.page, 'driving-phone');

    // The phone comes onto another network: it asks anew at once, and still drives.
    const again = phone.page.waitForEvent('websocket');
    await phone.page.evaluate("window.dispatchEvent(new Event('online'))");
    expect((await again).url()).toContain('page=');
    await phone.page.getByRole('textbox', { name: 'Command line' }).fill('echo again-$((4 * 9))');
    await phone.page.getByRole('button', { name: 'Send line' }).click();
    await sees(phone.page, 'again-36');

    await desk.page.getByRole('button', { name: 'Take over' }).click();
    await region(desk.page).getByRole('textbox').focus();
    await desk.page.keyboard.type('echo desk-again-$((5 * 9))\n');
    await sees(desk.page, 'desk-again-45');
    await desk.page.goto(`${bastion.url}/sessions`);
    const listed = desk.page.getByRole('list', { name: 'Its terminals' });
    await listed.getByText(/echo desk-again/u).waitFor();
    expect(await accessibilityProblems(desk.page)).toEqual([]);
    await shot(desk.page, 'terminals-desk');
    expect([...desk.errors, ...phone.errors]).toEqual([]);
    await Promise.all([desk.context.close(), phone.context.close()]);
  });

  test('fingers scroll and select; a long press pastes, and several lines are asked about', async () => {
    const session = await alice.liveSession(router.id);
    const { context, page, errors } = await browser.person(PHONE);
    await signIn(page, bastion.url, 'Alice');
    await page.goto(`${bastion.url}/sessions/${session.id}?screenReader`);
    await sees(page, '#');
    await page.getByRole('textbox', { name: 'Command line' }).fill('seq 1 300; echo bot""tom');
    await page.getByRole('button', { name: 'Send line' }).click();
    await sees(page, 'bottom');

    const box = await region(page).locator('.xterm-screen').boundingBox();
    if (box === null) throw new Error('no screen');
    const finger = await context.newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x: number, y: number) =>
      finger.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
    const [x, y] = [box.x + 8, box.y + 60];
    await touch('touchStart', x, y);
    for (let step = 1; step <= 12; step += 1) await touch('touchMove', x, y + step * 25);
    await touch('touchEnd', x, y + 300);
    await eventually('older lines', async () => {
      const rows = (await region(page).locator('.xterm-accessibility-tree').innerText()).replaceAll('\u00a0', ' ');
      return !rows.includes('bottom');
    });

    await page.evaluate("navigator.clipboard.writeText('echo one\\necho two')");
    await touch('touchStart', x, y);
    await new Promise((resolve) => setTimeout(resolve, 900));
    await touch('touchEnd', x, y);
    const menu = page.getByRole('toolbar', { name: 'Selection' });
    await menu.getByRole('button', { name: 'Copy' }).waitFor();
    await shot(page, 'select-phone');
    expect(await accessibilityProblems(page)).toEqual([]);
    await menu.getByRole('button', { name: 'Paste' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('2 lines').waitFor();
    await dialog.getByRole('button', { name: 'Paste' }).click();
    await sees(page, 'two');

    // On its side everything is still there.
    await page.setViewportSize({ width: 844, height: 390 });
    await page.getByRole('textbox', { name: 'Command line' }).waitFor();
    expect(await fitsItsWindow(page)).toBe(true);
    await shot(page, 'landscape-phone');
    expect(errors).toEqual([]);
    await context.close();
  });
});
