/**
 * The validator of the library, asked so that it never throws: a pattern that the browser cannot read, or a reference
 * that leads nowhere, leaves the last word to the server.
 */
import { type OutputUnit, Validator } from '@cfworker/json-schema';
import { isObject, type Schema, type Value } from './schema';

/** What is wrong with a value, each at its place; nothing where there is no value. */
export function faultsOf(schema: Schema, value: Value, root: Schema): OutputUnit[] {
  if (value === undefined) return [];
  const whole = { ...schema, $defs: root.$defs, definitions: root.definitions };
  for (const attempt of [whole, withoutPatterns(whole)]) {
    try {
      return new Validator(attempt as object, '2020-12', false).validate(value).errors;
    } catch {
      // The next attempt asks for less.
    }
  }
  return [];
}

export const fits = (schema: Schema, value: Value, root: Schema) =>
  value !== undefined && faultsOf(schema, value, root).length === 0;

function withoutPatterns(part: Value): Value {
  if (Array.isArray(part)) return part.map(withoutPatterns);
  if (!isObject(part)) return part;
  const kept = Object.entries(part).filter(
    ([key, member]) => !(key === 'pattern' && typeof member === 'string') && key !== 'patternProperties',
  );
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutPatterns(member)]));
}
