import type { TerminalExit } from '../../../contract/terminal-frames.ts';
import { CODE, type ChainLink, type RecordingEnd, eventLine } from './cast-format.ts';
import { signedEndText, signedText } from './chain.ts';
import { EchoedInput } from './echoed-input.ts';
import type { LineBuffer } from './line-buffer.ts';
import { OutputEvents } from './output-events.ts';
import type { RecordingPosition } from './recording-position.ts';
import type { SigningKey } from './signing-key.ts';

/** Bytes of the file between two links of the chain at most (and the output that is under way). */
const LINK_BYTES = 524_288;

/**
 * Makes the lines of one recording of what happens in its terminal, in order, chained and signed. It writes nothing: what it has made counts as
 * part of the file from then on.
 */
export class RecordingEncoder {
  readonly #position: RecordingPosition;
  readonly #key: SigningKey;
  readonly #startedAt: number;
  readonly #output = new OutputEvents();
  readonly #input: EchoedInput | null;
  #size: number;
  #outputEnd: number;
  #milliseconds: number;
  #unsealed: number;

  constructor(position: RecordingPosition, key: SigningKey) {
    const { header, size, output, milliseconds, unsealed } = position;
    this.#position = position;
    this.#key = key;
    this.#startedAt = header.timestamp * 1_000;
    this.#input = header.netpilot.input ? new EchoedInput() : null;
    this.#size = size;
    this.#outputEnd = output;
    this.#milliseconds = milliseconds;
    this.#unsealed = unsealed;
  }

  /** Bytes of the file behind the last line. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of output behind the last line. */
  get outputEnd(): number {
    return this.#outputEnd;
  }

  /** Whether lines stand behind the last link. */
  get unsealed(): boolean {
    return this.#unsealed > 0;
  }

  /** What was typed; kept only if the terminal echoes it. */
  type(bytes: Uint8Array): void {
    this.#input?.type(bytes);
  }

  output(bytes: Uint8Array, lines: LineBuffer): void {
    const now = this.#now();
    const from = lines.length;
    this.#position.index.add({ output: this.#outputEnd, at: this.#size });
    this.#output.encode(bytes, now, lines);
    this.#outputEnd += bytes.length;
    this.#noted(lines.from(from));
    for (const typed of this.#input?.show(bytes) ?? []) {
      this.#put(eventLine(now, CODE.input, typed.toString('utf8')), lines);
    }
    this.#sealWhenLong(lines);
  }

  event(code: string, data: string, lines: LineBuffer): void {
    this.#put(eventLine(this.#now(), code, data), lines);
    this.#sealWhenLong(lines);
  }

  /** Puts a link of the chain over all that came before it. */
  seal(lines: LineBuffer): void {
    const statement = this.#state();
    const milliseconds = this.#now();
    const sig = this.#key.sign(signedText(this.#id, milliseconds, statement));
    this.#put(eventLine(milliseconds, CODE.chain, { ...statement, sig }), lines);
    this.#unsealed = 0;
  }

  /** Puts the last line, which is a link too. */
  end(exit: TerminalExit | null, lines: LineBuffer): ChainLink {
    const statement = { ...this.#state(), exit };
    const milliseconds = this.#now();
    const sig = this.#key.sign(signedEndText(this.#id, milliseconds, statement));
    const end: RecordingEnd = { ...statement, sig };
    this.#put(eventLine(milliseconds, CODE.end, end), lines);
    this.#unsealed = 0;
    return end;
  }

  get #id(): string {
    return this.#position.header.netpilot.recording;
  }

  #sealWhenLong(lines: LineBuffer): void {
    if (this.#unsealed >= LINK_BYTES) this.seal(lines);
  }

  #put(line: Buffer, lines: LineBuffer): void {
    lines.put(line);
    this.#noted(line);
  }

  /** Lines are part of the chain now. */
  #noted(bytes: Buffer): void {
    this.#position.chain.update(bytes);
    this.#size += bytes.length;
    this.#unsealed += bytes.length;
  }

  /** Closes the link of the chain over all that is encoded. */
  #state() {
    const { n, hash } = this.#position.chain.close();
    return { n, out: this.#outputEnd, at: this.#size, hash, key: this.#key.publicKey };
  }

  /** Milliseconds since the start; a clock that is set back stands still. */
  #now(): number {
    this.#milliseconds = Math.max(this.#milliseconds, Math.round(Date.now() - this.#startedAt));
    return this.#milliseconds;
  }
}
