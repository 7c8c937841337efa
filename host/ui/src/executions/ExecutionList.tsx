/** Executions, newest first, page by page. New ones are counted in a pill; rows do not jump. */
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Execution } from '../api/client';
import { type ExecutionFilter, executionsQuery, templatesQuery } from '../api/queries';
import { useLive } from '../live/stream';
import { Name } from '../parts/Details';
import { StatusMark } from '../parts/StatusMark';
import { Empty, FilteredEmpty, Skeleton, Trouble } from '../parts/states';
import { duration, number } from '../parts/time';
import { When } from '../parts/When';

interface Props {
  filter: ExecutionFilter;
  /** Only of one job, whose name need not be said. */
  ofJob?: boolean;
  emptyHint: string;
  filtered?: boolean;
  clear?: () => void;
  /** Where pages live in the address; without it the list keeps its own place. */
  go?: (cursor: string | undefined) => void;
}

const PAGE = 50;

export function ExecutionList({ filter, ofJob = false, emptyHint, filtered = false, clear, go }: Props) {
  const { t } = useTranslation();
  const [own, setOwn] = useState<string | undefined>(undefined);
  const cursor = go ? filter.cursor : own;
  const turn = go ?? setOwn;
  const list = useQuery(executionsQuery({ ...filter, cursor, page_size: PAGE }));
  const executions = list.data?.executions ?? [];
  const [fresh, showFresh] = useFresh(filter.job_id, executions);
  if (list.isPending) return <Skeleton />;
  if (list.isError) return <Trouble error={list.error} retry={() => void list.refetch()} />;
  const next = list.data.next_cursor;
  return (
    <>
      {fresh > 0 && !cursor && (
        <button type="button" className="sg-pill" onClick={showFresh}>
          {t('executions.fresh', { count: fresh })}
        </button>
      )}
      {executions.length === 0 && filtered && clear && <FilteredEmpty clear={clear} />}
      {executions.length === 0 && !filtered && <Empty title={t('executions.empty')}>{emptyHint}</Empty>}
      {executions.length > 0 && <Table executions={executions} ofJob={ofJob} />}
      {(cursor || next) && (
        <nav className="sg-foot" aria-label={t('pager.pages')}>
          <span>{list.data.total ? t('executions.of', { number: number(list.data.total) }) : ''}</span>
          <div>
            {cursor && (
              <Button variant="default" size="xs" onClick={() => turn(undefined)}>
                {t('pager.newest')}
              </Button>
            )}
            <Button variant="default" size="xs" disabled={!next} onClick={() => turn(next ?? undefined)}>
              {t('pager.older')}
            </Button>
          </div>
        </nav>
      )}
    </>
  );
}

/** How many executions began since the list was read, and what shows them. */
function useFresh(jobId: string | undefined, shown: Execution[]): [number, () => void] {
  const client = useQueryClient();
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  useLive((event) => {
    if (event.name !== 'execution' || (jobId && event.job_id !== jobId)) return;
    if (shown.some(({ id }) => id === event.id)) return;
    // Only what is newer than the list: an older one is on another page.
    const newest = shown[0]?.scheduled_for;
    if (newest && event.at < newest) return;
    setIds((before) => (before.has(event.id) ? before : new Set(before).add(event.id)));
  });
  const unseen = [...ids].filter((id) => !shown.some((execution) => execution.id === id)).length;
  return [
    unseen,
    () => {
      setIds(new Set());
      void client.invalidateQueries({ queryKey: ['executions'] });
    },
  ];
}

function Table({ executions, ofJob }: { executions: Execution[]; ofJob: boolean }) {
  const { t } = useTranslation();
  const templates = useQuery(templatesQuery());
  const icon = (type: string) => templates.data?.find((template) => template.type === type)?.icon;
  return (
    <div className="sg-table-box">
      <table className="sg-table">
        <thead>
          <tr>
            <th scope="col">{t('jobs.status')}</th>
            <th scope="col">{ofJob ? t('executions.result') : t('executions.job')}</th>
            <th scope="col">{t('executions.when')}</th>
            <th scope="col">{t('executions.trigger')}</th>
            <th scope="col" className="sg-number">
              {t('executions.duration')}
            </th>
            <th scope="col" className="sg-number">
              {t('executions.processed')}
            </th>
            <th scope="col" className="sg-number">
              {t('executions.affected')}
            </th>
          </tr>
        </thead>
        <tbody>
          {executions.map((execution) => (
            <tr key={execution.id}>
              <td>
                <StatusMark status={execution.status} />
              </td>
              <td className="sg-main-cell">
                <Link to="/executions/$id" params={{ id: execution.id }}>
                  {ofJob ? (
                    <span className="sg-line" title={messageOf(execution)}>
                      {messageOf(execution) || t(`status.${execution.status}`)}
                    </span>
                  ) : (
                    <>
                      <span aria-hidden="true">{icon(execution.template_type)} </span>
                      <Name text={execution.job_name} />
                    </>
                  )}
                </Link>
                {!ofJob && (
                  <small className="sg-line" title={messageOf(execution)}>
                    {messageOf(execution)}
                  </small>
                )}
              </td>
              <td>
                <When at={execution.started_at ?? execution.scheduled_for} />
              </td>
              <td>{t(`trigger.${execution.trigger}`)}</td>
              <td className="sg-number">
                {execution.duration_seconds != null ? duration(execution.duration_seconds) : ''}
              </td>
              <td className="sg-number">{execution.result ? number(execution.result.records_processed) : ''}</td>
              <td className="sg-number">{execution.result ? number(execution.result.records_affected) : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What is most worth saying of one, in a line. */
export function messageOf(execution: Execution): string {
  return execution.error ?? execution.result?.message ?? execution.skip_reason ?? '';
}
