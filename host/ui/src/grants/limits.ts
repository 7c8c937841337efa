/** Bounds of a run that a grant may set lower than the configuration. */
export const LIMITS = [
  'memory_bytes',
  'cpu_seconds',
  'result_bytes',
  'log_bytes',
  'http_requests',
  'http_body_bytes',
  'file_bytes',
  'files',
] as const;

export type Limit = (typeof LIMITS)[number];
export type Limits = Partial<Record<Limit, number | null>>;

/** Those that are set, as they are sent. */
export const setOnly = (limits: Limits): Record<string, number> =>
  Object.fromEntries(LIMITS.flatMap((name) => (limits[name] == null ? [] : [[name, limits[name]]])));
