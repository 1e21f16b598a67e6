import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { HOUSEHOLD } from '@netpilot/compose/demo-router/household.ts';
import { SERVER } from '@netpilot/compose/demo-router/surroundings.ts';
import { TestBastion } from '../harness/bastion.ts';
import { accessibilityProblems, DESKTOP, fitsItsWindow, PHONE, signIn, TestBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { TestHousehold } from '../harness/household.ts';
import type { TestPerson } from '../harness/person.ts';

const WEB = join(import.meta.dirname, '../../../web/dist');
const DESK = HOUSEHOLD[0]?.mac ?? '';

describe('the network of a router, by hand', () => {
  let bastion: TestBastion;
  let browser: TestBrowser;
  let alice: TestPerson;
  let home: TestHousehold;

  beforeAll(async () => {
    bastion = await TestBastion.start({ webDirectory: WEB });
    browser = await TestBrowser.start();
    alice = await bastion.signIn('alice');
    const organisation = await alice.newOrganisation('Home');
    await bastion.signIn('frank');
    await alice.tell('POST', `/organisations/${organisation.id}/members`, { email: 'frank@one.test', role: 'viewer' });
    home = await TestHousehold.enrol(bastion, alice, organisation.id, 'Home router');
  });
  afterAll(async () => {
    await browser?.close();
    await home?.stop();
    await bastion?.close();
  });

  /** Of a hundred bytes, how many the desktop gets from the Internet. */
  const fetched = async () => {
    const line = `/usr/libexec/demo/bin/timeout 5 nc ${SERVER.v4} 7001 < /dev/null 2>/dev/null | head -c 100 | wc -c`;
    return Number((await home.around.run('desktop', line)).output.trim());
  };
  const uci = async (option: string) => (await home.router.exec(`uci -q get ${option}`)).output.trim();

  const section = (page: Page, name: string) => page.goto(`${bastion.url}/routers/${home.id}/network/${name}`);
  const connected = (page: Page) => page.getByText('Connected to the router.').waitFor();
  const dialog = (page: Page) => page.getByRole('dialog').last();
  /** Once what the part shows is there: nothing for axe to find, nothing wider than the window. */
  const wellMade = async (page: Page, name: string) => {
    await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
    expect([name, await accessibilityProblems(page)]).toEqual([name, []]);
    expect([name, await fitsItsWindow(page)]).toEqual([name, true]);
  };
  /** Clicks the switch and waits until it shows the other state, which is when the router has confirmed. */
  const flip = async (control: Locator, to: boolean) => {
    await control.waitFor();
    await eventually('the switch to be free', () => control.isEnabled());
    // Its track lies above the input and takes the tap.
    await control.locator('xpath=following-sibling::*[1]').click();
    await eventually(
      'the switch to show it',
      async () => (await control.isChecked()) === to && (await control.isEnabled()),
    );
  };

  const makeGroup = async (page: Page) => {
    await section(page, 'groups');
    await connected(page);
    await page.getByRole('button', { name: 'New group' }).click();
    await dialog(page).getByRole('textbox', { name: 'Name' }).fill('Kids');
    await dialog(page).getByRole('combobox', { name: 'Devices' }).click();
    await page.getByRole('option', { name: /^Desk/u }).click();
    await page.keyboard.press('Escape');
    await dialog(page).getByRole('switch', { name: 'No Internet' }).click();
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    const kids = page.getByRole('button', { name: /^Kids/u });
    await kids.getByText('no Internet · 1 device').waitFor();
    expect(await fetched()).toBe(0);
    await kids.click();
    await dialog(page).getByRole('button', { name: 'Delete group' }).click();
    await dialog(page).getByRole('button', { name: 'Delete group' }).click();
    await kids.waitFor({ state: 'detached' });
    expect(await fetched()).toBe(100);
    expect(await page.getByRole('button', { name: /^Guest/u }).count()).toBe(1);
  };
  const useMode = async (page: Page, rate: string) => {
    await section(page, 'limits');
    await connected(page);
    const part = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Whitelist' }) });
    await part.getByRole('textbox', { name: 'Limited: download' }).fill(rate);
    await part.getByRole('button', { name: 'Save whitelist' }).click();
    await flip(page.getByRole('switch', { name: 'Whitelist active' }), true);
    const rates = page.getByRole('group', { name: 'Rates on the router' });
    await rates.getByText(`${rate} Mbit/s`).first().waitFor();
    await flip(page.getByRole('switch', { name: 'Whitelist active' }), false);
  };
  const renameWifi = async (page: Page, name: string) => {
    await section(page, 'wifi');
    await connected(page);
    const before = await uci('wireless.@wifi-iface[0].ssid');
    await page
      .getByRole('button', { name: new RegExp(`^${before}`, 'u') })
      .first()
      .click();
    await dialog(page).getByRole('textbox', { name: 'Name (SSID)' }).fill(name);
    await dialog(page).getByLabel('New password').first().fill('a key of the test');
    await dialog(page).getByRole('button', { name: 'Continue' }).click();
    const question = page.getByRole('dialog', { name: 'Change the Wi-Fi?' });
    await question.getByText(/lose their Wi-Fi|No device is on it/u).waitFor();
    await question.getByRole('button', { name: 'Change Wi-Fi' }).click();
    await question.waitFor({ state: 'detached' });
    await page
      .getByRole('button', { name: new RegExp(`^${name}`, 'u') })
      .first()
      .waitFor();
    expect(await uci('wireless.@wifi-iface[0].ssid')).toBe(name);
    expect(await uci('wireless.@wifi-iface[0].key')).toBe('a key of the test');
    expect(await page.content()).not.toContain('a key of the test');
  };

  describe('on a phone', () => {
    const scheme = 'light';
    let page: Page;
    let errors: string[];
    let close: () => Promise<void>;

    beforeAll(async () => {
      const window_ = await browser.person(PHONE, scheme);
      ({ page, errors } = window_);
      close = () => window_.context.close();
      await signIn(page, bastion.url, 'Alice');
    });
    afterAll(() => close?.());

    test('one tap connects, without a word about sessions', async () => {
      await page.getByRole('link', { name: 'Manage network' }).first().click();
      await connected(page);
      await page.getByRole('heading', { name: 'At a glance' }).waitFor();
      await page.getByText('Connected', { exact: true }).first().waitFor();
      await page.getByText('OpenWrt', { exact: false }).first().waitFor();
      await wellMade(page, 'overview');
    });

    test('a device is found, named, blocked and let go again', async () => {
      await section(page, 'devices');
      await connected(page);
      const row = page.getByRole('listitem', { name: /^(desktop|Desk)/u });
      await row.getByText('On line', { exact: false }).waitFor();
      await row.getByRole('button').first().click();
      await dialog(page).getByRole('textbox', { name: 'Name' }).fill(`Desk ${scheme}`);
      await dialog(page).getByRole('button', { name: 'Rename' }).click();
      await dialog(page).getByText(`Desk ${scheme}`).first().waitFor();
      await page.keyboard.press('Escape');
      const control = page.getByRole('switch', { name: `Internet for Desk ${scheme}` });
      await flip(control, false);
      expect(await fetched()).toBe(0);
      await flip(control, true);
      expect(await fetched()).toBe(100);
      await wellMade(page, 'devices');
    });

    test('a bedtime is set and taken back', async () => {
      await section(page, 'devices');
      await connected(page);
      await page.getByRole('listitem', { name: /^Desk/u }).getByRole('button').first().click();
      await dialog(page).getByRole('button', { name: 'Set a bedtime' }).click();
      await dialog(page).getByRole('button', { name: 'Save bedtime' }).click();
      await dialog(page)
        .getByText(/No Internet .*21:00–07:00/u)
        .waitFor();
      await dialog(page).getByRole('button', { name: 'Remove times 1' }).click();
      await dialog(page).getByRole('button', { name: 'Save bedtime' }).click();
      await dialog(page).getByText('Internet at all times.').waitFor();
      await wellMade(page, 'device');
    });

    test('a group is made, holds its device, and is deleted', async () => {
      await makeGroup(page);
      await wellMade(page, 'groups');
    });
    test('a mode is given rates, activated, read back and ended', async () => {
      await useMode(page, '8');
      await wellMade(page, 'limits');
    });
    test('the Wi-Fi gets another name and password, after saying whom that cuts off', async () => {
      await renameWifi(page, 'Our home');
      await wellMade(page, 'wifi');
    });

    test('a tool is installed and the speed measured', async () => {
      await section(page, 'speed');
      await connected(page);
      const install = page.getByRole('button', { name: 'Install librespeed-cli' });
      const installed = page.getByText('Measured with librespeed-cli', { exact: false });
      await install.or(installed).waitFor();
      if (await install.isVisible()) await install.click();
      await installed.waitFor();
      const results = page
        .getByRole('group', { name: 'Speed tests' })
        .getByRole('row')
        .filter({ hasText: 'librespeed-cli' });
      const before = await results.count();
      await page.getByRole('button', { name: 'Start test' }).click();
      await eventually('the result of the test', async () => (await results.count()) > before);
      await wellMade(page, 'speed');
    });

    test('usage is counted and shown', async () => {
      await section(page, 'usage');
      await connected(page);
      const start = page.getByRole('button', { name: 'Start counting' });
      const now = page.getByRole('heading', { name: 'Now' });
      await start.or(now).waitFor();
      if (await start.isVisible()) await start.click();
      await now.waitFor();
      await page
        .getByText(/living-room-tv|alices-phone/u)
        .first()
        .waitFor();
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Export CSV' }).click();
      expect(readFileSync(await (await download).path(), 'utf8')).toMatch(/^mac,name,from,to/u);
      await wellMade(page, 'usage');
    });

    test('a command, a backup and its comparison, the earlier data, and a reset with its preview', async () => {
      await section(page, 'system');
      await connected(page);
      await page.getByRole('textbox', { name: 'Command' }).fill('echo $((6 * 7)); exit 3');
      await page.getByRole('button', { name: 'Run' }).click();
      await page.getByText(/Exit code 3 in/u).waitFor();
      expect((await page.getByLabel('Output').innerText()).trim()).toBe('42');

      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save a backup' }).click();
      const backup = join(bastion.directory, `backup-${scheme}.json`);
      await (await download).saveAs(backup);
      const parsed = JSON.parse(readFileSync(backup, 'utf8')) as { files: { name: string; text: string }[] };
      const system = parsed.files.find(({ name }) => name === 'system');
      if (system === undefined) throw new Error('the backup has no system file');
      system.text = system.text.replace(/option hostname .*/u, `option hostname 'home-${scheme}'`);
      writeFileSync(backup, JSON.stringify(parsed));
      await page.getByLabel('Backup to restore').setInputFiles(backup);
      await page.getByText(/system · 1 lines added, 1 removed/u).waitFor();
      await page.getByRole('button', { name: 'Restore 1 file' }).click();
      await dialog(page).getByRole('button', { name: 'Restore' }).click();
      await page.getByText('The backup is in force', { exact: false }).waitFor();
      expect(await uci('system.@system[0].hostname')).toBe(`home-${scheme}`);

      const earlier = join(bastion.directory, 'mode.json');
      writeFileSync(earlier, JSON.stringify({ mode: 'whitelist' }));
      await page.getByLabel('Files of the earlier NetPilot').setInputFiles(earlier);
      await page.getByText('Nothing was changed yet').waitFor();
      await page.getByRole('button', { name: 'Bring it in' }).click();
      await page.getByRole('button', { name: 'Take the router’s' }).click();
      await page.getByRole('button', { name: 'Take the router’s' }).waitFor({ state: 'detached' });

      await page.getByRole('button', { name: 'Show what would be removed' }).click();
      await dialog(page).getByRole('button', { name: 'Remove all this' }).click();
      await page.getByText(/Removed: \d+ things/u).waitFor();
      await wellMade(page, 'system');
    });

    test('the history tells of it', async () => {
      await section(page, 'history');
      for (const words of ['Restoring a backup', 'Changing the Wi-Fi', 'Speed test', `Blocking · ${DESK}`]) {
        await page.getByRole('listitem').getByText(words).first().waitFor();
      }
      await wellMade(page, 'history');
    });

    test('a restart takes one tap and one answer, and the page finds the router again', async () => {
      await section(page, 'overview');
      await connected(page);
      await page.getByRole('button', { name: 'Restart router' }).click();
      await dialog(page).getByRole('button', { name: 'Restart now' }).click();
      await page
        .getByText(/The router is away|router is offline/u)
        .first()
        .waitFor();
      await connected(page);
      expect(errors).toEqual([]);
    });
  });

  describe('at a desk', () => {
    let page: Page;
    let errors: string[];
    let close: () => Promise<void>;

    beforeAll(async () => {
      const window_ = await browser.person(DESKTOP, 'dark');
      ({ page, errors } = window_);
      close = () => window_.context.close();
      await signIn(page, bastion.url, 'Alice');
    });
    afterAll(() => close?.());

    test('every part fits and is accessible', async () => {
      await page.getByRole('link', { name: 'Manage network' }).first().click();
      await connected(page);
      const parts = page.getByRole('navigation', { name: 'Parts of the network' }).getByRole('link');
      for (const label of await parts.allInnerTexts()) {
        await parts.filter({ hasText: label }).click();
        await page.getByRole('region', { name: label }).waitFor();
        await wellMade(page, label);
      }
    });

    test('a group is made, holds its device, and is deleted', () => makeGroup(page));
    test('a mode is given rates, activated, read back and ended', () => useMode(page, '9'));
    test('the Wi-Fi gets another name and password', () => renameWifi(page, 'Their home'));

    test('what somebody changed on the router itself is shown, and ours applied again', async () => {
      await section(page, 'devices');
      await connected(page);
      const control = page.getByRole('switch', { name: /^Internet for Desk/u });
      await flip(control, false);
      await home.router.exec('nft delete table inet netpilot');
      await section(page, 'limits');
      await page.getByText('The router’s blocks and limits are not as they were set here').waitFor();
      expect(await fetched()).toBe(100);
      await page.getByRole('button', { name: 'Apply ours' }).click();
      await page.getByRole('button', { name: 'Apply ours' }).waitFor({ state: 'detached' });
      expect(await fetched()).toBe(0);
      await section(page, 'devices');
      await flip(control, true);
      expect(errors).toEqual([]);
    });
  });

  test('a viewer sees what is stored, and starts nothing', async () => {
    const { context, page } = await browser.person(PHONE, 'dark');
    await signIn(page, bastion.url, 'Frank');
    await section(page, 'devices');
    await page.getByText('You see what was stored last.', { exact: false }).waitFor();
    const row = page.getByRole('listitem', { name: /^Desk/u });
    await row.waitFor();
    expect(await row.getByRole('switch').isDisabled()).toBe(true);
    expect(await accessibilityProblems(page)).toEqual([]);
    const frank = await bastion.signIn('frank');
    expect(await (await frank.fetch('GET', '/sessions?state=active')).json()).toMatchObject({ items: [] });
    await context.close();
  });
});
