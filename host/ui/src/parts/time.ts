/** Instants and spans for people: pure, by Intl. */
export type ZoneMode = 'job' | 'local' | 'utc';

export const viewerZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The zone that a mode shows, given the job's. */
export function zoneFor(mode: ZoneMode, job: string | undefined): string {
  if (mode === 'utc') return 'UTC';
  if (mode === 'local') return viewerZone();
  return job ?? viewerZone();
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, seconds: boolean): Intl.DateTimeFormat {
  const key = `${zone} ${seconds}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: seconds ? '2-digit' : undefined,
      hourCycle: 'h23',
    });
    formats.set(key, made);
  }
  return made;
}

/** `Tue, 24 Nov 2026, 08:00:00`, without the zone. */
export function wallClock(at: string | number | Date, zone: string, seconds = true): string {
  try {
    return format(zone, seconds).format(new Date(at));
  } catch {
    // A zone that this browser does not know.
    return `${format('UTC', seconds).format(new Date(at))} UTC`;
  }
}

/** An instant with its zone printed. */
export const absolute = (at: string | number | Date, zone: string, seconds = true) =>
  `${wallClock(at, zone, seconds)} ${zone}`;

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

const relativeFormat = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });

/** `in 3 hours`, `2 minutes ago`. */
export function relative(at: string | number | Date, now: number): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size || unit === 'second') return relativeFormat.format(Math.trunc(seconds / size), unit);
  }
  return '';
}

/** `420 ms`, `1.92 s`, `2 min 5 s`, `3 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor((whole % 86_400) / 3_600), 'h'],
    [Math.floor((whole % 3_600) / 60), 'min'],
    [whole % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

const counting = new Intl.NumberFormat('en');
export const number = (value: number) => counting.format(value);

const share = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });
export const percent = (value: number) => share.format(value);

/** `640 KiB`. */
export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const power = Math.min(4, Math.floor(Math.log2(count) / 10));
  const size = count / 1024 ** power;
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}
