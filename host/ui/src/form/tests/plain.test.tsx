import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fill, object } from './filled';

describe('a text', () => {
  it('is taken away when it is emptied, unless it has to be there', async () => {
    const form = fill(
      object({ free: { type: 'string' }, needed: { type: 'string', minLength: 1 } }, { required: ['needed'] }),
    );
    await form.type('Free', 'hello');
    await form.type('Needed', 'you');
    expect(form.value()).toEqual({ free: 'hello', needed: 'you' });
    await form.type('Free', '');
    await form.type('Needed', '');
    expect(form.value()).toEqual({ needed: '' });
    expect(form.problemAt('Needed')).toBe('Must not be empty');
    expect(form.problemAt('Free')).toBeNull();
  });

  it.each([
    ['minLength', { minLength: 3 }, 'ab', 'abc', 'Must have at least 3 characters'],
    ['maxLength', { maxLength: 2 }, 'abc', 'ab', 'May have at most 2 characters'],
    ['pattern', { pattern: '^[a-z]+$' }, 'A1', 'a', 'Must match ^[a-z]+$'],
    ['format email', { format: 'email' }, 'nobody', 'ann@example.com', 'Is no e-mail address'],
    ['format uri', { format: 'uri' }, 'example', 'https://example.com/x', /Is no whole address/],
    ['format date-time', { format: 'date-time' }, 'soon', '2026-11-24T08:00:00Z', /Is no instant/],
    ['format time', { format: 'time' }, '8 o’clock', '08:00:00Z', 'Is no time'],
    ['format uuid', { format: 'uuid' }, '12', '65f1c0ff-ee65-41c0-9fee-65f1c0ffee65', 'Is no uuid'],
    ['format ipv4', { format: 'ipv4' }, '1.2.3', '10.0.0.1', 'Is no ipv4'],
    ['not', { not: { enum: ['root'] } }, 'root', 'ann', 'Is a value that is not allowed here'],
  ])('is held to its %s', async (_keyword, keywords, bad, good, problem) => {
    const form = fill(object({ word: { type: 'string', ...keywords } }));
    await form.type('Word', bad);
    expect(form.problemAt('Word')).toMatch(problem);
    expect(form.problems()).toHaveProperty('/word');
    await form.type('Word', good);
    expect(form.problemAt('Word')).toBeNull();
    expect(form.value()).toEqual({ word: good });
    expect(form.problems()).toEqual({});
  });

  it('shows what is wrong only after the field was left', async () => {
    const form = fill(object({ word: { type: 'string', minLength: 3 } }));
    await form.user.type(form.field('Word'), 'a');
    expect(form.problemAt('Word')).toBeNull();
    expect(form.problems()).toEqual({ '/word': 'Must have at least 3 characters' });
    await form.user.tab();
    expect(form.problemAt('Word')).toBe('Must have at least 3 characters');
  });

  it('says its title, description, help, default and example', () => {
    fill(
      object({
        date_field: {
          type: 'string',
          title: 'Date field',
          description: 'Where the date is.',
          default: 'created_at',
          examples: ['meta.at'],
          deprecated: true,
          'x-ui': { help: 'Dots lead inside.' },
        },
      }),
      { value: {} },
    );
    const input = screen.getByLabelText('Date field');
    expect(input).toHaveProperty('placeholder', 'meta.at');
    expect(screen.getByText('Out of use. Where the date is. Dots lead inside. Default: created_at.')).toBeTruthy();
  });

  it('is long where a hint says so, and cannot be changed where it is read-only', () => {
    const form = fill(
      object({
        body: { type: 'string', 'x-ui': { widget: 'template' } },
        kept: { type: 'string', readOnly: true, default: 'as it is' },
      }),
    );
    expect(form.field('Body').tagName).toBe('TEXTAREA');
    expect(form.field('Kept')).toHaveProperty('disabled', true);
  });

  it('offers the labels of secrets where a secret is asked for', async () => {
    const form = fill(object({ secret: { type: 'string', writeOnly: true } }), {
      suggestions: { secret: ['shop-token'] },
    });
    await form.pick('Secret', 'shop-token');
    expect(form.value()).toEqual({ secret: 'shop-token' });
  });

  it('may have a pattern that the browser cannot read: the rest still holds', async () => {
    const form = fill(object({ word: { type: 'string', pattern: '(?i)^[a-z]+$', maxLength: 3 } }));
    await form.type('Word', 'ABCD');
    expect(form.problemAt('Word')).toBe('May have at most 3 characters');
    await form.type('Word', 'ABC');
    expect(form.problemAt('Word')).toBeNull();
  });
});

