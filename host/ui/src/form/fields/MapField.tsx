/** Names that the person chooses, each with a value. */
import { ActionIcon, Button, TextInput } from '@mantine/core';
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useForm } from '../context';
import { equal, isObject, labelOf, type Schema, step, type Value } from '../schema';
import { blank } from '../value';
import { Field, type FieldProps } from './Field';
import { readJson } from './JsonField';
import { Notes, ProblemText } from './notes';

type Row = [string, Value];

interface MapProps extends FieldProps {
  values: Schema | null;
  /** Names that fields of their own have. The problem of the whole is shown there too. */
  beside?: string[];
  /** Nothing can be added. */
  closed?: boolean;
}

export function MapField(props: MapProps) {
  const { schema, label, value, pointer, required, values, beside, closed = false, onChange } = props;
  const { t } = useTranslation();
  const { root, problemAt, forget, breakOff } = useForm();
  const [rows, setRows] = useState<Row[]>(() => rowsOf(value));
  // Rows are kept as typed: a name may be empty or there twice for a moment.
  if (!equal(asObject(rows), isObject(value) ? value : {})) setRows(rowsOf(value));
  const change = (next: Row[]) => {
    setRows(next);
    onChange(asObject(next));
  };
  const setRow = (index: number, row: Row) => change(rows.map((old, at) => (at === index ? row : old)));
  const names = [...(beside ?? []), ...rows.map(([key]) => key)];
  const isTwice = (index: number, key: string) => key !== '' && names.indexOf(key) !== index + (beside?.length ?? 0);
  const isLost = ([key, entry]: Row) => key === '' && entry !== '' && entry !== undefined && entry !== null;
  // What stands in a row that has no name of its own would be lost.
  const lost = rows.some(isLost) || rows.some(([key], index) => isTwice(index, key));
  // biome-ignore lint/correctness/useExhaustiveDependencies: breakOff is the form's own and only its setter counts
  useEffect(() => {
    breakOff(`${pointer}/`, lost ? t('form.problem.unnamed') : undefined);
    return () => breakOff(`${pointer}/`, undefined);
  }, [lost, pointer]);
  return (
    <fieldset className="sg-form-set">
      <legend>
        {label}
        {required && <span aria-hidden="true"> *</span>}
      </legend>
      <Notes schema={schema} />
      {!beside && <ProblemText pointer={pointer} />}
      {rows.map(([key, entry], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row keeps its place while its name is typed
        <div key={index} className="sg-form-item">
          <div className="sg-form-pair">
            <TextInput
              label={t('form.key')}
              value={key}
              spellCheck={false}
              classNames={{ input: 'sg-mono' }}
              error={
                isTwice(index, key)
                  ? t('form.problem.twice')
                  : isLost([key, entry])
                    ? t('form.problem.required')
                    : undefined
              }
              onChange={(event) => setRow(index, [event.currentTarget.value, entry])}
            />
            {values ? (
              <Field
                schema={values}
                label={t('form.value')}
                value={entry}
                pointer={pointer + step(key)}
                required
                onChange={(changed) => setRow(index, [key, changed ?? ''])}
              />
            ) : (
              <TextInput
                label={t('form.value')}
                error={problemAt(pointer + step(key))}
                value={typeof entry === 'string' ? entry : labelOf(entry)}
                spellCheck={false}
                classNames={{ input: 'sg-mono' }}
                onChange={(event) => {
                  const read = readJson(event.currentTarget.value, true);
                  setRow(index, [key, 'value' in read ? (read.value ?? '') : '']);
                }}
              />
            )}
          </div>
          <div className="sg-form-item-actions">
            <ActionIcon
              variant="subtle"
              aria-label={t('form.remove', { name: key || String(index + 1) })}
              onClick={() => {
                forget(pointer + step(key));
                change(rows.filter((_, at) => at !== index));
              }}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </div>
        </div>
      ))}
      {!closed && (
        <Button
          variant="default"
          size="xs"
          onClick={() => setRows([...rows, ['', values ? (blank(values, root) ?? '') : '']])}
        >
          {t('form.add_pair')}
        </Button>
      )}
    </fieldset>
  );
}

const rowsOf = (value: Value): Row[] => (isObject(value) ? Object.entries(value) : []);

/** Rows with a name; of two with the same, the first. */
function asObject(rows: Row[]): Record<string, Value> {
  const made: Record<string, Value> = {};
  for (const [key, value] of rows) if (key !== '' && !(key in made)) made[key] = value;
  return made;
}
