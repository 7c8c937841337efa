import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ACCESSES, askedFor, difference, type Need, type Right, rightsIn, standing, withRight } from './rights';

const need = (capability: string, target: string, access: string, extra?: Need['extra']): Need => ({
  capability,
  target,
  access,
  reason: 'To work.',
  optional: false,
  extra,
});

it('knows the accesses that the server knows', () => {
  const source = readFileSync(join(process.cwd(), '../server/src/capabilities/operation.rs'), 'utf8');
  const known: Record<string, string[]> = {};
  for (const [, capability, words] of source.matchAll(/= "([a-z]+)" "[a-z-]+", \w+, \[([^\]]+)\]/g)) {
    known[capability as string] ??= [];
    const own = known[capability as string] as string[];
    for (const [, access] of (words as string).matchAll(/"([a-z]+)"/g))
      if (!own.includes(access as string)) own.push(access as string);
  }
  expect(known).toEqual(ACCESSES);
});

it('asks for one right for each target, as the server does', () => {
  const rights = askedFor([
    need('files', 'param:/folder', 'write', { on_failure: 'remove' }),
    need('files', 'param:/folder', 'read'),
    need('files', 'param:/folder', 'read'),
    need('files', 'exports', 'read', { fields: ['a'] }),
  ]);
  expect(rights).toEqual([
    { capability: 'files', target: 'param:/folder', access: ['write', 'read'] },
    { capability: 'files', target: 'exports', access: ['read'], extra: { fields: ['a'] } },
  ]);
});

it('keeps manage apart from what is narrowed to fields', () => {
  const fields = { fields: ['a'] };
  const rights = askedFor([need('documents', 'a', 'manage', fields), need('documents', 'a', 'read', fields)]);
  expect(rights.map(({ access }) => access)).toEqual([['manage'], ['read']]);
});

it('adds a right to the one of the same target, and nothing twice', () => {
  const read: Right = { capability: 'documents', target: 'a', access: ['read'] };
  const both = withRight([read], { ...read, access: ['write', 'read'] });
  expect(both).toEqual([{ ...read, access: ['read', 'write'] }]);
  expect(withRight(both, read)).toBe(both);
  expect(withRight(both, { ...read, target: 'b' })).toHaveLength(2);
});

it('tells what a grant has and another has not, whatever the order', () => {
  const one: Right = { capability: 'http', target: '*', access: ['send'], extra: { methods: ['GET'], z: 1 } };
  const two: Right = { capability: 'http', target: '*', access: ['send'], extra: { z: 1, methods: ['GET'] } };
  expect(difference([one], [two])).toEqual({ added: [], removed: [] });
  const narrow: Right = { capability: 'documents', target: 'a', access: ['read'] };
  const wide: Right = { capability: 'documents', target: 'a', access: ['write', 'read'] };
  expect(difference([wide], [narrow]).removed).toEqual([{ capability: 'documents', access: 'write', target: 'a' }]);
});

it('says how a need stands', () => {
  const asked = need('secrets', 'shop', 'use');
  const right = (target: string, access: string): Right => ({ capability: 'secrets', target, access: [access] });
  expect(standing(asked, [])).toBe('nothing');
  expect(standing(asked, [right('shop', 'use')])).toBe('asked');
  expect(standing(asked, [right('*', 'reveal')])).toBe('other');
  expect(standing(asked, [{ ...right('shop', 'use'), capability: 'files' }])).toBe('nothing');
});

it('finds the rights that a refusal proposes, and nothing else', () => {
  const right = { capability: 'http', target: 'http://a.example:1', access: ['send'], extra: { methods: ['POST'] } };
  const text = `denied: http send on "x" (not-granted): no; this grant would allow it: ${JSON.stringify(right)}`;
  expect(rightsIn(text)).toEqual([right]);
  expect(rightsIn(`${text}. ${text}`)).toEqual([right]);
  expect(rightsIn('this grant would allow it: {"capability":"http"}')).toEqual([]);
  expect(rightsIn('this grant would allow it: {"a":"}"')).toEqual([]);
  expect(rightsIn('nothing of that kind')).toEqual([]);
});
