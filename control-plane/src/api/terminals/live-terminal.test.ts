import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { WebSocket } from 'ws';
import {
  INPUT_WINDOW,
  OUTPUT_WINDOW,
  type TerminalFrame,
  decodeFrame,
  encodeFrame,
} from '../../../contract/terminal-frames.ts';
import { runs } from '../../../test/properties.ts';
import type { Actor } from '../access/actor.ts';
import type { Attachment, AttachmentListener } from '../sandbox-link/attachment.ts';
import { FakeRecordings } from './fake-recordings.ts';
import { DRIVER_AHEAD, RECENT_BYTES } from './live-terminal.ts';
import { Screens } from './screens/screens.ts';
import { startScreensHere } from './screens/screen-thread-here.ts';
import { type AttachRequest, SessionTerminals } from './session-terminals.ts';

jest.setTimeout(60_000);

const silent = { warn: () => {}, error: () => {} };
const SESSION = '5e551000-0000-4000-8000-000000000000';
/** What the agent keeps of a terminal (its ring), in bytes. */
const RING = 2_097_152;

/** What asks a terminal to answer, to copy, to open, or to choke. */
const HOSTILE = [
  '\u001b[c\u001b[>c\u001b[=c\u001b[5n\u001b[6n\u001b[?6n\u001b[21t\u001b[18t\u001b[x',
  '\u001bP$qm\u001b\\\u001bP+q544e\u001b\\\u001b]4;1;?\u0007\u001b]10;?\u0007\u001b]52;c;cm0gLXJm\u0007\u001b]52;c;?\u0007',
  '\u001b]8;;javascript:alert(1)\u0007link\u001b]8;;\u0007\u001b]8;;file:///etc/passwd\u0007link\u001b]8;;\u0007',
  `\u001b]0;${'\u202ereboot\u0000'.repeat(50)}\u0007\u001b]0;${'x'.repeat(5_000)}\u0007`,
  '\u001b[999999999;999999999H\u001b[1J\u001b[99999999999999999999@\u001b[2147483648b\u001b[?1049h\u001b[999;999H\u001b[1J',
  `e${'\u0301'.repeat(2_000)}\u00ff\u00fe\u001b[?1049l\u001b[!p\u001bc`,
  '\u001b[?2026h\u001b[38;2;1;2;3;4;5;6;7m\u009b1;1H\u0090q\u009c\u001b_Ga=T\u001b\\\u001b^pm\u001b\\',
];

/** An agent with one terminal: a program whose output says where it is, a ring that holds what is not acknowledged, as the real one has. */
class CountingAgent {
  readonly up = true;
  /** What it writes again and again instead. */
  program: Buffer | null = null;
  /** Bytes the program has written. */
  said = 0;
  acked = 0;
  readonly typed: Buffer[] = [];
  readonly sizes: string[] = [];
  /** What it tells of its terminal. */
  size = { cols: 80, rows: 24 };
  #attached: { listener: AttachmentListener; sent: number; taken: number } | null = null;

  static byte(at: number): number {
    // Lines of text that differ, as what people look at does.
    const column = at % 80;
    if (column >= 78) return column === 78 ? 0x0d : 0x0a;
    return 0x20 + ((at * 31 + (at >> 8) * 7 + (at >> 16)) % 95);
  }

  static bytes(from: number, to: number): Buffer {
    const bytes = Buffer.allocUnsafe(to - from);
    for (let at = from; at < to; at += 1) bytes[at - from] = CountingAgent.byte(at);
    return bytes;
  }

  async listTerminals() {
    const state = { title: 'Terminal 1', createdAt: new Date(0).toISOString(), attached: false, exit: null };
    return [{ id: 1, ...this.size, ...state, offset: this.said }];
  }

