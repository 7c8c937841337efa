import { describe, expect, it } from 'vitest';
import { resolve } from './resolve';
import { nameOf, type Schema } from './schema';
import { shape, unknownKeywords } from './shape';
import { blank, branchOf } from './value';

const kind = (schema: Schema, root: Schema = schema) => shape(resolve(schema, root, undefined), root).kind;

describe('the shape of a schema', () => {
  it('follows type, options and hints', () => {
    expect(kind({ type: 'string' })).toBe('text');
    expect(kind({ type: 'integer' })).toBe('number');
    expect(kind({ type: 'boolean' })).toBe('switch');
    expect(kind({ type: 'string', enum: ['a', 'b'] })).toBe('select');
    expect(kind({ oneOf: [{ const: 1, title: 'One' }, { const: 2 }] })).toBe('select');
    expect(kind({ oneOf: [{ type: 'string' }, { type: 'object', properties: { a: {} } }] })).toBe('choice');
    expect(kind({ type: 'array', items: { type: 'string' } })).toBe('tags');
    expect(kind({ type: 'array', items: { enum: ['a', 'b'] }, uniqueItems: true })).toBe('many');
    expect(kind({ type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } })).toBe('list');
    expect(kind({ type: 'object', additionalProperties: { type: 'string' } })).toBe('map');
    expect(kind({ type: 'object', properties: { a: { type: 'string' } } })).toBe('object');
    expect(kind({ const: 'x' })).toBe('fixed');
  });

  it('is JSON for whatever has no field, and says which keywords were to blame', () => {
    expect(kind({})).toBe('json');
    expect(kind({ type: ['string', 'integer'] })).toBe('json');
    expect(kind({ type: 'object', additionalProperties: true, 'x-ui': { widget: 'filter' } })).toBe('json');
    const odd: Schema = { type: 'object', properties: { a: {} }, patternProperties: { '^x': {} }, contains: {} };
    expect(shape(odd, odd)).toEqual({ kind: 'json', unknown: ['patternProperties', 'contains'] });
    expect(unknownKeywords({ type: 'string', 'x-other': 1 })).toEqual([]);
  });

  it('takes a type that may be null as the type', () => {
    expect(kind({ type: ['string', 'null'] })).toBe('text');
    expect(kind({ anyOf: [{ type: 'integer' }, { type: 'null' }] })).toBe('number');
  });

  it('finds definitions of the document and survives one that goes in circles', () => {
    const root: Schema = { $defs: { level: { enum: ['low', 'high'] }, loop: { $ref: '#/$defs/loop' } } };
    expect(kind({ $ref: '#/$defs/level' }, root)).toBe('select');
    expect(kind({ $ref: '#/$defs/loop' }, root)).toBe('json');
    expect(kind({ $ref: 'https://elsewhere.example/schema' }, root)).toBe('json');
  });

  it('follows if, then and else as the value stands', () => {
    const schema: Schema = {
      type: 'object',
      properties: { mode: { enum: ['plain', 'timed'] } },
      if: { properties: { mode: { const: 'timed' } }, required: ['mode'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { seconds: { type: 'integer' } }, required: ['seconds'] },
      else: { properties: { note: { type: 'string' } } },
    };
    expect(Object.keys(resolve(schema, schema, { mode: 'timed' }).properties ?? {})).toEqual(['mode', 'seconds']);
    expect(resolve(schema, schema, { mode: 'timed' }).required).toEqual(['seconds']);
    expect(Object.keys(resolve(schema, schema, { mode: 'plain' }).properties ?? {})).toEqual(['mode', 'note']);
  });
});

describe('a first value', () => {
  it('has the defaults and what is needed, and nothing else', () => {
    const schema: Schema = {
      type: 'object',
      required: ['name', 'where'],
      properties: {
        name: { type: 'string' },
        dry: { type: 'boolean', default: true },
        limit: { type: 'integer' },
        where: {
          type: 'object',
          required: ['kind'],
          properties: { kind: { const: 'file' }, gzip: { type: 'boolean' } },
        },
      },
    };
    expect(blank(schema, schema)).toEqual({ dry: true, where: { kind: 'file' } });
  });

  it('is not shared between forms', () => {
    const schema: Schema = { type: 'object', properties: { a: { type: 'array', items: {}, default: [1] } } };
    (blank(schema, schema) as { a: number[] }).a.push(2);
    expect(blank(schema, schema)).toEqual({ a: [1] });
  });
});

describe('the branch of a value', () => {
  const branches: Schema[] = [
    { type: 'object', properties: { type: { const: 'none' } }, required: ['type'] },
    {
      type: 'object',
      properties: { type: { const: 'basic' }, user: { type: 'string', minLength: 1 } },
      required: ['type', 'user'],
    },
    { type: 'string' },
  ];
  it('is told by constants even while the rest is not right', () => {
    expect(branchOf(branches, { type: 'basic', user: '' }, {})).toBe(1);
    expect(branchOf(branches, 'x', {})).toBe(2);
    expect(branchOf(branches, undefined, {})).toBe(-1);
  });
});

it('makes a name for people of one for programs', () => {
  expect(nameOf('days_old', {})).toBe('Days old');
  expect(nameOf('maxItems', {})).toBe('Max items');
  expect(nameOf('x', { title: 'Ex' })).toBe('Ex');
});
