import type { RecordingFault, Verification } from '../../../contract/recordings.ts';
import { CODE, type CastEvent, CastError, type ChainLink, codeOf, parseEvent, parseHeader } from './cast-format.ts';
import { Chain, signedEndText, signedText } from './chain.ts';
import { fingerprintOf, isSignedBy } from './signing-key.ts';
import { type FileLine, splitLines } from './split-lines.ts';

export interface VerifyOptions {
  /** Public keys (32 bytes, base64) that may sign; null believes whoever signed, and says who it was. */
  readonly trusted: ReadonlySet<string> | null;
  /** The recording that it should be; left out, any. */
  readonly recordingId?: string;
  /** True when it is known to have ended: then one without an end was cut. */
  readonly ended?: boolean;
  /** Called for each link that is right; `behind` is the offset of the byte behind its line. */
  readonly onLink?: (place: { readonly link: ChainLink; readonly behind: number }) => void;
  /** Called for each event that is no link, before its link is checked; the line is good until it returns. */
  readonly onEvent?: (line: FileLine, code: string) => void;
}

type Sealed = Extract<CastEvent, { code: 'h' | 'e' }>;

const LINE_FEED = Buffer.from('\n');

/**
 * Follows the hash chain of a recording from its first byte to its last. Holds one line at a time, whatever the recording holds, and
 * answers for any bytes at all.
 * @throws what the stream throws.
 */
export async function verify(stream: AsyncIterable<Buffer>, options: VerifyOptions): Promise<Verification> {
  const check = new Check(options);
  try {
    for await (const line of splitLines(stream)) {
      check.take(line);
      if (check.fault !== null) break;
    }
  } catch (error) {
    if (!(error instanceof CastError)) throw error;
    check.fault ??= check.hasHeader ? 'changed' : 'not_a_recording';
  }
  return check.result();
}

class Check {
  readonly #options: VerifyOptions;
  readonly #chain = new Chain();
  readonly #signers = new Set<string>();
  #recordingId: string | null = null;
  #ended = false;
  #good = { links: 0, bytes: 0, output: 0, seconds: 0 };
  fault: RecordingFault | null = null;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  get hasHeader(): boolean {
    return this.#recordingId !== null;
  }

  /** @throws CastError for a line that is none. */
  take(line: FileLine): void {
    if (this.#ended) this.fault = 'continued';
    else if (this.#recordingId === null) this.#header(line);
    else if (line.whole) this.#event(line);
  }

  result(): Verification {
    if (this.fault === null && !this.#ended) {
      if (this.#recordingId === null) this.fault = 'not_a_recording';
      else if (this.#options.ended === true) this.fault = 'cut';
    }
    return {
      state: this.fault !== null ? 'broken' : this.#ended ? 'intact' : 'open',
      fault: this.fault,
      ...this.#good,
      signers: [...this.#signers].map(fingerprintOf),
    };
  }

  #header(line: FileLine): void {
    if (!line.whole) throw new CastError('a header that is cut');
    this.#recordingId = parseHeader(line.bytes).netpilot.recording;
    const { recordingId } = this.#options;
    if (recordingId !== undefined && recordingId !== this.#recordingId) this.fault = 'another_recording';
    this.#hash(line);
  }

  #event(line: FileLine): void {
    const code = codeOf(line.bytes);
    if (code === CODE.chain || code === CODE.end) {
      const event = parseEvent(line.bytes) as Sealed;
      const statement = event.code === CODE.end ? event.end : event.link;
      this.fault = this.#faultOf(event, statement, line);
      if (this.fault !== null) return;
      this.#signers.add(statement.key);
      this.#ended = event.code === CODE.end;
      const bytes = line.at + line.bytes.length + LINE_FEED.length;
      this.#good = { links: statement.n + 1, bytes, output: statement.out, seconds: event.seconds };
      this.#options.onLink?.({ link: statement, behind: bytes });
    } else this.#options.onEvent?.(line, code);
    this.#hash(line);
  }

  #faultOf(event: Sealed, statement: ChainLink, line: FileLine): RecordingFault | null {
    const expected = this.#chain.close();
    if (statement.n !== expected.n) return 'out_of_order';
    if (statement.hash !== expected.hash || statement.at !== line.at) return 'changed';
    if (this.#options.trusted?.has(statement.key) === false) return 'wrong_key';
    const milliseconds = Math.round(event.seconds * 1_000);
    const id = this.#recordingId ?? '';
    const text =
      event.code === CODE.end ? signedEndText(id, milliseconds, event.end) : signedText(id, milliseconds, event.link);
    return isSignedBy(statement.key, text, statement.sig) ? null : 'forged';
  }

  #hash(line: FileLine): void {
    this.#chain.update(line.bytes);
    this.#chain.update(LINE_FEED);
  }
}
