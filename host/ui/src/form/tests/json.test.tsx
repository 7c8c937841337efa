import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fill, object } from './filled';

describe('what no field of ours knows', () => {
  it('is JSON, says why, and is checked all the same', async () => {
    const form = fill(
      object({
        odd: {
          type: 'object',
          patternProperties: { '^x': { type: 'integer', maximum: 9 } },
          additionalProperties: false,
        },
      }),
    );
    expect(screen.getByText('Edited as JSON, because its schema uses patternProperties.')).toBeTruthy();
    await form.type('Odd', '{"x1": 12}');
    expect(form.problemAt('Odd')).toMatch(/^\/x1: .*9/);
    await form.type('Odd', '{"y": 1}');
    expect(form.problemAt('Odd')).toBe('/y: Is not known here: remove it');
    await form.type('Odd', '{"x1": 2}');
    expect(form.problemAt('Odd')).toBeNull();
    expect(form.value()).toEqual({ odd: { x1: 2 } });
  });

  it('keeps a text that cannot be read yet, and the last value that could', async () => {
    const form = fill(object({ conditions: { type: 'object', 'x-ui': { widget: 'filter' } } }), {
      value: { conditions: { a: 1 } },
    });
    await form.user.type(form.field('Conditions'), ',');
    await form.user.tab();
    expect(form.problemAt('Conditions')).toMatch(/^Is no JSON: /);
    expect(form.value()).toEqual({ conditions: { a: 1 } });
    await form.type('Conditions', '');
    expect(form.value()).toEqual({});
    expect(form.problems()).toEqual({});
  });

  it('tells one type from another', async () => {
    const form = fill(object({ conditions: { type: 'object', 'x-ui': { widget: 'filter' } } }));
    await form.type('Conditions', '[1]');
    expect(form.problemAt('Conditions')).toBe('Must be of type object');
  });

  it('is plain text where a text is allowed', async () => {
    const form = fill(object({ either: { type: ['string', 'integer'] } }));
    await form.type('Either', 'hello');
    expect(form.value()).toEqual({ either: 'hello' });
    await form.type('Either', '5');
    expect(form.value()).toEqual({ either: 5 });
  });

  it('may be the whole of the parameters', async () => {
    const form = fill({ type: 'object', patternProperties: { '^x': { type: 'integer' } } });
    await form.type('Parameters', '{"x": 1}');
    expect(form.value()).toEqual({ x: 1 });
  });

  it('is left alone when its keyword is only a note', () => {
    const form = fill(object({ word: { type: 'string', 'x-origin': 'elsewhere', $comment: 'no matter' } }));
    expect(form.field('Word').tagName).toBe('INPUT');
  });

  it('goes with its item, and what could not be read goes too', async () => {
    const form = fill(
      object({ steps: { type: 'array', items: { title: 'Step', type: 'object', 'x-ui': { widget: 'json' } } } }),
    );
    await form.press('Add Step');
    await form.type('Step 1', '{"a": ');
    expect(Object.keys(form.problems())).toContain('/steps/0');
    await form.press('Remove Step 1');
    expect(form.value()).toEqual({ steps: [] });
    expect(form.problems()).toEqual({});
  });
});
