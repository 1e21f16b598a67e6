/** Cookies of one person, sent only to the host and port that set them. */
export class CookieJar {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** Takes over what a response sets; an empty value or `Max-Age=0` removes. */
  store(url: URL, setCookies: readonly string[]): void {
    const jar = this.#cookies.get(url.host) ?? new Map<string, string>();
    this.#cookies.set(url.host, jar);
    for (const line of setCookies) {
      const [pair = '', ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      if (at < 1) continue;
      const name = pair.slice(0, at).trim();
      const value = pair.slice(at + 1).trim();
      const gone = attributes.some((attribute) => /^\s*max-age=0\s*$|^\s*expires=Thu, 01 Jan 1970/iu.test(attribute));
      if (value === '' || gone) jar.delete(name);
      else jar.set(name, value);
    }
  }

  /** Value of the Cookie header for `url`, or null without any. */
  header(url: URL): string | null {
    const jar = this.#cookies.get(url.host);
    if (!jar || jar.size === 0) return null;
    return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get(url: URL, name: string): string | undefined {
    return this.#cookies.get(url.host)?.get(name);
  }
}

export interface Landing {
  /** Where the last redirect led. */
  url: URL;
  response: Response;
}

/** Redirects followed for one request. */
const MAX_REDIRECTS = 15;
const TIMEOUT_MS = 30_000;

/**
 * Fetches like a browser: follows redirects across origins and keeps cookies in `jar`; a redirect after a POST becomes a GET.
 * @throws Error after {@link MAX_REDIRECTS} redirects or 30 seconds without an answer.
 */
export async function browse(jar: CookieJar, address: URL, init: RequestInit = {}): Promise<Landing> {
  let url = address;
  let request = init;
  for (let hop = 0; hop < MAX_REDIRECTS; hop += 1) {
    const headers = new Headers(request.headers);
    const cookie = jar.header(url);
    if (cookie !== null) headers.set('cookie', cookie);
    const response = await fetch(url, {
      ...request,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    jar.store(url, response.headers.getSetCookie());
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return { url, response };
    await response.body?.cancel();
    url = new URL(location, url);
    request = {};
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects from ${address.origin}${address.pathname}`);
}

/**
 * Signs a demo person in the way a browser does: opens `start`, lands on the identity provider's page, chooses the person and follows
 * back to the application.
 * @returns where it ended; the cookies are in `jar`.
 * @throws Error when the page of the identity provider is not reached.
 */
export async function signInAs(jar: CookieJar, start: URL, subject: string): Promise<Landing> {
  const page = await browse(jar, start);
  await page.response.body?.cancel();
  if (!page.url.pathname.startsWith('/interaction/')) {
    throw new Error(`the sign-in led to ${page.url.origin}${page.url.pathname} (${page.response.status})`);
  }
  return browse(jar, page.url, { method: 'POST', body: new URLSearchParams({ subject }) });
}
