/**
 * What the person here may do: one table of the actions of the interface, by the routes they take. What each takes is
 * written in the server's `api/access.rs`, and a test holds the two together; who may take it, the server says of every
 * caller (`GET /api/auth/me`). Nothing is allowed here that the server would not allow: it decides again.
 */
import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import type { Permission } from '../api/client';
import { meQuery } from '../api/queries';

const SCHEDULER = '/api/admin/scheduler';
const AUTH = '/api/auth';

export const ACTIONS = {
  create_job: ['POST', `${SCHEDULER}/jobs`, 'define'],
  change_job: ['PUT', `${SCHEDULER}/jobs/{id}`, 'define'],
  delete_job: ['DELETE', `${SCHEDULER}/jobs/{id}`, 'define'],
  enable_job: ['POST', `${SCHEDULER}/jobs/{id}/enable`, 'operate'],
  disable_job: ['POST', `${SCHEDULER}/jobs/{id}/disable`, 'operate'],
  run_job: ['POST', `${SCHEDULER}/jobs/{id}/run`, 'operate'],
  cancel_run: ['POST', `${SCHEDULER}/executions/{id}/cancel`, 'operate'],
  rerun: ['POST', `${SCHEDULER}/executions/{id}/rerun`, 'operate'],
  delete_run: ['DELETE', `${SCHEDULER}/executions/{id}`, 'define'],
  add_template: ['POST', `${SCHEDULER}/templates`, 'define'],
  approve_template: ['POST', `${SCHEDULER}/templates/{type}/approve`, 'define'],
  retire_template: ['DELETE', `${SCHEDULER}/templates/{type}`, 'define'],
  grant: ['PUT', `${SCHEDULER}/templates/{type}/grant`, 'define'],
  revoke_grant: ['DELETE', `${SCHEDULER}/templates/{type}/grant`, 'define'],
  set_secret: ['POST', `${SCHEDULER}/secrets`, 'define'],
  delete_secret: ['DELETE', `${SCHEDULER}/secrets/{label}`, 'define'],
  see_users: ['GET', `${AUTH}/users`, 'oversee'],
  add_user: ['POST', `${AUTH}/users`, 'define'],
  change_user: ['PUT', `${AUTH}/users/{name}`, 'define'],
  invite_user: ['POST', `${AUTH}/users/{name}/invitation`, 'define'],
  end_sessions: ['DELETE', `${AUTH}/users/{name}/sessions`, 'define'],
  delete_user: ['DELETE', `${AUTH}/users/{name}`, 'define'],
} as const satisfies Record<string, readonly [string, string, Permission]>;

export type Action = keyof typeof ACTIONS;

export const isAllowed = (action: Action, permissions: readonly Permission[]) =>
  permissions.includes(ACTIONS[action][2]);

/** Answers whether the person here may do something. As long as nothing is known of them, nothing is offered. */
export function useMay(): (action: Action) => boolean {
  const permissions = useQuery(meQuery()).data?.permissions;
  return useCallback((action) => permissions !== undefined && isAllowed(action, permissions), [permissions]);
}
