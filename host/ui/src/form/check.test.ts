import { describe, expect, it } from 'vitest';
import { check } from './check';
import type { Schema } from './schema';

const problems = (schema: Schema, value: unknown) => Object.fromEntries(check(schema, value));

describe('problems of a value', () => {
  const schema: Schema = {
    type: 'object',
    additionalProperties: false,
    required: ['collection', 'auth'],
    properties: {
      collection: { type: 'string', minLength: 1, maxLength: 5 },
      size: { type: 'integer', minimum: 1, maximum: 10 },
      mail: { type: 'string', format: 'email' },
      code: { type: 'string', pattern: '^[a-z]+$' },
      auth: {
        oneOf: [
          { type: 'object', additionalProperties: false, required: ['type'], properties: { type: { const: 'none' } } },
          {
            type: 'object',
            additionalProperties: false,
            required: ['type', 'secret'],
            properties: { type: { const: 'bearer' }, secret: { type: 'string', minLength: 1 } },
          },
        ],
      },
      columns: {
        type: 'array',
        maxItems: 2,
        items: {
          type: 'object',
          required: ['path'],
          properties: { path: { type: 'string', minLength: 1 }, title: { type: 'string' } },
        },
      },
      status: {
        type: 'array',
        minItems: 1,
        items: {
          oneOf: [
            { type: 'integer', minimum: 100 },
            { type: 'string', pattern: '^[1-5]' },
          ],
        },
      },
      headers: { type: 'object', additionalProperties: { type: 'string' } },
    },
  };
  const good = { collection: 'logs', auth: { type: 'none' } };

  it('are none where there are none', () => {
    expect(problems(schema, good)).toEqual({});
    expect(
      problems(schema, { ...good, status: ['200-299', 304], headers: { a: 'b' }, columns: [{ path: 'x' }] }),
    ).toEqual({});
  });

  it('stand at their place, in words', () => {
    expect(problems(schema, { auth: { type: 'none' } })).toEqual({ '/collection': 'Is needed' });
    expect(problems(schema, { ...good, collection: '' })).toEqual({ '/collection': 'Must not be empty' });
    expect(problems(schema, { ...good, collection: 'abcdef' })).toEqual({
      '/collection': 'May have at most 5 characters',
    });
    expect(problems(schema, { ...good, size: 0 })).toEqual({ '/size': 'Must be at least 1' });
    expect(problems(schema, { ...good, size: 1.5 })).toEqual({ '/size': 'Must be a whole number' });
    expect(problems(schema, { ...good, mail: 'nobody' })).toEqual({ '/mail': 'Is no e-mail address' });
    expect(problems(schema, { ...good, code: 'A1' })).toEqual({ '/code': 'Must match ^[a-z]+$' });
  });

  it('of a choice are those of the branch that is chosen', () => {
    expect(problems(schema, { ...good, auth: { type: 'bearer' } })).toEqual({ '/auth/secret': 'Is needed' });
    expect(problems(schema, { ...good, auth: { type: 'bearer', secret: '' } })).toEqual({
      '/auth/secret': 'Must not be empty',
    });
  });

  it('reach into lists and maps', () => {
    expect(problems(schema, { ...good, columns: [{ path: 'a' }, { title: 't' }] })).toEqual({
      '/columns/1/path': 'Is needed',
    });
    expect(problems(schema, { ...good, columns: [{ path: 'a' }, { path: 'b' }, { path: 'c' }] })).toEqual({
      '/columns': 'May have at most 2',
    });
    expect(problems(schema, { ...good, status: [] })).toEqual({ '/status': 'Needs at least 1' });
    expect(problems(schema, { ...good, status: ['9xx'] })).toEqual({ '/status/0': 'Must match ^[1-5]' });
    expect(problems(schema, { ...good, headers: { 'x/y': 5 } })).toEqual({ '/headers/x~1y': 'Must be of type string' });
  });

  it('name a member that is not known', () => {
    expect(Object.keys(problems(schema, { ...good, colection: 1 }))).toHaveLength(1);
  });

  it('follow a condition on a sibling', () => {
    const conditional: Schema = {
      type: 'object',
      properties: { range: { enum: ['today', 'custom'] }, start: { type: 'string', format: 'date' } },
      if: { properties: { range: { const: 'custom' } }, required: ['range'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ['start'] },
    };
    expect(problems(conditional, { range: 'today' })).toEqual({});
    expect(problems(conditional, { range: 'custom' })).toEqual({ '/start': 'Is needed' });
    expect(problems(conditional, { range: 'custom', start: 'soon' })).toEqual({
      '/start': 'Is no date, such as 2026-11-24',
    });
  });
});
