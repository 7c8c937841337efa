/** A list whose items have fields of their own. */
import { ActionIcon, Button } from '@mantine/core';
import IconDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs';
import IconUp from '@tabler/icons-react/dist/esm/icons/IconChevronUp.mjs';
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs';
import { useTranslation } from 'react-i18next';
import { useForm } from '../context';
import { type Schema, typesOf, type Value } from '../schema';
import { blank, emptied } from '../value';
import { Field, type FieldProps } from './Field';
import { Notes, ProblemText } from './notes';

export function ListField(props: FieldProps & { item: Schema }) {
  const { schema, label, value, pointer, required, item, onChange } = props;
  const { t } = useTranslation();
  const { root, forget } = useForm();
  const items: Value[] = Array.isArray(value) ? value : [];
  const name = item.title ?? t('form.item');
  const move = (from: number, to: number) => {
    const moved = [...items];
    const [taken] = moved.splice(from, 1);
    moved.splice(to, 0, taken);
    forget(pointer);
    onChange(moved);
  };
  const remove = (index: number) => {
    const rest = items.filter((_, at) => at !== index);
    forget(pointer);
    // A list that may be left out but not be empty goes with its last item.
    onChange(rest.length === 0 && !required && (schema.minItems ?? 0) > 0 ? emptied(schema, required) : rest);
  };
  const full = schema.maxItems !== undefined && items.length >= schema.maxItems;
  return (
    <fieldset className="sg-form-set">
      <legend>
        {label}
        {required && <span aria-hidden="true"> *</span>}
      </legend>
      <Notes schema={schema} />
      <ProblemText pointer={pointer} />
      {items.map((entry, index) => {
        const place = { name: `${name} ${index + 1}` };
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: items have no name but their place
          <div key={index} className="sg-form-item">
            <div className="sg-form-item-field">
              <Field
                schema={item}
                label={place.name}
                value={entry}
                pointer={`${pointer}/${index}`}
                required
                onChange={(changed) => onChange(items.map((old, at) => (at === index ? (changed ?? null) : old)))}
              />
            </div>
            <div className="sg-form-item-actions">
              <ActionIcon
                variant="subtle"
                aria-label={t('form.up', place)}
                disabled={index === 0}
                onClick={() => move(index, index - 1)}
              >
                <IconUp size={16} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                aria-label={t('form.down', place)}
                disabled={index === items.length - 1}
                onClick={() => move(index, index + 1)}
              >
                <IconDown size={16} />
              </ActionIcon>
              <ActionIcon variant="subtle" aria-label={t('form.remove', place)} onClick={() => remove(index)}>
                <IconTrash size={16} />
              </ActionIcon>
            </div>
          </div>
        );
      })}
      <Button
        variant="default"
        size="xs"
        disabled={full}
        onClick={() => onChange([...items, blank(item, root) ?? emptyOf(item)])}
      >
        {t('form.add', { name })}
      </Button>
    </fieldset>
  );
}

const emptyOf = (item: Schema): Value => (typesOf(item)[0] === 'string' ? '' : null);
