/** One execution: what went wrong first, then what it did, with what, what crossed the sandbox, and its log. */
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import { api, ask, type Execution } from '../api/client';
import { executionQuery, templatesQuery } from '../api/queries';
import { tellProblem } from '../jobs/actions';
import { Details, Members } from '../parts/Details';
import { Page } from '../parts/Page';
import { StatusMark } from '../parts/StatusMark';
import { Skeleton, Trouble } from '../parts/states';
import { bytes, duration, number } from '../parts/time';
import { When } from '../parts/When';
import { Denied } from './Denied';
import { Effects } from './Effects';
import { LogViewer } from './LogViewer';
import { Attempts, StateLine } from './StateLine';

export const isOver = (execution: Execution) => execution.status !== 'queued' && execution.status !== 'running';

export function ExecutionPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/shell/executions/$id' });
  const execution = useQuery({
    ...executionQuery(id),
    // Events may be dropped; a run that goes on is looked at anyway.
    refetchInterval: (query) => (query.state.data && !isOver(query.state.data) ? 5_000 : false),
  });
  const templates = useQuery(templatesQuery());
  const above = <Link to="/executions">{t('places.executions')}</Link>;
  if (execution.isError) {
    return (
      <Page title={t('executions.one')} above={above}>
        <Trouble error={execution.error} retry={() => void execution.refetch()} />
      </Page>
    );
  }
  if (!execution.data)
    return (
      <Page title={t('executions.one')} above={above}>
        <Skeleton />
      </Page>
    );
  const shown = execution.data;
  const template = templates.data?.find(({ type }) => type === shown.template_type);
  return (
    <Page
      name={shown.job_name}
      title={
        <Link className="sg-plain" to="/jobs/$id" params={{ id: shown.job_id }}>
          {shown.job_name}
        </Link>
      }
      icon={template?.icon}
      above={above}
      lead={<StatusMark status={shown.status} />}
      actions={<Actions execution={shown} />}
    >
      <Errors execution={shown} />
      <Denied execution={shown} />
      <section className="sg-panel">
        <StateLine execution={shown} />
        {shown.result && (
          <>
            <p className="sg-result">{shown.result.message}</p>
            <dl className="sg-figures">
              <Figure
                name={t('executions.duration')}
                value={shown.duration_seconds != null ? duration(shown.duration_seconds) : '—'}
              />
              <Figure name={t('executions.processed')} value={number(shown.result.records_processed)} />
              <Figure name={t('executions.affected')} value={number(shown.result.records_affected)} />
              <Metrics metrics={shown.metrics as Record<string, number> | null | undefined} />
            </dl>
          </>
        )}
        {!shown.result && shown.progress && <Members value={shown.progress} />}
      </section>
      <section className="sg-section">
        <h2>{t('executions.log')}</h2>
        <LogViewer id={id} total={shown.log_lines} over={isOver(shown)} />
      </section>
      <div className="sg-two sg-section">
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('executions.details')}</h2>
          {shown.result && isFilled(shown.result.details) ? (
            <Members value={shown.result.details} />
          ) : (
            <p className="sg-soft">{t('executions.no_details')}</p>
          )}
        </section>
        <section className="sg-panel">
          <h2 className="sg-panel-title">{t('editor.parameters')}</h2>
          <Members value={shown.parameters} />
        </section>
      </div>
      <section className="sg-section">
        <h2>{t('executions.effects')}</h2>
        <Effects id={id} />
      </section>
      <section className="sg-panel sg-section">
        <Details
          rows={[
            [t('executions.scheduled_for'), <When key="for" at={shown.scheduled_for} both />],
            [t('executions.trigger'), `${t(`trigger.${shown.trigger}`)} · ${shown.triggered_by}`],
            [t('executions.host'), shown.execution_host],
            [
              t('executions.digest'),
              shown.template_digest && (
                <code key="digest" className="sg-json">
                  {shown.template_digest}
                </code>
              ),
            ],
            [
              t('executions.rerun_of'),
              shown.rerun_of && (
                <Link key="rerun" to="/executions/$id" params={{ id: shown.rerun_of }}>
                  {shown.rerun_of}
                </Link>
              ),
            ],
            [t('executions.id'), <code key="id">{shown.id}</code>],
          ]}
        />
        <Attempts execution={shown} />
      </section>
    </Page>
  );
}

const isFilled = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length > 0;

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Metrics({ metrics }: { metrics: Record<string, number> | null | undefined }) {
  const { t } = useTranslation();
  if (!metrics) return null;
  const { cpu_ms: cpu, peak_memory_bytes: memory, host_calls: calls } = metrics;
  return (
    <>
      {cpu !== undefined && <Figure name={t('executions.cpu')} value={duration(cpu / 1000)} />}
      {memory !== undefined && <Figure name={t('executions.memory')} value={bytes(memory)} />}
      {calls !== undefined && <Figure name={t('executions.host_calls')} value={number(calls)} />}
    </>
  );
}

/** What went wrong, before anything else. */
function Errors({ execution }: { execution: Execution }) {
  const { t } = useTranslation();
  const errors = [...new Set([execution.error, ...(execution.result?.errors ?? [])])].filter((text): text is string =>
    Boolean(text),
  );
  const warnings = execution.result?.warnings ?? [];
  const skipped = execution.status === 'skipped' && execution.skip_reason ? t(`skip.${execution.skip_reason}`) : null;
  return (
    <>
      {errors.length > 0 && (
        <div className="sg-note sg-spaced" data-tone="failed" role="alert">
          {errors.map((text) => (
            <p key={text}>{text}</p>
          ))}
          {execution.retry_at && (
            <p className="sg-soft">
              {t('executions.retry_at')} <When at={execution.retry_at} />
            </p>
          )}
        </div>
      )}
      {skipped && (
        <div className="sg-note sg-spaced">
          <p>
            {skipped}
            {execution.skipped && ` ${t('executions.skipped_many', { count: execution.skipped.count })}`}
          </p>
        </div>
      )}
      {warnings.length > 0 && (
        <div className="sg-note sg-spaced" data-tone="timeout">
          {warnings.map((text) => (
            <p key={text}>{text}</p>
          ))}
        </div>
      )}
    </>
  );
}

function Actions({ execution }: { execution: Execution }) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const navigate = useNavigate();
  const path = { params: { path: { id: execution.id } } };
  const cancel = useMutation({
    mutationFn: () => ask(api.POST('/api/admin/scheduler/executions/{id}/cancel', path)),
    onSettled: () => void client.invalidateQueries({ queryKey: ['execution', execution.id] }),
    onError: (error) => tellProblem(t('executions.cannot_cancel'), error),
  });
  const rerun = useMutation({
    mutationFn: () => ask(api.POST('/api/admin/scheduler/executions/{id}/rerun', path)),
    onSuccess: (next) => navigate({ to: '/executions/$id', params: { id: next.id } }),
    onError: (error) => tellProblem(t('executions.cannot_rerun'), error),
  });
  if (!isOver(execution)) {
    if (!may('cancel_run')) return null;
    return (
      <Button
        variant="default"
        loading={cancel.isPending}
        disabled={Boolean(execution.cancel_requested_at)}
        onClick={() => cancel.mutate()}
      >
        {execution.cancel_requested_at ? t('executions.cancelling') : t('executions.cancel')}
      </Button>
    );
  }
  if (!may('rerun')) return null;
  return (
    <Button variant="default" loading={rerun.isPending} onClick={() => rerun.mutate()}>
      {t('executions.rerun')}
    </Button>
  );
}
