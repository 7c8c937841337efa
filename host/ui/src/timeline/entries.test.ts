import { expect, it } from 'vitest';
import type { Timeline } from '../api/client';
import { entriesOf, totals } from './entries';

const lane: Timeline['lanes'][number] = {
  job_id: 'j',
  job_name: 'Nightly',
  template_type: 'database_cleanup',
  status: 'active',
  timezone: 'UTC',
  schedule_text: '',
  runs: [
    { id: 'e', status: 'failed', scheduled_for: '2026-11-24T02:00:00.000Z', started_at: null, duration_seconds: 2 },
  ],
  planned: ['2026-11-24T22:00:00.000Z'],
  sums: [{ slot: 1, planned: 3, runs: { success: 5, timeout: 1 } }],
  is_at_least: false,
};
const timeline: Timeline = {
  now: '2026-11-24T13:00:00.000Z',
  from: '2026-11-24T00:00:00.000Z',
  to: '2026-11-25T00:00:00.000Z',
  timezone: 'UTC',
  slots: ['2026-11-24T00:00:00.000Z', '2026-11-24T12:00:00.000Z'],
  clock_changes: [],
  lanes: [lane],
  load: null,
  load_is_whole: null,
  total: 1,
  page: 1,
  page_size: 50,
};

it('lists runs, sums and plans by their time', () => {
  const entries = entriesOf(timeline);
  expect(entries.map(({ at, until }) => [at.slice(11, 16), until?.slice(11, 16)])).toEqual([
    ['02:00', undefined],
    ['12:00', '00:00'],
    ['22:00', undefined],
  ]);
  expect(entries[0]).toMatchObject({ execution: 'e', status: 'failed', duration: 2 });
});

it('sums what a lane holds', () => {
  expect(totals(lane)).toEqual({ runs: 7, failed: 2, planned: 4 });
});
