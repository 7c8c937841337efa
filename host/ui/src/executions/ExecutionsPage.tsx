import { Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { jobQuery, templatesQuery } from '../api/queries';
import { Page } from '../parts/Page';
import { SearchField } from '../parts/SearchField';
import type { ExecutionsSearch } from '../router';
import { ExecutionList } from './ExecutionList';

const STATUSES = ['running', 'queued', 'success', 'failed', 'timeout', 'cancelled', 'lost', 'skipped'] as const;
const TRIGGERS = ['schedule', 'manual', 'rerun', 'retry_of'] as const;

export function ExecutionsPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/shell/executions' });
  const navigate = useNavigate({ from: '/executions' });
  const templates = useQuery(templatesQuery());
  const job = useQuery({ ...jobQuery(search.job_id ?? ''), enabled: search.job_id !== undefined });
  const set = (change: Partial<ExecutionsSearch>) =>
    void navigate({
      search: (before: ExecutionsSearch) => ({ ...before, cursor: undefined, ...change }),
      replace: true,
    });
  const { cursor: _cursor, ...filters } = search;
  const filtered = Object.values(filters).some((value) => value !== undefined);
  const clear = () => void navigate({ search: {} });
  return (
    <Page
      title={t('places.executions')}
      lead={job.data ? t('executions.of_job', { name: job.data.name }) : t('executions.lead')}
    >
      <search className="sg-filters">
        <SearchField value={search.search} change={(text) => set({ search: text })} />
        <Select
          label={t('jobs.status')}
          placeholder={t('filter.all')}
          clearable
          value={search.status ?? null}
          data={STATUSES.map((status) => ({ value: status, label: t(`status.${status}`) }))}
          onChange={(status) => set({ status: status ?? undefined })}
        />
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
          label={t('executions.trigger')}
          placeholder={t('filter.all')}
          clearable
          value={search.trigger ?? null}
          data={TRIGGERS.map((trigger) => ({ value: trigger, label: t(`trigger.${trigger}`) }))}
          onChange={(trigger) => set({ trigger: trigger ?? undefined })}
        />
        {filtered && (
          <Button variant="subtle" onClick={clear}>
            {t('states.clear_filters')}
          </Button>
        )}
      </search>
      <ExecutionList
        filter={search}
        filtered={filtered}
        clear={clear}
        emptyHint={t('executions.empty_hint')}
        go={(cursor) => void navigate({ search: (before: ExecutionsSearch) => ({ ...before, cursor }) })}
      />
    </Page>
  );
}
