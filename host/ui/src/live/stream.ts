/**
 * The one event stream of the page. It reconnects by itself; whoever shows data asks every ten seconds while it is
 * down (`useLiveState`).
 */
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { BASE } from '../api/client';
import { session } from '../api/session';
import { follow } from '../api/stream';

export type LiveState = 'off' | 'connecting' | 'open' | 'down';

export type LiveEvent =
  | { name: 'job'; id: string; change: string; next_run_at: string | null }
  | { name: 'execution'; id: string; job_id: string; status: string; at: string }
  | { name: 'progress'; id: string; job_id: string; progress: unknown }
  | { name: 'log'; id: string; job_id: string; timestamp: string; level: string; message: string }
  | { name: 'host'; host: string; change: string }
  | { name: 'template'; type: string; digest: string; change: string }
  /** Events were lost: read anew. */
  | { name: 'missed' };

type Listener = (event: LiveEvent) => void;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

let state: LiveState = 'off';
const watchers = new Set<() => void>();
const listeners = new Set<Listener>();

function enter(next: LiveState) {
  if (state === next) return;
  state = next;
  for (const watcher of watchers) watcher();
}

function tell(event: LiveEvent) {
  for (const listener of listeners) listener(event);
}

/** Keeps the stream open until the signal ends it. */
async function keepOpen(signal: AbortSignal) {
  let pause = FIRST_PAUSE_MS;
  let first = true;
  while (!signal.aborted && session.isSignedIn()) {
    if (first) enter('connecting');
    try {
      await follow(
        `${BASE}/events`,
        signal,
        (frame) => {
          const data = JSON.parse(frame.data) as Record<string, unknown>;
          tell({ name: frame.event, ...data } as LiveEvent);
        },
        () => {
          pause = FIRST_PAUSE_MS;
          enter('open');
          // What happened meanwhile is not known.
          if (!first) tell({ name: 'missed' });
          first = false;
        },
      );
    } catch {
      // Whatever it was, the way out is the same: wait and connect again.
    }
    if (signal.aborted) break;
    first = false;
    enter('down');
    await new Promise((resume) => setTimeout(resume, pause));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
  enter('off');
}

/** Opens the stream for as long as the caller is mounted and signed in. */
export function useStream() {
  useEffect(() => {
    const controller = new AbortController();
    void keepOpen(controller.signal);
    return () => controller.abort();
  }, []);
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
      };
    },
    () => state,
  );
}

/** Calls the latest `heard` for every event. */
export function useLive(heard: Listener) {
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => {
    const listener: Listener = (event) => latest.current(event);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
}

/** How often to ask while the stream cannot tell. */
export function usePolling(): number | false {
  const live = useLiveState();
  return live === 'open' ? false : 10_000;
}
