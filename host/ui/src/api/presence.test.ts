import { expect, it, vi } from 'vitest';
import { cause } from './presence';

const MINUTE = 60_000;

it('says that nobody caused a request once the page was left alone', () => {
  const now = Date.now();
  expect(cause(now)).toEqual({});
  expect(cause(now + 2 * MINUTE)).toEqual({ 'X-Sandglass-Background': '1' });
});

it('counts whoever touches the page again', () => {
  vi.useFakeTimers({ now: Date.now() + 5 * MINUTE });
  expect(cause()).toEqual({ 'X-Sandglass-Background': '1' });
  window.dispatchEvent(new Event('keydown'));
  expect(cause()).toEqual({});
  vi.useRealTimers();
});
