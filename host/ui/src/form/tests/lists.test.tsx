import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fill, object } from './filled';

const columns = object({
  columns: {
    type: 'array',
    minItems: 1,
    maxItems: 3,
    items: {
      title: 'Column',
      ...object({ path: { type: 'string', minLength: 1 }, title: { type: 'string' } }, { required: ['path'] }),
    },
  },
});

describe('a list of objects', () => {
  it('is added to, filled, ordered and taken from', async () => {
    const form = fill(columns);
    await form.press('Add Column');
    await form.user.type(form.group('Column 1').getByLabelText('Path *'), 'email');
    await form.press('Add Column');
    await form.user.type(form.group('Column 2').getByLabelText('Path *'), 'name');
    await form.user.type(form.group('Column 2').getByLabelText('Title'), 'Name');
    expect(form.value()).toEqual({ columns: [{ path: 'email' }, { path: 'name', title: 'Name' }] });
    await form.press('Move Column 2 up');
    expect(form.value()).toEqual({ columns: [{ path: 'name', title: 'Name' }, { path: 'email' }] });
    await form.press('Remove Column 1');
    expect(form.value()).toEqual({ columns: [{ path: 'email' }] });
    await form.press('Remove Column 1');
    expect(form.value()).toEqual({});
    expect(form.problems()).toEqual({});
  });

  it('takes no more than it may have', async () => {
    const form = fill(columns, { value: { columns: [{ path: 'a' }, { path: 'b' }] } });
    await form.press('Add Column');
    expect(screen.getByRole('button', { name: 'Add Column' })).toHaveProperty('disabled', true);
  });

  it('tells what is wrong at the field of the item', async () => {
    const form = fill(columns, { value: { columns: [{ path: 'a' }, { path: '' }] }, reveal: true });
    expect(form.group('Column 2').getByText('Must not be empty')).toBeTruthy();
    expect(form.group('Column 1').queryByText('Must not be empty')).toBeNull();
    expect(form.problems()).toEqual({ '/columns/1/path': 'Must not be empty' });
  });

  it('tells what is wrong with the whole', () => {
    fill(columns, { value: { columns: [] }, reveal: true });
    expect(screen.getByText('Needs at least 1')).toBeTruthy();
  });

  it('that must not hold a value twice says so', () => {
    const schema = object({ columns: { ...columns.properties?.columns, uniqueItems: true } });
    fill(schema, { value: { columns: [{ path: 'a' }, { path: 'a' }] }, reveal: true });
    expect(screen.getByText('Holds a value twice')).toBeTruthy();
  });
});

describe('a list of texts', () => {
  it('is typed as tags, which may hold spaces', async () => {
    const form = fill(object({ recipients: { type: 'array', items: { type: 'string' }, 'x-ui': { widget: 'tags' } } }));
    await form.user.type(form.field('Recipients'), 'Anna <anna@example.com>{Enter}ben@example.com,');
    expect(form.value()).toEqual({ recipients: ['Anna <anna@example.com>', 'ben@example.com'] });
  });

  it('says which tag is wrong, and is left out when it is emptied', async () => {
    const form = fill(
      object({ names: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^[a-z]+$' } } }),
    );
    await form.user.type(form.field('Names'), 'ok{Enter}NO{Enter}');
    await form.user.tab();
    await form.user.click(form.field('Names'));
    await form.user.tab();
    expect(form.problems()).toEqual({ '/names/1': 'Must match ^[a-z]+$' });
    await form.user.type(form.field('Names'), '{Backspace}{Backspace}');
    expect(form.value()).toEqual({});
    expect(form.problems()).toEqual({});
  });

  it('of numbers or texts keeps numbers as numbers', async () => {
    const form = fill(
      object({
        expected_status: {
          type: 'array',
          items: {
            oneOf: [
              { type: 'integer', minimum: 100 },
              { type: 'string', pattern: '^[1-5]' },
            ],
          },
          'x-ui': { widget: 'tags' },
        },
      }),
    );
    await form.user.type(form.field('Expected status'), '200-299{Enter}304{Enter}');
    expect(form.value()).toEqual({ expected_status: ['200-299', 304] });
    expect(form.problems()).toEqual({});
  });
});

describe('a list of numbers', () => {
  it('has a field for each', async () => {
    const form = fill(object({ sizes: { type: 'array', items: { type: 'integer', maximum: 9 } } }));
    await form.press('Add Item');
    await form.type('Item 1', '12');
    expect(form.problemAt('Item 1')).toBe('Must be at most 9');
    await form.type('Item 1', '7');
    expect(form.value()).toEqual({ sizes: [7] });
  });
});

describe('some of a few values', () => {
  it('are picked', async () => {
    const form = fill(
      object({ retry_on: { type: 'array', uniqueItems: true, items: { enum: ['timeout', 503, 'connection'] } } }),
    );
    await form.pick('Retry on', '503');
    await form.user.click(await screen.findByRole('option', { name: 'connection' }));
    expect(form.value()).toEqual({ retry_on: [503, 'connection'] });
  });

  it('may be more than there are fields for: then each is a choice', async () => {
    const form = fill(object({ steps: { type: 'array', items: { enum: ['up', 'down'] } } }));
    await form.press('Add Item');
    await form.pick('Item 1', 'up');
    await form.press('Add Item');
    await form.pick('Item 2', 'up');
    expect(form.value()).toEqual({ steps: ['up', 'up'] });
  });
});

describe('a list of choices', () => {
  it('keeps each with its branch when one before it goes', async () => {
    const target = {
      title: 'Target',
      oneOf: [
        {
          title: 'A file',
          ...object({ file: { type: 'string' } }, { required: ['file'], additionalProperties: false }),
        },
        {
          title: 'A mail',
          ...object({ mail: { type: 'string' } }, { required: ['mail'], additionalProperties: false }),
        },
      ],
    };
    const form = fill(object({ targets: { type: 'array', items: target } }));
    await form.press('Add Target');
    await form.press('Add Target');
    await form.pick('Target 2', 'A mail');
    await form.type('Mail', 'ops');
    await form.press('Remove Target 1');
    expect(form.value()).toEqual({ targets: [{ mail: 'ops' }] });
    expect(form.field('Target 1')).toHaveProperty('value', 'A mail');
    expect(form.problems()).toEqual({});
  });
});
