/**
 * The lines of a log as they come: the tail first, then from the beginning, then what is added while it runs. Lines
 * are kept by their number, so that nothing stands twice whatever is read when.
 */
import { useEffect, useState } from 'react';
import { api, ask, BASE, type LogLine } from '../api/client';
import { Problem } from '../api/problem';
import { follow } from '../api/stream';

const TAIL = 1_000;
const CHUNK = 10_000;
const PAUSE_MS = 2_000;

export interface Log {
  lines: (LogLine | undefined)[];
  /** Lines that are here. */
  loaded: number;
  total: number;
  error: Problem | null;
  /** Grows with every change: `lines` is the same array. */
  version: number;
}

export function useLog(id: string, total: number): Log {
  const [log, setLog] = useState<Log>({ lines: [], loaded: 0, total, error: null, version: 0 });
  useEffect(() => {
    const controller = new AbortController();
    const lines: (LogLine | undefined)[] = [];
    let loaded = 0;
    let most = 0;
    let drawn = false;
    const show = (error: Problem | null = null) => {
      drawn = false;
      if (!controller.signal.aborted) {
        setLog((before) => ({
          lines,
          loaded,
          total: Math.max(most, lines.length),
          error,
          version: before.version + 1,
        }));
      }
    };
    const take = (line: LogLine) => {
      if (!lines[line.line]) loaded += 1;
      lines[line.line] = line;
    };
    /** Many lines, one drawing. */
    const soon = () => {
      if (drawn) return;
      drawn = true;
      requestAnimationFrame(() => show());
    };
    const read = async (query: { tail?: number; from_line?: number; limit?: number }) => {
      const answer = await ask(
        api.GET('/api/admin/scheduler/executions/{id}/logs', {
          params: { path: { id }, query },
          signal: controller.signal,
        }),
      );
      for (const line of answer.logs) take(line);
      most = Math.max(most, answer.total);
      show();
      return answer;
    };
    const load = async () => {
      const tail = await read({ tail: TAIL });
      const first = tail.logs[0]?.line ?? 0;
      let from = 0;
      while (from < first && !controller.signal.aborted) {
        const part = await read({ from_line: from, limit: Math.min(CHUNK, first - from) });
        if (part.logs.length === 0) break;
        from = part.next_line;
      }
      if (tail.ended) return;
      let next = tail.next_line;
      let ended = false;
      while (!ended && !controller.signal.aborted) {
        await follow(`${BASE}/executions/${id}/logs?follow=true&from_line=${next}`, controller.signal, (frame) => {
          if (frame.event === 'end') ended = true;
          else if (frame.event === 'log') {
            const line = JSON.parse(frame.data) as LogLine;
            take(line);
            next = line.line + 1;
            most = Math.max(most, next);
            soon();
          }
        }).catch((thrown: unknown) => {
          // A stream that broke off goes on where it was; what the server refuses does not.
          if (thrown instanceof Problem && thrown.status !== 0) throw thrown;
        });
        if (!ended && !controller.signal.aborted) await new Promise((resume) => setTimeout(resume, PAUSE_MS));
      }
      show();
    };
    load().catch((thrown: unknown) => {
      if (!controller.signal.aborted) show(Problem.from(thrown));
    });
    return () => controller.abort();
  }, [id]);
  return log;
}

export const LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const;
export type Level = (typeof LEVELS)[number];

/** Numbers of the lines of at least a level that hold a text, in any case. */
export function matching(lines: (LogLine | undefined)[], least: Level, text: string): number[] {
  const levels = new Set<string>(LEVELS.slice(LEVELS.indexOf(least)));
  const sought = text.toLowerCase();
  const found: number[] = [];
  for (let number = 0; number < lines.length; number += 1) {
    const line = lines[number];
    if (line && levels.has(line.level) && (sought === '' || line.message.toLowerCase().includes(sought)))
      found.push(number);
  }
  return found;
}

/** As a file: time, level, message. */
export function asText(lines: (LogLine | undefined)[]): string {
  return lines
    .filter((line): line is LogLine => line !== undefined)
    .map((line) => `${line.timestamp} ${line.level} ${line.message}\n`)
    .join('');
}
