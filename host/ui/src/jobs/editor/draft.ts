/** A job while it is written. The draft of a new one survives a reload. */
import { useState } from 'react';
import type { Job, JobRequest, Template } from '../../api/client';
import type { Fault } from '../../api/problem';
import { isObject, type Schema, type Value } from '../../form/schema';
import { blank } from '../../form/value';
import { viewerZone } from '../../parts/time';
import { clean } from '../../schedule/draft';

export type Draft = Omit<JobRequest, 'parameters'> & { parameters: Record<string, Value> };

export const STEPS = ['template', 'parameters', 'schedule', 'review'] as const;
export type Step = (typeof STEPS)[number];

export const schemaOf = (template: Template) => template.parameter_schema as unknown as Schema;

/** A new job of a template, with the defaults of its schema. */
export function fresh(template: Template): Draft {
  const parameters = blank(schemaOf(template), schemaOf(template));
  return {
    name: '',
    description: '',
    template_type: template.type,
    parameters: isObject(parameters) ? parameters : {},
    schedule: { type: 'cron', expression: '0 8 * * *', timezone: viewerZone() },
    enabled: true,
    tags: [],
    timeout_seconds: 300,
    retry_policy: { max_retries: 0, retry_delay_seconds: 60, backoff: 'fixed', jitter: false },
    overlap_policy: 'skip',
    max_concurrent: 1,
    misfire: { policy: 'latest', window_seconds: 3600 },
    priority: 5,
    notifications: { on_success: [], on_failure: [] },
  };
}

/** What can be changed of a job. */
export function draftOf(job: Job): Draft {
  return {
    name: job.name,
    description: job.description,
    template_type: job.template_type,
    parameters: isObject(job.parameters) ? (job.parameters as Record<string, Value>) : {},
    schedule: job.schedule,
    enabled: job.enabled,
    tags: job.tags,
    timeout_seconds: job.timeout_seconds,
    retry_policy: job.retry_policy,
    overlap_policy: job.overlap_policy,
    max_concurrent: job.max_concurrent,
    misfire: job.misfire,
    priority: job.priority,
    notifications: job.notifications,
    hooks: job.hooks,
    on_lost: job.on_lost,
  };
}

/** As the interface takes it. */
export function requestOf(draft: Draft): JobRequest {
  return { ...draft, name: draft.name.trim(), schedule: clean(draft.schedule) } as JobRequest;
}

/** The step where a problem is mended. */
export function stepOf(fault: Fault): Step {
  const top = fault.pointer.split('/')[1] ?? '';
  if (['parameters', 'name', 'description', 'tags'].includes(top)) return 'parameters';
  if (top === 'template_type') return 'template';
  return 'schedule';
}

/** A draft that is kept for this tab under a key; an empty key keeps nothing. */
export function useDraft(key: string, first: () => Draft | null): [Draft | null, (draft: Draft | null) => void] {
  const [draft, setDraft] = useState<Draft | null>(() => {
    const kept = key ? sessionStorage.getItem(key) : null;
    try {
      return kept ? (JSON.parse(kept) as Draft) : first();
    } catch {
      return first();
    }
  });
  return [
    draft,
    (next) => {
      setDraft(next);
      if (!key) return;
      if (next) sessionStorage.setItem(key, JSON.stringify(next));
      else sessionStorage.removeItem(key);
    },
  ];
}

/** A shell command that does the same. The token stays a variable. */
export function curlOf(method: string, path: string, body: unknown): string {
  const text = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return [
    `curl -X ${method} '${location.origin}/api/admin/scheduler${path}' \\`,
    `  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
    `  -d '${text}'`,
  ].join('\n');
}
