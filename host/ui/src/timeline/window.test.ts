import { expect, it } from 'vitest';
import { days, isDay, position, step, today, windowOf } from './window';

it('finds the day, week and month that a day lies in', () => {
  expect(days('day', '2026-11-24')).toEqual(['2026-11-24', '2026-11-25']);
  expect(days('week', '2026-11-24')).toEqual(['2026-11-23', '2026-11-30']);
  expect(days('week', '2026-11-29')).toEqual(['2026-11-23', '2026-11-30']);
  expect(days('month', '2026-12-31')).toEqual(['2026-12-01', '2027-01-01']);
});

it('steps from one to the next and back, over the turn of the year', () => {
  expect(step('day', '2026-12-31', 1)).toBe('2027-01-01');
  expect(step('week', '2026-11-24', -1)).toBe('2026-11-22');
  expect(step('month', '2027-01-15', -1)).toBe('2026-12-31');
});

it('begins at midnight of the zone, also on the days on which the clocks change', () => {
  expect(windowOf('day', '2026-03-29', 'Europe/Berlin')).toEqual({
    from: '2026-03-28T23:00:00Z',
    to: '2026-03-29T22:00:00Z',
  });
  expect(windowOf('month', '2026-10-10', 'Europe/Berlin')).toEqual({
    from: '2026-09-30T22:00:00Z',
    to: '2026-10-31T23:00:00Z',
  });
});

it('knows which day it is elsewhere', () => {
  const now = Date.parse('2026-11-24T23:30:00Z');
  expect([today('UTC', now), today('Asia/Tokyo', now)]).toEqual(['2026-11-24', '2026-11-25']);
});

it('takes only dates that there are', () => {
  expect(['2026-11-24', '2026-02-30', '2026-1-1', 'today', undefined].map(isDay)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});

it('places an instant in its window', () => {
  expect(position('2026-11-24T06:00:00Z', '2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z')).toBe(0.25);
});
