/**
 * A path on our own site that a sign-in may come back to; everything else becomes `/`. A path that a browser could read as another site
 * (`//host`, `/\host`, with control characters) is not one.
 */
export function safeReturnPath(path: string | undefined): string {
  if (path === undefined || path.length > 500 || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/u.test(path)) return '/';
  const base = 'https://bastion.invalid';
  try {
    const url = new URL(path, base);
    // Back to an endpoint of ours would begin another sign-in or show JSON.
    return url.origin === base && !url.pathname.startsWith('/api/') ? url.pathname + url.search + url.hash : '/';
  } catch {
    return '/';
  }
}
