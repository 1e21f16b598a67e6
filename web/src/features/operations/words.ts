import type { Rates, TimeWindow, Weekday } from '@netpilot/control-plane/contract/operations/values.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** @returns `1.5 GB`: powers of 1,000, three digits. */
export function bytesInWords(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${unit === 0 ? Math.round(value) : value.toPrecision(3)} ${UNITS[unit]}`;
}

/** @returns `12.3 Mbit/s` for bytes per second. */
export function rateInWords(bytesPerSecond: number): string {
  const megabits = (bytesPerSecond * 8) / 1_000_000;
  return megabits < 1 ? `${Math.round(megabits * 1_000)} kbit/s` : `${mbps(megabits)} Mbit/s`;
}

/** @returns megabits with as many digits as help. */
export function mbps(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** @returns `3 d 4 h`, `4 h 5 min` or `5 min`. */
export function spanInWords(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
}

export function ratesInWords({ downMbps, upMbps }: Rates): string {
  const side = (rate: number | null) => (rate === null ? 'unlimited' : `${mbps(rate)} Mbit/s`);
  return `${side(downMbps)} down, ${side(upMbps)} up`;
}

export const DAY_NAMES: Record<Weekday, string> = {
  mon: 'Mon',
  tue: 'Tue',
  wed: 'Wed',
  thu: 'Thu',
  fri: 'Fri',
  sat: 'Sat',
  sun: 'Sun',
};

/** @returns `Mon Tue 21:00–07:00`; `always` for no window. */
export function windowsInWords(windows: readonly TimeWindow[]): string {
  if (windows.length === 0) return 'always';
  return windows
    .map(
      ({ days, from, to }) =>
        `${days.length === 7 ? 'every day' : days.map((day) => DAY_NAMES[day]).join(' ')} ${from}–${to}`,
    )
    .join(', ');
}
