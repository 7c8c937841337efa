/** One of several shapes: a select of their titles, then the fields of the one that is picked. */
import { Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { fieldId, useForm } from '../context';
import { resolve } from '../resolve';
import { constantOf, equal, isObject, labelOf, type Schema, typesOf, type Value } from '../schema';
import { shape } from '../shape';
import { blank, branchOf } from '../value';
import { Field, type FieldProps } from './Field';
import { useNotes } from './notes';
import { Members } from './ObjectField';

export function ChoiceField(props: FieldProps & { branches: Schema[]; nullable: boolean }) {
  const { schema, label, value, pointer, required, branches, nullable, onChange } = props;
  const { t } = useTranslation();
  const { root, chosen, choose, forget, problemAt, touch } = useForm();
  const nothing = value === undefined || value === null;
  const place = nothing ? -1 : (chosen[pointer] ?? branchOf(branches, value, root));
  const branch = branches[place];
  const titles = branches.map((one, index) => titleOf(one) ?? t('form.variant', { number: index + 1 }));
  const inner = branch && shape(resolve(branch, root, value), root).kind;
  const hasField = branch !== undefined && inner !== 'object' && inner !== 'fixed';
  return (
    <div className="sg-form-choice">
      <Select
        // The field of the branch has the place's own.
        id={`${fieldId(pointer)}-branch`}
        label={label}
        description={useNotes(schema, value)}
        withAsterisk={required}
        error={hasField ? undefined : problemAt(pointer)}
        data={titles.map((title, index) => ({ value: String(index), label: title }))}
        value={place < 0 ? null : String(place)}
        placeholder={t('form.none')}
        clearable={nullable || (!required && schema.default === undefined)}
        allowDeselect={false}
        onBlur={() => touch(pointer)}
        onChange={(picked) => {
          if (picked === null) {
            onChange(nullable && required ? null : undefined);
            return;
          }
          const next = branches[Number(picked)];
          forget(pointer);
          choose(pointer, Number(picked));
          const first = next && (blank(next, root) ?? (typesOf(next)[0] === 'string' ? '' : null));
          if (next) onChange(isObject(first) ? { ...first, ...kept(value, branch, next) } : first);
        }}
      />
      {branch && inner === 'object' && isObject(value) && (
        <div className="sg-form-branch">
          {branch.description && branch.description !== titles[place] && (
            <p className="sg-form-note">{branch.description}</p>
          )}
          <Members schema={branch} value={value} pointer={pointer} onChange={onChange} />
        </div>
      )}
      {hasField && (
        <div className="sg-form-branch">
          <Field
            schema={branch}
            label={titles[place] ?? label}
            value={value}
            pointer={pointer}
            required
            onChange={onChange}
          />
        </div>
      )}
    </div>
  );
}

/** Members that mean the same in both branches. */
function kept(value: Value, before: Schema | undefined, after: Schema): Record<string, Value> {
  if (!isObject(value) || !before) return {};
  const same = ([key]: [string, Value]) => {
    const [mine, other] = [before.properties?.[key], after.properties?.[key]];
    return mine !== undefined && equal(mine, other) && constantOf(mine).length === 0;
  };
  return Object.fromEntries(Object.entries(value).filter(same));
}

function titleOf(branch: Schema): string | undefined {
  if (branch.title) return branch.title;
  const [own] = constantOf(branch);
  if (own !== undefined) return branch.description ?? labelOf(own);
  const [constant] = Object.values(branch.properties ?? {}).flatMap(constantOf);
  return constant === undefined ? branch.description : labelOf(constant);
}
