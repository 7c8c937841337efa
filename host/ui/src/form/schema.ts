/**
 * What a JSON Schema asks of a form: pure, without React. `shape` decides which field shows a schema; whatever it
 * does not know becomes a JSON box, so that nothing a template asks for is out of reach.
 */
import { Validator } from '@cfworker/json-schema';

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
  propertyNames?: Schema;
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

/** Which field shows a schema. */
export type Shape =
  | { kind: 'text'; long: boolean }
  | { kind: 'number'; whole: boolean }
  | { kind: 'switch' }
  | { kind: 'select'; options: Option[] }
  | { kind: 'many'; options: Option[] }
  | { kind: 'tags'; item: Schema }
  | { kind: 'list'; item: Schema }
  | { kind: 'object' }
  | { kind: 'map'; value: Schema | null }
  | { kind: 'choice'; branches: Schema[]; nullable: boolean }
  | { kind: 'fixed'; value: Value }
  | { kind: 'json'; unknown: string[] };

export interface Option {
  value: Value;
  label: string;
  description?: string;
}

/** Keywords that a field of ours takes into account. Another one means: edit it as JSON. */
const KNOWN = new Set(
  [
    '$schema $id $comment $defs $ref definitions type title description default examples enum const format pattern',
    'minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf properties required',
    'additionalProperties propertyNames minProperties maxProperties items minItems maxItems uniqueItems oneOf anyOf',
    'allOf if then else writeOnly readOnly deprecated contentMediaType contentEncoding contentSchema',
  ].flatMap((line) => line.split(' ')),
);

/** Keywords with a meaning that no field of ours shows. */
export function unknownKeywords(schema: Schema): string[] {
  return Object.keys(schema).filter((key) => !KNOWN.has(key) && !key.startsWith('x-'));
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

const MOST_REFERENCES = 20;

/** `$ref` into the same document, `allOf`, and `if` as the value stands; the rest as it is. */
export function resolve(schema: Schema, root: Schema, value: Value): Schema {
  let current = schema;
  for (let hops = 0; current.$ref !== undefined; hops += 1) {
    if (hops === MOST_REFERENCES) return { title: schema.title, description: schema.description };
    const { $ref, ...beside } = current;
    const target = lookUp(root, $ref);
    if (target === undefined) return { ...beside, not: {} };
    current = { ...target, ...beside };
  }
  if (current.allOf) {
    const { allOf, ...beside } = current;
    current = allOf.reduce<Schema>((all, part) => merge(all, resolve(part, root, value)), beside);
  }
  if (current.if && (current.then || current.else)) {
    const { if: condition, then, else: otherwise, ...beside } = current;
    const holds = new Validator({ ...condition, $defs: root.$defs } as object, '2020-12').validate(value).valid;
    const part = holds ? then : otherwise;
    current = part ? merge(beside, resolve(part, root, value)) : beside;
  }
  return current;
}

function lookUp(root: Schema, reference: string): Schema | undefined {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let place: Value = root;
  for (const part of reference.slice(2).split('/')) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    place = isObject(place) ? place[key] : Array.isArray(place) ? place[Number(key)] : undefined;
  }
  return isObject(place) ? (place as Schema) : undefined;
}

/** Both at once, as far as a form shows it: the later word wins, members and required names add up. */
export function merge(a: Schema, b: Schema): Schema {
  const merged: Schema = { ...a, ...b };
  if (a.properties || b.properties) {
    merged.properties = { ...a.properties };
    for (const [key, schema] of Object.entries(b.properties ?? {})) {
      const before = merged.properties[key];
      merged.properties[key] = before ? merge(before, schema) : schema;
    }
  }
  if (a.required || b.required) merged.required = [...new Set([...(a.required ?? []), ...(b.required ?? [])])];
  return merged;
}

const isNull = (schema: Schema) => schema.type === 'null' || schema.const === null;

/** The types a schema names, without `null`. */
export function typesOf(schema: Schema): string[] {
  const types = schema.type === undefined ? [] : Array.isArray(schema.type) ? schema.type : [schema.type];
  return types.filter((type) => type !== 'null');
}

const optionOf = (schema: Schema): Option => ({
  value: schema.const,
  label: schema.title ?? labelOf(schema.const),
  description: schema.title && schema.description === schema.title ? undefined : schema.description,
});

export const labelOf = (value: Value) => (typeof value === 'string' ? value : JSON.stringify(value));

function optionsOf(schema: Schema): Option[] | null {
  if (schema.enum)
    return schema.enum.filter((value) => value !== null).map((value) => ({ value, label: labelOf(value) }));
  const branches = (schema.oneOf ?? schema.anyOf)?.filter((branch) => !isNull(branch));
  if (!branches || branches.length === 0) return null;
  const options = branches.flatMap((branch) => {
    if ('const' in branch) return [optionOf(branch)];
    return branch.enum
      ? branch.enum.map((value) => ({ value, label: labelOf(value), description: branch.description }))
      : [];
  });
  return branches.every((branch) => 'const' in branch || branch.enum) ? options : null;
}

const LONG_TEXT = new Set(['template', 'textarea', 'markdown', 'html', 'multiline', 'body']);
const AS_JSON = new Set(['json', 'filter', 'projection', 'sort', 'pipeline']);

