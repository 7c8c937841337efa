/** JSON Schema (2020-12) as a form reads it: types and plain words. What `shape` makes of it stands in `shape.ts`. */

export type Value = unknown;

export interface Hints {
  order?: number;
  group?: string;
  widget?: string;
  help?: string;
}

export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Value;
  examples?: Value[];
  enum?: Value[];
  const?: Value;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  unevaluatedProperties?: boolean | Schema;
  propertyNames?: Schema;
  dependentRequired?: Record<string, string[]>;
  dependentSchemas?: Record<string, Schema>;
  minProperties?: number;
  maxProperties?: number;
  items?: Schema | boolean;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  if?: Schema;
  then?: Schema;
  else?: Schema;
  $ref?: string;
  $defs?: Record<string, Schema>;
  writeOnly?: boolean;
  readOnly?: boolean;
  deprecated?: boolean;
  'x-ui'?: Hints;
  [other: string]: unknown;
}

export const isObject = (value: Value): value is Record<string, Value> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && equal(a[key], b[key]));
  }
  return false;
}

/** One step of a JSON pointer (RFC 6901). */
export const step = (key: string | number) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** A name for people: `days_old` becomes `Days old`. */
export function nameOf(key: string, schema: Schema): string {
  if (schema.title) return schema.title;
  const words = key
    .replaceAll(/[_-]+/g, ' ')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `true` takes everything, `false` nothing: both are schemas. */
export const asSchema = (schema: Schema | boolean): Schema =>
  typeof schema === 'boolean' ? (schema ? {} : { not: {} }) : schema;

/** Whether a member stands there itself, not by way of what every object has. */
export const has = (value: Value, key: string): boolean => isObject(value) && Object.hasOwn(value, key);

const LOWER_BOUNDS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const;
const UPPER_BOUNDS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const;

/** Both at once, as far as a form shows it: the narrower bound and the later word win, members and required names add up. */
export function merge(a: Schema, b: Schema): Schema {
  const merged: Schema = { ...a, ...b };
  for (const key of LOWER_BOUNDS) {
    const [mine, other] = [a[key], b[key]];
    if (mine !== undefined && other !== undefined) merged[key] = Math.max(mine, other);
  }
  for (const key of UPPER_BOUNDS) {
    const [mine, other] = [a[key], b[key]];
    if (mine !== undefined && other !== undefined) merged[key] = Math.min(mine, other);
  }
  if (a.properties || b.properties) {
    merged.properties = { ...a.properties };
    for (const [key, schema] of Object.entries(b.properties ?? {})) {
      const before = merged.properties[key];
      merged.properties[key] = before ? merge(asSchema(before), asSchema(schema)) : schema;
    }
  }
  if (a.required || b.required) merged.required = [...new Set([...(a.required ?? []), ...(b.required ?? [])])];
  return merged;
}

/** A schema that only null fits. */
export const isNull = (schema: Schema) => schema.type === 'null' || schema.const === null;

/** Whether null is an answer too. */
export const isNullable = (schema: Schema) =>
  (Array.isArray(schema.type) && schema.type.includes('null')) ||
  (schema.type === undefined && (schema.enum?.includes(null) ?? false));

/** The types a schema names, without `null`. */
export function typesOf(schema: Schema): string[] {
  const types = schema.type === undefined ? [] : Array.isArray(schema.type) ? schema.type : [schema.type];
  return types.filter((type) => type !== 'null');
}

/** Members in the order that their hints give, then as written. */
export function ordered(schema: Schema): [string, Schema][] {
  const place = (member: Schema) => member['x-ui']?.order ?? Number.MAX_SAFE_INTEGER;
  return Object.entries(schema.properties ?? {}).sort(([, a], [, b]) => place(a) - place(b));
}

export const labelOf = (value: Value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** The only value that a schema takes, in a list of one. */
export function constantOf(schema: Schema): [Value] | [] {
  if ('const' in schema) return [schema.const];
  return schema.enum?.length === 1 ? [schema.enum[0]] : [];
}
