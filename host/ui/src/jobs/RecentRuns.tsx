/** The last runs of a job as a strip: one shape each, oldest first. */
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Job } from '../api/client';
import { StatusMark } from '../parts/StatusMark';
import { duration } from '../parts/time';

/** So many are shown; the list of jobs is asked for them. */
export const SHOWN = 20;

export function RecentRuns({ job }: { job: Job }) {
  const { t } = useTranslation();
  const runs = [...(job.recent_runs ?? [])].reverse();
  const last = runs.at(-1);
  if (!last) return <span className="sg-soft">{t('jobs.never_ran')}</span>;
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
