/** The last runs of a job as a strip: one shape each, oldest first. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api, ask } from '../api/client';
import { StatusMark } from '../parts/StatusMark';
import { duration } from '../parts/time';

const SHOWN = 12;

export function RecentRuns({ jobId }: { jobId: string }) {
  const { t } = useTranslation();
  const recent = useQuery({
    queryKey: ['recent', jobId],
    queryFn: () =>
      ask(
        api.GET('/api/admin/scheduler/jobs/{id}/executions', {
          params: { path: { id: jobId }, query: { page_size: SHOWN } },
        }),
      ),
  });
  const runs = [...(recent.data?.executions ?? [])].reverse();
  const last = runs.at(-1);
  if (!last) return <span className="sg-soft">{recent.isPending ? '' : t('jobs.never_ran')}</span>;
  return (
    <Link
      to="/executions/$id"
      params={{ id: last.id }}
      className="sg-strip"
      title={runs
        .map((run) => `${t(`status.${run.status}`)}${run.duration_seconds ? ` ${duration(run.duration_seconds)}` : ''}`)
        .join(' · ')}
      aria-label={t('jobs.strip', { count: runs.length, last: t(`status.${last.status}`) })}
    >
      {runs.map((run) => (
        <StatusMark key={run.id} status={run.status} small />
      ))}
    </Link>
  );
}
