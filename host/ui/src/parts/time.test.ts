import { expect, it } from 'vitest';
import { absolute, bytes, duration, relative, zoneFor } from './time';

it('tells spans in two units at most', () => {
  expect([0.42, 1.92, 42, 125, 3_600, 11_400, 90_061].map(duration)).toEqual([
    '420 ms',
    '1.92 s',
    '42.0 s',
    '2 min 5 s',
    '1 h',
    '3 h 10 min',
    '1 d 1 h',
  ]);
});

it('prints the zone with every absolute time', () => {
  expect(absolute('2026-11-24T07:00:00Z', 'Europe/Berlin')).toBe('Tue, 24 Nov 2026, 08:00:00 Europe/Berlin');
  expect(absolute('2026-11-24T07:00:00Z', 'Mars/Olympus', false)).toContain('UTC');
});

it('tells how far away an instant is', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  expect(relative('2026-11-24T15:00:00Z', now)).toBe('in 3 hours');
  expect(relative('2026-11-24T11:58:30Z', now)).toBe('1 minute ago');
});

it('shows a job in its own zone unless told otherwise', () => {
  expect(zoneFor('job', 'Asia/Tokyo')).toBe('Asia/Tokyo');
  expect(zoneFor('utc', 'Asia/Tokyo')).toBe('UTC');
});

it('tells sizes in powers of 1024', () => {
  expect([12, 2_048, 458_752, 5 * 1024 ** 3].map(bytes)).toEqual(['12 B', '2.0 KiB', '448 KiB', '5.0 GiB']);
});
