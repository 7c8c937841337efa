/** An object with known members: a fieldset; at the root, sections by group. */
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useForm } from '../context';
import { blank, isObject, nameOf, ordered, resolve, type Schema, step, type Value } from '../schema';
import { Field, type FieldProps, isWide } from './Field';
import { Notes, ProblemText } from './notes';

export function ObjectField(props: FieldProps) {
  const { schema, label, value, pointer, required, onChange } = props;
  const { t } = useTranslation();
  const { root } = useForm();
  const there = isObject(value);
  return (
    <fieldset className="sg-form-set">
      <legend>
        {label}
        {required && <span aria-hidden="true"> *</span>}
      </legend>
      <Notes schema={schema} />
      <ProblemText pointer={pointer} />
      {there && <Members schema={schema} value={value} pointer={pointer} onChange={onChange} />}
      {!there && (
        <Button variant="default" size="xs" onClick={() => onChange(blank(schema, root) ?? {})}>
          {t('form.add_object', { name: label })}
        </Button>
      )}
      {there && !required && (
        <Button variant="subtle" size="compact-xs" className="sg-form-remove" onClick={() => onChange(undefined)}>
          {t('form.remove_object', { name: label })}
        </Button>
      )}
    </fieldset>
  );
}

interface MembersProps {
  schema: Schema;
  value: Record<string, Value>;
  pointer: string;
  onChange: (value: Record<string, Value>) => void;
}

/** The members of an object, in their groups. */
export function Members({ schema, value, pointer, onChange }: MembersProps) {
  const { root } = useForm();
  const resolved = resolve(schema, root, value);
  const groups = new Map<string, [string, Schema][]>();
  for (const entry of ordered(resolved)) {
    const group = entry[1]['x-ui']?.group ?? '';
    groups.set(group, [...(groups.get(group) ?? []), entry]);
  }
  const set = (key: string, member: Value) => {
    const { [key]: _before, ...others } = value;
    // Order of members follows the schema, so that what is shown as JSON stays calm.
    onChange(member === undefined ? others : sorted({ ...others, [key]: member }, resolved));
  };
  return [...groups].map(([group, members]) => (
    <section key={group} className="sg-form-group" aria-label={group || undefined}>
      {group && groups.size > 1 && <h2>{group}</h2>}
      <div className="sg-form-grid">
        {members.map(([key, member]) => (
          <div key={key} className={isWide(member, root) ? 'sg-form-wide' : undefined}>
            <Field
              schema={member}
              label={nameOf(key, member)}
              value={value[key]}
              pointer={pointer + step(key)}
              required={resolved.required?.includes(key) ?? false}
              onChange={(changed) => set(key, changed)}
            />
          </div>
        ))}
      </div>
    </section>
  ));
}

function sorted(value: Record<string, Value>, schema: Schema): Record<string, Value> {
  const order = Object.keys(schema.properties ?? {});
  const place = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => place(a) - place(b)));
}