  attach(_id: number, offset: number | null, listener: AttachmentListener): Attachment {
    const from = offset ?? 0;
    if (from < this.acked || from > this.said) throw new Error(`asked for ${from}, kept ${this.acked} to ${this.said}`);
    this.acked = from;
    const attached = { listener, sent: from, taken: 0 };
    this.#attached = attached;
    const tell = (frame: TerminalFrame) => {
      if (this.#attached === attached) listener.frame(Buffer.from(encodeFrame(frame)));
    };
    queueMicrotask(() => {
      tell({ type: 'attached', value: { offset: from, truncated: false, cols: 80, rows: 24 } });
      this.#pump();
    });
    return {
      write: (bytes) => {
        const frame = decodeFrame(bytes);
        if (frame.type === 'ack') {
          this.acked = frame.offset;
          queueMicrotask(() => this.#pump());
        } else if (frame.type === 'resize') this.sizes.push(`${frame.cols}x${frame.rows}`);
        else if (frame.type === 'input') {
          this.typed.push(Buffer.from(frame.bytes));
          attached.taken += frame.bytes.length;
          queueMicrotask(() => tell({ type: 'taken', total: attached.taken }));
        }
        return true;
      },
      pause: () => {},
      resume: () => {},
      close: () => {
        if (this.#attached === attached) this.#attached = null;
      },
    };
  }

  #written(from: number, to: number): Buffer {
    const { program } = this;
    if (program === null) return CountingAgent.bytes(from, to);
    return Buffer.from(
      Uint8Array.from({ length: to - from }, (_, index) => program[(from + index) % program.length] ?? 0),
    );
  }

  /** The program writes as much of `bytes` as there is room for. @returns whether it has to wait. */
  say(bytes: number): boolean {
    const room = Math.max(0, RING - (this.said - this.acked));
    this.said += Math.min(bytes, room);
    this.#pump();
    return bytes > room;
  }

  exit(): void {
    const value = { code: 0, signal: null, reason: 'exited' } as const;
    this.#attached?.listener.frame(Buffer.from(encodeFrame({ type: 'exit', value })));
  }

  /** The link to the api breaks. */
  cut(): void {
    const attached = this.#attached;
    this.#attached = null;
    attached?.listener.end({ type: 'broken', error: new Error('cut') });
  }

  #pump(): void {
    const attached = this.#attached;
    if (attached === null) return;
    while (attached === this.#attached) {
      const to = Math.min(this.said, this.acked + OUTPUT_WINDOW, attached.sent + 65_536);
      if (to <= attached.sent) return;
      const from = attached.sent;
      attached.sent = to;
      const frame = encodeFrame({ type: 'output', offset: from, bytes: this.#written(from, to) });
      attached.listener.frame(Buffer.from(frame));
    }
  }
}

/** A browser: parses what it gets when it reads, and may go away at any moment. */
class Page extends EventEmitter {
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readyState = 1;
  isPaused = false;
  bufferedAmount = 0;
  reads = true;
  /** Offset behind what it has parsed; null before it was attached. */
  offset: number | null = null;
  code: number | null = null;
  readonly others: TerminalFrame[] = [];
  screens = 0;
  /** First byte that was not the one that was due. */
  wrong: string | null = null;
  #unparsed: Buffer[] = [];

  send(frame: Uint8Array, sent?: () => void): void {
    this.#unparsed.push(Buffer.from(frame));
    if (this.reads) this.read();
    if (sent) setImmediate(sent);
  }

  /** Parses all that is there, and acknowledges. */
  read(): void {
    for (const bytes of this.#unparsed.splice(0)) {
      const frame = decodeFrame(bytes);
      if (frame.type === 'attached') {
        if (frame.value.screen === undefined && this.offset !== null && frame.value.offset !== this.offset) {
          this.wrong ??= `attached at ${frame.value.offset}, expected ${this.offset}`;
        }
        if (frame.value.screen !== undefined) this.screens += 1;
        this.offset = frame.value.offset;
      } else if (frame.type === 'output') this.#output(frame.offset, frame.bytes);
      if (frame.type !== 'output') this.others.push(frame);
    }
    const offset = this.offset;
    if (offset !== null) queueMicrotask(() => this.say({ type: 'ack', offset }));
  }

  get unparsed(): number {
    return this.#unparsed.reduce((sum, frame) => sum + frame.length, 0);
  }

  say(frame: TerminalFrame): void {
    if (this.readyState === 1) this.emit('message', Buffer.from(encodeFrame(frame)), true);
  }

  get role(): string | undefined {
    return this.others.flatMap((frame) => (frame.type === 'status' ? [frame.value.role] : [])).at(-1);
  }

  pause(): void {}
  resume(): void {}

  close(code: number): void {
    this.code ??= code;
    this.readyState = 3;
    this.emit('close');
  }

  terminate(): void {
    this.close(1006);
  }

  #output(offset: number, bytes: Uint8Array): void {
    if (offset !== this.offset) this.wrong ??= `output at ${offset}, expected ${this.offset}`;
    for (let at = 0; at < bytes.length; at += 1) {
      if (bytes[at] !== CountingAgent.byte(offset + at)) this.wrong ??= `a wrong byte at ${offset + at}`;
    }
    this.offset = offset + bytes.length;
  }
}

const person = (name: string): Actor => ({
  userId: name,
  name,
  email: null,
  loginSessionId: name,
  platformAdministrator: false,
  memberships: [],
});

/** An api process: dies with everything it knew, while recordings and agent live on. */
class Process {
  readonly terminals: SessionTerminals;
  readonly screens = new Screens(startScreensHere, silent);
  typed = 0;
  held = false;
  readonly took: string[] = [];

  constructor(recordings: FakeRecordings, agent: CountingAgent, detachedAhead = 67_108_864) {
    this.terminals = new SessionTerminals({
      identity: {
        id: SESSION,
        organisationId: SESSION,
        routerId: null,
        routerName: 'router',
        userId: 'alice',
        userName: 'alice',
        loginSessionId: null,
        createdAt: 0,
      },
      imageDigest: () => null,
      services: {
        recordings,
        screens: this.screens,
        detachedAhead,
        events: { tookOver: (_session, _id, by, from) => this.took.push(`${by.name}<${from.name}`) },
        log: silent,
      },
      held: () => this.held,
      onInput: () => (this.typed += 1),
    });
    this.terminals.linked(agent as never);
  }

  join(
    page: Page,
    change: Partial<AttachRequest['identity']> & { offset?: number; replay?: number; follow?: boolean } = {},
  ) {
    const { offset = 0, replay = Number.MAX_SAFE_INTEGER, follow = false, ...identity } = change;
    this.terminals.attach(1, {
      socket: page as unknown as WebSocket,
      identity: { actor: person('alice'), access: 'own', agent: null, page: null, ...identity },
      resumption: { offset, replay },
      wantsToDrive: !follow,
    });
  }

  /** SIGKILL: nothing is said to anybody, nothing pending is written. */
  async kill(): Promise<void> {
    await this.terminals.close();
    this.screens.close();
  }
}

const settle = async (turns = 6) => {
  for (let round = 0; round < turns; round += 1) await turn();
};

describe('one terminal', () => {
  const processes: Process[] = [];
  const begin = async (detachedAhead?: number) => {
    const recordings = new FakeRecordings();
    const agent = new CountingAgent();
    const api = new Process(recordings, agent, detachedAhead);
    processes.push(api);
    await settle();
    return { recordings, agent, api };
  };
  afterEach(async () => {
    for (const api of processes.splice(0)) await api.kill();
  });

  test('over a thousand cuts gives each byte exactly once', async () => {
    // Cuts of the page and of the link, killed processes, readers that fall asleep, pages that come from elsewhere.
    const step = fc.record({
      said: fc.integer({ min: 0, max: 40_000 }),
      event: fc.constantFrom('drop', 'drop', 'replace', 'replace', 'link', 'kill', 'sleep', 'wake', 'late'),
    });
    let cuts = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 60 }), async (steps) => {
        const { recordings, agent, api } = await begin();
        let process = api;
        let page = new Page();
        process.join(page, { page: 'a' });
        const come = async (from: Page, name: string) => {
          page = new Page();
          page.offset = from.offset;
          process.join(page, { page: name, offset: from.offset ?? 0 });
          await settle(3);
        };
        for (const { said, event } of steps) {
          agent.say(said);
          if (event !== 'sleep') await settle(2);
          const before = page;
          if (event === 'sleep') page.reads = false;
          else if (event === 'wake') {
            page.reads = true;
            page.read();
          } else if (event === 'link') agent.cut();
          else if (event === 'late') process.terminals.notice({ kind: 'warning', text: 'soon' });
          else if (event === 'kill') {
            await process.kill();
            process = new Process(recordings, agent);
            processes.push(process);
            await settle(8);
            await come(before, 'a');
          } else {
            if (event === 'drop') before.close(1006);
            await come(before, event === 'drop' ? 'a' : `b${cuts}`);
            before.close(1006);
          }
          if (event !== 'sleep' && event !== 'wake' && event !== 'late') cuts += 1;
          expect(before.wrong).toBeNull();
        }
        if (page.readyState !== 1) await come(page, 'a');
        page.reads = true;
        for (let round = 0; round < 400 && page.offset !== agent.said; round += 1) {
          page.read();
          if (round % 40 === 39) await new Promise((resolve) => setTimeout(resolve, 60));
          await settle(2);
        }
        expect([page.wrong, page.offset]).toEqual([null, agent.said]);
        const recorded = recordings.of(SESSION, 1)?.bytes ?? Buffer.alloc(0);
        expect(recorded.equals(CountingAgent.bytes(0, agent.said))).toBe(true);
        for (const one of processes.splice(0)) await one.kill();
      }),
      { numRuns: runs(32) },
    );
    expect(cuts).toBeGreaterThan(1_000);
  });

  test('shows nothing that is not recorded, and accepts nothing while nothing is', async () => {
    const { recordings, agent, api } = await begin();
    const page = new Page();
    api.join(page);
    await settle();
    recordings.setTrouble('disk_full');
    agent.say(3_000_000);
    page.say({ type: 'input', bytes: Buffer.from('rm') });
    await settle();
    expect([page.offset, agent.typed]).toEqual([0, []]);
    expect(page.others.at(-1)).toMatchObject({ type: 'status', value: { trouble: 'disk_full' } });
    // What waits is bounded by the agent's window.
    expect(recordings.of(SESSION, 1)?.mostPending).toBeLessThanOrEqual(OUTPUT_WINDOW);
    recordings.setTrouble(null);
    await settle(40);
    expect([page.wrong, page.offset]).toEqual([null, agent.said]);
    page.say({ type: 'input', bytes: Buffer.from('ls') });
    expect(Buffer.concat(agent.typed).toString()).toBe('ls');
  });

  test('that cannot be recorded at all waits, and says why', async () => {
    const recordings = new FakeRecordings();
    recordings.setTrouble('not_permitted');
    const agent = new CountingAgent();
    agent.said = 10;
    const api = new Process(recordings, agent);
    processes.push(api);
    await settle();
    const page = new Page();
    api.join(page);
    await settle();
    expect(page.others).toMatchObject([{ type: 'status', value: { trouble: 'not_permitted' } }]);
    recordings.setTrouble(null);
    for (let round = 0; round < 200 && page.offset !== 10; round += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(page.offset).toBe(10);
  });

  test('runs only a bound ahead of a driver that does not read', async () => {
    const { agent, api } = await begin();
    const page = new Page();
    api.join(page);
    await settle();
    page.reads = false;
    for (let round = 0; round < 200; round += 1) {
      agent.say(100_000);
      await settle(1);
    }
    // What the page, the api's memory and the agent's ring hold, and nothing beyond.
    expect(page.unparsed).toBeLessThanOrEqual(OUTPUT_WINDOW + 100_000);
    expect(agent.acked).toBeLessThanOrEqual(DRIVER_AHEAD);
    expect(agent.said).toBeLessThanOrEqual(DRIVER_AHEAD + RING);
    page.reads = true;
    for (let round = 0; round < 100; round += 1) {
      page.read();
      await settle(1);
    }
    expect([page.wrong, page.offset]).toEqual([null, agent.said]);
  });

  test('runs on while nobody drives, up to its bound, and keeps little in memory', async () => {
    const { agent, api } = await begin(5_000_000);
    for (let round = 0; round < 100; round += 1) {
      agent.say(200_000);
      await settle(1);
    }
    expect(agent.said).toBeGreaterThan(5_000_000);
    expect(agent.said).toBeLessThanOrEqual(5_000_000 + RING);
    const page = new Page();
    api.join(page, { replay: 1_000_000 });
    for (let round = 0; round < 50 && page.offset === null; round += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(page.screens).toBe(1);
    agent.say(1_000);
    await settle();
    expect([page.wrong, page.offset]).toEqual([null, agent.said]);
  });

  test('goes on whatever those do who follow; one that lags comes back to the screen of now', async () => {
    const { agent, api } = await begin();
    const driver = new Page();
    api.join(driver);
    const asleep = new Page();
    api.join(asleep, { actor: person('bob'), access: 'watch' });
    await settle();
    asleep.reads = false;
    for (let round = 0; round < 100; round += 1) {
      agent.say(60_000);
      await settle(2);
    }
    expect([driver.wrong, driver.offset]).toEqual([null, 6_000_000]);
    expect(asleep.unparsed).toBeLessThanOrEqual(OUTPUT_WINDOW + 100_000);
    asleep.reads = true;
    for (let round = 0; round < 100 && asleep.offset !== agent.said; round += 1) {
      asleep.read();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect([asleep.wrong, asleep.offset, asleep.screens]).toEqual([null, agent.said, 1]);
    expect(RECENT_BYTES).toBeLessThanOrEqual(OUTPUT_WINDOW + DRIVER_AHEAD);
  });

  test('has one driver; the others’ input and size count for nothing', async () => {
    const { recordings, agent, api } = await begin();
    const [first, second, watcher] = [new Page(), new Page(), new Page()];
    api.join(first);
    api.join(second);
    api.join(watcher, { actor: person('admin'), access: 'watch' });
    await settle();
    expect([first.role, second.role, watcher.role]).toEqual(['driver', 'follower', 'watcher']);
    second.say({ type: 'input', bytes: Buffer.from('no') });
    second.say({ type: 'resize', cols: 10, rows: 10 });
    watcher.say({ type: 'takeOver' });
    watcher.say({ type: 'input', bytes: Buffer.from('never') });
    agent.say(10);
    first.say({ type: 'resize', cols: 100, rows: 30 });
    first.say({ type: 'input', bytes: Buffer.from('yes') });
    await settle();
    expect([Buffer.concat(agent.typed).toString(), agent.sizes.at(-1)]).toEqual(['yes', '100x30']);
    expect(second.others).toContainEqual({ type: 'taken', total: 2 });
    expect(second.others).toContainEqual({ type: 'resized', cols: 100, rows: 30 });
    expect(watcher.code).toBeNull();

    second.say({ type: 'takeOver' });
    first.say({ type: 'input', bytes: Buffer.from('late') });
    second.say({ type: 'input', bytes: Buffer.from('!') });
    await settle();
    expect([first.role, second.role]).toEqual(['follower', 'driver']);
    expect(Buffer.concat(agent.typed).toString()).toBe('yes!');
    expect(api.took).toEqual(['alice<alice']);
    expect(recordings.of(SESSION, 1)?.markers).toEqual(['alice took over']);
    api.held = true;
    second.say({ type: 'input', bytes: Buffer.from('held') });
    expect(Buffer.concat(agent.typed).toString()).toBe('yes!');
  });

  test('that was resized shows the same screen to who joins after a restart', async () => {
    const { recordings, agent, api } = await begin();
    const [driver, before, after] = [new Page(), new Page(), new Page()];
    api.join(driver);
    await settle();
    for (const [cols, rows] of [
      [60, 20],
      [33, 9],
      [120, 30],
    ] as const) {
      agent.say(5_000);
      await settle();
      driver.say({ type: 'resize', cols, rows });
      agent.size = { cols, rows };
    }
    agent.say(500);
    await settle();
    const shown = async (process: Process, page: Page) => {
      process.join(page, { actor: person('bob'), access: 'watch', replay: 0 });
      for (let round = 0; round < 100 && page.screens === 0; round += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      await settle();
      return page.others.filter(({ type }) => type === 'attached' || type === 'screen');
    };
    const expected = await shown(api, before);
    await api.kill();
    const next = new Process(recordings, agent);
    processes.push(next);
    await settle();
    expect(await shown(next, after)).toEqual(expected);
    expect(expected).toHaveLength(2);
    expect(expected[0]).toMatchObject({ value: { offset: 15_500, cols: 120, rows: 30 } });
  });

  test('answers nobody, whatever the output asks; what it says next is shown', async () => {
    const { agent, api } = await begin();
    agent.program = Buffer.from(HOSTILE.join(''));
    const page = new Page();
    api.join(page, { follow: true });
    agent.say(agent.program.length * 3);
    await settle(20);
    const joined = new Page();
    api.join(joined, { follow: true, replay: 0 });
    for (let round = 0; round < 100 && joined.offset === null; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect([joined.screens, joined.offset]).toEqual([1, agent.said]);
    expect(agent.typed).toEqual([]);
    const [listed] = api.terminals.list();
    expect(listed?.title).toMatch(/^[^\p{Cc}\p{Cf}]{0,100}$/u);
  });

  test('cuts off who types past the window, acknowledges what was never sent, or sends what is no frame', async () => {
    const { agent, api } = await begin();
    const bad: ((page: Page) => void)[] = [
      (page) => page.say({ type: 'ack', offset: 1_000_000 }),
      (page) => page.emit('message', Buffer.from('text'), false),
      (page) => page.emit('message', Buffer.alloc(0), true),
      (page) => page.say({ type: 'output', offset: 0, bytes: Buffer.from('x') }),
      (page) => {
        agent.cut();
        for (let sent = 0; sent <= INPUT_WINDOW; sent += 65_536)
          page.say({ type: 'input', bytes: Buffer.alloc(65_536) });
      },
    ];
    for (const attack of bad) {
      const page = new Page();
      api.join(page);
      await settle();
      attack(page);
      expect(page.code).toBe(4400);
    }
  });

  test('ends its pages behind the last byte, and its recording with it', async () => {
    const { recordings, agent, api } = await begin();
    const page = new Page();
    api.join(page);
    await settle();
    agent.say(500_000);
    agent.exit();
    await settle(20);
    expect([page.wrong, page.offset, page.code]).toEqual([null, 500_000, 1000]);
    expect(page.others.at(-1)).toMatchObject({ type: 'exit', value: { code: 0 } });
    expect(recordings.of(SESSION, 1)).toMatchObject({ ended: true, exit: { code: 0 } });
    // Its screen is there to be read until it is closed.
    const later = new Page();
    api.join(later, { replay: 0 });
    for (let round = 0; round < 50 && later.code === null; round += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect([later.screens, later.code]).toEqual([1, 1000]);
  });
});
