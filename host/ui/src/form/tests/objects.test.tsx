import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fill, object } from './filled';

describe('an object within an object', () => {
  const schema = object({
    retention: {
      title: 'Retention',
      ...object({ keep_last: { type: 'integer', minimum: 1 }, deep: object({ word: { type: 'string' } }) }),
    },
  });

  it('is set, filled and taken away again', async () => {
    const form = fill(schema);
    expect(form.value()).toEqual({});
    await form.press('Set Retention');
    await form.type('Keep last', '7');
    await form.press('Set Deep');
    await form.type('Word', 'x');
    expect(form.value()).toEqual({ retention: { keep_last: 7, deep: { word: 'x' } } });
    await form.press('Remove Retention');
    expect(form.value()).toEqual({});
  });

  it('tells what is wrong at its own field', async () => {
    const form = fill(schema, { value: { retention: {} } });
    await form.type('Keep last', '0');
    expect(form.problemAt('Keep last')).toBe('Must be at least 1');
    expect(form.problems()).toEqual({ '/retention/keep_last': 'Must be at least 1' });
  });

  it('that may be null and has to be there becomes null', async () => {
    const form = fill(
      object(
        { limit: { title: 'Limit', ...object({ n: { type: 'integer' } }), type: ['object', 'null'] } },
        { required: ['limit'] },
      ),
      { value: { limit: { n: 1 } } },
    );
    await form.press('Remove Limit');
    expect(form.value()).toEqual({ limit: null });
    expect(form.problems()).toEqual({});
  });

  it('is drawn in groups, in the order of its hints', () => {
    fill(
      object({
        last: { type: 'string', 'x-ui': { order: 3, group: 'How' } },
        first: { type: 'string', 'x-ui': { order: 1, group: 'What' } },
        second: { type: 'string', 'x-ui': { order: 2, group: 'What' } },
      }),
    );
    const names = screen.getAllByRole('textbox').map((input) => (input as HTMLInputElement).labels?.[0]?.textContent);
    expect(names).toEqual(['First', 'Second', 'Last']);
    expect(screen.getAllByRole('heading').map(({ textContent }) => textContent)).toEqual(['What', 'How']);
  });
});

describe('names that the person chooses', () => {
  const headers = object({
    headers: {
      type: 'object',
      additionalProperties: { type: 'string', maxLength: 5 },
      propertyNames: { pattern: '^[A-Za-z-]+$' },
      maxProperties: 2,
    },
  });

  it('have a value each', async () => {
    const form = fill(headers);
    await form.press('Add a pair');
    await form.type('Name', 'X-Shop');
    await form.type('Value', 'four');
    expect(form.value()).toEqual({ headers: { 'X-Shop': 'four' } });
    await form.press('Remove X-Shop');
    expect(form.value()).toEqual({ headers: {} });
  });

  it('and their values are held to the schema', async () => {
    const form = fill(headers, { value: { headers: { 'X-Shop': 'far too long', 'not this': 'x' } }, reveal: true });
    expect(screen.getByText('May have at most 5 characters')).toBeTruthy();
    expect(screen.getByText('Its name does not fit: Must match ^[A-Za-z-]+$')).toBeTruthy();
    expect(Object.keys(form.problems()).sort()).toEqual(['/headers/X-Shop', '/headers/not this']);
  });

  it('count', () => {
    fill(headers, { value: { headers: { a: '1', b: '2', c: '3' } }, reveal: true });
    expect(screen.getByText('May have at most 2 entries')).toBeTruthy();
  });

  it('are not lost while one has no name, or one of another', async () => {
    const form = fill(headers);
    await form.press('Add a pair');
    await form.type('Value', 'x');
    expect(Object.values(form.problems())).toEqual(['Needs a name of its own']);
    expect(screen.getByText('Is needed')).toBeTruthy();
    await form.type('Name', 'A');
    expect(form.problems()).toEqual({});
    await form.press('Add a pair');
    await form.user.type(screen.getAllByLabelText('Name')[1] as HTMLElement, 'A');
    expect(screen.getByText('Is there already')).toBeTruthy();
    expect(Object.values(form.problems())).toEqual(['Needs a name of its own']);
  });

  it('may stand beside known members', async () => {
    const form = fill(object({ host: { type: 'string' } }, { additionalProperties: { type: 'integer' } }));
    await form.type('Host', 'a');
    await form.press('Add a pair');
    await form.type('Name', 'port');
    await form.type('Value', '80');
    expect(form.value()).toEqual({ host: 'a', port: 80 });
    expect(form.problems()).toEqual({});
  });
});

describe('a member that is not known', () => {
  it('is shown with its problem and can be taken away', async () => {
    const form = fill(object({ a: { type: 'string' } }, { additionalProperties: false }), {
      value: { a: 'x', former: { deep: 1 } },
      reveal: true,
    });
    expect(screen.getByText('Is not known here: remove it')).toBeTruthy();
    await form.press('Remove former');
    expect(form.value()).toEqual({ a: 'x' });
    expect(form.problems()).toEqual({});
    expect(screen.queryByText('Further entries')).toBeNull();
  });

  it('is kept where others are let in', () => {
    const form = fill(object({ a: { type: 'string' } }), { value: { a: 'x', extra: 5 }, reveal: true });
    expect(form.problems()).toEqual({});
    expect(screen.getByDisplayValue('extra')).toBeTruthy();
  });
});
