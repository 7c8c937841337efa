/** What pages read, by key. Live changes and edits make a key stale here and nowhere else. */
import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query';
import { api, ask, type ExecutionStatus, type JobStatus, type Schedule } from './client';

export interface JobFilter {
  search?: string;
  template_type?: string;
  status?: JobStatus;
  tag?: string;
  sort?: '-created_at' | 'created_at' | 'name' | 'next_run_at' | '-last_run_at';
  /** Newest executions to tell with each. */
  recent?: number;
  page?: number;
  page_size?: number;
}

export interface ExecutionFilter {
  job_id?: string;
  status?: string;
  template_type?: string;
  trigger?: string;
  search?: string;
  from?: string;
  until?: string;
  cursor?: string;
  page_size?: number;
}

/** Who is here, and what they may do. */
export const meQuery = () =>
  queryOptions({
    queryKey: ['me'],
    queryFn: () => {
      const call = api.GET('/api/auth/me');
      return ask(call);
    },
    staleTime: 60_000,
  });

export const statusQuery = () =>
  queryOptions({
    queryKey: ['status'],
    queryFn: () => {
      const call = api.GET('/api/admin/scheduler/status');
      return ask(call);
    },
  });

/** All that is known of templates: those in force, those taken away, files that were not taken. */
export const templateListQuery = () =>
  queryOptions({
    queryKey: ['templates'],
    queryFn: () => {
      const call = api.GET('/api/admin/scheduler/templates');
      return ask(call);
    },
    staleTime: 60_000,
  });

export const templatesQuery = () => queryOptions({ ...templateListQuery(), select: (list) => list.templates });

export const jobsQuery = (query: JobFilter) =>
  queryOptions({
    queryKey: ['jobs', query],
    queryFn: () => ask(api.GET('/api/admin/scheduler/jobs', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id],
    queryFn: () => ask(api.GET('/api/admin/scheduler/jobs/{id}', { params: { path: { id } } })),
  });

export const executionsQuery = (filter: ExecutionFilter) =>
  queryOptions({
    queryKey: ['executions', filter],
    queryFn: () => {
      const { job_id: id, ...rest } = filter;
      const query = rest as { status?: ExecutionStatus };
      if (id) return ask(api.GET('/api/admin/scheduler/jobs/{id}/executions', { params: { path: { id }, query } }));
      const call = api.GET('/api/admin/scheduler/executions', { params: { query } });
      return ask(call);
    },
    placeholderData: keepPreviousData,
  });

export const executionQuery = (id: string) =>
  queryOptions({
    queryKey: ['execution', id],
    queryFn: () => ask(api.GET('/api/admin/scheduler/executions/{id}', { params: { path: { id } } })),
  });

export const effectsQuery = (id: string) =>
  queryOptions({
    queryKey: ['effects', id],
    queryFn: async () =>
      (await ask(api.GET('/api/admin/scheduler/executions/{id}/effects', { params: { path: { id } } }))).effects,
  });

export const whyQuery = (id: string, at: string | undefined) =>
  queryOptions({
    queryKey: ['why', id, at],
    queryFn: () =>
      ask(api.GET('/api/admin/scheduler/jobs/{id}/why', { params: { path: { id }, query: at ? { at } : {} } })),
  });

export const previewQuery = (schedule: Schedule) =>
  queryOptions({
    queryKey: ['preview', schedule],
    queryFn: () => ask(api.POST('/api/admin/scheduler/schedules/preview', { body: { schedule, count: 10 } })),
    placeholderData: keepPreviousData,
    retry: false,
  });

export const secretsQuery = () =>
  queryOptions({
    queryKey: ['secrets'],
    queryFn: async () => {
      const call = api.GET('/api/admin/scheduler/secrets', { params: { query: { page_size: 200 } } });
      return (await ask(call)).secrets;
    },
  });

export const auditQuery = (query: Record<string, string>) =>
  queryOptions({
    queryKey: ['audit', query],
    queryFn: () => {
      const call = api.GET('/api/admin/scheduler/audit', { params: { query: query as never } });
      return ask(call);
    },
    placeholderData: keepPreviousData,
  });

/** Everything that shows jobs. */
export function jobsChanged(client: QueryClient, id?: string) {
  void client.invalidateQueries({ queryKey: ['jobs'] });
  void client.invalidateQueries({ queryKey: ['status'] });
  if (id) {
    void client.invalidateQueries({ queryKey: ['job', id] });
    void client.invalidateQueries({ queryKey: ['why', id] });
  }
}
