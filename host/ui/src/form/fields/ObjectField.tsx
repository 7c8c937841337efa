/** An object with known members: a fieldset; at the root, sections by group. */
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useForm } from '../context';
import { resolve } from '../resolve';
import { asSchema, has, isNullable, isObject, nameOf, ordered, type Schema, step, type Value } from '../schema';
import { blank, emptied } from '../value';
import { Field, type FieldProps, isWide } from './Field';
import { MapField } from './MapField';
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
      {there && (!required || isNullable(schema)) && (
        <Button
          variant="subtle"
          size="compact-xs"
          className="sg-form-remove"
          onClick={() => onChange(emptied(schema, required))}
        >
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
  return (
    <>
      {[...groups].map(([group, members]) => (
        <section key={group} className="sg-form-group" aria-label={group || undefined}>
          {group && groups.size > 1 && <h2>{group}</h2>}
          <div className="sg-form-grid">
            {members.map(([key, member]) => (
              <div key={key} className={isWide(member, root) ? 'sg-form-wide' : undefined}>
                <Field
                  schema={asSchema(member)}
                  label={nameOf(key, member)}
                  value={has(value, key) ? value[key] : undefined}
                  pointer={pointer + step(key)}
                  required={resolved.required?.includes(key) ?? false}
                  onChange={(changed) => set(key, changed)}
                />
              </div>
            ))}
          </div>
        </section>
      ))}
      <Others schema={resolved} value={value} pointer={pointer} onChange={onChange} />
    </>
  );
}

/** Members that the schema does not name: where it lets others in, and where some are there all the same. */
function Others({ schema, value, pointer, onChange }: MembersProps) {
  const { t } = useTranslation();
  const named = (key: string) => has(schema.properties, key);
  const others = Object.fromEntries(Object.entries(value).filter(([key]) => !named(key)));
  const open = isObject(schema.additionalProperties);
  if (!open && Object.keys(others).length === 0) return null;
  const mine = Object.fromEntries(Object.entries(value).filter(([key]) => named(key)));
  return (
    <div className="sg-form-group">
      <MapField
        schema={{}}
        label={t('form.others')}
        value={others}
        pointer={pointer}
        required={false}
        values={open ? (schema.additionalProperties as Schema) : null}
        beside={Object.keys(schema.properties ?? {})}
        closed={!open}
        onChange={(changed) => onChange({ ...mine, ...(isObject(changed) ? changed : {}) })}
      />
    </div>
  );
}

function sorted(value: Record<string, Value>, schema: Schema): Record<string, Value> {
  const order = Object.keys(schema.properties ?? {});
  const place = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length);
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => place(a) - place(b)));
}
