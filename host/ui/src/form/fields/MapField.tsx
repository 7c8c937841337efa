/** Names that the person chooses, each with a value. */
import { ActionIcon, Button, TextInput } from '@mantine/core';
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useForm } from '../context';
import { blank, equal, isObject, labelOf, type Schema, step, type Value } from '../schema';
import { Field, type FieldProps } from './Field';
import { readJson } from './JsonField';
import { Notes, ProblemText } from './notes';

type Row = [string, Value];

export function MapField(props: FieldProps & { values: Schema | null }) {
  const { schema, label, value, pointer, required, values, onChange } = props;
  const { t } = useTranslation();
  const { root } = useForm();
  const [rows, setRows] = useState<Row[]>(() => rowsOf(value));
  // Rows are kept as typed: a name may be empty or there twice for a moment.
  if (!equal(asObject(rows), isObject(value) ? value : {})) setRows(rowsOf(value));
  const change = (next: Row[]) => {
    setRows(next);
    onChange(asObject(next));
  };
  const setRow = (index: number, row: Row) => change(rows.map((old, at) => (at === index ? row : old)));
  const names = rows.map(([key]) => key);
  return (
    <fieldset className="sg-form-set">
      <legend>
        {label}
        {required && <span aria-hidden="true"> *</span>}
      </legend>
      <Notes schema={schema} />
      <ProblemText pointer={pointer} />
      {rows.map(([key, entry], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row keeps its place while its name is typed
        <div key={index} className="sg-form-item">
          <div className="sg-form-pair">
            <TextInput
              label={t('form.key')}
              value={key}
              spellCheck={false}
              classNames={{ input: 'sg-mono' }}
              error={key !== '' && names.indexOf(key) !== index ? t('form.problem.twice') : undefined}
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
                description={undefined}
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
              onClick={() => change(rows.filter((_, at) => at !== index))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </div>
        </div>
      ))}
      <Button
        variant="default"
        size="xs"
        onClick={() => setRows([...rows, ['', values ? (blank(values, root) ?? '') : '']])}
      >
        {t('form.add_pair')}
      </Button>
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
