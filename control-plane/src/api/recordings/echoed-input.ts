const INTERRUPT = 0x03;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const DELETE = 0x7f;
/** Typing that waits for its echo, and a line that is kept, are no longer than this in bytes. */
const MAX_BYTES = 4_096;
/** What one key sends behind an escape (ECMA-48, section 5.4, and the keypad of the VT100); anything else may be pasted text. */
// oxlint-disable-next-line no-control-regex -- an escape is what a key sends
const KEY_SEQUENCE = /^\u001b(\[[0-9;]{0,8}[A-Za-z~]|O[A-Za-z]|.)?$/u;

/**
 * What of somebody's typing may be kept: whole lines that the terminal echoed as they were typed. The bastion cannot ask a router's
 * terminal whether its echo is on, so a character counts as echoed when it is the very next thing that the terminal puts out; a line with
 * one that is not, such as a password, is forgotten as a whole. What is kept was therefore on the screen already.
 *
 * Keys that only draw (tab, arrows, backspace) stay in a line that is echoed otherwise; what the terminal shows for them is not compared.
 * Typing ahead of a busy terminal is not kept.
 */
export class EchoedInput {
  /** Typed and not yet echoed; an escape sequence is one piece of several bytes. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** The echoed beginning of the line under way. */
  #line: Uint8Array[] = [];
  #lineBytes = 0;
  /** The line under way is not kept, up to its Enter. */
  #spoilt = false;
  /** The carriage return of an Enter was shown; its line feed may follow. */
  #returned = false;

  /** Something was typed. */
  type(bytes: Uint8Array): void {
    for (const key of keysOf(bytes)) {
      if (key[0] === INTERRUPT) this.#forget();
      else if (this.#waitingBytes + key.length > MAX_BYTES || !isKey(key)) {
        this.#forget();
        this.#spoilt = true;
      } else {
        this.#waiting.push(key);
        this.#waitingBytes += key.length;
      }
    }
    this.#settle();
  }

  /** The terminal put something out. @returns the lines that it confirms, with their Enter. */
  show(output: Uint8Array): Buffer[] {
    const lines: Buffer[] = [];
    for (const byte of output) {
      if (this.#returned && byte === LINE_FEED) {
        this.#returned = false;
        continue;
      }
      this.#returned = false;
      const expected = this.#waiting[0];
      if (expected === undefined) return lines;
      if (isEnter(expected) && (byte === RETURN || byte === LINE_FEED)) {
        this.#take();
        lines.push(Buffer.concat(this.#line));
        this.#startLine();
        this.#returned = byte === RETURN;
      } else if (expected[0] === byte) this.#take();
      else this.#spoil();
      this.#settle();
    }
    return lines;
  }

  /** Drops what belongs to a line that is not kept, and takes keys that echo nothing of their own. */
  #settle(): void {
    for (let key = this.#waiting[0]; key !== undefined; key = this.#waiting[0]) {
      if (this.#spoilt) {
        this.#shift();
        if (isEnter(key)) this.#startLine();
      } else if (!isEnter(key) && isDrawing(key)) this.#take();
      else return;
    }
  }

  #take(): void {
    const key = this.#shift();
    this.#line.push(key);
    this.#lineBytes += key.length;
    if (this.#lineBytes > MAX_BYTES) this.#spoil();
  }

  #shift(): Uint8Array {
    const key = this.#waiting.shift() ?? new Uint8Array();
    this.#waitingBytes -= key.length;
    return key;
  }

  #spoil(): void {
    this.#startLine();
    this.#spoilt = true;
  }

  #startLine(): void {
    this.#line = [];
    this.#lineBytes = 0;
    this.#spoilt = false;
  }

  #forget(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#startLine();
  }
}

/** One byte each; from an escape on the rest of what came together, as a key sends its sequence at once. */
function keysOf(bytes: Uint8Array): Uint8Array[] {
  const escape = bytes.indexOf(0x1b);
  const plain = escape === -1 ? bytes : bytes.subarray(0, escape);
  const keys = Array.from(plain, (byte) => Uint8Array.of(byte));
  if (escape !== -1) keys.push(Uint8Array.from(bytes.subarray(escape)));
  return keys;
}

function isKey(key: Uint8Array): boolean {
  return key.length === 1 || KEY_SEQUENCE.test(Buffer.from(key).toString('latin1'));
}

function isEnter(key: Uint8Array): boolean {
  return key.length === 1 && (key[0] === RETURN || key[0] === LINE_FEED);
}

function isDrawing(key: Uint8Array): boolean {
  const [first = 0] = key;
  return first < 0x20 || first === DELETE;
}
