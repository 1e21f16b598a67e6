import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { TestBastion } from '../harness/bastion.ts';
import {
  accessibilityProblems,
  browserWithProfile,
  DESKTOP,
  fitsItsWindow,
  PHONE,
  signIn,
  TestBrowser,
} from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

const WEB = join(import.meta.dirname, '../../../web/dist');
/** What is moved each way to have everything of a transfer in memory once, and then the twelvefold, in bytes. */
const [FEW, MANY] = [16 * 1_048_576, 192 * 1_048_576];
/** What the browser may need more for it, in MB: without constant memory it were 176 or the double; a quarter of that was seen. */
const GROWTH_MB = 125;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('files in a browser', () => {
  let bastion: TestBastion;
  let browser: TestBrowser;
  let alice: TestPerson;
  let router: TestRouter;
  let session: string;
  let root: string;
  /** On this side: what is uploaded. */
  let local: string;

  beforeAll(async () => {
    bastion = await TestBastion.start({ webDirectory: WEB });
    browser = await TestBrowser.start();
    alice = await bastion.signIn('alice');
    router = await bastion.enrolRouter(alice, (await alice.newOrganisation('Northern Cafe')).id, 'Cafe router');
    session = (await alice.liveSession(router.id)).id;
    root = join(router.directory, 'files');
    mkdirSync(root);
    local = mkdtempSync(join(tmpdir(), 'np-local-'));
  });
  afterAll(async () => {
    await browser?.close();
    await bastion?.close();
    if (local !== undefined) rmSync(local, { recursive: true });
  });

  const open = async (page: Page, folder: string, file?: string) => {
    const query = new URLSearchParams({ path: folder, ...(file === undefined ? {} : { file }) });
    await page.goto(`${bastion.url}/sessions/${session}/files?${query.toString()}`);
  };
  /** Makes uploads of a page so slow that none ends by itself. @returns lifts it. */
  const slowed = async (context: BrowserContext, page: Page) => {
    const protocol = await context.newCDPSession(page);
    const limit = (uploadThroughput: number) =>
      protocol.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput,
      });
    await protocol.send('Network.enable');
    await limit(400_000);
    return () => limit(-1);
  };
  const row = (page: Page, name: string) =>
    page.getByRole('row').filter({ has: page.getByRole('button', { name, exact: true }) });
  /** What can be done with one entry: a menu, on a phone a sheet from below. */
  const act = async (page: Page, name: string, action: string) => {
    await row(page, name)
      .getByRole('button', { name: `Actions for ${name}` })
      .click();
    await page
      .getByRole('menuitem', { name: action, exact: true })
      .or(page.getByRole('dialog').getByRole('button', { name: action, exact: true }))
      .click();
    // The sheet is a dialog too until it has gone.
    await page.locator('.np-sheet-item').first().waitFor({ state: 'detached' });
  };

  test.each([
    ['desktop', DESKTOP, 'light'],
    ['phone', PHONE, 'dark'],
  ] as const)('on a %s: look around, make, rename, change rights, delete', async (kind, shape, scheme) => {
    const folder = join(root, kind);
    mkdirSync(join(folder, 'config'), { recursive: true });
    writeFileSync(join(folder, 'config', 'network'), "config interface 'lan'\n\toption proto 'static'\n");
    writeFileSync(join(folder, 'photo\u202egpj.exe'), '');
    writeFileSync(join(folder, '.hidden'), '');
    const { context, page, errors } = await browser.person(shape, scheme);
    await signIn(page, bastion.url, 'Alice');
    await page.goto(`${bastion.url}/sessions/${session}`);
    await page.getByRole(kind === 'desktop' ? 'tab' : 'button', { name: 'Files', exact: true }).click();
    await page.getByRole('grid').waitFor();
    await open(page, folder);
    await row(page, 'config').waitFor();
    expect(await row(page, String.raw`photo\u{202e}gpj.exe`).count()).toBe(1);
    expect(await row(page, '.hidden').count()).toBe(0);
    await page.getByRole('button', { name: 'Show hidden files' }).click();
    await row(page, '.hidden').waitFor();
    await page.getByText(/over (SFTP|plain commands)/u).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await fitsItsWindow(page)).toBe(true);

    await page.getByRole('button', { name: kind === 'desktop' ? 'Add' : 'Folder menu' }).click();
    await page.getByRole('menuitem', { name: 'New folder' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('made');
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await row(page, 'made').waitFor();
    await act(page, 'made', 'Rename');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('renamed');
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await row(page, 'renamed').waitFor();
    await act(page, 'renamed', 'Permissions');
    await page.getByRole('textbox', { name: 'In octal' }).fill('0700');
    await page.getByRole('dialog').getByRole('button', { name: 'Set' }).click();
    await row(page, 'renamed').getByText('drwx------').first().waitFor({ state: 'attached' });
    await act(page, 'config', 'Delete');
    await page.getByText(/these are 2 entries/u).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row(page, 'config').waitFor({ state: 'detached' });
    expect(readdirSync(folder).sort()).toEqual(['.hidden', 'photo\u202egpj.exe', 'renamed']);
    expect(errors).toEqual([]);
    await context.close();
  });

  test('the keyboard alone: arrows, Enter, F2, Delete, Ctrl+A; search below, stop and back', async () => {
    const folder = join(root, 'keys');
    mkdirSync(join(folder, 'sub', 'deep'), { recursive: true });
    for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, 'sub', name), name);
    writeFileSync(join(folder, 'sub', 'deep', 'needle.txt'), '');
    const { context, page } = await browser.person(DESKTOP, 'dark');
    await signIn(page, bastion.url, 'Alice');
    await open(page, folder);
    await row(page, 'sub').waitFor();
    const grid = page.getByRole('grid');
    await grid.focus();
    await page.keyboard.press('Enter');
    await row(page, 'b').waitFor();
    await grid.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('F2');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('bb');
    await page.keyboard.press('Enter');
    await row(page, 'bb').waitFor();
    await grid.focus();
    await page.keyboard.press('Control+a');
    await page.getByRole('toolbar', { name: '4 selected' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('End');
    await page.keyboard.press('Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row(page, 'c').waitFor({ state: 'detached' });
    await grid.focus();
    await page.keyboard.press('Backspace');
    await row(page, 'sub').waitFor();

    await page.getByRole('textbox', { name: 'Filter by name' }).fill('NEEDLE');
    await page.getByRole('button', { name: 'Below' }).click();
    await row(page, 'needle.txt').waitFor();
    await page.getByText(/1 found/u).waitFor();
    await page.getByRole('button', { name: 'Back to the folder' }).click();
    await page.getByRole('textbox', { name: 'Filter by name' }).fill('');
    await row(page, 'sub').waitFor();
    await context.close();
  });

  test('a text is edited, saved, merged with what another wrote, and put back', async () => {
    const path = join(root, 'network');
    writeFileSync(path, "config interface 'lan'\n\toption proto 'static'\n");
    const { context, page, errors } = await browser.person(DESKTOP);
    await signIn(page, bastion.url, 'Alice');
    await open(page, root, path);
    const editor = page.getByRole('textbox', { name: 'Text of the file' });
    await editor.waitFor();
    await editor.press('Control+End');
    await page.keyboard.type('# mine');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    expect(readFileSync(path, 'utf8')).toBe("config interface 'lan'\n\toption proto 'static'\n# mine");
    expect(await accessibilityProblems(page)).toEqual([]);

    writeFileSync(path, 'config of another\n');
    await editor.press('Control+End');
    await page.keyboard.type(' again');
    await page.keyboard.press('Control+s');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('config of another').first().waitFor();
    await dialog.getByRole('button', { name: 'Save what is right' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    expect(readFileSync(path, 'utf8')).toContain('# mine again');

    await page.getByRole('button', { name: 'Versions' }).click();
    await dialog
      .getByText(/saved over by Alice Archer/u)
      .first()
      .waitFor();
    await dialog.getByRole('button', { name: 'Put back' }).last().click();
    await page.getByText('Changed, not saved').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    expect(readFileSync(path, 'utf8')).toBe("config interface 'lan'\n\toption proto 'static'\n");
    expect(errors).toEqual([]);
    await context.close();
  });

  test('on a phone what another wrote meanwhile is seen whole, and merged place by place', async () => {
    const path = join(root, 'firewall');
    const wide = '# A line that is wider than the window of a phone, as those of many files of a router are.\n';
    writeFileSync(path, `${wide}config defaults\n\toption input ACCEPT\n\nconfig zone\n\toption name lan\n`);
    const { context, page, errors } = await browser.person(PHONE, 'dark');
    await signIn(page, bastion.url, 'Alice');
    await open(page, root, path);
    const editor = page.getByRole('textbox', { name: 'Text of the file' });
    await editor.waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await editor.press('Control+End');
    await page.keyboard.type('# mine');
    // Longer than what was opened: no part of that may stand for it.
    writeFileSync(
      path,
      `${wide}config defaults\n\toption input DROP\n\nconfig zone\n\toption name lan\n\toption network lan\n`,
    );
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('option network lan').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await fitsItsWindow(page)).toBe(true);
    const take = dialog.locator('.np-merge').getByRole('button', { name: 'Take the router’s' });
    expect(await take.count()).toBe(2);
    await take.first().click();
    await dialog.locator('.np-merge').getByRole('button', { name: 'Keep mine' }).click();
    await dialog.getByRole('button', { name: 'Save this' }).click();
    await page.getByText('Saved', { exact: true }).waitFor();
    expect(readFileSync(path, 'utf8')).toBe(
      `${wide}config defaults\n\toption input DROP\n\nconfig zone\n\toption name lan\n# mine`,
    );
    expect(errors).toEqual([]);
    await context.close();
  });

  test('nothing in a file is ever run: HTML and SVG are text, a program is bytes, a picture is pixels', async () => {
    const attack =
      '<svg xmlns="http://www.w3.org/2000/svg" onload="document.title=1"><script>window.pwned=1</script></svg>';
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg==',
      'base64',
    );
    const files = { 'evil.svg': attack, 'evil.html': attack, 'evil.pdf': `%PDF-1.4\n${attack}`, 'evil.csv': '=1+1' };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content);
    writeFileSync(join(root, 'program'), Buffer.from('\x7fELF\0\0<script>', 'latin1'));
    writeFileSync(join(root, 'picture.html'), png);
    const { context, page, errors } = await browser.person(DESKTOP, 'dark');
    await signIn(page, bastion.url, 'Alice');
    for (const [name, content] of Object.entries(files)) {
      await open(page, root, join(root, name));
      const editor = page.getByRole('textbox', { name: 'Text of the file' });
      await editor.waitFor();
      expect(await editor.innerText()).toContain(content.split('\n').at(-1) ?? '');
    }
    await open(page, root, join(root, 'program'));
    await page.getByRole('region', { name: 'Bytes' }).getByText('7f 45 4c 46').waitFor();
    await open(page, root, join(root, 'picture.html'));
    const picture = page.getByRole('img', { name: 'picture.html' });
    await picture.waitFor();
    const width =
      "document.querySelector('.np-image img').decode().then(() => document.querySelector('.np-image img').naturalWidth)";
    expect(await page.evaluate(width)).toBe(1);
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    // And when such an address is opened itself, the browser takes it for a download.
    const address = `${bastion.url}/api/v1/sessions/${session}/files/content?path=${encodeURIComponent(join(root, 'evil.html'))}`;
    const downloading = page.waitForEvent('download');
    await page.goto(address).catch(() => undefined);
    expect((await downloading).suggestedFilename()).toBe('evil.html');
    expect(errors).toEqual([]);
    await context.close();
  });

  test('a log is followed as it grows', async () => {
    const path = join(root, 'log');
    writeFileSync(path, 'first line\n');
    const { context, page } = await browser.person(PHONE);
    await signIn(page, bastion.url, 'Alice');
    await open(page, root, path);
    await page.getByRole('radiogroup', { name: 'How to look at it' }).getByText('Follow').click();
    const log = page.getByRole('log');
    await log.getByText('first line').waitFor();
    writeFileSync(path, 'second \u001b[31mline\n', { flag: 'a' });
    await log.getByText('second \ufffd[31mline').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped').waitFor();
    await context.close();
  });

  test('files and folders go up, come down, pause, resume and outlive the api, to the byte', async () => {
    const folder = join(root, 'moved');
    mkdirSync(folder);
    const large = randomBytes(12_000_000);
    writeFileSync(join(local, 'large.bin'), large);
    mkdirSync(join(local, 'site', 'img'), { recursive: true });
    for (let index = 0; index < 50; index += 1)
      writeFileSync(join(local, 'site', `page-${index}.html`), `page ${index}`);
    writeFileSync(join(local, 'site', 'img', 'big.png'), large.subarray(0, 400_000));
    const { context, page, errors } = await browser.person(DESKTOP);
    await signIn(page, bastion.url, 'Alice');
    await open(page, folder);
    await page.getByText('This folder is empty').waitFor();

    const transfer = (name: string) => page.getByRole('listitem', { name });
    const lift = await slowed(context, page);
    await page.getByLabel('Files to upload').setInputFiles(join(local, 'large.bin'));
    const upload = transfer('Upload of large.bin');
    await upload.getByText(/of 11 MiB/u).waitFor();
    await upload.getByRole('button', { name: 'Pause' }).click();
    await upload.getByText(/^Paused at/u).waitFor();
    expect(readdirSync(folder)).not.toContain('large.bin');
    await lift();
    await bastion.api.stop('SIGKILL');
    await upload.getByRole('button', { name: 'Resume' }).click();
    await upload.getByText(/the line is away/u).waitFor();
    bastion.api.start();
    await bastion.ready();
    await upload.getByText(/verified, SHA-256/u).waitFor();
    expect(sha256(readFileSync(join(folder, 'large.bin')))).toBe(sha256(large));

    await page.getByLabel('Folder to upload').setInputFiles(join(local, 'site'));
    await row(page, 'site').waitFor();
    await eventually('the whole folder to arrive', () => readdirSync(join(folder, 'site', 'img')).includes('big.png'));
    expect(readdirSync(join(folder, 'site'))).toHaveLength(51);

    const downloading = page.waitForEvent('download');
    await act(page, 'large.bin', 'Download');
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('large.bin');
    expect(sha256(readFileSync((await download.path()) ?? ''))).toBe(sha256(large));
    await transfer('Download of large.bin')
      .getByText(/verified, SHA-256/u)
      .waitFor();

    // A second upload of the same name asks before it replaces.
    writeFileSync(join(local, 'large.bin'), 'small now');
    await page.getByLabel('Files to upload').setInputFiles(join(local, 'large.bin'));
    await page.getByRole('dialog').getByRole('button', { name: 'Replace' }).click();
    await eventually('the file to be replaced', () => readFileSync(join(folder, 'large.bin'), 'utf8') === 'small now');
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  test('an upload goes on after a reload of its page, when the same file is given again', async () => {
    const folder = join(root, 'reloaded');
    mkdirSync(folder);
    const content = randomBytes(12_000_000);
    writeFileSync(join(local, 'image.bin'), content);
    writeFileSync(join(local, 'other.bin'), 'another file');
    const { context, page, errors } = await browser.person(PHONE, 'dark');
    await signIn(page, bastion.url, 'Alice');
    await open(page, folder);
    await page.getByText('This folder is empty').waitFor();
    const lift = await slowed(context, page);
    await page.getByLabel('Files to upload').setInputFiles(join(local, 'image.bin'));
    const upload = page.getByRole('listitem', { name: 'Upload of image.bin' });
    await upload.getByText(/of 11 MiB/u).waitFor();
    await upload.getByRole('button', { name: 'Pause' }).click();
    await upload.getByText(/^Paused at/u).waitFor();
    await lift();

    await page.reload();
    await page.getByText('An upload was interrupted').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await fitsItsWindow(page)).toBe(true);
    const again = page.getByLabel('The file image.bin');
    await again.setInputFiles(join(local, 'other.bin'));
    await page.getByText(/is not the file that was on its way/u).waitFor();
    await again.setInputFiles(join(local, 'image.bin'));
    await upload.getByText(/verified, SHA-256/u).waitFor();
    expect(sha256(readFileSync(join(folder, 'image.bin')))).toBe(sha256(content));
    expect(readdirSync(folder)).toEqual(['image.bin']);
    await page.getByText('An upload was interrupted').waitFor({ state: 'detached' });
    expect(errors).toEqual([]);
    await context.close();
  });

  test('what another page left of an upload is no entry of the folder, and can be discarded', async () => {
    const folder = join(root, 'left');
    mkdirSync(folder);
    const content = randomBytes(3_000_000);
    writeFileSync(join(local, 'left.bin'), content);
    const first = await browser.person(DESKTOP);
    await signIn(first.page, bastion.url, 'Alice');
    await open(first.page, folder);
    await first.page.getByText('This folder is empty').waitFor();
    const lift = await slowed(first.context, first.page);
    await first.page.getByLabel('Files to upload').setInputFiles(join(local, 'left.bin'));
    const upload = first.page.getByRole('listitem', { name: 'Upload of left.bin' });
    await upload.getByText(/of 2.9 MiB/u).waitFor();
    await upload.getByRole('button', { name: 'Pause' }).click();
    await upload.getByText(/^Paused at/u).waitFor();
    await lift();
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/\.part$/u)]);

    const { context, page, errors } = await browser.person(PHONE, 'dark');
    await signIn(page, bastion.url, 'Alice');
    await open(page, folder);
    await page.getByText('An unfinished upload is here').waitFor();
    await page.getByText('This folder is empty').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await fitsItsWindow(page)).toBe(true);
    await page.getByRole('button', { name: /^Discard the unfinished upload of / }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
    await page.getByText('An unfinished upload is here').waitFor({ state: 'detached' });
    expect(readdirSync(folder)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();

    // Whose it was begins again at its first byte.
    await upload.getByRole('button', { name: 'Resume' }).click();
    await upload.getByText(/verified, SHA-256/u).waitFor();
    expect(sha256(readFileSync(join(folder, 'left.bin')))).toBe(sha256(content));
    expect(readdirSync(folder)).toEqual(['left.bin']);
    await first.context.close();
  });

  test('a large file is never in the memory of the browser, neither way', async () => {
    const folder = join(root, 'large');
    mkdirSync(folder);
    const { page, mostMb, close } = await browserWithProfile();
    try {
      const sizes = { few: FEW, many: MANY };
      for (const [name, size] of Object.entries(sizes)) {
        for (const file of [join(local, `${name}-up`), join(folder, `${name}-down`)]) {
          writeFileSync(file, '');
          truncateSync(file, size);
        }
      }
      await signIn(page, bastion.url, 'Alice');
      await open(page, folder);
      const move = async (name: 'few' | 'many') => {
        await page.getByLabel('Files to upload').setInputFiles(join(local, `${name}-up`));
        await page
          .getByRole('listitem', { name: `Upload of ${name}-up` })
          .getByText(/verified, SHA-256/u)
          .waitFor();
        const downloading = page.waitForEvent('download');
        await act(page, `${name}-down`, 'Download');
        const arrived = statSync(await (await downloading).path()).size;
        expect([arrived, statSync(join(folder, `${name}-up`)).size]).toEqual([sizes[name], sizes[name]]);
      };
      await move('few');
      const few = mostMb();
      await move('many');
      expect(mostMb() - few).toBeLessThan(GROWTH_MB);
    } finally {
      await close();
    }
  });

  test('ten thousand entries are there at once, and only those on the screen are drawn', async () => {
    const folder = join(root, 'many');
    mkdirSync(folder);
    for (let index = 0; index < 10_000; index += 1) writeFileSync(join(folder, `entry-${index}`), '');
    const { context, page } = await browser.person(PHONE, 'dark');
    await signIn(page, bastion.url, 'Alice');
    await open(page, folder);
    await page.getByText(/^10000 entries/u).waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(80);
    await page.getByRole('grid').focus();
    await page.keyboard.press('End');
    await row(page, 'entry-9999').waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(80);
    await context.close();
  });
});
