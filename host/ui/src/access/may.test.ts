import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ACTIONS, type Action, isAllowed } from './may';

const source = readFileSync(join(process.cwd(), '../server/src/api/access.rs'), 'utf8');
const rules = new Map(
  [...source.matchAll(/\(Method::([A-Z]+), (auth|path)!\("([^"]*)"\), Need::(\w+)\)/g)].map(
    ([, method, kind, tail, need]) => [
      `${method} ${kind === 'auth' ? '/api/auth' : '/api/admin/scheduler'}${tail}`,
      (need as string).toLowerCase(),
    ],
  ),
);

it('takes every action for what the server takes its route for', () => {
  expect(rules.size).toBeGreaterThan(40);
  for (const [action, [method, path, permission]] of Object.entries(ACTIONS))
    expect([action, rules.get(`${method} ${path}`)]).toEqual([action, permission]);
});

it('knows every change of the scheduler that not everybody may make', () => {
  const known = new Set(Object.values(ACTIONS).map(([method, path]) => `${method} ${path}`));
  const missing = [...rules].filter(
    ([route, need]) => /^(POST|PUT|DELETE) /.test(route) && ['operate', 'define'].includes(need) && !known.has(route),
  );
  // Taking a deletion back is no button of its own: whoever deletes is offered it.
  expect(missing.map(([route]) => route)).toEqual(['POST /api/admin/scheduler/jobs/{id}/restore']);
});

it('offers each role what it is for', () => {
  const all = Object.keys(ACTIONS) as Action[];
  const operator = all.filter((action) => isAllowed(action, ['read', 'operate']));
  expect(operator).toEqual(['enable_job', 'disable_job', 'run_job', 'cancel_run', 'rerun']);
  expect(all.filter((action) => isAllowed(action, ['read', 'oversee']))).toEqual(['see_users']);
  expect(all.filter((action) => isAllowed(action, ['read', 'operate', 'oversee', 'define']))).toEqual(all);
});