/** Which field shows a resolved schema. */
export function shape(schema: Schema, root: Schema): Shape {
  const widget = schema['x-ui']?.widget;
  const unknown = unknownKeywords(schema);
  if (unknown.length > 0) return { kind: 'json', unknown };
  if ('const' in schema) return { kind: 'fixed', value: schema.const };
  const options = optionsOf(schema);
  if (options) return { kind: 'select', options };
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches) {
    const own = branches.filter((branch) => !isNull(branch)).map((branch) => resolve(branch, root, undefined));
    const nullable = own.length < branches.length;
    const [only] = own;
    if (own.length === 1 && only) return shape(merge({ ...schema, oneOf: undefined, anyOf: undefined }, only), root);
    return { kind: 'choice', branches: own, nullable };
  }
  if (widget && AS_JSON.has(widget)) return { kind: 'json', unknown: [] };
  const types = typesOf(schema);
  const type = types.length === 1 ? types[0] : types.length === 0 ? implied(schema) : undefined;
  switch (type) {
    case 'string':
      return { kind: 'text', long: LONG_TEXT.has(widget ?? '') };
    case 'integer':
      return { kind: 'number', whole: true };
    case 'number':
      return { kind: 'number', whole: false };
    case 'boolean':
      return { kind: 'switch' };
    case 'array':
      return list(schema, root);
    case 'object':
      return members(schema, widget);
    default:
      return { kind: 'json', unknown: [] };
  }
}

/** The type that other keywords speak of. */
function implied(schema: Schema): string | undefined {
  if (schema.properties) return 'object';
  if (schema.items) return 'array';
  if (schema.pattern !== undefined || schema.format !== undefined || schema.maxLength !== undefined) return 'string';
  return undefined;
}

function list(schema: Schema, root: Schema): Shape {
  if (!isObject(schema.items)) return { kind: 'json', unknown: [] };
  const item = resolve(schema.items as Schema, root, undefined);
  const options = optionsOf(item);
  if (options && schema.uniqueItems) return { kind: 'many', options };
  const widget = schema['x-ui']?.widget;
  const plain = (branch: Schema) => typesOf(branch).every((type) => ['string', 'integer', 'number'].includes(type));
  const branches = item.oneOf ?? item.anyOf ?? [item];
  const short = branches.every((branch) => typesOf(branch).length > 0 && plain(branch)) && !options;
  const tags = widget === 'tags' || widget === 'emails' || (widget === undefined && typesOf(item)[0] === 'string');
  if (short && tags && (item.maxLength ?? 0) <= 1000) return { kind: 'tags', item };
  return { kind: 'list', item };
}

function members(schema: Schema, widget: string | undefined): Shape {
  if (schema.properties && Object.keys(schema.properties).length > 0) return { kind: 'object' };
  if (isObject(schema.additionalProperties)) return { kind: 'map', value: schema.additionalProperties as Schema };
  if (widget === 'key-value') return { kind: 'map', value: null };
  return { kind: 'json', unknown: [] };
}

/** Members in the order that their hints give, then as written. */
export function ordered(schema: Schema): [string, Schema][] {
  const place = (member: Schema) => member['x-ui']?.order ?? Number.MAX_SAFE_INTEGER;
  return Object.entries(schema.properties ?? {}).sort(([, a], [, b]) => place(a) - place(b));
}

/** A first value: defaults, and of an object whatever must be there. */
export function blank(schema: Schema, root: Schema, depth = 0): Value {
  const resolved = resolve(schema, root, undefined);
  if (resolved.default !== undefined) return structuredClone(resolved.default);
  if ('const' in resolved) return resolved.const;
  if (depth > 10) return undefined;
  const shaped = shape(resolved, root);
  if (shaped.kind === 'object') {
    const made: Record<string, Value> = {};
    for (const [key, member] of Object.entries(resolved.properties ?? {})) {
      const needed = resolved.required?.includes(key) ?? false;
      const value = needed || hasDefault(member, root) ? blank(member, root, depth + 1) : undefined;
      if (value !== undefined) made[key] = value;
    }
    return made;
  }
  if (shaped.kind === 'choice' && shaped.branches[0]) return blank(shaped.branches[0], root, depth + 1);
  if (shaped.kind === 'list' || shaped.kind === 'tags' || shaped.kind === 'many') return [];
  if (shaped.kind === 'map') return {};
  if (shaped.kind === 'switch') return false;
  return undefined;
}

const hasDefault = (schema: Schema, root: Schema) => resolve(schema, root, undefined).default !== undefined;

/** The branch that a value belongs to: by its constants, then by the members it has, then the first that takes it. */
export function branchOf(branches: Schema[], value: Value, root: Schema): number {
  if (value === undefined || value === null) return -1;
  if (isObject(value)) {
    const told = branches.findIndex((branch) => {
      const constants = Object.entries(branch.properties ?? {}).filter(([, member]) => 'const' in member);
      return constants.length > 0 && constants.every(([key, member]) => equal(value[key], member.const));
    });
    if (told >= 0) return told;
  }
  const valid = branches.findIndex(
    (branch) => new Validator(inDocument(branch, root), '2020-12').validate(value).valid,
  );
  if (valid >= 0) return valid;
  if (isObject(value)) {
    const score = (branch: Schema) => Object.keys(value).filter((key) => branch.properties?.[key]).length;
    const scores = branches.map((branch) => (typesOf(branch)[0] === 'object' ? score(branch) : -1));
    return scores.indexOf(Math.max(...scores));
  }
  const type = Array.isArray(value) ? 'array' : typeof value;
  return Math.max(
    0,
    branches.findIndex((branch) =>
      typesOf(branch).some((own) => own === type || (own === 'integer' && type === 'number')),
    ),
  );
}

/** A part of a document as a schema of its own that still finds its definitions. */
export const inDocument = (schema: Schema, root: Schema) =>
  ({ ...schema, $defs: root.$defs, definitions: root.definitions }) as object;
