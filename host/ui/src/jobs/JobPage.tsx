/** One job: what it is, what it did, why it did not, with what. */
import { Button, Menu } from '@mantine/core';
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs';
import IconPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import type { Job } from '../api/client';
import { jobQuery, previewQuery, templatesQuery } from '../api/queries';
import { ExecutionList } from '../executions/ExecutionList';
import { Code, Details, Members } from '../parts/Details';
import { Page } from '../parts/Page';
import { StatusMark } from '../parts/StatusMark';
import { useZoneMode } from '../parts/settings';
import { Skeleton, Trouble } from '../parts/states';
import { duration, wallClock, zoneFor } from '../parts/time';
import { When } from '../parts/When';
import { clean } from '../schedule/draft';
import { Calendar } from '../timeline/Calendar';
import { useJobActions } from './actions';
import { curlOf, draftOf, requestOf } from './editor/draft';
import { WhyNot } from './WhyNot';

const TABS = ['runs', 'timeline', 'parameters', 'why', 'api'] as const;

export function JobPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/shell/jobs/$id' });
  const { tab = 'runs', ...place } = useSearch({ from: '/shell/jobs/$id' });
  const navigate = useNavigate({ from: '/jobs/$id' });
  const job = useQuery(jobQuery(id));
  const templates = useQuery(templatesQuery());
  const template = templates.data?.find(({ type }) => type === job.data?.template_type);
  if (job.isError) {
    return (
      <Page title={t('jobs.one')} above={<Link to="/jobs">{t('places.jobs')}</Link>}>
        <Trouble error={job.error} retry={() => void job.refetch()} />
      </Page>
    );
  }
  if (!job.data)
    return (
      <Page title={t('jobs.one')}>
        <Skeleton />
      </Page>
    );
  const shown = job.data;
  return (
    <Page
      title={shown.name}
      icon={template?.icon}
      lead={shown.description}
      above={<Link to="/jobs">{t('places.jobs')}</Link>}
      actions={<Actions job={shown} />}
    >
      {shown.status === 'blocked' && shown.status_reason && (
        <div className="sg-note" data-tone="failed">
          <p>{shown.status_reason}</p>
        </div>
      )}
      <section className="sg-panel sg-section-first">
        <Details
          rows={[
            [t('jobs.status'), <StatusMark key="status" status={shown.status} />],
            [t('jobs.schedule'), shown.schedule_text],
            [
              t('jobs.next_run'),
              shown.next_run_at ? (
                <When key="next" at={shown.next_run_at} zone={shown.schedule.timezone ?? 'UTC'} both />
              ) : (
                t('jobs.none')
              ),
            ],
            [
              t('jobs.last_run'),
              shown.last_run_at ? (
                <When key="last" at={shown.last_run_at} zone={shown.schedule.timezone ?? 'UTC'} both />
              ) : (
                t('jobs.never_ran')
              ),
            ],
            [
              t('jobs.template'),
              <Link key="template" to="/templates/$type" params={{ type: shown.template_type }}>
                {template?.name ?? shown.template_type}
              </Link>,
            ],
            [t('policy.overlap'), t(`policy.overlaps.${shown.overlap_policy}`)],
            [t('policy.timeout'), duration(shown.timeout_seconds)],
            [t('policy.retries'), String(shown.retry_policy.max_retries)],
            [
              t('editor.tags'),
              shown.tags.length > 0
                ? shown.tags.map((tag) => (
                    <Link key={tag} className="sg-tag" to="/jobs" search={{ tag }}>
                      {tag}
                    </Link>
                  ))
                : null,
            ],
            [
              t('jobs.created'),
              <span key="created">
                <When at={shown.created_at} /> · {shown.created_by}
              </span>,
            ],
          ]}
        />
      </section>
      <nav className="sg-tabs sg-section" aria-label={t('jobs.parts')}>
        {TABS.map((name) => (
          <Link
            key={name}
            to="/jobs/$id"
            params={{ id }}
            search={{ tab: name === 'runs' ? undefined : name }}
            aria-current={name === tab ? 'page' : undefined}
            activeOptions={{ exact: true, includeSearch: true, explicitUndefined: true }}
            replace
          >
            {t(`jobs.tabs.${name}`)}
          </Link>
        ))}
      </nav>
      {tab === 'runs' && <ExecutionList filter={{ job_id: id }} ofJob emptyHint={t('jobs.no_runs_hint')} />}
      {tab === 'timeline' && (
        <Calendar place={place} go={(next) => void navigate({ search: { tab, ...next } })} filter={{ job_id: id }} />
      )}
      {tab === 'parameters' && (
        <section className="sg-panel">
          <Members value={shown.parameters} />
        </section>
      )}
      {tab === 'why' && (
        <>
          <WhyNot id={id} />
          <Upcoming job={shown} />
        </>
      )}
      {tab === 'api' && (
        <div className="sg-stack">
          <Code text={curlOf('POST', `/jobs/${id}/run`, {})} />
          <Code text={curlOf('PUT', `/jobs/${id}`, requestOf(draftOf(shown)))} />
        </div>
      )}
    </Page>
  );
}

function Actions({ job }: { job: Job }) {
  const { t } = useTranslation();
  const may = useMay();
  const { run, toggle, remove } = useJobActions();
  const navigate = useNavigate();
  return (
    <>
      {may('change_job') && (
        <Button variant="default" component={Link} to={`/jobs/${job.id}/edit`}>
          {t('jobs.edit')}
        </Button>
      )}
      {may(job.enabled ? 'disable_job' : 'enable_job') && (
        <Button variant="default" loading={toggle.isPending} onClick={() => toggle.mutate(job)}>
          {job.enabled ? t('jobs.disable') : t('jobs.enable')}
        </Button>
      )}
      {(may('create_job') || may('delete_job')) && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" aria-label={t('jobs.more', { name: job.name })}>
              <IconDots size={16} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {may('create_job') && (
              <Menu.Item onClick={() => void navigate({ to: '/jobs/new', search: { from: job.id } })}>
                {t('jobs.duplicate')}
              </Menu.Item>
            )}
            {may('delete_job') && (
              <Menu.Item
                color="var(--sg-failed)"
                onClick={() => remove.mutate(job, { onSuccess: () => void navigate({ to: '/jobs' }) })}
              >
                {t('jobs.delete')}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      {may('run_job') && (
        <Button leftSection={<IconPlay size={16} />} loading={run.isPending} onClick={() => run.mutate(job)}>
          {t('jobs.run_now')}
        </Button>
      )}
    </>
  );
}

/** The runs that are to come. */
function Upcoming({ job }: { job: Job }) {
  const { t } = useTranslation();
  const [mode] = useZoneMode();
  const preview = useQuery(previewQuery(clean(job.schedule)));
  const zone = zoneFor(mode, preview.data?.timezone);
  if (!preview.data) return null;
  return (
    <section className="sg-panel sg-section">
      <h2 className="sg-panel-title">{job.enabled ? t('jobs.upcoming') : t('jobs.upcoming_if')}</h2>
      <ol className="sg-runs">
        {preview.data.runs.map((run) => (
          <li key={run}>
            <span>
              {wallClock(run, zone)} {zone}
            </span>
          </li>
        ))}
      </ol>
      {preview.data.notes.map((note) => (
        <p key={note} className="sg-form-note">
          {note}
        </p>
      ))}
    </section>
  );
}
