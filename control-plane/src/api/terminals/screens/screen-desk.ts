import type { TerminalSize } from '../../../../contract/sessions.ts';
import type { FromScreens, ToScreens } from './messages.ts';
import { ScreenModel } from './screen-model.ts';

/** Cells of all models that are awake, about twelve bytes each; the one that was used longest ago falls asleep. */
const MOST_CELLS_AWAKE = 16_000_000;
/** Bytes of all models that sleep; past it the oldest is forgotten. */
const MOST_BYTES_ASLEEP = 67_108_864;

type Entry = { readonly model: ScreenModel } | { readonly asleep: Uint8Array; readonly size: TerminalSize };

/** Keeps a model of each terminal that it is told of, asleep as bytes when there are many. */
export class ScreenDesk {
  readonly #answer: (message: FromScreens) => void;
  /** In the order of use, oldest first. */
  readonly #entries = new Map<number, Entry>();

  constructor(answer: (message: FromScreens) => void) {
    this.#answer = answer;
  }

  /** Takes a message. Never throws: a model that fails is told as lost. */
  take(message: ToScreens): void {
    try {
      this.#handle(message);
    } catch {
      this.#forget(message.id);
      this.#answer({ type: 'lost', id: message.id, failed: true });
    }
  }

  #handle(message: ToScreens): void {
    const { id } = message;
    if (message.type === 'close') return this.#forget(id);
    if (message.type === 'open') {
      this.#forget(id);
      this.#entries.set(id, { model: new ScreenModel(message) });
      return this.#makeRoom();
    }
    const model = this.#wake(id);
    // Closed or lost while the message was on its way.
    if (model === null) return;
    switch (message.type) {
      case 'output':
        model.output(message.bytes);
        return this.#answer({ type: 'reached', id, length: message.bytes.length, title: model.title, ran: model.ran });
      case 'leap': {
        const length = model.leap(message.bytes) ? message.skipped + message.bytes.length : 0;
        return this.#answer({ type: 'leapt', id, length, title: model.title, ran: model.ran });
      }
      case 'resize':
        return model.resize(message);
      case 'screen':
        return this.#answer({ type: 'screen', id, ...model.size, state: new Uint8Array(model.state()) });
    }
  }

  #wake(id: number): ScreenModel | null {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    this.#entries.delete(id);
    if ('model' in entry) {
      this.#entries.set(id, entry);
      return entry.model;
    }
    const model = new ScreenModel(entry.size);
    model.output(entry.asleep);
    this.#entries.set(id, { model });
    this.#makeRoom();
    return model;
  }

  #makeRoom(): void {
    let cells = 0;
    let bytes = 0;
    for (const [id, entry] of [...this.#entries].toReversed()) {
      if ('model' in entry) {
        cells += entry.model.cells;
        if (cells <= MOST_CELLS_AWAKE) continue;
        const { model } = entry;
        const asleep = model.state();
        model.dispose();
        bytes += asleep.length;
        // Its place in the order of use stays.
        this.#entries.set(id, { asleep, size: model.size });
      } else bytes += entry.asleep.length;
      if (bytes <= MOST_BYTES_ASLEEP) continue;
      this.#forget(id);
      this.#answer({ type: 'lost', id, failed: false });
    }
  }

  #forget(id: number): void {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    if (entry !== undefined && 'model' in entry) entry.model.dispose();
  }
}
