import type {
  RecordingMarker,
  RecordingMarkers,
  RecordingMatch,
  RecordingMatches,
} from '../../../contract/recordings.ts';
import { CODE, type CastEvent, CastError, type CastHeader, codeOf, parseEvent, parseSize } from './cast-format.ts';
import { type PlainLine, PlainLines } from './plain-lines.ts';
import { splitLines } from './split-lines.ts';

const MAX_MATCHES = 200;
const MAX_MARKERS = 500;
/** Characters kept around a match, and of a label. */
const EXCERPT = 300;
const MAX_LABEL = 120;

/** A prompt of a shell (`root@OpenWrt:~# `) or of RouterOS (`[admin@MikroTik] /ip> `), and what was typed behind it. */
const PROMPTS = [
  /^[\w.-]{1,64}@[\w.-]{1,64}:[^#$]{0,200}[#$] (?<command>\S.*)$/u,
  /^\[[\w.-]{1,64}@[^\]]{1,64}\] [^>]{0,100}> ?(?<command>\S.*)$/u,
];

type Shown = Extract<CastEvent, { code: 'o' | 'i' | 'r' | 'm' }>;

/**
 * What a player shows of a recording: output, sizes, markers, and typed lines. Lines that are not what they should be are left out, so
 * that a recording that was tampered with plays as far as it goes; whether it is intact is the verification's to say.
 */
async function* shownEvents(stream: AsyncIterable<Buffer>): AsyncGenerator<Shown> {
  try {
    let isFirst = true;
    for await (const line of splitLines(stream)) {
      if (!isFirst && line.whole) {
        const event = shownEvent(line.bytes);
        if (event !== null) yield event;
      }
      isFirst = false;
    }
  } catch (error) {
    // A line without an end: what is behind it is not shown.
    if (!(error instanceof CastError)) throw error;
  }
}

function shownEvent(line: Buffer): Shown | null {
  const code = codeOf(line);
  if (code !== CODE.output && code !== CODE.input && code !== CODE.resize && code !== CODE.marker) return null;
  try {
    const event = parseEvent(line) as Shown;
    return event.code === CODE.resize && parseSize(event.text) === null ? null : event;
  } catch {
    return null;
  }
}

/** The recording as an asciicast v2 for a player: only what players know, each line made anew. */
export async function* playable(header: CastHeader, stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { version, width, height, timestamp, title, env } = header;
  yield Buffer.from(`${JSON.stringify({ version, width, height, timestamp, title, env })}\n`);
  for await (const { seconds, code, text } of shownEvents(stream)) {
    if (code === CODE.output && text === '') continue;
    yield Buffer.from(`${JSON.stringify([seconds, code, text])}\n`);
  }
}

/** Finds text in the output, without regard to case. */
export async function findText(stream: AsyncIterable<Buffer>, text: string): Promise<RecordingMatches> {
  const wanted = text.toLowerCase();
  const items: RecordingMatch[] = [];
  for await (const line of plainLines(stream)) {
    const at = line.text.toLowerCase().indexOf(wanted);
    if (at === -1) continue;
    if (items.length === MAX_MATCHES) return { items, complete: false };
    const from = Math.max(0, at - EXCERPT / 2);
    items.push({ seconds: line.seconds, line: line.text.slice(from, from + EXCERPT) });
  }
  return { items, complete: true };
}

/** Places to jump to: sizes, notes of the bastion's, and commands behind prompts that are recognised. */
export async function findMarkers(stream: AsyncIterable<Buffer>): Promise<RecordingMarkers> {
  const items: RecordingMarker[] = [];
  const lines = new PlainLines();
  for await (const event of shownEvents(stream)) {
    if (event.code === CODE.output) items.push(...lines.push(event.text, event.seconds).flatMap(commandIn));
    else if (event.code === CODE.resize) items.push({ seconds: event.seconds, kind: 'resize', label: event.text });
    else if (event.code === CODE.marker) {
      items.push({ seconds: event.seconds, kind: 'note', label: event.text.slice(0, MAX_LABEL) });
    }
    if (items.length > MAX_MARKERS) return { items: items.slice(0, MAX_MARKERS), complete: false };
  }
  return { items, complete: true };
}

function commandIn({ seconds, text }: PlainLine): RecordingMarker[] {
  for (const prompt of PROMPTS) {
    const command = prompt.exec(text)?.groups?.['command'];
    if (command !== undefined) return [{ seconds, kind: 'command', label: command.slice(0, MAX_LABEL) }];
  }
  return [];
}

async function* plainLines(stream: AsyncIterable<Buffer>): AsyncGenerator<PlainLine> {
  const lines = new PlainLines();
  for await (const event of shownEvents(stream)) {
    if (event.code === CODE.output) yield* lines.push(event.text, event.seconds);
  }
  yield* lines.end();
}
