// The template `collection_watch`: counts documents and warns when there are more than expected.
//
// What the host offers is imported by its name in wit/. A function that fails there throws here; `error.payload` is
// the contract's `error`. 64-bit numbers are Numbers, in both directions: a BigInt would end the run.

import { shouldStop } from 'sandglass:base/execution@0.1.0';
import { write as log } from 'sandglass:base/log@0.1.0';
import { Collection } from 'sandglass:documents/read@0.1.0';

const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    collection: { type: 'string', title: 'Collection', minLength: 1, examples: ['orders'] },
    filter: {
      type: 'object',
      title: 'Filter',
      description: 'Only documents that match it are counted.',
      default: {},
      examples: [{ status: 'open' }],
    },
    warn_above: { type: 'integer', title: 'Warn above', minimum: 0, default: 1000 },
  },
  required: ['collection'],
  additionalProperties: false,
};

export const definition = {
  describe() {
    return {
      name: 'collection_watch',
      version: '1.0.0',
      title: 'Collection watch',
      description: 'Counts documents and warns when there are more than expected.',
      icon: '🔭',
      category: 'Examples',
      tags: ['count', 'warning', 'javascript'],
      needs: [
        {
          capability: 'documents',
          target: 'param:/collection',
          access: 'read',
          reason: 'To count them.',
          optional: false,
          extra: null,
        },
      ],
      onLost: 'retry',
      dryRun: null,
      extra: null,
    };
  },

  schema() {
    return JSON.stringify(SCHEMA);
  },

  validate(parameters) {
    const { filter = {} } = JSON.parse(parameters);
    const unknown = Object.keys(filter).filter((name) => name.startsWith('$where'));
    if (unknown.length > 0) {
      throw unknown.map((name) => ({ pointer: `/filter/${name}`, message: 'Code is not a filter: compare fields.' }));
    }
  },
};

export const job = {
  execute(text) {
    const { collection, filter = {}, warn_above: most = 1000 } = JSON.parse(text);
    if (shouldStop()) {
      throw { kind: 'interrupted', message: 'Asked to stop before it began.', retryAfterMs: null, details: null };
    }
    const count = read(() => Collection.open(collection).count(JSON.stringify(filter)));
    log('info', 'counted', [['collection', collection], ['documents', String(count)]]);
    const warnings = count > most ? [`${collection} holds ${count} documents, more than ${most}.`] : [];
    return {
      message: `${count} documents in ${collection}`,
      details: JSON.stringify({ count, warn_above: most }),
      recordsProcessed: count,
      recordsAffected: 0,
      errors: [],
      warnings,
      extra: null,
    };
  },
};

// The host's answer, or a failure that says whether another try is of use.
function read(call) {
  try {
    return call();
  } catch (thrown) {
    const error = thrown.payload ?? thrown;
    if (!error.reason) throw thrown;
    const kind = ['timeout', 'unavailable'].includes(error.kind) ? 'retryable' : 'permanent';
    throw { kind, message: error.message, retryAfterMs: error.retryAfterMs ?? null, details: error.details ?? null };
  }
}
