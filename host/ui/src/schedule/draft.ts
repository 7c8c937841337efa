/** Schedules while they are edited: pure. The builder and the text are two views of one expression. */
import type { Schedule } from '../api/client';

export const UNITS = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;
export type Unit = keyof typeof UNITS;

/** The largest unit that leaves no rest. */
export function unitOf(seconds: number): Unit {
  const units = Object.entries(UNITS).reverse() as [Unit, number][];
  return units.find(([, size]) => seconds >= size && seconds % size === 0)?.[0] ?? 'seconds';
}

export type Pattern =
  | { kind: 'minutes'; every: number }
  | { kind: 'hourly'; minute: number }
  | { kind: 'daily'; hour: number; minute: number }
  | { kind: 'weekly'; days: number[]; hour: number; minute: number }
  | { kind: 'monthly'; day: number | 'L'; hour: number; minute: number };

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** The expression of a pattern. */
export function write(pattern: Pattern): string {
  switch (pattern.kind) {
    case 'minutes':
      return pattern.every === 1 ? '* * * * *' : `*/${pattern.every} * * * *`;
    case 'hourly':
      return `${pattern.minute} * * * *`;
    case 'daily':
      return `${pattern.minute} ${pattern.hour} * * *`;
    case 'weekly':
      return `${pattern.minute} ${pattern.hour} * * ${daysText(pattern.days)}`;
    case 'monthly':
      return `${pattern.minute} ${pattern.hour} ${pattern.day} * *`;
  }
}

function daysText(days: number[]): string {
  const sorted = [...new Set(days)].sort((a, b) => a - b);
  if (sorted.join() === '1,2,3,4,5') return '1-5';
  return sorted.length === 0 ? '1' : sorted.join(',');
}

const whole = (text: string | undefined, least: number, most: number): number | null => {
  if (text === undefined || !/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
};

/** The pattern of an expression, where the builder knows one that says the same. */
export function read(expression: string): Pattern | null {
  const macro: Record<string, string> = {
    '@hourly': '0 * * * *',
    '@daily': '0 0 * * *',
    '@midnight': '0 0 * * *',
    '@weekly': '0 0 * * 0',
    '@monthly': '0 0 1 * *',
  };
  const trimmed = expression.trim().toLowerCase();
  const fields = (macro[trimmed] ?? trimmed).split(/\s+/);
  if (fields.length !== 5) return null;
  const [minutes, hours, days, months, weekdays] = fields as [string, string, string, string, string];
  if (months !== '*') return null;
  const all = (text: string) => text === '*' || text === '?';
  if (all(hours) && all(days) && all(weekdays)) {
    if (minutes === '*') return { kind: 'minutes', every: 1 };
    const stepped = /^\*\/(\d{1,2})$/.exec(minutes);
    if (stepped) {
      const every = Number(stepped[1]);
      // Only a divisor of the hour is "every n minutes".
      return every > 0 && 60 % every === 0 ? { kind: 'minutes', every } : null;
    }
    const minute = whole(minutes, 0, 59);
    return minute === null ? null : { kind: 'hourly', minute };
  }
  const minute = whole(minutes, 0, 59);
  const hour = whole(hours, 0, 23);
  if (minute === null || hour === null) return null;
  if (all(days) && all(weekdays)) return { kind: 'daily', hour, minute };
  if (all(days)) {
    const list = weekdayList(weekdays);
    return list ? { kind: 'weekly', days: list, hour, minute } : null;
  }
  if (all(weekdays)) {
    if (days === 'l') return { kind: 'monthly', day: 'L', hour, minute };
    const day = whole(days, 1, 31);
    return day === null ? null : { kind: 'monthly', day, hour, minute };
  }
  return null;
}

function weekdayList(text: string): number[] | null {
  const found = new Set<number>();
  const one = (word: string) => (DAYS.includes(word) ? DAYS.indexOf(word) : (whole(word, 0, 7) ?? -1));
  for (const part of text.split(',')) {
    const [first, last, ...more] = part.split('-');
    const from = one(first ?? '');
    const to = last === undefined ? from : one(last);
    if (from < 0 || to < 0 || more.length > 0 || to < from) return null;
    for (let day = from; day <= to; day += 1) found.add(day % 7);
  }
  return [...found].sort((a, b) => a - b);
}

/** Six fields, taken apart in the two ways that the world writes them. Quartz puts seconds first, and counts days from 1. */
export function sixFields(text: string): {
  secondsFirst: Partial<Schedule>;
  /** None where a seventh field says the year, which only stands there when the seconds come first. */
  secondsLast?: Partial<Schedule>;
  /** The year, where it says more than every year: a cron line has no place for it. */
  year?: string;
} | null {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 6 && fields.length !== 7) return null;
  const [first, ...rest] = fields.slice(0, 6) as [string, ...string[]];
  return {
    secondsFirst: {
      expression: rest.map((field, index) => (index === 4 ? quartzDays(field) : field)).join(' '),
      seconds: first,
    },
    ...(fields.length === 6 ? { secondsLast: { expression: fields.slice(0, 5).join(' '), seconds: fields[5] } } : {}),
    ...(fields.length === 7 && fields[6] !== '*' ? { year: fields[6] } : {}),
  };
}

/** Quartz counts weekdays 1 to 7 from Sunday, cron 0 to 6. Names mean the same in both. */
function quartzDays(field: string): string {
  if (field === '?' || field === '*') return '*';
  return field
    .split(',')
    .map((part) => part.replace(/^(\d)(?=$|-|#|L)/i, shift).replace(/-(\d)$/, (_, day: string) => `-${shift(day)}`))
    .join(',');
}

const shift = (day: string) => String((Number(day) + 6) % 7);

/** Only what the type of a schedule takes. */
export function clean(schedule: Schedule): Schedule {
  const { type, timezone, start_at, end_at } = schedule;
  const bounds = { ...(start_at ? { start_at } : {}), ...(end_at ? { end_at } : {}) };
  const zone = timezone ? { timezone } : {};
  switch (type) {
    case 'interval':
      return { type, interval_seconds: schedule.interval_seconds ?? undefined, ...zone, ...bounds };
    case 'once':
      return { type, run_at: schedule.run_at ?? undefined, ...zone };
    case 'cron': {
      const seconds = schedule.seconds && schedule.seconds !== '0' ? { seconds: schedule.seconds } : {};
      const plain = !schedule.dst || (schedule.dst.gap === 'next' && schedule.dst.fold === 'first');
      return {
        type,
        expression: schedule.expression ?? '',
        ...zone,
        ...seconds,
        ...bounds,
        ...(plain ? {} : { dst: schedule.dst }),
      };
    }
  }
}

/** `2026-11-24T08:00` in a zone as an instant. Of an hour that comes twice the first is meant. */
export function fromWallClock(text: string, zone: string): string | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?$/.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const wanted = Date.UTC(year, month - 1, day, hour, minute, second);
  let instant = wanted;
  // The offset of the zone depends on the instant that is sought.
  for (let round = 0; round < 3; round += 1) instant = wanted - offset(instant, zone);
  const earlier = wanted - offset(instant - 3_600_000 * 3, zone);
  if (earlier < instant && earlier + offset(earlier, zone) === wanted) instant = earlier;
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}

/** An instant as the clocks of a zone show it, for an input of the browser. */
export function toWallClock(instant: string, zone: string): string {
  const at = new Date(instant).getTime();
  if (Number.isNaN(at)) return '';
  return new Date(at + offset(at, zone)).toISOString().slice(0, 19);
}

function offset(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown - Math.floor(at / 1000) * 1000;
}
