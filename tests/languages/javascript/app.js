// A test component: does what its parameter `mode` says, to show what becomes of it.

import { write as log } from 'sandglass:base/log@0.1.0';

export const definition = {
  describe() {
    return {
      name: 'javascript_probe', version: '1.0.0', title: 'Probe', description: '', icon: '', category: 'Tests', tags: [],
      needs: [], onLost: 'retry', dryRun: null, extra: null,
    };
  },
  schema: () => JSON.stringify({ type: 'object' }),
  validate() {},
};

function answer(details) {
  const message = 'done';
  const none = { errors: [], warnings: [], extra: null };
  return { message, details: JSON.stringify(details), recordsProcessed: 0, recordsAffected: 0, ...none };
}

const MODES = {
  throw() {
    throw new Error('the words of the exception');
  },
  undefined() {
    return missing.property;
  },
  recurse() {
    return (function again(n) { return again(n + 1) + 1; })(0);
  },
  memory() {
    const kept = [];
    for (;;) kept.push(new Uint8Array(1 << 20).fill(kept.length));
  },
  endless() {
    for (;;);
  },
  failure() {
    throw { kind: 'permanent', message: 'failed in an orderly way', retryAfterMs: null, details: null };
  },
  inert() {
    const absent = ['console', 'fetch', 'process', 'require', 'XMLHttpRequest', 'WebSocket'];
    return answer({
      globals: absent.filter((name) => typeof globalThis[name] !== 'undefined'),
      year: new Date().getUTCFullYear(),
      random: Math.random(),
    });
  },
};

export const job = {
  execute(text) {
    const { mode } = JSON.parse(text);
    log('info', `mode ${mode}`, []);
    return MODES[mode]();
  },
};
