/** What this person chose for this browser. */
import { useSyncExternalStore } from 'react';
import type { ZoneMode } from './time';

const KEY = 'sandglass.zone';
const listeners = new Set<() => void>();

function read(): ZoneMode {
  const kept = localStorage.getItem(KEY);
  return kept === 'utc' || kept === 'local' ? kept : 'job';
}

export function useZoneMode(): [ZoneMode, (mode: ZoneMode) => void] {
  const mode = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, read);
  return [
    mode,
    (next) => {
      localStorage.setItem(KEY, next);
      for (const listener of listeners) listener();
    },
  ];
}
