/** Fields for one value: text, number, switch, select; and for lists of such. */
import { Autocomplete, MultiSelect, NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldId, useForm } from '../context';
import { equal, isNullable, labelOf, type Schema, typesOf, type Value } from '../schema';
import type { Option } from '../shape';
import { emptied } from '../value';
import type { FieldProps } from './Field';
import { useNotes } from './notes';

/** What all inputs of a form have in common. */
function useInput({ schema, label, pointer, required, value }: FieldProps) {
  const { problemAt, touch } = useForm();
  return {
    id: fieldId(pointer),
    label,
    description: useNotes(schema, value),
    error: problemAt(pointer),
    withAsterisk: required,
    'aria-required': required || undefined,
    onBlur: () => touch(pointer),
    disabled: schema.readOnly,
  };
}

const zones = () => ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

/** Kinds of inputs that browsers know. Not `time`: theirs has no zone, and the format asks for one. */
const NATIVE: Record<string, string> = { email: 'email', uri: 'url', url: 'url', date: 'date' };

export function TextField(props: FieldProps & { long: boolean }) {
  const { schema, value, required, onChange } = props;
  const input = useInput(props);
  const { suggestions } = useForm();
  const widget = schema['x-ui']?.widget ?? '';
  const text = typeof value === 'string' ? value : value === undefined || value === null ? '' : labelOf(value);
  const change = (changed: string) =>
    onChange(changed === '' && (!required || isNullable(schema)) ? emptied(schema, required) : changed);
  const example = schema.examples?.[0];
  const placeholder = example === undefined ? undefined : labelOf(example);
  const format = schema.format ?? '';
  const mono = ['pattern', 'regex', 'cron'].includes(format) || ['field', 'collection'].includes(widget);
  if (props.long) {
    return (
      <Textarea
        {...input}
        autosize
        minRows={4}
        maxRows={20}
        value={text}
        placeholder={placeholder}
        onChange={(event) => change(event.currentTarget.value)}
      />
    );
  }
  const offered =
    format === 'timezone' || widget === 'timezone'
      ? zones()
      : schema.writeOnly
        ? suggestions.secret
        : suggestions[widget];
  if (offered && offered.length > 0) {
    return (
      <Autocomplete {...input} value={text} placeholder={placeholder} data={offered} limit={100} onChange={change} />
    );
  }
  return (
    <TextInput
      {...input}
      type={
        format === 'password' && !schema.writeOnly
          ? 'password'
          : (NATIVE[format] ?? (widget === 'date' ? 'date' : 'text'))
      }
      autoComplete="off"
      spellCheck={false}
      value={text}
      placeholder={placeholder}
      classNames={mono ? { input: 'sg-mono' } : undefined}
      onChange={(event) => change(event.currentTarget.value)}
    />
  );
}

export function NumberField(props: FieldProps) {
  const { schema, value, required, onChange } = props;
  const example = schema.examples?.[0];
  const input = useInput(props);
  // A number that is not whole yet, such as "-" or "0.0", stays as typed.
  const [half, setHalf] = useState<string | null>(null);
  return (
    <NumberInput
      {...input}
      value={half ?? (typeof value === 'number' ? value : '')}
      // A point in a whole number is told as a problem: leaving it out would make another number.
      clampBehavior="none"
      min={schema.minimum}
      max={schema.maximum}
      step={schema.multipleOf ?? 1}
      placeholder={typeof example === 'number' ? String(example) : undefined}
      onChange={(changed) => {
        setHalf(typeof changed === 'string' && changed !== '' ? changed : null);
        const number = changed === '' ? Number.NaN : Number(changed);
        onChange(Number.isNaN(number) ? emptied(schema, required) : number);
      }}
      onBlur={() => {
        setHalf(null);
        input.onBlur();
      }}
    />
  );
}

export function SwitchField(props: FieldProps) {
  const { withAsterisk: _asterisk, 'aria-required': _required, ...input } = useInput(props);
  return (
    <Switch
      {...input}
      className="sg-form-switch"
      // Left out, it is what the schema says.
      checked={(props.value ?? props.schema.default) === true}
      onChange={(event) => props.onChange(event.currentTarget.checked)}
    />
  );
}

export function SelectField(props: FieldProps & { options: Option[] }) {
  const { schema, value, required, options, onChange } = props;
  const { description, ...input } = useInput(props);
  // Left out, it is what the schema says.
  const place = options.findIndex((option) => equal(option.value, value === undefined ? schema.default : value));
  const explained = options[place]?.description;
  return (
    <Select
      {...input}
      description={explained ? `${description ?? ''} ${explained}.`.trim() : description}
      data={options.map((option, index) => ({ value: String(index), label: option.label }))}
      value={place < 0 ? null : String(place)}
      searchable={options.length > 12}
      clearable={isNullable(schema) || (!required && schema.default === undefined)}
      allowDeselect={false}
      renderOption={({ option }) => <OptionText option={options[Number(option.value)]} />}
      onChange={(picked) => onChange(picked === null ? emptied(schema, required) : options[Number(picked)]?.value)}
    />
  );
}

function OptionText({ option }: { option: Option | undefined }) {
  return (
    <span className="sg-form-option">
      <span>{option?.label}</span>
      {option?.description && <small>{option.description}</small>}
    </span>
  );
}

/** An empty list, but where nothing at all is meant: it was not there, or must not be empty. */
function orLeftOut(items: Value[], { schema, required, value }: FieldProps): Value {
  const left = items.length === 0 && !required && (value === undefined || (schema.minItems ?? 0) > 0);
  return left ? emptied(schema, required) : items;
}

export function ManyField(props: FieldProps & { options: Option[] }) {
  const { value, options, onChange } = props;
  const picked = Array.isArray(value) ? value : [];
  const places = picked.map((item) => options.findIndex((option) => equal(option.value, item)));
  return (
    <MultiSelect
      {...useInput(props)}
      data={options.map((option, index) => ({ value: String(index), label: option.label }))}
      value={places.filter((place) => place >= 0).map(String)}
      onChange={(changed) =>
        onChange(
          orLeftOut(
            changed.map((place) => options[Number(place)]?.value),
            props,
          ),
        )
      }
    />
  );
}

export function TagsField(props: FieldProps & { item: Schema }) {
  const { t } = useTranslation();
  const { value, item, onChange } = props;
  const { problemAt } = useForm();
  const tags = Array.isArray(value) ? value.map(labelOf) : [];
  const input = useInput(props);
  // A problem of one item is shown here too: a tag has no line of its own.
  const ofItem = tags
    .map((tag, index) => [tag, problemAt(`${props.pointer}/${index}`)] as const)
    .find(([, found]) => found);
  return (
    <TagsInput
      {...input}
      error={input.error ?? (ofItem ? `${ofItem[0]}: ${ofItem[1]}` : undefined)}
      value={tags}
      acceptValueOnBlur
      // Not at a space: "Anna <anna@example.com>" is one.
      splitChars={[',', ';']}
      placeholder={tags.length === 0 ? t('form.tags_hint') : undefined}
      onChange={(changed) =>
        onChange(
          orLeftOut(
            changed.map((tag) => asItem(tag, item)),
            props,
          ),
        )
      }
    />
  );
}

/** What was typed, as a number where the schema takes numbers. */
export function asItem(text: string, item: Schema): Value {
  const branches = item.oneOf ?? item.anyOf ?? [item];
  const types = new Set(branches.flatMap(typesOf));
  const number = types.has('number') || types.has('integer');
  return number && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