describe('a number', () => {
  it.each([
    ['minimum', { minimum: 1 }, '0', '1', 'Must be at least 1'],
    ['maximum', { maximum: 10 }, '11', '10', 'Must be at most 10'],
    ['exclusiveMinimum', { exclusiveMinimum: 1 }, '1', '2', 'Must be more than 1'],
    ['exclusiveMaximum', { exclusiveMaximum: 10 }, '10', '9', 'Must be less than 10'],
    ['multipleOf', { multipleOf: 5 }, '7', '15', 'Must be a multiple of 5'],
    ['type integer', { type: 'integer' }, '1.5', '15', 'Must be a whole number'],
  ])('is held to its %s', async (_keyword, keywords, bad, good, problem) => {
    const form = fill(object({ size: { type: 'number', ...keywords } }));
    await form.type('Size', bad);
    expect(form.problemAt('Size')).toBe(problem);
    expect(form.value()).toEqual({ size: Number(bad) });
    await form.type('Size', good);
    expect(form.problemAt('Size')).toBeNull();
    expect(form.value()).toEqual({ size: Number(good) });
  });

  it('may be negative or have a fraction, and is taken away when it is emptied', async () => {
    const form = fill(object({ share: { type: 'number' } }));
    await form.type('Share', '-0.25');
    expect(form.value()).toEqual({ share: -0.25 });
    await form.type('Share', '');
    expect(form.value()).toEqual({});
  });
});

describe('yes or no', () => {
  it('is as the schema says until it is touched', async () => {
    const form = fill(object({ dry_run: { type: 'boolean', default: true }, loud: { type: 'boolean' } }), {
      value: {},
    });
    expect(form.field('Dry run')).toHaveProperty('checked', true);
    expect(form.field('Loud')).toHaveProperty('checked', false);
    await form.user.click(form.field('Dry run'));
    await form.user.click(form.field('Loud'));
    expect(form.value()).toEqual({ dry_run: false, loud: true });
  });
});

describe('one of some values', () => {
  it('keeps the type of what is picked', async () => {
    const form = fill(object({ level: { enum: ['low', 5, true] } }));
    await form.pick('Level', '5');
    expect(form.value()).toEqual({ level: 5 });
    await form.pick('Level', 'true');
    expect(form.value()).toEqual({ level: true });
  });

  it('shows titles and what they mean', async () => {
    const form = fill(
      object({
        on: {
          oneOf: [
            { const: 1, title: 'Monday', description: 'The first' },
            { const: 2, title: 'Tuesday' },
          ],
        },
      }),
    );
    await form.pick('On', 'Monday The first');
    expect(form.value()).toEqual({ on: 1 });
    expect(screen.getByText('The first.')).toBeTruthy();
  });

  it('says when the value is none of them', () => {
    const form = fill(object({ level: { enum: ['low', 'high'] } }), { value: { level: 'odd' }, reveal: true });
    expect(form.problemAt('Level')).toBe('Choose one of the values');
  });

  it('is the default where nothing was picked', () => {
    const form = fill(object({ level: { enum: ['low', 'high'], default: 'high' } }), { value: {} });
    expect(form.field('Level')).toHaveProperty('value', 'high');
  });
});

describe('a constant', () => {
  it('stands in the value without a field', () => {
    const form = fill(object({ kind: { const: 'file' }, name: { type: 'string' } }, { required: ['kind'] }));
    expect(form.value()).toEqual({ kind: 'file' });
    expect(screen.queryByLabelText('Kind')).toBeNull();
  });

  it('that may be left out is a choice of one', async () => {
    const form = fill(object({ mode: { const: 'fast' } }), { value: {} });
    await form.pick('Mode', 'fast');
    expect(form.value()).toEqual({ mode: 'fast' });
  });
});

describe('what may be null', () => {
  it('is null when it is emptied and has to be there', async () => {
    const form = fill(
      object(
        { note: { type: ['string', 'null'] }, size: { type: ['integer', 'null'] } },
        { required: ['note', 'size'] },
      ),
    );
    expect(form.value()).toEqual({ note: null, size: null });
    await form.type('Note', 'x');
    await form.type('Size', '5');
    expect(form.value()).toEqual({ note: 'x', size: 5 });
    await form.type('Note', '');
    await form.type('Size', '');
    expect(form.value()).toEqual({ note: null, size: null });
    expect(form.problems()).toEqual({});
  });

  it('is null, not left out, where a default would come back', async () => {
    const form = fill(object({ note: { type: ['string', 'null'], default: 'x' } }));
    expect(form.value()).toEqual({ note: 'x' });
    await form.type('Note', '');
    expect(form.value()).toEqual({ note: null });
  });

  it('keeps its bounds when it is written as a choice with null', async () => {
    const form = fill(object({ size: { title: 'Size', anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }] } }));
    await form.type('Size', '0');
    expect(form.problemAt('Size')).toBe('Must be at least 1');
    await form.type('Size', '2');
    expect(form.value()).toEqual({ size: 2 });
    expect(form.problems()).toEqual({});
  });
});
