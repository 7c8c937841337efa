/**
 * A form from a JSON Schema (2020-12). It holds no value of its own: the value comes in and changes go out. Problems
 * are found while typing, shown at a field once it was left, and all at once when `reveal` is set.
 */
import { Button, Menu } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { check, type Problems, problemWithin } from './check';
import { FormRoom } from './context';
import { Field } from './fields/Field';
import { ProblemText } from './fields/notes';
import { Members } from './fields/ObjectField';
import { resolve } from './resolve';
import { isObject, labelOf, type Schema, type Value } from './schema';
import { shape } from './shape';

export interface SchemaFormProps {
  schema: Schema;
  value: Record<string, Value>;
  onChange: (value: Record<string, Value>) => void;
  /** Show every problem now. */
  reveal?: boolean;
  /** What the server found, by pointer into the value. */
  serverProblems?: Problems;
  suggestions?: Record<string, string[]>;
  /** Hears whether the value can be sent. */
  onProblems?: (problems: Problems) => void;
}

const NONE: Problems = new Map();

export function SchemaForm(props: SchemaFormProps) {
  const { schema, value, onChange, reveal = false, serverProblems = NONE, suggestions = {} } = props;
  const { t } = useTranslation();
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<Record<string, number>>({});
  const [broken, setBroken] = useState<Problems>(NONE);
  // Fields keep what is typed while it cannot be read; another number makes new fields.
  const [generation, setGeneration] = useState(0);
  const found = useMemo(() => {
    const problems = check(schema, value, schema, chosen);
    for (const [pointer, message] of broken) problems.set(pointer, message);
    return problems;
  }, [schema, value, chosen, broken]);

  const { onProblems } = props;
  useReport(found, onProblems);

  const room = useMemo(
    () => ({
      root: schema,
      chosen,
      suggestions,
      problemAt: (pointer: string) =>
        serverProblems.get(pointer) ?? (reveal || touched.has(pointer) ? found.get(pointer) : undefined),
      problemWithin: (pointer: string) =>
        problemWithin(serverProblems, pointer) ??
        (reveal || touched.has(pointer) ? problemWithin(found, pointer) : undefined),
      touch: (pointer: string) => setTouched((before) => (before.has(pointer) ? before : new Set(before).add(pointer))),
      choose: (pointer: string, branch: number) => setChosen((before) => ({ ...before, [pointer]: branch })),
      breakOff: (pointer: string, message: string | undefined) =>
        setBroken((before) => {
          if (before.get(pointer) === message) return before;
          const after = new Map(before);
          if (message === undefined) after.delete(pointer);
          else after.set(pointer, message);
          return after;
        }),
      forget: (pointer: string) => {
        const other = (place: string) => place !== pointer && !place.startsWith(`${pointer}/`);
        setTouched((before) => new Set([...before].filter(other)));
        setChosen((before) => Object.fromEntries(Object.entries(before).filter(([place]) => other(place))));
        setBroken((before) => new Map([...before].filter(([place]) => other(place))));
      },
    }),
    [schema, chosen, suggestions, serverProblems, reveal, touched, found],
  );

  const examples = (schema.examples ?? []).filter(isObject);
  return (
    <FormRoom.Provider value={room}>
      {examples.length > 0 && (
        <div className="sg-form-examples">
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <Button variant="default" size="xs">
                {t('form.examples')}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {examples.map((example) => (
                <Menu.Item
                  key={JSON.stringify(example)}
                  onClick={() => {
                    setChosen({});
                    setBroken(NONE);
                    setGeneration(generation + 1);
                    onChange({ ...value, ...structuredClone(example) });
                  }}
                >
                  <ExampleText example={example} />
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </div>
      )}
      <Root key={generation} schema={schema} value={value} onChange={onChange} />
    </FormRoom.Provider>
  );
}

/** All of the parameters: their fields, or whatever shows a schema that is no plain object. */
function Root({ schema, value, onChange }: Pick<SchemaFormProps, 'schema' | 'value' | 'onChange'>) {
  const { t } = useTranslation();
  if (shape(resolve(schema, schema, value), schema).kind === 'object') {
    return (
      <>
        <Members schema={schema} value={value} pointer="" onChange={onChange} />
        <ProblemText pointer="" />
      </>
    );
  }
  return (
    <Field
      // The page's own heading says what the whole is.
      schema={{ ...schema, description: undefined }}
      label={schema.title ?? t('editor.parameters')}
      value={value}
      pointer=""
      required
      onChange={(changed) => onChange(isObject(changed) ? changed : {})}
    />
  );
}

/** The first members of an example, short enough for a line. */
function ExampleText({ example }: { example: Record<string, Value> }) {
  const text = Object.entries(example)
    .slice(0, 4)
    .map(([key, value]) => `${key}: ${labelOf(value)}`)
    .join(' · ');
  return <span className="sg-form-example">{text}</span>;
}

function useReport(found: Problems, hear: ((problems: Problems) => void) | undefined) {
  const latest = useRef(hear);
  latest.current = hear;
  useEffect(() => latest.current?.(found), [found]);
}
