/** Every job, with search and facets that live in the address. */
import { Button, Checkbox, Select } from '@mantine/core';
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import type { Job, Template } from '../api/client';
import { type JobFilter, jobsQuery, templatesQuery } from '../api/queries';
import { Name } from '../parts/Details';
import { Page } from '../parts/Page';
import { Pager } from '../parts/Pager';
import { SearchField } from '../parts/SearchField';
import { StatusMark } from '../parts/StatusMark';
import { Empty, FilteredEmpty, Skeleton, Trouble } from '../parts/states';
import { number } from '../parts/time';
import { When } from '../parts/When';
import type { JobsSearch } from '../router';
import { JobMenu } from './actions';
import { BulkBar, useMayBulk } from './Bulk';
import { RecentRuns, SHOWN } from './RecentRuns';

const PAGE = 50;
const STATUSES = ['active', 'disabled', 'finished', 'blocked'] as const;
const ORDERS = ['-created_at', 'name', 'next_run_at', '-last_run_at', 'created_at'] as const;

export function JobsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const search = useSearch({ from: '/shell/jobs' });
  const navigate = useNavigate({ from: '/jobs' });
  const { page = 1, ...filter } = search;
  const list = useQuery(jobsQuery({ ...(filter as JobFilter), page, page_size: PAGE, recent: SHOWN }));
  const templates = useQuery(templatesQuery());
  const filtered = ['search', 'template_type', 'status', 'tag'].some(
    (key) => search[key as keyof JobsSearch] !== undefined,
  );
  const set = (change: Partial<JobsSearch>) =>
    void navigate({ search: (before: JobsSearch) => ({ ...before, page: undefined, ...change }), replace: true });
  const clear = () => void navigate({ search: { sort: search.sort } });
  const mayBulk = useMayBulk();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const jobs = list.data?.jobs ?? [];
  const total = list.data?.total ?? 0;
  return (
    <Page
      title={t('places.jobs')}
      lead={
        list.data
          ? t(filtered ? 'jobs.count_filtered' : 'jobs.count', { count: total, number: number(total) })
          : t('jobs.lead')
      }
      actions={
        may('create_job') && (
          <Button component={Link} to="/jobs/new" leftSection={<IconPlus size={16} />}>
            {t('jobs.new')}
          </Button>
        )
      }
    >
      {(total > 0 || filtered || list.isPending) && (
        <search className="sg-filters">
          <SearchField value={search.search} change={(text) => set({ search: text })} />
          <Select
            label={t('jobs.template')}
            placeholder={t('filter.all')}
            clearable
            value={search.template_type ?? null}
            data={(templates.data ?? []).map((template) => ({
              value: template.type,
              label: `${template.icon} ${template.name}`,
            }))}
            onChange={(type) => set({ template_type: type ?? undefined })}
          />
          <Select
            label={t('jobs.status')}
            placeholder={t('filter.all')}
            clearable
            value={search.status ?? null}
            data={STATUSES.map((status) => ({ value: status, label: t(`status.${status}`) }))}
            onChange={(status) => set({ status: status ?? undefined })}
          />
          <Select
            label={t('jobs.sort')}
            value={search.sort ?? '-created_at'}
            allowDeselect={false}
            data={ORDERS.map((order) => ({ value: order, label: t(`jobs.order.${order}`) }))}
            onChange={(sort) => set({ sort: sort && sort !== '-created_at' ? sort : undefined })}
          />
          {filtered && (
            <Button variant="subtle" onClick={clear}>
              {t('states.clear_filters')}
            </Button>
          )}
        </search>
      )}
      {list.isPending && <Skeleton />}
      {list.isError && <Trouble error={list.error} retry={() => void list.refetch()} />}
      {list.data && jobs.length === 0 && filtered && <FilteredEmpty clear={clear} />}
      {list.data && jobs.length === 0 && !filtered && (
        <Empty
          title={t('jobs.empty')}
          action={
            may('create_job') && (
              <Button component={Link} to="/jobs/new" leftSection={<IconPlus size={16} />}>
                {t('jobs.first')}
              </Button>
            )
          }
        >
          {t('jobs.empty_hint')}
        </Empty>
      )}
      {jobs.length > 0 && (
        <>
          {mayBulk && <BulkBar jobs={jobs} chosen={chosen} choose={setChosen} />}
          <JobTable
            jobs={jobs}
            templates={templates.data ?? []}
            chosen={chosen}
            choose={mayBulk ? setChosen : undefined}
          />
          <Pager
            page={page}
            size={PAGE}
            total={total}
            go={(next) =>
              void navigate({ search: (before: JobsSearch) => ({ ...before, page: next > 1 ? next : undefined }) })
            }
          />
        </>
      )}
    </Page>
  );
}

interface TableProps {
  jobs: Job[];
  templates: Template[];
  chosen: ReadonlySet<string>;
  /** Where several can be chosen. */
  choose?: (ids: ReadonlySet<string>) => void;
}

function JobTable({ jobs, templates, chosen, choose }: TableProps) {
  const { t } = useTranslation();
  const byType = new Map(templates.map((template) => [template.type, template]));
  return (
    <div className="sg-table-box">
      <table className="sg-table">
        <thead>
          <tr>
            {choose && (
              <th scope="col">
                <span className="sg-hidden">{t('bulk.title')}</span>
              </th>
            )}
            <th scope="col">{t('jobs.status')}</th>
            <th scope="col">{t('jobs.name')}</th>
            <th scope="col">{t('jobs.template')}</th>
            <th scope="col">{t('jobs.schedule')}</th>
            <th scope="col">{t('jobs.next_run')}</th>
            <th scope="col">{t('jobs.last_runs')}</th>
            <th scope="col">
              <span className="sg-hidden">{t('jobs.actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => {
            const template = byType.get(job.template_type);
            return (
              <tr key={job.id} data-chosen={chosen.has(job.id) || undefined}>
                {choose && (
                  <td className="sg-choose">
                    <Checkbox
                      aria-label={t('bulk.choose', { name: job.name })}
                      checked={chosen.has(job.id)}
                      onChange={(event) => {
                        const next = new Set(chosen);
                        if (event.currentTarget.checked) next.add(job.id);
                        else next.delete(job.id);
                        choose(next);
                      }}
                    />
                  </td>
                )}
                <td title={job.status_reason ?? undefined}>
                  <StatusMark status={job.status} />
                </td>
                <td className="sg-main-cell">
                  <Link to="/jobs/$id" params={{ id: job.id }}>
                    <Name text={job.name} />
                  </Link>
                  {job.tags.length > 0 && <small>{job.tags.join(' · ')}</small>}
                </td>
                <td>
                  <span className="sg-icon-row">
                    <span aria-hidden="true">{template?.icon ?? '·'}</span>
                    {template?.name ?? job.template_type}
                  </span>
                </td>
                <td className="sg-schedule">{job.schedule_text}</td>
                <td>
                  {job.next_run_at ? (
                    <When at={job.next_run_at} zone={job.schedule.timezone ?? 'UTC'} />
                  ) : (
                    <span className="sg-soft">—</span>
                  )}
                </td>
                <td>
                  <RecentRuns job={job} />
                </td>
                <td className="sg-actions">
                  <JobMenu job={job} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
