import type { TerminalSize } from '../../../contract/sessions.ts';
import { CODE, parseEvent, parseSize } from './cast-format.ts';
import type { OutputPlace } from './output-index.ts';
import { recordedOutput } from './recorded-output.ts';
import type { RecordingFile } from './recording-file.ts';
import { MOST_CHANGES, SizeHistory } from './size-history.ts';
import type { FileLine } from './split-lines.ts';

interface Resize extends TerminalSize {
  /** Bytes of the file before its line. */
  readonly at: number;
  /** Behind the link before it. */
  readonly link: OutputPlace;
}

/**
 * The sizes that a recording knows, collected while its chain is followed. Links say how much output is before them and events do not, so the
 * output of only those links is counted in which a size stands. As bounded as what it gives.
 */
export class RecordedSizes {
  readonly #resizes: Resize[] = [];
  #link: OutputPlace = { output: 0, at: 0 };

  /** An event behind the last link. What is no size is left out. */
  event({ bytes, at }: FileLine, code: string): void {
    const size = code === CODE.resize ? sizeIn(bytes) : null;
    if (size === null) return;
    this.#resizes.push({ ...size, at, link: this.#link });
    if (this.#resizes.length > MOST_CHANGES) this.#resizes.shift();
  }

  /** A link that is right. @param behind the place behind its line */
  link(behind: OutputPlace): void {
    this.#link = behind;
  }

  /** @param first at the start of the output. @returns the sizes up to the last link. */
  async read(file: Pick<RecordingFile, 'stream'>, first: TerminalSize): Promise<SizeHistory> {
    const sizes = new SizeHistory({ offset: 0, ...first });
    let place: OutputPlace = { output: 0, at: 0 };
    for (const { at, link, cols, rows } of this.#resizes.filter((resize) => resize.at < this.#link.at)) {
      // Behind the same link as the one before: from there.
      const from = link.at > place.at ? link : place;
      let offset = from.output;
      for await (const { bytes } of recordedOutput(file.stream(from.at, at), from)) offset += bytes.length;
      sizes.add({ offset, cols, rows });
      place = { output: offset, at };
    }
    return sizes;
  }
}

function sizeIn(line: Buffer): TerminalSize | null {
  try {
    const event = parseEvent(line);
    return event.code === CODE.resize ? parseSize(event.text) : null;
  } catch {
    return null;
  }
}
