/** Bytes in one row. */
export const ROW_BYTES = 16;

/** One row as people read bytes: where it is, the bytes in hexadecimal, and the printable ASCII among them. */
export interface HexRow {
  readonly offset: string;
  readonly hex: string;
  readonly text: string;
}

/** @param bytes of the row, at most {@link ROW_BYTES}. @param at offset of its first byte in the file. */
export function hexRow(bytes: Uint8Array, at: number): HexRow {
  let hex = '';
  let text = '';
  for (const [index, byte] of bytes.entries()) {
    hex += `${index === 0 ? '' : index === ROW_BYTES / 2 ? '  ' : ' '}${byte.toString(16).padStart(2, '0')}`;
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
  }
  return { offset: at.toString(16).padStart(8, '0'), hex, text };
}
