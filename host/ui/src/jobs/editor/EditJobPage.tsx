/** The same steps for a job that is there. What somebody else changed meanwhile is not overwritten. */
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Allowed } from '../../access/Allowed';
import { api, ask, type Job } from '../../api/client';
import { jobQuery, jobsChanged, templatesQuery } from '../../api/queries';
import { Page } from '../../parts/Page';
import { Skeleton, Trouble } from '../../parts/states';
import type { WizardSearch } from '../../router';
import { draftOf, STEPS, type Step, useDraft } from './draft';
import { Editor } from './Editor';

export function EditJobPage() {
  const { t } = useTranslation();
  return (
    <Allowed to="change_job" title={t('jobs.edit')}>
      <Steps />
    </Allowed>
  );
}

function Steps() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/shell/jobs/$id/edit' });
  const job = useQuery(jobQuery(id));
  const templates = useQuery(templatesQuery());
  const template = templates.data?.find(({ type }) => type === job.data?.template_type);
  const trouble = job.error ?? templates.error;
  return (
    <Page
      title={job.data ? t('editor.edit_title', { name: job.data.name }) : t('jobs.edit')}
      icon={template?.icon}
      above={
        <Link to="/jobs/$id" params={{ id }}>
          {job.data?.name ?? t('places.jobs')}
        </Link>
      }
    >
      {trouble && <Trouble error={trouble} retry={() => void job.refetch()} />}
      {(job.isPending || templates.isPending) && !trouble && <Skeleton />}
      {job.data && templates.data && !template && (
        <Trouble error={new Error(t('editor.no_template', { type: job.data.template_type }))} />
      )}
      {job.data && template && <Edit key={job.data.id} job={job.data} template={template} />}
    </Page>
  );
}

function Edit({ job, template }: { job: Job; template: Parameters<typeof Editor>[0]['template'] }) {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/jobs/$id/edit' });
  const navigate = useNavigate({ from: '/jobs/$id/edit' });
  const client = useQueryClient();
  // The version that was opened, whatever is read later.
  const [version, setVersion] = useState(job.version);
  const [draft, setDraft] = useDraft('', () => draftOf(job));
  const [stale, setStale] = useState(false);
  useEffect(() => setStale(job.version !== version), [job.version, version]);
  const step: Step = STEPS.slice(1).includes(search.step as Step) ? (search.step as Step) : 'parameters';
  if (!draft) return null;
  return (
    <>
      {stale && (
        <div className="sg-note" data-tone="timeout" role="alert">
          <p>{t('editor.changed_meanwhile')}</p>
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              setDraft(draftOf(job));
              setVersion(job.version);
            }}
          >
            {t('editor.take_theirs')}
          </Button>
        </div>
      )}
      <Editor
        mode="edit"
        template={template}
        draft={draft}
        change={setDraft}
        step={step}
        go={(next) => void navigate({ search: (before: WizardSearch) => ({ ...before, step: next }) })}
        call={{ method: 'PUT', path: `/jobs/${job.id}` }}
        save={async (body) => {
          await ask(
            api.PUT('/api/admin/scheduler/jobs/{id}', {
              params: { path: { id: job.id }, header: { 'If-Match': `"${version}"` } },
              body,
            }),
          );
          jobsChanged(client, job.id);
          await navigate({ to: '/jobs/$id', params: { id: job.id }, search: {} });
        }}
        cancel={
          <Button
            variant="subtle"
            onClick={() => void navigate({ to: '/jobs/$id', params: { id: job.id }, search: {} })}
          >
            {t('editor.cancel')}
          </Button>
        }
      />
    </>
  );
}
