/** The wizard: a route with its step in it. `from` copies a job. */
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Allowed } from '../../access/Allowed';
import { api, ask } from '../../api/client';
import { jobQuery, jobsChanged, templatesQuery } from '../../api/queries';
import { Page } from '../../parts/Page';
import { Skeleton, Trouble } from '../../parts/states';
import type { WizardSearch } from '../../router';
import { TemplateCards } from '../../templates/TemplateCards';
import { draftOf, fresh, STEPS, type Step, useDraft } from './draft';
import { Editor } from './Editor';
import { StepBar } from './StepBar';

const KEPT = 'sandglass.new-job';

export function NewJobPage() {
  const { t } = useTranslation();
  return (
    <Allowed to="create_job" title={t('editor.new_title')}>
      <New />
    </Allowed>
  );
}

function New() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/jobs/new' });
  const navigate = useNavigate({ from: '/jobs/new' });
  const client = useQueryClient();
  const templates = useQuery(templatesQuery());
  const [draft, setDraft] = useDraft(search.from ? `${KEPT}.${search.from}` : KEPT, () => null);
  const source = useQuery({ ...jobQuery(search.from ?? ''), enabled: search.from !== undefined });
  const step: Step = STEPS.includes(search.step as Step)
    ? (search.step as Step)
    : search.from
      ? 'parameters'
      : 'template';
  const go = (next: Step, template?: string) =>
    void navigate({
      search: (before: WizardSearch) => ({ ...before, step: next, template: template ?? before.template }),
    });

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the job to copy is there
  useEffect(() => {
    if (source.data && !draft)
      setDraft({ ...draftOf(source.data), name: t('editor.copy_of', { name: source.data.name }) });
  }, [source.data]);

  const named = templates.data?.find(({ type }) => type === (search.template ?? draft?.template_type));
  // biome-ignore lint/correctness/useExhaustiveDependencies: a link may name the template
  useEffect(() => {
    if (!search.from && named && draft?.template_type !== named.type) setDraft(fresh(named));
  }, [named]);

  const trouble = templates.error ?? source.error;
  const choosing = step === 'template' || (!draft && !search.from);
  return (
    <Page
      title={search.from ? t('editor.duplicate_title') : t('editor.new_title')}
      icon={!choosing ? named?.icon : undefined}
      lead={choosing ? t('editor.choose_template') : (named?.description ?? undefined)}
      above={<Link to="/jobs">{t('places.jobs')}</Link>}
    >
      {trouble && <Trouble error={trouble} retry={() => void templates.refetch()} />}
      {templates.isPending && <Skeleton />}
      {templates.data && choosing && (
        <>
          <StepBar step="template" mode="new" />
          <TemplateCards
            templates={templates.data}
            pick={(template) => {
              if (draft?.template_type !== template.type) setDraft({ ...fresh(template), name: draft?.name ?? '' });
              go('parameters', template.type);
            }}
          />
        </>
      )}
      {draft && named?.type === draft.template_type && !choosing && (
        <Editor
          mode="new"
          template={named}
          draft={draft}
          change={setDraft}
          step={step}
          go={go}
          call={{ method: 'POST', path: '/jobs' }}
          save={async (body) => {
            const job = await ask(api.POST('/api/admin/scheduler/jobs', { body }));
            setDraft(null);
            jobsChanged(client, job.id);
            await navigate({ to: '/jobs/$id', params: { id: job.id }, search: {} });
          }}
          cancel={
            <Button
              variant="subtle"
              onClick={() => {
                setDraft(null);
                void navigate({ to: '/jobs' });
              }}
            >
              {t('editor.discard')}
            </Button>
          }
        />
      )}
    </Page>
  );
}
