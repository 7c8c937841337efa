/** What the pages about templates read, and what makes it stale. */
import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { api, ask } from '../api/client';
import type { Right } from './rights';

/** A grant as it is sent. */
export interface GrantBody {
  digest: string;
  rights: Right[];
  limits: Record<string, number>;
}

export const grantQuery = (type: string, digest: string | undefined) =>
  queryOptions({
    queryKey: ['grant', type, digest],
    queryFn: () =>
      ask(
        api.GET('/api/admin/scheduler/templates/{type}/grant', {
          params: { path: { type }, query: digest ? { digest } : {} },
        }),
      ),
  });

/** What a grant would come to. Faults of it are a problem with pointers. */
export const grantCheckQuery = (type: string, body: GrantBody) =>
  queryOptions({
    queryKey: ['grant-check', type, body],
    queryFn: () =>
      ask(
        api.POST('/api/admin/scheduler/templates/{type}/grant/check', {
          params: { path: { type } },
          body: body as never,
        }),
      ),
    retry: false,
    staleTime: 10_000,
  });

export const capabilitiesQuery = (type: string) =>
  queryOptions({
    queryKey: ['capabilities', type],
    queryFn: () => ask(api.GET('/api/admin/scheduler/templates/{type}/capabilities', { params: { path: { type } } })),
    staleTime: 30_000,
  });

/** Everything that depends on what templates are there and what they may. */
export function templatesChanged(client: QueryClient) {
  for (const key of ['templates', 'grant', 'grant-check', 'capabilities', 'validate', 'jobs', 'job', 'status'])
    void client.invalidateQueries({ queryKey: [key] });
}
