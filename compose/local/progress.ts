import type { Log } from './requirements.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Where the steps are written; standard output, or a test's own. */
export interface Screen {
  isTTY?: boolean;
  write(text: string): unknown;
}

interface Spinner {
  /** Writes a line above it. */
  say(line: string): void;
  /** Takes it off the screen until its next frame. */
  clear(): void;
  stop(): void;
}

/** Numbered steps with the time each took; with a spinner at a terminal, one line each elsewhere. */
export class Progress {
  readonly #total: number;
  readonly #screen: Screen;
  #number = 0;
  #spinner: Spinner | null = null;

  constructor(total: number, screen: Screen = process.stdout) {
    this.#total = total;
    this.#screen = screen;
  }

  /** Runs one step; `work` may say what it is doing. */
  async step<T>(title: string, work: (log: Log) => Promise<T>): Promise<T> {
    this.#number += 1;
    const head = `[${this.#number}/${this.#total}] ${title}`;
    const started = performance.now();
    const spinner = this.#spin(head);
    this.#spinner = spinner;
    try {
      const result = await work((line) => spinner.say(line));
      spinner.stop();
      this.#screen.write(`${head} (${((performance.now() - started) / 1_000).toFixed(1)} s)\n`);
      return result;
    } catch (error) {
      spinner.stop();
      this.#screen.write(`${head} failed\n`);
      throw error;
    } finally {
      this.#spinner = null;
    }
  }

  /** Writes a line of its own. */
  say(line: string): void {
    this.#spinner?.clear();
    this.#screen.write(`${line}\n`);
  }

  #spin(head: string): Spinner {
    const screen = this.#screen;
    if (screen.isTTY !== true)
      return { say: (line) => screen.write(`      ${line}\n`), clear: () => {}, stop: () => {} };
    let frame = 0;
    const clear = '\r\u001B[2K';
    const draw = () => {
      screen.write(`${clear}${FRAMES[frame % FRAMES.length]} ${head}`);
      frame += 1;
    };
    draw();
    const timer = setInterval(draw, 100);
    return {
      say(line) {
        screen.write(`${clear}      ${line}\n`);
        draw();
      },
      clear: () => screen.write(clear),
      stop() {
        clearInterval(timer);
        screen.write(clear);
      },
    };
  }
}
