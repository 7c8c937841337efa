/** Any value as JSON text. The text stays as typed while it cannot be read; the value stays the last one that could. */
import { Textarea } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldId, useForm } from '../context';
import { equal, labelOf, typesOf, type Value } from '../schema';
import { emptied } from '../value';
import type { FieldProps } from './Field';
import { useNotes } from './notes';

const written = (value: Value) => (value === undefined ? '' : JSON.stringify(value, null, 2));

export function JsonField(props: FieldProps & { unknown: string[] }) {
  const { schema, label, value, pointer, required, unknown, onChange } = props;
  const { t } = useTranslation();
  const { problemWithin, touch, breakOff } = useForm();
  const [text, setText] = useState(() => written(value));
  const [sent, setSent] = useState<Value>(value);
  const [replaced, setReplaced] = useState(0);
  // The value was changed from elsewhere.
  if (!equal(sent, value)) {
    setSent(value);
    setText(written(value));
    setReplaced(replaced + 1);
  }
  // Text that could not be read went with the value that it stood for, or goes with this field.
  // biome-ignore lint/correctness/useExhaustiveDependencies: breakOff is the form's own and only its setter counts
  useEffect(() => () => breakOff(pointer, undefined), [pointer, replaced]);
  const notes = useNotes(schema, value);
  const description = [notes, unknown.length > 0 ? t('form.as_json', { keywords: unknown.join(', ') }) : undefined];
  const example = schema.examples?.[0];
  return (
    <Textarea
      id={fieldId(pointer)}
      label={label}
      description={description.filter(Boolean).join(' ') || undefined}
      withAsterisk={required}
      error={problemWithin(pointer)}
      readOnly={schema.readOnly}
      autosize
      minRows={2}
      maxRows={24}
      spellCheck={false}
      classNames={{ input: 'sg-mono' }}
      placeholder={example === undefined ? undefined : labelOf(example)}
      value={text}
      onBlur={() => touch(pointer)}
      onChange={(event) => {
        const typed = event.currentTarget.value;
        setText(typed);
        const read = readJson(typed, typesOf(schema).includes('string'));
        breakOff(pointer, 'problem' in read ? t('form.problem.json', { reason: read.problem }) : undefined);
        if ('value' in read) {
          // The whole is never nothing.
          const none = pointer === '' ? {} : emptied(schema, required);
          const next = read.value === undefined ? none : read.value;
          setSent(next);
          onChange(next);
        }
      }}
    />
  );
}

/** JSON, or nothing; where a text is allowed, whatever is no JSON is one. */
export function readJson(text: string, orText: boolean): { value: Value } | { problem: string } {
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) as Value };
  } catch (thrown) {
    return orText ? { value: text } : { problem: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
