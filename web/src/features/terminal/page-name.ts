const KEY = 'netpilot-page';
let name: string | null = null;

/**
 * Names this tab to the api over reloads and new networks, so that it replaces itself instead of following itself. A name is no secret and
 * gives no right.
 */
export function pageName(): string {
  if (name !== null) return name;
  try {
    name = sessionStorage.getItem(KEY);
    if (name === null) sessionStorage.setItem(KEY, (name = newName()));
  } catch {
    // Without storage it lasts as long as the page.
    name ??= newName();
  }
  return name;
}

/** A random UUID (RFC 9562, version 4); `crypto.randomUUID` needs a secure context. */
function newName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
