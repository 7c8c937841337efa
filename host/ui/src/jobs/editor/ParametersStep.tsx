import { TagsInput, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Template } from '../../api/client';
import type { Fault } from '../../api/problem';
import type { Problems } from '../../form/check';
import { SchemaForm } from '../../form/SchemaForm';
import { type Draft, schemaOf } from './draft';

interface Props {
  template: Template;
  draft: Draft;
  change: (draft: Draft) => void;
  reveal: boolean;
  faults: Fault[];
  serverProblems: Problems;
  suggestions: Record<string, string[]>;
  onProblems: (problems: Problems) => void;
}

export function ParametersStep({
  template,
  draft,
  change,
  reveal,
  faults,
  serverProblems,
  suggestions,
  onProblems,
}: Props) {
  const { t } = useTranslation();
  const told = (member: string) =>
    faults.find(({ pointer }) => pointer === `/${member}` || pointer.startsWith(`/${member}/`))?.message;
  return (
    <div className="sg-stack">
      <section className="sg-panel" aria-label={t('editor.about')}>
        <div className="sg-form-grid">
          <TextInput
            label={t('editor.name')}
            withAsterisk
            autoFocus={draft.name === ''}
            maxLength={200}
            autoComplete="off"
            value={draft.name}
            placeholder={t('editor.name_hint', { template: template.name })}
            error={told('name') ?? (reveal && draft.name.trim() === '' ? t('form.problem.required') : undefined)}
            onChange={(event) => change({ ...draft, name: event.currentTarget.value })}
          />
          <TagsInput
            label={t('editor.tags')}
            value={draft.tags ?? []}
            acceptValueOnBlur
            error={told('tags')}
            placeholder={draft.tags?.length ? undefined : t('form.tags_hint')}
            onChange={(tags) => change({ ...draft, tags })}
          />
          <div className="sg-form-wide">
            <Textarea
              label={t('editor.description')}
              autosize
              minRows={1}
              maxRows={8}
              maxLength={10000}
              value={draft.description ?? ''}
              error={told('description')}
              onChange={(event) => change({ ...draft, description: event.currentTarget.value })}
            />
          </div>
        </div>
      </section>
      <section className="sg-panel" aria-label={t('editor.parameters')}>
        <SchemaForm
          schema={schemaOf(template)}
          value={draft.parameters}
          onChange={(parameters) => change({ ...draft, parameters })}
          reveal={reveal}
          serverProblems={serverProblems}
          suggestions={suggestions}
          onProblems={onProblems}
        />
      </section>
    </div>
  );
}
