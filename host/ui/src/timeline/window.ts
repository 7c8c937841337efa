/** Days, weeks and months of a zone, as windows of instants. Pure. */
import { fromWallClock, toWallClock } from '../schedule/draft';

export const SPANS = ['day', 'week', 'month'] as const;
export type Span = (typeof SPANS)[number];

/** `2026-11-24`: a date on the calendar of no zone. */
export type Day = string;

const DAY_MS = 86_400_000;
const at = (day: Day) => Date.parse(`${day}T00:00:00Z`);
const dayOf = (at: number): Day => new Date(at).toISOString().slice(0, 10);

export const isDay = (text: string | undefined): text is Day =>
  text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at(text)) && dayOf(at(text)) === text;

/** Which day it is in a zone. */
export const today = (zone: string, now = Date.now()): Day =>
  toWallClock(new Date(now).toISOString(), zone).slice(0, 10);

/** The first day of the span that a day lies in, and the first that no longer belongs to it. Weeks begin on Monday. */
export function days(span: Span, day: Day): [Day, Day] {
  const date = new Date(at(day));
  switch (span) {
    case 'day':
      return [day, dayOf(at(day) + DAY_MS)];
    case 'week': {
      const monday = at(day) - ((date.getUTCDay() + 6) % 7) * DAY_MS;
      return [dayOf(monday), dayOf(monday + 7 * DAY_MS)];
    }
    case 'month': {
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      return [dayOf(Date.UTC(year, month, 1)), dayOf(Date.UTC(year, month + 1, 1))];
    }
  }
}

/** A day of the span before or after. */
export function step(span: Span, day: Day, by: 1 | -1): Day {
  const [first, next] = days(span, day);
  return by === 1 ? next : dayOf(at(first) - DAY_MS);
}

/** From its first instant in the zone up to and without its last. */
export function windowOf(span: Span, day: Day, zone: string): { from: string; to: string } {
  const [first, next] = days(span, day);
  const midnight = (of: Day) => fromWallClock(`${of}T00:00`, zone) ?? `${of}T00:00:00Z`;
  return { from: midnight(first), to: midnight(next) };
}

/** Where an instant lies in a window, 0 to 1. */
export const position = (instant: string | number, from: string, to: string) =>
  (new Date(instant).getTime() - Date.parse(from)) / (Date.parse(to) - Date.parse(from));
