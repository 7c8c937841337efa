import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fill, object } from './filled';

describe('a problem that the server found', () => {
  const schema = object({
    url: { type: 'string' },
    conditions: { type: 'object', 'x-ui': { widget: 'filter' } },
    names: { type: 'array', items: { type: 'string' } },
    retention: { title: 'Retention', ...object({ keep_last: { type: 'integer' } }) },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    columns: { type: 'array', items: { title: 'Column', ...object({ path: { type: 'string' } }) } },
  });
  const value = {
    url: 'x',
    conditions: { $where: 1 },
    names: ['a', 'b'],
    retention: { keep_last: 1 },
    headers: { 'a/b': 'c' },
    columns: [{ path: 'p' }, { path: 'q' }],
  };

  it.each([
    ['a field', '/url', 'Url'],
    ['a part of a JSON text', '/conditions/$where', 'Conditions'],
    ['one of the tags', '/names/1', 'Names'],
    ['a field of an object', '/retention/keep_last', 'Keep last'],
    ['a value under a name', '/headers/a~1b', 'Value'],
  ])('stands at %s by its pointer', (_what, pointer, label) => {
    const form = fill(schema, { value, server: { [pointer]: 'is refused by the template' } });
    expect(form.problemAt(label)).toContain('is refused by the template');
    expect(screen.getAllByText(/is refused by the template/)).toHaveLength(1);
  });

  it('stands at a field of an item by its pointer', () => {
    const form = fill(schema, { value, server: { '/columns/1/path': 'is refused by the template' } });
    expect(form.group('Column 2').getByText('is refused by the template')).toBeTruthy();
    expect(form.group('Column 1').queryByText('is refused by the template')).toBeNull();
  });

  it('stands at the list or the object that it speaks of', () => {
    fill(schema, { value, server: { '/columns': 'has too many', '/retention': 'is out of the question' } });
    expect(screen.getByText('has too many')).toBeTruthy();
    expect(screen.getByText('is out of the question')).toBeTruthy();
  });
});

describe('examples', () => {
  it('fill in the form, and nothing that was half typed stands in the way', async () => {
    const form = fill({
      ...object({ collection: { type: 'string' }, conditions: { type: 'object', 'x-ui': { widget: 'filter' } } }),
      examples: [{ collection: 'logs', conditions: { level: 'DEBUG' } }],
    });
    await form.type('Conditions', '{"level": ');
    expect(Object.keys(form.problems())).toEqual(['/conditions']);
    await form.press('Fill in an example');
    await form.user.click(await screen.findByRole('menuitem', { name: /collection: logs/ }));
    expect(form.value()).toEqual({ collection: 'logs', conditions: { level: 'DEBUG' } });
    expect(form.problems()).toEqual({});
  });
});

describe('markup in a schema or a value', () => {
  it('is shown as text', () => {
    const bad = '<img src=x onerror="window.hit = true">';
    fill(object({ a: { type: 'string', title: bad, description: bad, examples: [bad] } }), {
      value: { a: bad },
      server: { '/a': bad },
    });
    expect(screen.getAllByText(bad).length).toBeGreaterThanOrEqual(3);
    expect(document.querySelector('img')).toBeNull();
  });
});
