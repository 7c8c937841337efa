/** What stands below a label: description, help; and the problem of a place that has no input of its own. */
import { useTranslation } from 'react-i18next';
import { fieldId, useForm } from '../context';
import { equal, labelOf, type Schema, type Value } from '../schema';

/** Description and help as text; the default where the value differs from it. */
export function useNotes(schema: Schema, value: Value): string | undefined {
  const { t } = useTranslation();
  const parts = [schema.deprecated ? t('form.deprecated') : undefined, schema.description, schema['x-ui']?.help];
  const simple = ['string', 'number', 'boolean'].includes(typeof schema.default) && schema.default !== '';
  if (simple && !equal(schema.default, value)) parts.push(t('form.default', { value: labelOf(schema.default) }));
  return parts.filter(Boolean).join(' ') || undefined;
}

export function Notes({ schema }: { schema: Schema }) {
  const parts = [schema.description, schema['x-ui']?.help].filter(Boolean);
  return parts.length > 0 ? <p className="sg-form-note">{parts.join(' ')}</p> : null;
}

export function ProblemText({ pointer }: { pointer: string }) {
  const problem = useForm().problemAt(pointer);
  return (
    <p id={fieldId(pointer)} tabIndex={-1} className="sg-form-problem" hidden={!problem}>
      {problem}
    </p>
  );
}
