/** One of several shapes: a select of their titles, then the fields of the one that is picked. */
import { Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { fieldId, useForm } from '../context';
import { blank, branchOf, isObject, labelOf, resolve, type Schema, shape, typesOf } from '../schema';
import { Field, type FieldProps } from './Field';
import { useNotes } from './notes';
import { Members } from './ObjectField';

export function ChoiceField(props: FieldProps & { branches: Schema[]; nullable: boolean }) {
  const { schema, label, value, pointer, required, branches, nullable, onChange } = props;
  const { t } = useTranslation();
  const { root, chosen, choose, problemAt, touch } = useForm();
  const nothing = value === undefined || value === null;
  const place = nothing ? -1 : (chosen[pointer] ?? branchOf(branches, value, root));
  const branch = branches[place];
  const titles = branches.map((one, index) => titleOf(one) ?? t('form.variant', { number: index + 1 }));
  const inner = branch && shape(resolve(branch, root, value), root).kind;
  return (
    <div className="sg-form-choice">
      <Select
        id={fieldId(pointer)}
        label={label}
        description={useNotes(schema, value)}
        withAsterisk={required}
        error={problemAt(pointer)}
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
          choose(pointer, Number(picked));
          if (next) onChange(blank(next, root) ?? (typesOf(next)[0] === 'string' ? '' : null));
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
      {branch && inner !== 'object' && inner !== 'fixed' && (
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

function titleOf(branch: Schema): string | undefined {
  if (branch.title) return branch.title;
  if ('const' in branch) return branch.description ?? labelOf(branch.const);
  const constant = Object.values(branch.properties ?? {}).find((member) => 'const' in member);
  return constant ? labelOf(constant.const) : branch.description;
}
