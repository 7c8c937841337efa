/** Ctrl-K: go anywhere, find a job. */
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData, spotlight } from '@mantine/spotlight';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import { jobsQuery } from '../api/queries';
import { PLACES } from './places';

export function Palette({ openAtOnce }: { openAtOnce: () => boolean }) {
  const { t } = useTranslation();
  useEffect(() => {
    if (openAtOnce()) spotlight.open();
  }, [openAtOnce]);
  const may = useMay();
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const search = query.trim();
  const jobs = useQuery({ ...jobsQuery({ search, page_size: 10 }), enabled: search.length > 1 });
  const places: SpotlightActionData[] = [
    ...PLACES.map(({ to, name }) => ({ id: to, label: t(`places.${name}`), onClick: () => void navigate({ to }) })),
    ...(may('create_job')
      ? [{ id: 'new', label: t('jobs.new'), onClick: () => void navigate({ to: '/jobs/new' }) }]
      : []),
  ];
  const groups: SpotlightActionGroupData[] = [
    { group: t('palette.places'), actions: places },
    {
      group: t('palette.jobs'),
      actions: (search.length > 1 ? (jobs.data?.jobs ?? []) : []).map((job) => ({
        id: job.id,
        label: job.name,
        description: job.schedule_text,
        onClick: () => void navigate({ to: '/jobs/$id', params: { id: job.id } }),
      })),
    },
  ];
  return (
    <Spotlight
      // Mantine locks the page behind by a style without a nonce, which the policy refuses.
      lockScroll={false}
      actions={groups}
      query={query}
      onQueryChange={setQuery}
      nothingFound={t('palette.nothing')}
      shortcut={['mod + K']}
      searchProps={{ placeholder: t('palette.placeholder'), 'aria-label': t('palette.placeholder') }}
      limit={20}
    />
  );
}
