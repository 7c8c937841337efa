/**
 * Problems of a value, each at its pointer, in words a person can act on. A choice is checked against the branch that
 * is chosen, so that the others do not complain.
 */
import i18next from '../i18n';
import { resolve } from './resolve';
import { asSchema, has, isObject, nameOf, ordered, type Schema, step, typesOf, type Value } from './schema';
import { shape } from './shape';
import { faultsOf } from './validity';
import { branchOf } from './value';

export type Problems = Map<string, string>;

/** Every problem of `value`; the first at each place. `chosen` holds the branches that were picked by hand. */
export function check(
  schema: Schema,
  value: Value,
  root: Schema = schema,
  chosen: Record<string, number> = {},
): Problems {
  const problems: Problems = new Map();
  walk(schema, value, '', { root, chosen, problems });
  return problems;
}

interface Walk {
  root: Schema;
  chosen: Record<string, number>;
  problems: Problems;
}

function add(walk: Walk, pointer: string, message: string) {
  if (!walk.problems.has(pointer)) walk.problems.set(pointer, message);
}

function walk(schema: Schema | boolean, value: Value, pointer: string, at: Walk): void {
  const { root } = at;
  const resolved = resolve(schema, root, value);
  const shaped = shape(resolved, root);
  if (shaped.kind === 'choice') {
    if (value === null && shaped.nullable) return;
    const index = at.chosen[pointer] ?? branchOf(shaped.branches, value, root);
    const branch = shaped.branches[index];
    if (branch) walk(branch, value, pointer, at);
    else add(at, pointer, i18next.t('form.problem.choose'));
    return;
  }
  if (shaped.kind === 'json') {
    whole(resolved, value, pointer, at);
    return;
  }
  own(resolved, value, pointer, at);
  if (shaped.kind === 'object' && isObject(value)) {
    for (const [key, member] of ordered(resolved)) {
      if (has(value, key)) walk(member, value[key], pointer + step(key), at);
    }
    if (isObject(resolved.additionalProperties)) {
      const others = Object.keys(value).filter((key) => !has(resolved.properties, key));
      for (const key of others) walk(resolved.additionalProperties as Schema, value[key], pointer + step(key), at);
    }
  }
  if ((shaped.kind === 'list' || shaped.kind === 'tags') && Array.isArray(value)) {
    for (const [index, item] of value.entries()) walk(shaped.item, item, pointer + step(index), at);
  }
  if (shaped.kind === 'map' && isObject(value) && shaped.value) {
    for (const [key, item] of Object.entries(value)) walk(shaped.value, item, pointer + step(key), at);
  }
}

/** What a schema says of the value itself, leaving its members to `walk`. */
function own(schema: Schema, value: Value, pointer: string, at: Walk): void {
  if (isObject(value)) {
    for (const key of schema.required ?? []) {
      if (!has(value, key)) add(at, pointer + step(key), i18next.t('form.problem.required'));
    }
  }
  const { properties, required, items, propertyNames, unevaluatedProperties, ...rest } = schema;
  const shallow: Schema = rest;
  // Members that have fields of their own are known here, not looked into.
  if (properties) shallow.properties = Object.fromEntries(Object.keys(properties).map((key) => [key, {}]));
  if (isObject(rest.additionalProperties)) shallow.additionalProperties = true;
  // The members of every branch and condition are in the schema already.
  else if (unevaluatedProperties === false) shallow.additionalProperties ??= false;
  if (isObject(value) && propertyNames !== undefined) {
    for (const key of Object.keys(value)) {
      const [fault] = faultsOf(propertyNames, key, at.root);
      if (fault)
        add(
          at,
          pointer + step(key),
          i18next.t('form.problem.name', { reason: message(fault.keyword, propertyNames, key, fault.error) }),
        );
    }
  }
  for (const error of faultsOf(shallow, value, at.root)) {
    const found = error.instanceLocation.replace(/^#/, '');
    if (error.keyword === 'additionalProperties') continue;
    add(at, pointer + found, message(error.keyword, schema, value, error.error));
  }
}

/** Everything a schema says of a value that is written as one text, in the validator's words. */
function whole(schema: Schema, value: Value, pointer: string, at: Walk): void {
  const found = faultsOf(schema, value, at.root);
  const places = found.map((fault) => fault.instanceLocation);
  for (const { keyword, instanceLocation, error } of found) {
    // That a part does not hold is said by the part.
    const isOuter = places.some((place) => place.startsWith(`${instanceLocation}/`));
    if (isOuter && OF_PARTS.has(keyword)) continue;
    const place = instanceLocation.replace(/^#/, '');
    add(at, pointer + place, place === '' || keyword === 'false' ? message(keyword, schema, value, error) : error);
  }
}

const OF_PARTS = new Set(
  'properties patternProperties additionalProperties unevaluatedProperties items prefixItems contains'.split(' '),
);

function message(keyword: string, schema: Schema, value: Value, otherwise: string): string {
  const t = (key: string, values: Record<string, unknown> = {}) => i18next.t(`form.problem.${key}`, values) as string;
  switch (keyword) {
    case 'type':
      if (typesOf(schema).join() === 'integer' && typeof value === 'number') return t('whole');
      return t('type', { type: typesOf(schema).join(' / ') || 'null' });
    case 'minLength':
      return schema.minLength === 1 && value === '' ? t('empty') : t('minLength', { count: schema.minLength });
    case 'maxLength':
      return t('maxLength', { count: schema.maxLength });
    case 'minimum':
      return t('minimum', { value: schema.minimum });
    case 'maximum':
      return t('maximum', { value: schema.maximum });
    case 'exclusiveMinimum':
      return t('exclusiveMinimum', { value: schema.exclusiveMinimum });
    case 'exclusiveMaximum':
      return t('exclusiveMaximum', { value: schema.exclusiveMaximum });
    case 'multipleOf':
      return t('multipleOf', { value: schema.multipleOf });
    case 'pattern':
      return t('pattern', { pattern: schema.pattern });
    case 'format':
      return t(`format_${schema.format}`, { defaultValue: t('format', { format: schema.format }) });
    case 'minItems':
      return t('minItems', { count: schema.minItems });
    case 'maxItems':
      return t('maxItems', { count: schema.maxItems });
    case 'uniqueItems':
      return t('uniqueItems');
    case 'minProperties':
      return t('minProperties', { count: schema.minProperties });
    case 'maxProperties':
      return t('maxProperties', { count: schema.maxProperties });
    case 'enum':
      return t('choose');
    case 'oneOf':
    case 'anyOf':
      if (!schema.properties) return t('choose');
      return t(keyword === 'oneOf' ? 'one_member' : 'some_member', { members: alternatives(schema) });
    case 'not':
      return t('not');
    case 'const':
      return t('const', { value: JSON.stringify(schema.const) });
    case 'false':
      return t('additional');
    default:
      return otherwise;
  }
}

/** The sets of members of which one has to be there, by their names for people. */
function alternatives(schema: Schema): string {
  const named = (key: string) => nameOf(key, asSchema(schema.properties?.[key] ?? {}));
  const sets = (schema.oneOf ?? schema.anyOf ?? []).map((branch) => (branch.required ?? []).map(named).join(' + '));
  return sets.filter(Boolean).join(', ');
}

/** The first problem at a place or below it, with the way from there. */
export function problemWithin(problems: Problems, place: string): string | undefined {
  const here = problems.get(place);
  if (here !== undefined) return here;
  for (const [pointer, text] of problems) {
    if (pointer.startsWith(`${place}/`)) return `${pointer.slice(place.length)}: ${text}`;
  }
  return undefined;
}
