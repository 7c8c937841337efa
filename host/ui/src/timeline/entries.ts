/** A timeline as a list: everything in it by its time. Pure. */
import type { Timeline } from '../api/client';

export interface Entry {
  key: string;
  at: string;
  /** Where it is a sum over a slot: its end. */
  until?: string;
  jobId: string;
  jobName: string;
  zone: string;
  execution?: string;
  status?: Timeline['lanes'][number]['runs'][number]['status'];
  duration?: number | null;
  planned?: number;
  runs?: Record<string, number>;
}

export function entriesOf(timeline: Timeline): Entry[] {
  const entries = timeline.lanes.flatMap((lane): Entry[] => {
    const job = { jobId: lane.job_id, jobName: lane.job_name, zone: lane.timezone };
    return [
      ...lane.runs.map((run) => ({
        ...job,
        key: run.id,
        at: run.scheduled_for,
        execution: run.id,
        status: run.status,
        duration: run.duration_seconds,
      })),
      ...lane.planned.map((at) => ({ ...job, key: `${lane.job_id} ${at}`, at, planned: 1 })),
      ...lane.sums.map((sum) => ({
        ...job,
        key: `${lane.job_id} ${sum.slot}`,
        at: timeline.slots[sum.slot] ?? timeline.from,
        until: timeline.slots[sum.slot + 1] ?? timeline.to,
        planned: sum.planned,
        runs: sum.runs as Record<string, number>,
      })),
    ];
  });
  return entries.sort((a, b) => a.at.localeCompare(b.at) || a.jobName.localeCompare(b.jobName));
}

export const sum = (runs: Record<string, number> | undefined) =>
  Object.values(runs ?? {}).reduce((total, count) => total + count, 0);

/** How many of the runs went wrong. */
export const failed = (runs: Record<string, number> | undefined) =>
  (runs?.failed ?? 0) + (runs?.timeout ?? 0) + (runs?.lost ?? 0);

/** What a lane holds, in all. */
export function totals(lane: Timeline['lanes'][number]): { runs: number; failed: number; planned: number } {
  const bad = lane.runs.filter(({ status }) => ['failed', 'timeout', 'lost'].includes(status)).length;
  return {
    runs: lane.runs.length + lane.sums.reduce((all, one) => all + sum(one.runs as Record<string, number>), 0),
    failed: bad + lane.sums.reduce((all, one) => all + failed(one.runs as Record<string, number>), 0),
    planned: lane.planned.length + lane.sums.reduce((all, one) => all + one.planned, 0),
  };
}
