/** What an event makes stale. Rows do not move by themselves: lists of executions count what is new and show it on request. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { type LiveEvent, useLive, useLiveState } from './stream';

/** At most so often is one thing read again. */
const PAUSE_MS = 700;

export function useLiveQueries() {
  const client = useQueryClient();
  const waiting = useRef(new Map<string, readonly unknown[]>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const flush = () => {
    timer.current = undefined;
    for (const key of waiting.current.values()) void client.invalidateQueries({ queryKey: key });
    waiting.current.clear();
  };
  const stale = (...keys: (readonly unknown[])[]) => {
    for (const key of keys) waiting.current.set(JSON.stringify(key), key);
    timer.current ??= setTimeout(flush, PAUSE_MS);
  };
  useEffect(() => () => clearTimeout(timer.current), []);

  useLive((event: LiveEvent) => {
    switch (event.name) {
      case 'job':
        stale(['jobs'], ['job', event.id], ['status'], ['why', event.id]);
        break;
      case 'execution':
        stale(['execution', event.id], ['status'], ['jobs'], ['job', event.job_id], ['effects', event.id]);
        if (isListed(client, event.id)) stale(['executions']);
        break;
      case 'progress':
        stale(['execution', event.id]);
        break;
      case 'host':
        stale(['status']);
        break;
      case 'template':
        stale(['templates'], ['grant', event.type], ['grant-check', event.type], ['capabilities', event.type]);
        stale(['jobs'], ['job'], ['validate'], ['status']);
        break;
      case 'missed':
        void client.invalidateQueries();
        break;
      case 'log':
        break;
    }
  });

  // While the stream is down, what is on the page is asked for instead.
  const down = useLiveState() === 'down';
  useEffect(() => {
    if (!down) return;
    const poll = setInterval(() => void client.invalidateQueries({ type: 'active' }), 10_000);
    return () => clearInterval(poll);
  }, [down, client]);
}

/** Whether a list on the page shows this execution already. */
function isListed(client: QueryClient, id: string): boolean {
  const lists = client.getQueriesData<{ executions?: { id: string }[] }>({ queryKey: ['executions'], type: 'active' });
  return lists.some(([, list]) => list?.executions?.some((execution) => execution.id === id));
}
