import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Schema } from '../schema';
import { fill, object } from './filled';

const range: Schema = object(
  { range: { enum: ['today', 'custom'], default: 'today' } },
  {
    required: ['range'],
    if: { properties: { range: { const: 'custom' } }, required: ['range'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: {
      properties: { start: { type: 'string', minLength: 3 }, quiet: { type: 'boolean', default: true } },
      required: ['start'],
    },
    else: { properties: { note: { type: 'string' } } },
  },
);

describe('if, then, else', () => {
  it('show the fields that hold now, and ask for what they need', async () => {
    const form = fill(range);
    expect(form.field('Note')).toBeTruthy();
    expect(screen.queryByLabelText(/Start/)).toBeNull();
    await form.pick('Range', 'custom');
    expect(screen.queryByLabelText('Note')).toBeNull();
    expect(form.problems()).toEqual({ '/start': 'Is needed' });
    expect(form.field('Quiet')).toHaveProperty('checked', true);
    await form.type('Start', 'ab');
    expect(form.problemAt('Start')).toBe('Must have at least 3 characters');
    await form.type('Start', 'abc');
    expect(form.value()).toEqual({ range: 'custom', start: 'abc' });
    expect(form.problems()).toEqual({});
  });

  it('hold from the start where the first value says so', () => {
    const form = fill({ ...range, properties: { range: { enum: ['today', 'custom'], default: 'custom' } } });
    expect(form.value()).toEqual({ range: 'custom', quiet: true });
  });

  it('leave what no field shows any more where it can be seen and removed', async () => {
    const form = fill(range, { value: { range: 'custom', start: 'abc' } });
    await form.pick('Range', 'today');
    expect(screen.getByDisplayValue('start')).toBeTruthy();
    await form.press('Remove start');
    expect(form.value()).toEqual({ range: 'today' });
  });

  it('may stand in a part of all', async () => {
    const form = fill({
      ...object({ a: { type: 'boolean' } }),
      allOf: [
        {
          if: { required: ['a'], properties: { a: { const: true } } },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: { properties: { b: { type: 'string' } }, required: ['b'] },
        },
      ],
    });
    expect(screen.queryByLabelText(/^B/)).toBeNull();
    await form.user.click(form.field('A'));
    expect(form.problems()).toEqual({ '/b': 'Is needed' });
  });
});

describe('what one member asks of others', () => {
  it('is needed once that is there', async () => {
    const form = fill(
      object({ user: { type: 'string' }, secret: { type: 'string' } }, { dependentRequired: { user: ['secret'] } }),
      { reveal: true },
    );
    expect(form.problems()).toEqual({});
    await form.type('User', 'ann');
    expect(form.problemAt('Secret')).toBe('Is needed');
    await form.type('Secret', 'shop');
    expect(form.problems()).toEqual({});
  });

  it('may be more fields', async () => {
    const form = fill(
      object(
        { card: { type: 'string' } },
        { dependentSchemas: { card: { properties: { code: { type: 'integer' } }, required: ['code'] } } },
      ),
    );
    expect(screen.queryByLabelText(/Code/)).toBeNull();
    await form.type('Card', '4');
    await form.type('Code', '7');
    expect(form.value()).toEqual({ card: '4', code: 7 });
  });
});

describe('references and parts of all', () => {
  it('are followed, also where they go in circles', async () => {
    const form = fill({
      ...object({ root: { $ref: '#/$defs/node' } }, { required: ['root'] }),
      $defs: {
        node: object(
          {
            name: { $ref: '#/$defs/name' },
            children: { type: 'array', items: { title: 'Child', $ref: '#/$defs/node' } },
          },
          { required: ['name'] },
        ),
        name: { type: 'string', allOf: [{ maxLength: 9 }, { maxLength: 3 }] },
      },
    });
    await form.type('Name', 'abcd');
    expect(form.problemAt('Name')).toBe('May have at most 3 characters');
    await form.press('Add Child');
    await form.user.type(form.group('Child 1').getByLabelText('Name *'), 'x');
    expect(form.value()).toEqual({ root: { name: 'abcd', children: [{ name: 'x' }] } });
  });

  it('may be true or false', () => {
    const form = fill({ ...object({}), properties: { any: true as never, text: { type: 'string' } } });
    expect(form.field('Any').tagName).toBe('TEXTAREA');
  });
});
