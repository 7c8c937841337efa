/** A form as a person fills it: what tests type into, and what came of it. */
import { MantineProvider } from '@mantine/core';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import type { Problems } from '../check';
import { SchemaForm } from '../SchemaForm';
import { isObject, type Schema, type Value } from '../schema';
import { blank } from '../value';

interface Options {
  /** Where the form begins; the schema's first value otherwise. */
  value?: Record<string, Value>;
  reveal?: boolean;
  server?: Record<string, string>;
  suggestions?: Record<string, string[]>;
}

export function fill(schema: Schema, options: Options = {}) {
  const first = options.value ?? blank(schema, schema);
  const last = { value: isObject(first) ? first : {}, problems: new Map() as Problems };
  const server = new Map(Object.entries(options.server ?? {}));
  // biome-ignore lint/correctness/noComponentHookFactories: one form a test, rendered once
  function Form() {
    const [value, setValue] = useState(last.value);
    return (
      <SchemaForm
        schema={schema}
        value={value}
        onChange={(next) => {
          last.value = next;
          setValue(next);
        }}
        reveal={options.reveal}
        serverProblems={server}
        suggestions={options.suggestions}
        onProblems={(problems) => {
          last.problems = problems;
        }}
      />
    );
  }
  render(
    <MantineProvider env="test">
      <Form />
    </MantineProvider>,
  );
  const user = userEvent.setup();
  // What stands below the label of a switch is part of it.
  const field = (label: string) =>
    screen.queryByLabelText(labelled(label), { selector: 'input, textarea' }) ??
    screen.getByRole('switch', { name: new RegExp(`^${label}`) });
  return {
    user,
    field,
    /** The value as it stands. */
    value: () => last.value,
    /** Every problem, shown or not. */
    problems: () => Object.fromEntries(last.problems),
    async type(label: string, text: string) {
      const input = field(label);
      await user.clear(input);
      // Braces and brackets mean keys to user-event.
      if (text !== '') await user.type(input, text.replaceAll(/[{[]/g, '$&$&'));
      await user.tab();
    },
    async pick(label: string, option: string) {
      await user.click(field(label));
      await user.click(await screen.findByRole('option', { name: option }));
    },
    /** The text below a field that says what is wrong with it; null where nothing is. */
    problemAt(label: string): string | null {
      const input = field(label);
      if (input.getAttribute('aria-invalid') !== 'true') return null;
      const ids = (input.getAttribute('aria-describedby') ?? '').split(' ');
      const error = ids.find((id) => id.endsWith('-error'));
      return error ? (document.getElementById(error)?.textContent ?? null) : null;
    },
    press: (name: string) => user.click(screen.getByRole('button', { name })),
    group: (name: string) => within(screen.getByRole('group', { name: labelled(name) })),
  };
}

/** A label, with or without the star of what is needed. */
const labelled = (label: string) => new RegExp(`^${label.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}( \\*)?$`);

export const object = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...more,
});
