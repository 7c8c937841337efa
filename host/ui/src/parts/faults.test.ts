import { expect, it } from 'vitest';
import { Problem } from '../api/problem';
import { faultsOf } from './faults';

const fault = (pointer: string, message: string) => ({ pointer, code: 'x', message });

it('tells what was found at its field, and only the rest below', () => {
  const faults = [fault('/name', 'is taken'), fault('/other', 'is unknown')];
  const found = faultsOf(new Problem(422, 'invalid', '2 problems', null, faults), ['/name'], 'gone');
  expect(found.at('/name')).toBe('is taken');
  expect(found.rest).toBe('is unknown');
  expect(faultsOf(new Problem(422, 'invalid', '1 problem', null, faults.slice(0, 1)), ['/name'], 'gone').rest).toBe(
    undefined,
  );
});

it('tells what belongs to no field, and that the server did not answer', () => {
  expect(faultsOf(new Problem(409, 'full', 'too many', null, []), ['/name'], 'gone').rest).toBe('too many');
  expect(faultsOf(new TypeError('fetch failed'), [], 'gone').rest).toBe('gone');
  expect(faultsOf(null, [], 'gone').rest).toBe(undefined);
});
