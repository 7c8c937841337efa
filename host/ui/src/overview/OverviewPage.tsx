/** How it is, in figures that lead to the lists behind them. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import { executionsQuery, statusQuery, templatesQuery } from '../api/queries';
import { messageOf } from '../executions/ExecutionList';
import { Name } from '../parts/Details';
import { Page } from '../parts/Page';
import { StatusMark } from '../parts/StatusMark';
import { Empty, Skeleton, Trouble } from '../parts/states';
import { number, percent } from '../parts/time';
import { When } from '../parts/When';
import { LoadStrip } from '../timeline/LoadStrip';
import './overview.css';

export function OverviewPage() {
  const { t } = useTranslation();
  const may = useMay();
  const status = useQuery({ ...statusQuery(), refetchInterval: 10_000 });
  const failures = useQuery(executionsQuery({ status: 'failed', page_size: 5 }));
  const templates = useQuery(templatesQuery());
  const icon = (type: string) => templates.data?.find((template) => template.type === type)?.icon ?? '';
  const data = status.data;
  if (status.isError && !data) {
    return (
      <Page title={t('places.overview')}>
        <Trouble error={status.error} retry={() => void status.refetch()} />
      </Page>
    );
  }
  if (!data)
    return (
      <Page title={t('places.overview')}>
        <Skeleton />
      </Page>
    );
  const runs = data.last_24h.runs as Record<string, number>;
  const failed = (runs.failed ?? 0) + (runs.timeout ?? 0) + (runs.lost ?? 0);
  return (
    <Page
      title={t('places.overview')}
      lead={t('overview.lead')}
      actions={
        may('create_job') && (
          <Button component={Link} to="/jobs/new">
            {t('jobs.new')}
          </Button>
        )
      }
    >
      {data.total_jobs === 0 && (
        <Empty
          title={t('jobs.empty')}
          action={
            may('create_job') && (
              <Button component={Link} to="/jobs/new">
                {t('jobs.first')}
              </Button>
            )
          }
        >
          {t('jobs.empty_hint')}
        </Empty>
      )}
      {data.total_jobs > 0 && (
        <div className="sg-cards-small">
          <Card
            to="/jobs"
            name={t('overview.jobs')}
            value={number(data.total_jobs)}
            below={t('overview.active', { number: number(data.active_jobs) })}
          />
          <Card
            to="/executions"
            name={t('overview.success_rate')}
            value={data.success_rate == null ? '—' : percent(data.success_rate)}
            below={t('overview.runs_24h', { count: Object.values(runs).reduce((sum, count) => sum + count, 0) })}
          />
          <Card
            to="/executions"
            search={{ status: 'running' }}
            name={t('overview.running')}
            value={number(data.running)}
            below={t('overview.slots', { number: number(data.slots) })}
          />
          <Card
            to="/executions"
            search={{ status: 'queued' }}
            name={t('overview.queued')}
            value={number(data.queued)}
            below={t('overview.queued_below')}
          />
          <Card
            to="/executions"
            search={{ status: 'failed' }}
            name={t('overview.failed')}
            value={number(failed)}
            below={t('overview.failed_below')}
            bad={failed > 0}
          />
          <Card
            to="/executions"
            search={{ status: 'skipped' }}
            name={t('overview.skipped')}
            value={number(runs.skipped ?? 0)}
            below={t('overview.skipped_below')}
          />
        </div>
      )}
      {data.total_jobs > 0 && <LoadStrip />}
      <div className="sg-two sg-section">
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('overview.next')}</h2>
          {data.next_runs.length === 0 && <p className="sg-soft">{t('overview.nothing_next')}</p>}
          <ol className="sg-runs">
            {data.next_runs.map((next) => (
              <li key={next.job_id}>
                <Link to="/jobs/$id" params={{ id: next.job_id }} className="sg-plain-link">
                  <span aria-hidden="true">{icon(next.template_type)} </span>
                  <Name text={next.job_name} />
                </Link>
                <small>{next.next_run_at && <When at={next.next_run_at} />}</small>
              </li>
            ))}
          </ol>
        </section>
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('overview.failures')}</h2>
          {failures.isError && <Trouble error={failures.error} />}
          {failures.data?.executions.length === 0 && <p className="sg-soft">{t('overview.no_failures')}</p>}
          <ol className="sg-runs">
            {failures.data?.executions.map((execution) => (
              <li key={execution.id}>
                <Link to="/executions/$id" params={{ id: execution.id }} className="sg-plain-link">
                  <StatusMark status={execution.status} small /> <Name text={execution.job_name} />
                </Link>
                <small>
                  <When at={execution.started_at ?? execution.scheduled_for} />
                </small>
                <small className="sg-line sg-whole-row">{messageOf(execution)}</small>
              </li>
            ))}
          </ol>
        </section>
      </div>
      <section className="sg-panel sg-section">
        <h2 className="sg-panel-title">{t('overview.hosts')}</h2>
        <ul className="sg-runs">
          {data.hosts.map((host) => (
            <li key={host.name}>
              <span>
                <strong>{host.name}</strong>{' '}
                <span className={host.health === 'healthy' ? 'sg-tone-success' : 'sg-tone-failed'}>
                  {t(`health.${host.health}`, { defaultValue: host.health })}
                </span>
              </span>
              <small>
                {t('overview.host_load', { running: host.running, slots: host.slots, queued: host.queued })}
              </small>
            </li>
          ))}
        </ul>
      </section>
    </Page>
  );
}

function Card({
  to,
  search,
  name,
  value,
  below,
  bad = false,
}: {
  to: '/jobs' | '/executions';
  search?: { status: string };
  name: string;
  value: ReactNode;
  below: string;
  bad?: boolean;
}) {
  return (
    <Link to={to} search={search ?? {}} className="sg-figure-card">
      <span>{name}</span>
      <strong className={bad ? 'sg-tone-failed' : undefined}>{value}</strong>
      <small>{below}</small>
    </Link>
  );
}
