import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ask } from '../api/client';

export interface TimelineFilter {
  from?: string;
  to?: string;
  timezone?: string;
  job_id?: string;
  template_type?: string;
  search?: string;
  load?: boolean;
  page?: number;
  page_size?: number;
}

export const timelineQuery = (query: TimelineFilter) =>
  queryOptions({
    queryKey: ['timeline', query],
    queryFn: () => {
      const call = api.GET('/api/admin/scheduler/timeline', { params: { query } });
      return ask(call);
    },
    placeholderData: keepPreviousData,
    // Runs move on the line all the time; it is read again now and then instead of at every event.
    refetchInterval: 15_000,
  });
