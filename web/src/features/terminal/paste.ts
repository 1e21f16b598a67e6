/** Characters from which a paste on one line is shown before it is sent. */
export const LONG_PASTE = 1_000;

// oxlint-disable-next-line no-control-regex -- the sequences that begin and end a bracketed paste
const BRACKET = /\u001b\[20[01]~|\u009b20[01]~/gu;
// C0 except tab and newline, DEL, C1: a pasted escape sequence could end the bracket and type a command by itself.
// oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;

/** @returns `text` with `\n` as the only line end and without control characters other than tab and newline. */
export function cleanPaste(text: string): string {
  return text
    .replace(/\r\n?|[\u2028\u2029]/gu, '\n')
    .replace(BRACKET, '')
    .replace(CONTROL, '');
}

/** @returns true when a person should see the (cleaned) text before a shell does. */
export function needsConfirmation(cleaned: string): boolean {
  return cleaned.includes('\n') || cleaned.length > LONG_PASTE;
}

/**
 * @param bracketed whether the program in the terminal asked for bracketed paste (DECSET 2004).
 * @returns what a keyboard would have sent for the (cleaned) text.
 */
export function typedPaste(cleaned: string, bracketed: boolean): string {
  const typed = cleaned.replaceAll('\n', '\r');
  return bracketed ? `\u001b[200~${typed}\u001b[201~` : typed;
}
