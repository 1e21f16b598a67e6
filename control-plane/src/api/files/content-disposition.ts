/** Bytes of a name beyond which no file system goes. */
const MAX_NAME = 255;
/** What RFC 8187, section 3.2.1 lets stand unescaped in an extended value. */
const ATTRIBUTE_CHARACTER = /[A-Za-z0-9!#$&+.^_`|~-]/u;

/**
 * `Content-Disposition: attachment` for a name that a router made up (RFC 6266; RFC 8187 for what is not ASCII).
 * The plain form keeps only characters that no browser, shell or file system reads as anything else; the extended form keeps the name but
 * for separators, control characters and marks that change the direction of text.
 * @param name decoded for people; may hold anything.
 */
export function attachment(name: string): string {
  const cleaned = cleanName(name);
  const plain = cleaned.replaceAll(/[^\w .()+,=@[\]{}-]/gu, '_');
  const extended = [...Buffer.from(cleaned, 'utf8')].map(escapeByte).join('');
  return `attachment; filename="${plain}"; filename*=UTF-8''${extended}`;
}

/** @returns the name without what must not reach a person's disk: separators, control characters, direction marks, leading dots. */
function cleanName(name: string): string {
  const cleaned = name
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:*?"<>|\ufffd]/gu, '_')
    .replace(/^[.\s-]+/u, '')
    .replace(/[.\s]+$/u, '');
  return fitting(cleaned === '' ? 'file' : cleaned);
}

/** Cuts at a character, so that the UTF-8 form fits {@link MAX_NAME}. */
function fitting(name: string): string {
  let length = 0;
  let kept = '';
  for (const character of name) {
    length += Buffer.byteLength(character);
    if (length > MAX_NAME) break;
    kept += character;
  }
  return kept;
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return ATTRIBUTE_CHARACTER.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
