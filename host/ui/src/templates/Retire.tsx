/** Takes a template away, after saying which jobs that blocks. */
import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask, type Template } from '../api/client';
import { jobsQuery } from '../api/queries';
import { Skeleton } from '../parts/states';
import { Confirm } from './Confirm';
import { templatesChanged } from './queries';

/** Jobs that are named. */
const NAMED = 5;

export function RetireButton({ template }: { template: Template }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const jobs = useQuery({ ...jobsQuery({ template_type: template.type, page_size: NAMED }), enabled: asking });
  const total = jobs.data?.total ?? 0;
  const retire = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE('/api/admin/scheduler/templates/{type}', {
          // The jobs were named: whoever goes on means them too.
          params: { path: { type: template.type }, query: { force: true } },
        }),
      ),
    onSuccess: () => {
      setAsking(false);
      templatesChanged(client);
      notifications.show({ message: t('retire.done', { name: template.name }) });
      void navigate({ to: '/templates' });
    },
  });
  return (
    <>
      <Button variant="default" color="var(--sg-failed)" onClick={() => setAsking(true)}>
        {t('retire.act')}
      </Button>
      <Confirm
        opened={asking}
        close={() => setAsking(false)}
        title={t('retire.title', { name: template.name })}
        act={t('retire.act')}
        mutation={retire}
      >
        {jobs.isPending && asking && <Skeleton rows={1} />}
        {jobs.data && <p>{t('retire.jobs', { count: total })}</p>}
        {total > 0 && (
          <ul>
            {jobs.data?.jobs.map((job) => (
              <li key={job.id} className="sg-break">
                {job.name}
              </li>
            ))}
            {total > NAMED && <li>{t('retire.further', { count: total - NAMED })}</li>}
          </ul>
        )}
        <p className="sg-soft">{t('retire.history')}</p>
        {template.file && <p className="sg-soft">{t('retire.file', { file: template.file })}</p>}
      </Confirm>
    </>
  );
}
