import type { Recording, RecordingFault, Verification } from '@netpilot/control-plane/contract/recordings.ts';
import type { Tone } from '../../shell/state-dot.tsx';

/** @returns the state of a recording for people. */
export function recordingState({ state }: Pick<Recording, 'state'>): { words: string; tone: Tone } {
  switch (state) {
    case 'recording':
      return { words: 'Recording', tone: 'good' };
    case 'complete':
      return { words: 'Complete', tone: 'idle' };
    case 'broken':
      return { words: 'Without an end', tone: 'bad' };
    case 'deleted':
      return { words: 'Deleted', tone: 'idle' };
  }
}

const FAULTS: Record<RecordingFault, string> = {
  not_a_recording: 'The file is not a recording.',
  another_recording: 'The file is another recording.',
  changed: 'Bytes were changed, added or taken out.',
  out_of_order: 'Parts are missing or stand in another order.',
  forged: 'A signature does not fit what it signs.',
  wrong_key: 'It is signed with a key that is not the bastion’s.',
  cut: 'It ended with a signature once, and does not any more.',
  continued: 'Something was added behind its end.',
};

/** @returns what the hash chain and the signatures say. */
export function verificationWords(found: Verification): { title: string; detail: string; tone: Tone } {
  const upTo = `Right up to ${clock(found.seconds)}, ${found.output.toLocaleString('en')} bytes of output.`;
  if (found.state === 'intact') {
    return { title: 'Intact', detail: `Every byte is as it was written and signed. ${keyOf(found)}`, tone: 'good' };
  }
  if (found.state === 'open') {
    return { title: 'Not ended yet', detail: `${upTo} It has no signed end yet.`, tone: 'info' };
  }
  const fault = found.fault === null ? '' : FAULTS[found.fault];
  return { title: `Broken at ${clock(found.seconds)}`, detail: `${fault} ${upTo}`, tone: 'bad' };
}

function keyOf({ signers }: Verification): string {
  return `Signed with ${signers.join(' and ')}.`;
}

/** @returns `1:02:03` or `2:03`. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** @returns how long a recording took, null while it goes on. */
export function lengthOf({ startedAt, endedAt }: Pick<Recording, 'startedAt' | 'endedAt'>): string | null {
  return endedAt === null ? null : clock((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000);
}

/** @returns text without what would draw or turn it round: it came from a router. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** @returns `1.2 MB`, `855 bytes`. */
export function fileSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const unit = UNITS[power] ?? 'byte';
  const value = bytes / 1_000 ** power;
  return new Intl.NumberFormat('en', {
    style: 'unit',
    unit,
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: value < 10 && power > 0 ? 1 : 0,
  }).format(value);
}
