import { describe, expect, it } from 'vitest';
import { clean, fromWallClock, read, sixFields, toWallClock, unitOf, write } from './draft';

describe('builder and text', () => {
  it('say the same, there and back', () => {
    for (const text of [
      '* * * * *',
      '*/15 * * * *',
      '5 * * * *',
      '30 8 * * *',
      '0 8 * * 1-5',
      '0 6 * * 0,3',
      '15 2 1 * *',
      '0 0 L * *',
    ]) {
      const pattern = read(text);
      expect(pattern, text).not.toBeNull();
      if (pattern) expect(write(pattern).toLowerCase()).toBe(text.toLowerCase());
    }
  });

  it('know names, macros and a Sunday of 7', () => {
    expect(read('0 9 * * mon-fri')).toEqual({ kind: 'weekly', days: [1, 2, 3, 4, 5], hour: 9, minute: 0 });
    expect(read('@daily')).toEqual({ kind: 'daily', hour: 0, minute: 0 });
    expect(read('0 9 * * 7')).toEqual({ kind: 'weekly', days: [0], hour: 9, minute: 0 });
  });

  it('leave alone what the builder cannot say', () => {
    for (const text of [
      '0 8 1 * 1',
      '0 8 * 3 *',
      '0 8,20 * * *',
      '*/7 * * * *',
      '0 8 * * 5#2',
      '0 0 8 * * *',
      'x',
      '',
    ]) {
      expect(read(text), text).toBeNull();
    }
  });
});

describe('six fields', () => {
  it('are taken apart both ways, with the weekdays of Quartz', () => {
    expect(sixFields('0 30 8 ? * MON-FRI')).toEqual({
      secondsFirst: { expression: '30 8 ? * MON-FRI', seconds: '0' },
      secondsLast: { expression: '0 30 8 ? *', seconds: 'MON-FRI' },
    });
    expect(sixFields('0 0 8 * * 2-6')?.secondsFirst).toEqual({ expression: '0 8 * * 1-5', seconds: '0' });
    expect(sixFields('0 8 * * *')).toBeNull();
    // A year stands only where the seconds come first, and has no place in a cron line.
    expect(sixFields('0 0 12 1 1 ? 2027')).toEqual({
      secondsFirst: { expression: '0 12 1 1 *', seconds: '0' },
      year: '2027',
    });
    expect(sixFields('0 0 12 1 1 ? *')).toEqual({ secondsFirst: { expression: '0 12 1 1 *', seconds: '0' } });
  });
});

describe('wall clocks', () => {
  it('are instants in a zone, on either side of a change', () => {
    expect(fromWallClock('2026-11-24T08:00', 'Europe/Berlin')).toBe('2026-11-24T07:00:00Z');
    expect(fromWallClock('2026-07-24T08:00', 'Europe/Berlin')).toBe('2026-07-24T06:00:00Z');
    expect(fromWallClock('2026-11-24T08:00:30', 'Asia/Kolkata')).toBe('2026-11-24T02:30:30Z');
    expect(fromWallClock('soon', 'UTC')).toBeNull();
  });
  it('of an hour that comes twice are the first', () => {
    expect(fromWallClock('2026-10-25T02:30', 'Europe/Berlin')).toBe('2026-10-25T00:30:00Z');
  });
  it('come back as they were', () => {
    expect(toWallClock('2026-11-24T07:00:00Z', 'Europe/Berlin')).toBe('2026-11-24T08:00:00');
  });
});

it('keeps of a schedule what its type takes', () => {
  const all = {
    type: 'cron' as const,
    expression: '0 8 * * *',
    interval_seconds: 60,
    timezone: 'UTC',
    seconds: '0',
    dst: { gap: 'next' as const, fold: 'first' as const },
  };
  expect(clean(all)).toEqual({ type: 'cron', expression: '0 8 * * *', timezone: 'UTC' });
  expect(clean({ ...all, type: 'interval' })).toEqual({ type: 'interval', interval_seconds: 60, timezone: 'UTC' });
});

it('finds the largest unit without a rest', () => {
  expect([60, 90, 3_600, 86_400, 90_000].map(unitOf)).toEqual(['minutes', 'seconds', 'hours', 'days', 'hours']);
});
