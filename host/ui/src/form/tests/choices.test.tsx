import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Schema } from '../schema';
import { fill, object } from './filled';

const auth: Schema = {
  oneOf: [
    object({ type: { const: 'none' } }, { required: ['type'], additionalProperties: false }),
    object(
      { type: { const: 'bearer' }, secret: { type: 'string', minLength: 1 } },
      { required: ['type', 'secret'], additionalProperties: false },
    ),
    object(
      { type: { enum: ['basic'] }, user: { type: 'string' }, secret: { type: 'string', minLength: 1 } },
      { required: ['type', 'user', 'secret'], additionalProperties: false },
    ),
  ],
};

describe('a choice of shapes', () => {
  it('shows the fields of the one that is picked, and keeps what both have', async () => {
    const form = fill(object({ auth }, { required: ['auth'] }));
    expect(form.value()).toEqual({ auth: { type: 'none' } });
    expect(screen.queryByLabelText(/Secret/)).toBeNull();
    await form.pick('Auth', 'bearer');
    await form.type('Secret', 'shop');
    expect(form.value()).toEqual({ auth: { type: 'bearer', secret: 'shop' } });
    await form.pick('Auth', 'basic');
    await form.type('User', 'ann');
    expect(form.value()).toEqual({ auth: { type: 'basic', user: 'ann', secret: 'shop' } });
    expect(form.problems()).toEqual({});
  });

  it('is told apart by its constants when a job is edited', () => {
    const form = fill(object({ auth }), { value: { auth: { type: 'basic', user: 'ann', secret: '' } }, reveal: true });
    expect(form.field('Auth')).toHaveProperty('value', 'basic');
    expect(form.problemAt('Secret')).toBe('Must not be empty');
    expect(form.problems()).toEqual({ '/auth/secret': 'Must not be empty' });
  });

  it('may be of other types', async () => {
    const form = fill(
      object({
        collections: {
          default: 'all',
          oneOf: [
            { title: 'All', type: 'string', enum: ['all'] },
            { title: 'A list', type: 'array', minItems: 1, items: { type: 'string' } },
          ],
        },
      }),
    );
    expect(form.value()).toEqual({ collections: 'all' });
    await form.pick('Collections', 'A list');
    await form.user.type(form.field('A list'), 'users{Enter}orders{Enter}');
    expect(form.value()).toEqual({ collections: ['users', 'orders'] });
    await form.pick('Collections', 'All');
    expect(form.value()).toEqual({ collections: 'all' });
    expect(form.problems()).toEqual({});
  });

  it('may be nothing', async () => {
    const form = fill(object({ auth: { anyOf: [...(auth.oneOf ?? []), { type: 'null' }] } }, { required: ['auth'] }));
    await form.user.click(form.field('Auth'));
    const clear = document.querySelector(
      '.mantine-InputClearButton-root, .mantine-Select-clear, [class*="ClearButton"]',
    );
    await form.user.click(clear as HTMLElement);
    expect(form.value()).toEqual({ auth: null });
    expect(form.problems()).toEqual({});
  });

  it('has what stands beside it in each branch', async () => {
    const form = fill(
      object({
        target: {
          ...object({ name: { type: 'string' } }, { required: ['name'] }),
          oneOf: [
            { title: 'Folder', properties: { folder: { type: 'string' } } },
            { title: 'Port', properties: { port: { type: 'integer' } }, required: ['port'] },
          ],
        },
      }),
    );
    await form.pick('Target', 'Folder');
    await form.type('Name', 'n');
    await form.pick('Target', 'Port');
    await form.type('Port', '80');
    expect(form.value()).toEqual({ target: { name: 'n', port: 80 } });
  });

  it('may be the whole of the parameters', async () => {
    const form = fill({
      title: 'Way',
      oneOf: [
        { title: 'By hand', ...object({ by: { const: 'hand' }, who: { type: 'string' } }, { required: ['by'] }) },
        {
          title: 'By clock',
          ...object({ by: { const: 'clock' }, at: { type: 'integer' } }, { required: ['by', 'at'] }),
        },
      ],
    });
    expect(form.value()).toEqual({ by: 'hand' });
    await form.pick('Way', 'By clock');
    await form.type('At', '8');
    expect(form.value()).toEqual({ by: 'clock', at: 8 });
  });

  it('forgets a text that could not be read when another shape is picked', async () => {
    const form = fill(
      object({
        body: {
          oneOf: [
            { title: 'Data', ...object({ data: { 'x-ui': { widget: 'json' } } }, { required: ['data'] }) },
            { title: 'Text', ...object({ text: { type: 'string' } }, { required: ['text'] }) },
          ],
        },
      }),
    );
    await form.pick('Body', 'Data');
    await form.type('Data', '{"a": ');
    expect(Object.keys(form.problems())).toEqual(['/body/data']);
    await form.pick('Body', 'Text');
    await form.type('Text', 'hello');
    expect(form.value()).toEqual({ body: { text: 'hello' } });
    expect(form.problems()).toEqual({});
  });
});

describe('alternatives that only ask for members', () => {
  const ages = { days: { type: 'integer' }, filter: { type: 'string' } };
  it('are no choice: what is missing is said', async () => {
    const form = fill(object(ages, { anyOf: [{ required: ['days'] }, { required: ['filter'] }] }), { reveal: true });
    expect(screen.getByText('Needs at least one of: Days, Filter')).toBeTruthy();
    await form.type('Days', '3');
    expect(form.problems()).toEqual({});
  });

  it('exclude each other where they are oneOf', () => {
    const form = fill(object(ages, { oneOf: [{ required: ['days'] }, { required: ['filter'] }] }), {
      value: { days: 1, filter: 'x' },
      reveal: true,
    });
    expect(form.problems()).toEqual({ '': 'Needs exactly one of: Days, Filter' });
  });
});
