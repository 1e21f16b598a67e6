import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { processesWith, residentMb } from './process-memory.ts';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Patience of one step on a page, in milliseconds; a loaded machine draws slowly. */
const STEP_MS = 60_000;

export const DESKTOP = { viewport: { width: 1280, height: 800 } } as const;
export const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 2,
} as const;

const CHROMIUM = {
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-dev-shm-usage',
  ],
  timeout: STEP_MS,
};

/** Debian's Chromium with a profile of its own; owns its contexts. */
export class TestBrowser {
  readonly #browser: Browser;
  readonly #profile: string;

  private constructor(browser: Browser, profile: string) {
    this.#browser = browser;
    this.#profile = profile;
  }

  static async start(): Promise<TestBrowser> {
    const profile = mkdtempSync(join(tmpdir(), 'np-browser-'));
    const browser = await chromium.launch({
      ...CHROMIUM,
      env: { ...process.env, HOME: profile } as Record<string, string>,
    });
    return new TestBrowser(browser, profile);
  }

  /** A person's own browser window: cookies of its own. Errors of the page end up in `errors`. */
  async person(
    shape: typeof DESKTOP | typeof PHONE,
    scheme: 'light' | 'dark' = 'light',
  ): Promise<{ context: BrowserContext; page: Page; errors: string[] }> {
    const context = await this.#browser.newContext({
      ...shape,
      colorScheme: scheme,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    context.setDefaultTimeout(STEP_MS);
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && /Content Security Policy|Refused to/u.test(message.text()))
        errors.push(message.text());
    });
    return { context, page, errors };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}

/** A browser of one window with a profile on disk, as people have one; the windows of a TestBrowser are private: their storage is memory. */
export async function browserWithProfile(): Promise<{
  page: Page;
  /** @returns the sum of what its processes had in memory at their most so far, in MB. */
  mostMb: () => number;
  close: () => Promise<void>;
}> {
  const profile = mkdtempSync(join(tmpdir(), 'np-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    ...CHROMIUM,
    ...DESKTOP,
    env: { ...process.env, HOME: profile } as Record<string, string>,
  });
  context.setDefaultTimeout(STEP_MS);
  return {
    page: context.pages()[0] ?? (await context.newPage()),
    mostMb: () => processesWith(profile).reduce((sum, pid) => sum + residentMb(pid, 'VmHWM'), 0),
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Signs in as a demo person does: one button here, one at the identity provider. */
export async function signIn(page: Page, url: string, firstName: string): Promise<void> {
  await page.goto(url);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: `Continue as ${firstName}` }).click();
  await page.waitForURL((address) => address.origin === url && !address.pathname.startsWith('/api/'));
}

/** @returns what axe finds wrong on the page by WCAG 2.1 A and AA, in words. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
    .analyze();
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map((node) => node.target.join(' '))
        .slice(0, 5)
        .join(', ')}`,
  );
}

/** @returns true when the page is not wider than its window. */
export function fitsItsWindow(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');
}

/** Takes a picture of the page for somebody to look at, where NETPILOT_SHOTS names a folder for them. */
export async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env['NETPILOT_SHOTS'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
