import createClient, { type Middleware } from 'openapi-fetch';
import { cause } from './presence';
import { Problem } from './problem';
import type { components, paths } from './schema';
import { session } from './session';

type Schemas = components['schemas'];
export type Job = Schemas['Job'];
export type JobRequest = Schemas['JobRequest'];
export type Schedule = Schemas['Schedule'];
export type Execution = Schemas['Execution'];
export type ExecutionStatus = Schemas['ExecutionStatus'];
export type JobStatus = Schemas['JobStatus'];
export type Template = Schemas['Template'];
export type Status = Schemas['Status'];
export type Preview = Schemas['PreviewView'];
export type Effect = Schemas['Effect'];
export type AuditEntry = Schemas['AuditEntry'];
export type LogLine = Schemas['NumberedLine'];
export type Why = Schemas['Why'];
export type Timeline = Schemas['Timeline'];
export type Me = Schemas['Me'];
export type User = Schemas['User'];
export type Forecast = Schemas['Forecast'];
export type Grant = Schemas['Grant'];
export type GrantCheck = Schemas['GrantCheck'];
export type CapabilityList = Schemas['CapabilityList'];
export type Role = Schemas['Role'];
export type Permission = Schemas['Permission'];

export const BASE = '/api/admin/scheduler';

const withCredentials: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries({ ...session.credentials(), ...cause() }))
      request.headers.set(name, value);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: '', fetch: (request) => globalThis.fetch(request) });
api.use(withCredentials);

/** What a call gives when it succeeds. */
type DataOf<A> = A extends { data?: infer D } ? NonNullable<D> : never;

/**
 * The data of an answer; a problem is thrown. A session that the server ended ends here too. Where every
 * parameter may be left out, the call has to stand in a variable first, or the compiler does not read its path.
 */
export async function ask<A>(call: A): Promise<DataOf<Awaited<A>>> {
  const given = call as Promise<{ data?: unknown; error?: unknown; response: Response }>;
  const { data, error, response } = await given.catch((thrown: unknown) => {
    throw Problem.from(thrown);
  });
  if (response.ok) return data as DataOf<Awaited<A>>;
  if (response.status === 401) session.refused();
  throw await Problem.of(response, error);
}
