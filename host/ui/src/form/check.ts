/**
 * Problems of a value, each at its pointer, in words a person can act on. A choice is checked against the branch that
 * is chosen, so that the others do not complain.
 */
import { Validator } from '@cfworker/json-schema';
import i18next from '../i18n';
import { branchOf, equal, isObject, ordered, resolve, type Schema, shape, step, typesOf, type Value } from './schema';

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

function walk(schema: Schema, value: Value, pointer: string, at: Walk): void {
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
  if (shaped.kind === 'object' && isObject(value)) {
    own(resolved, value, pointer, at);
    for (const [key, member] of ordered(resolved)) {
      if (key in value) walk(member, value[key], pointer + step(key), at);
    }
    return;
  }
  if ((shaped.kind === 'list' || shaped.kind === 'tags') && Array.isArray(value)) {
    own(resolved, value, pointer, at);
    for (const [index, item] of value.entries()) walk(shaped.item, item, pointer + step(index), at);
    return;
  }
  if (shaped.kind === 'map' && isObject(value)) {
    own(resolved, value, pointer, at);
    if (shaped.value)
      for (const [key, item] of Object.entries(value)) walk(shaped.value, item, pointer + step(key), at);
    return;
  }
  own(resolved, value, pointer, at);
}

/** What a schema says of the value itself, leaving its members to `walk`. */
function own(schema: Schema, value: Value, pointer: string, at: Walk): void {
  if (isObject(value)) {
    for (const key of schema.required ?? []) {
      if (!(key in value)) add(at, pointer + step(key), i18next.t('form.problem.required'));
    }
  }
  const { properties, required, items, if: _if, then: _then, else: _else, ...rest } = schema;
  const shallow: Schema = { ...rest, $defs: at.root.$defs };
  // Members that have fields of their own are known here, not looked into.
  if (properties && isObject(value))
    shallow.properties = Object.fromEntries(Object.keys(properties).map((key) => [key, {}]));
  if (isObject(rest.additionalProperties)) shallow.additionalProperties = true;
  const { errors } = new Validator(shallow as object, '2020-12', false).validate(value);
  for (const error of errors) {
    const found = error.instanceLocation.replace(/^#/, '');
    if (error.keyword === 'false' || (error.keyword === 'properties' && errors.length > 1)) continue;
    add(at, pointer + found, message(error.keyword, schema, value, error.error));
  }
}

function message(keyword: string, schema: Schema, value: Value, otherwise: string): string {
  const t = (key: string, values: Record<string, unknown> = {}) => i18next.t(`form.problem.${key}`, values) as string;
  switch (keyword) {
    case 'type':
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
    case 'oneOf':
    case 'anyOf':
      return t('choose');
    case 'const':
      return t('const', { value: JSON.stringify(schema.const) });
    case 'additionalProperties':
      return t('additional');
    default:
      return otherwise;
  }
}

/** Whether two problems speak of one place or of a place below it. */
export const isAtOrBelow = (pointer: string, place: string) => pointer === place || pointer.startsWith(`${place}/`);

export { equal };
