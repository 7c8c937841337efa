/** What the pages of accounts read, and the changes they make. */
import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { api, ask } from '../api/client';

/** As many as there can be of one page; whoever has more pages on. */
const MOST = 200;

export const usersQuery = (page: number) =>
  queryOptions({
    queryKey: ['users', page],
    queryFn: () => {
      const call = api.GET('/api/auth/users', { params: { query: { page, page_size: 50 } } });
      return ask(call);
    },
  });

/** One account; null when there is none of this name. There is no route for one, and never more than a thousand. */
export const userQuery = (name: string) =>
  queryOptions({
    queryKey: ['users', 'one', name],
    queryFn: async () => {
      for (let page = 1; ; page += 1) {
        const call = api.GET('/api/auth/users', { params: { query: { page, page_size: MOST } } });
        const list = await ask(call);
        const found = list.users.find((user) => user.name === name);
        if (found || page * MOST >= list.total) return found ?? null;
      }
    },
  });

/** Of somebody; of oneself when nobody is named. */
export const sessionsQuery = (user?: string) =>
  queryOptions({
    queryKey: ['sessions', user ?? ''],
    queryFn: async () => {
      const call = api.GET('/api/auth/sessions', { params: { query: { user, page_size: MOST } } });
      return (await ask(call)).sessions;
    },
  });

export const tokensQuery = (user?: string) =>
  queryOptions({
    queryKey: ['tokens', user ?? ''],
    queryFn: async () => {
      const call = api.GET('/api/auth/tokens', { params: { query: { user, page_size: MOST } } });
      return (await ask(call)).tokens;
    },
  });

/** Everything that shows accounts. */
export function accessChanged(client: QueryClient) {
  for (const key of ['users', 'sessions', 'tokens', 'me']) void client.invalidateQueries({ queryKey: [key] });
}
