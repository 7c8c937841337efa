/** What ran and what is to run, of all jobs. */
import { Button, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import { templatesQuery } from '../api/queries';
import { Page } from '../parts/Page';
import { Pager } from '../parts/Pager';
import { SearchField } from '../parts/SearchField';
import { Empty, FilteredEmpty } from '../parts/states';
import type { TimelineSearch } from '../router';
import { Calendar } from './Calendar';

const PAGE = 50;

export function TimelinePage() {
  const { t } = useTranslation();
  const may = useMay();
  const search = useSearch({ from: '/shell/timeline' });
  const navigate = useNavigate({ from: '/timeline' });
  const templates = useQuery(templatesQuery());
  const { page, search: text, template_type: template } = search;
  const set = (change: Partial<TimelineSearch>) =>
    void navigate({ search: (before: TimelineSearch) => ({ ...before, page: undefined, ...change }), replace: true });
  const filtered = text !== undefined || template !== undefined;
  const clear = () => set({ search: undefined, template_type: undefined });
  return (
    <Page title={t('places.timeline')} lead={t('timeline.lead')}>
      <search className="sg-filters">
        <SearchField value={text} change={(next) => set({ search: next })} />
        <Select
          label={t('jobs.template')}
          placeholder={t('filter.all')}
          clearable
          value={template ?? null}
          data={(templates.data ?? []).map((one) => ({ value: one.type, label: `${one.icon} ${one.name}` }))}
          onChange={(type) => set({ template_type: type ?? undefined })}
        />
        {filtered && (
          <Button variant="subtle" onClick={clear}>
            {t('states.clear_filters')}
          </Button>
        )}
      </search>
      <Calendar
        place={{ span: search.span, day: search.day, as: search.as }}
        go={(place) => void navigate({ search: (before: TimelineSearch) => ({ ...before, ...place }) })}
        filter={{ search: text, template_type: template, page }}
        empty={
          filtered ? (
            <FilteredEmpty clear={clear} />
          ) : (
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
              {t('timeline.empty_hint')}
            </Empty>
          )
        }
      >
        {(timeline) => (
          <Pager
            page={page ?? 1}
            size={PAGE}
            total={timeline.total}
            go={(next) =>
              void navigate({ search: (before: TimelineSearch) => ({ ...before, page: next > 1 ? next : undefined }) })
            }
          />
        )}
      </Calendar>
    </Page>
  );
}
