/**
 * A form from a JSON Schema (2020-12). It holds no value of its own: the value comes in and changes go out. Problems
 * are found while typing, shown at a field once it was left, and all at once when `reveal` is set.
 */
import { Button, Menu } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { check, type Problems } from './check';
import { FormRoom } from './context';
import { Members } from './fields/ObjectField';
import { isObject, labelOf, type Schema, type Value } from './schema';

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
      <Members schema={schema} value={value} pointer="" onChange={onChange} />
    </FormRoom.Provider>
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
  const [told, setTold] = useState<Problems | null>(null);
  if (hear && told !== found) {
    setTold(found);
    queueMicrotask(() => hear(found));
  }
}
