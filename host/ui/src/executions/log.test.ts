import { expect, it } from 'vitest';
import type { LogLine } from '../api/client';
import { asText, matching } from './log';

const line = (number: number, level: LogLine['level'], message: string): LogLine => ({
  line: number,
  level,
  message,
  timestamp: '2026-11-24T08:00:00Z',
});

it('finds lines by level and text among those that are here', () => {
  const lines = [
    line(0, 'DEBUG', 'begin'),
    undefined,
    line(2, 'ERROR', 'Disk full'),
    line(3, 'WARNING', 'nearly full'),
  ];
  expect(matching(lines, 'DEBUG', '')).toEqual([0, 2, 3]);
  expect(matching(lines, 'WARNING', '')).toEqual([2, 3]);
  expect(matching(lines, 'DEBUG', 'FULL')).toEqual([2, 3]);
  expect(matching(lines, 'ERROR', 'nearly')).toEqual([]);
});

it('writes a file with a line each', () => {
  expect(asText([line(0, 'INFO', 'a'), undefined])).toBe('2026-11-24T08:00:00Z INFO a\n');
});

it('looks through three hundred thousand lines in a moment', () => {
  const lines = Array.from({ length: 300_000 }, (_, number) => line(number, 'INFO', `line ${number} of many`));
  const began = performance.now();
  expect(matching(lines, 'INFO', 'line 29999')).toHaveLength(11);
  expect(performance.now() - began).toBeLessThan(5_000);
});
