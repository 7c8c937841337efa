import { expect, it } from 'vitest';
import { browserOf } from './agent';

it('calls a browser what people call it', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
  expect(browserOf(chrome)).toBe('Chrome 141 · Linux');
  expect(browserOf(`${chrome} Edg/141.0.0.0`)).toBe('Edge 141 · Linux');
  const phone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';
  expect(browserOf(phone)).toBe('Safari 18 · iOS');
  expect(browserOf('Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe(
    'Firefox 140 · Windows',
  );
});

it('leaves what it does not know as it is, and shortens it', () => {
  expect(browserOf('curl/8.5')).toBe('curl/8.5');
  expect(browserOf('x'.repeat(50))).toBe(`${'x'.repeat(40)}…`);
  expect(browserOf(null)).toBe(null);
});
