/** What is done with several jobs at once, and what became of each. */
import { Button, Checkbox } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Action, useMay } from '../access/may';
import { api, ask, type Job } from '../api/client';
import { Problem } from '../api/problem';
import { jobsChanged } from '../api/queries';
import { Confirm } from '../parts/Confirm';
import { Name } from '../parts/Details';
import { UNDO_MS } from './actions';
import { inParallel, type Outcome } from './inParallel';

/** Requests under way at the same time. */
const MOST = 4;

type Act = 'run' | 'enable' | 'disable' | 'delete';

const ACTS: { act: Act; needs: Action }[] = [
  { act: 'run', needs: 'run_job' },
  { act: 'enable', needs: 'enable_job' },
  { act: 'disable', needs: 'disable_job' },
  { act: 'delete', needs: 'delete_job' },
];

function perform(act: Act | 'restore', id: string) {
  const path = { params: { path: { id } } };
  switch (act) {
    case 'run':
      return ask(api.POST('/api/admin/scheduler/jobs/{id}/run', { ...path, body: {} }));
    case 'enable':
      return ask(api.POST('/api/admin/scheduler/jobs/{id}/enable', path));
    case 'disable':
      return ask(api.POST('/api/admin/scheduler/jobs/{id}/disable', path));
    case 'delete':
      return ask(api.DELETE('/api/admin/scheduler/jobs/{id}', path));
    case 'restore':
      return ask(api.POST('/api/admin/scheduler/jobs/{id}/restore', path));
  }
}

/** Whether the person here may do anything with several jobs. */
export function useMayBulk(): boolean {
  const may = useMay();
  return ACTS.some(({ needs }) => may(needs));
}

interface Props {
  /** What the page shows. */
  jobs: Job[];
  chosen: ReadonlySet<string>;
  choose: (ids: ReadonlySet<string>) => void;
}

export function BulkBar({ jobs, chosen, choose }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const [busy, setBusy] = useState<{ act: Act; done: number; all: number } | null>(null);
  const [told, setTold] = useState<{ act: Act | 'restore'; outcomes: Outcome<Job>[] } | null>(null);
  const [asking, setAsking] = useState(false);
  const picked = jobs.filter(({ id }) => chosen.has(id));
  const all = picked.length === jobs.length;

  async function go(act: Act) {
    const work = picked;
    setAsking(false);
    setTold(null);
    setBusy({ act, done: 0, all: work.length });
    const outcomes = await inParallel(
      work,
      MOST,
      (job) => perform(act, job.id),
      (done) => setBusy({ act, done, all: work.length }),
    );
    setBusy(null);
    setTold({ act, outcomes });
    // What did not work stays chosen, to be tried again.
    choose(new Set(outcomes.filter(({ trouble }) => trouble !== undefined).map(({ item }) => item.id)));
    jobsChanged(client);
    void client.invalidateQueries({ queryKey: ['executions'] });
    const gone = outcomes.filter(({ trouble }) => trouble === undefined).map(({ item }) => item);
    if (act === 'delete' && gone.length > 0) offerUndo(gone);
  }

  function offerUndo(gone: Job[]) {
    const id = `deleted-${gone.map((job) => job.id).join()}`;
    notifications.show({
      id,
      autoClose: UNDO_MS,
      title: t('bulk.deleted', { count: gone.length }),
      message: (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => {
            notifications.hide(id);
            void inParallel(gone, MOST, (job) => perform('restore', job.id)).then((outcomes) => {
              setTold({ act: 'restore', outcomes });
              jobsChanged(client);
            });
          }}
        >
          {t('jobs.undo')}
        </Button>
      ),
    });
  }

  return (
    <>
      <section className="sg-bulk" aria-label={t('bulk.title')}>
        <Checkbox
          label={picked.length > 0 ? t('bulk.chosen', { count: picked.length }) : t('bulk.choose_all')}
          checked={all}
          indeterminate={picked.length > 0 && !all}
          onChange={() => choose(all ? new Set() : new Set(jobs.map(({ id }) => id)))}
        />
        {picked.length > 0 &&
          ACTS.filter(({ needs }) => may(needs)).map(({ act }) => (
            <Button
              key={act}
              size="xs"
              variant="default"
              color={act === 'delete' ? 'var(--sg-failed)' : undefined}
              disabled={busy !== null}
              loading={busy?.act === act}
              onClick={() => (act === 'delete' ? setAsking(true) : void go(act))}
            >
              {t(`bulk.acts.${act}`)}
            </Button>
          ))}
        <span role="status" className="sg-soft">
          {busy && t('bulk.progress', { done: busy.done, all: busy.all })}
        </span>
      </section>
      {told && <Told act={told.act} outcomes={told.outcomes} close={() => setTold(null)} />}
      <Confirm
        opened={asking}
        title={t('bulk.delete_title', { count: picked.length })}
        act={t('bulk.acts.delete')}
        onAct={() => void go('delete')}
        onClose={() => setAsking(false)}
      >
        {t('bulk.delete_hint')}
      </Confirm>
    </>
  );
}

/** How it went, job by job where it did not go well. */
function Told({ act, outcomes, close }: { act: Act | 'restore'; outcomes: Outcome<Job>[]; close: () => void }) {
  const { t } = useTranslation();
  const bad = outcomes.filter(({ trouble }) => trouble !== undefined);
  return (
    <div className="sg-note sg-bulk-told" data-tone={bad.length > 0 ? 'failed' : undefined} role="status">
      <p>
        {t(`bulk.done.${act}`, { count: outcomes.length - bad.length })}
        {bad.length > 0 && ` ${t('bulk.not_done', { count: bad.length })}`}
      </p>
      {bad.length > 0 && (
        <ul>
          {bad.map(({ item, trouble }) => (
            <li key={item.id}>
              <strong>
                <Name text={item.name} />
              </strong>{' '}
              {Problem.from(trouble).message}
            </li>
          ))}
        </ul>
      )}
      <Button size="xs" variant="subtle" onClick={close}>
        {t('parts.close')}
      </Button>
    </div>
  );
}
