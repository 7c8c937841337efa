import { expect, it } from 'vitest';
import { type CapabilityUse, type FunctionUse, offers, standing } from './states';

const met = { count: 2, last: '2026-11-24T08:00:00Z', targets: ['orders', 'logs'], reason: null };
const call = (change: Partial<FunctionUse>): FunctionUse => ({
  operation: 'delete',
  import: 'sandglass:documents/write.delete',
  access: ['write'],
  is_declared: true,
  is_granted: true,
  used: null,
  denied: null,
  ...change,
});
const use = (change: Partial<CapabilityUse>): CapabilityUse => ({
  capability: 'documents',
  needs: [{}],
  rights: [{ capability: 'documents', target: '*', access: ['write'] }],
  functions: [call({})],
  ...change,
});

it('has no state where nothing is known', () => {
  expect(standing(undefined, 5).states).toEqual({ imported: false, declared: false, granted: false, used: false });
});

it('counts denials and calls a grant idle that no run used', () => {
  const denied = standing(use({ functions: [call({ denied: met }), call({ denied: met })] }), 3);
  expect([denied.denied, denied.isIdle, denied.isVain]).toEqual([4, true, false]);
  expect(standing(use({}), 0).isIdle).toBe(false);
  expect(standing(use({ functions: [call({ used: met })] }), 3).isIdle).toBe(false);
});

it('says that a grant is in vain where the template neither asks nor can', () => {
  expect(standing(use({ needs: [] }), 3)).toMatchObject({ isVain: true, isIdle: false });
  expect(standing(use({ functions: [call({ import: null })] }), 3).isVain).toBe(true);
});

it('offers a right for each target that was not granted, and none where a grant cannot help', () => {
  expect(offers('documents', call({ denied: { ...met, reason: 'not-granted' } }))).toEqual([
    { capability: 'documents', target: 'orders', access: ['write'] },
    { capability: 'documents', target: 'logs', access: ['write'] },
  ]);
  expect(offers('documents', call({ denied: { ...met, reason: 'not-asked' } }))).toEqual([]);
  expect(offers('documents', call({}))).toEqual([]);
});
