/** What can be done with a job, from a list and from its page. */
import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import IconDuplicate from '@tabler/icons-react/dist/esm/icons/IconCopyPlus.mjs';
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDotsVertical.mjs';
import IconEdit from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs';
import IconPause from '@tabler/icons-react/dist/esm/icons/IconPlayerPause.mjs';
import IconPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs';
import IconResume from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs';
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import { api, ask, type Job } from '../api/client';
import { Problem } from '../api/problem';
import { jobsChanged } from '../api/queries';

/** How long the server lets a deletion be taken back. */
export const UNDO_MS = 10_000;

export function tellProblem(title: string, error: unknown) {
  const problem = Problem.from(error);
  const request = problem.requestId ? ` (${problem.requestId})` : '';
  notifications.show({
    title,
    message: problem.message + request,
    color: 'var(--sg-failed)',
    autoClose: 10_000,
    role: 'alert',
  });
}

export function useJobActions() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const path = (id: string) => ({ params: { path: { id } } });

  const run = useMutation({
    mutationFn: (job: Job) => ask(api.POST('/api/admin/scheduler/jobs/{id}/run', { ...path(job.id), body: {} })),
    onSuccess: (execution, job) => {
      void client.invalidateQueries({ queryKey: ['executions'] });
      jobsChanged(client, job.id);
      void navigate({ to: '/executions/$id', params: { id: execution.id } });
    },
    onError: (error, job) => tellProblem(t('jobs.cannot_run', { name: job.name }), error),
  });

  const toggle = useMutation({
    mutationFn: (job: Job) =>
      job.enabled
        ? ask(api.POST('/api/admin/scheduler/jobs/{id}/disable', path(job.id)))
        : ask(api.POST('/api/admin/scheduler/jobs/{id}/enable', path(job.id))),
    onSettled: (_answer, _error, job) => jobsChanged(client, job.id),
    onError: (error, job) => tellProblem(t('jobs.cannot_change', { name: job.name }), error),
  });

  const restore = useMutation({
    mutationFn: (job: Job) => ask(api.POST('/api/admin/scheduler/jobs/{id}/restore', path(job.id))),
    onSuccess: (_answer, job) => {
      jobsChanged(client, job.id);
      notifications.show({ message: t('jobs.restored', { name: job.name }) });
    },
    onError: (error, job) => tellProblem(t('jobs.cannot_restore', { name: job.name }), error),
  });

  const remove = useMutation({
    mutationFn: (job: Job) => ask(api.DELETE('/api/admin/scheduler/jobs/{id}', path(job.id))),
    onSuccess: (_answer, job) => {
      jobsChanged(client);
      const id = `deleted-${job.id}`;
      notifications.show({
        id,
        autoClose: UNDO_MS,
        title: t('jobs.deleted', { name: job.name }),
        message: (
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => {
              notifications.hide(id);
              restore.mutate(job);
            }}
          >
            {t('jobs.undo')}
          </Button>
        ),
      });
    },
    onError: (error, job) => tellProblem(t('jobs.cannot_delete', { name: job.name }), error),
  });

  return { run, toggle, remove };
}

/** The menu at the end of a row: what the person here may do with the job. */
export function JobMenu({ job }: { job: Job }) {
  const { t } = useTranslation();
  const may = useMay();
  const { run, toggle, remove } = useJobActions();
  const navigate = useNavigate();
  const mayToggle = may(job.enabled ? 'disable_job' : 'enable_job');
  const entries = mayToggle || may('change_job') || may('create_job') || may('delete_job');
  return (
    <>
      {may('run_job') && (
        <Tooltip label={t('jobs.run_now')}>
          <ActionIcon
            variant="subtle"
            loading={run.isPending}
            onClick={() => run.mutate(job)}
            aria-label={t('jobs.run_named', { name: job.name })}
          >
            <IconPlay size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      {entries && (
        <Menu position="bottom-end" width={200}>
          <Menu.Target>
            <ActionIcon variant="subtle" aria-label={t('jobs.more', { name: job.name })}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {mayToggle && (
              <Menu.Item
                leftSection={job.enabled ? <IconPause size={16} /> : <IconResume size={16} />}
                onClick={() => toggle.mutate(job)}
              >
                {job.enabled ? t('jobs.disable') : t('jobs.enable')}
              </Menu.Item>
            )}
            {may('change_job') && (
              <Menu.Item
                leftSection={<IconEdit size={16} />}
                onClick={() => void navigate({ to: '/jobs/$id/edit', params: { id: job.id }, search: {} })}
              >
                {t('jobs.edit')}
              </Menu.Item>
            )}
            {may('create_job') && (
              <Menu.Item
                leftSection={<IconDuplicate size={16} />}
                onClick={() => void navigate({ to: '/jobs/new', search: { from: job.id } })}
              >
                {t('jobs.duplicate')}
              </Menu.Item>
            )}
            {may('delete_job') && (
              <>
                <Menu.Divider />
                <Menu.Item
                  leftSection={<IconTrash size={16} />}
                  color="var(--sg-failed)"
                  onClick={() => remove.mutate(job)}
                >
                  {t('jobs.delete')}
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}
