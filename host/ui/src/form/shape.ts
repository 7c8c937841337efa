/**
 * Which field shows a schema: pure, without React. What no field knows becomes a JSON box, so that nothing a template
 * asks for is out of reach.
 */
import { resolve } from './resolve';
import { constantOf, isNull, isObject, labelOf, merge, type Schema, typesOf, type Value } from './schema';

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
    'allOf if then else not dependentRequired dependentSchemas',
    'writeOnly readOnly deprecated contentMediaType contentEncoding contentSchema',
  ].flatMap((line) => line.split(' ')),
);

/** Keywords with a meaning that no field of ours shows. */
export function unknownKeywords(schema: Schema): string[] {
  // Only `false` is shown: members that are not known stand below the others.
  const open = isObject(schema.unevaluatedProperties);
  return Object.keys(schema).filter(
    (key) =>
      schema[key] !== undefined &&
      !KNOWN.has(key) &&
      !key.startsWith('x-') &&
      (key !== 'unevaluatedProperties' || open),
  );
}

const optionOf = (schema: Schema): Option => ({
  value: schema.const,
  label: schema.title ?? labelOf(schema.const),
  description: schema.title && schema.description === schema.title ? undefined : schema.description,
});

function optionsOf(schema: Schema, root: Schema): Option[] | null {
  if (schema.enum)
    return schema.enum.filter((value) => value !== null).map((value) => ({ value, label: labelOf(value) }));
  const branches = (schema.oneOf ?? schema.anyOf)
    ?.map((branch) => resolve(branch, root, undefined))
    .filter((branch) => !isNull(branch));
  if (!branches || branches.length === 0) return null;
  const options = branches.flatMap((branch) => {
    if ('const' in branch) return [optionOf(branch)];
    return (branch.enum ?? []).map((value) => ({ value, label: labelOf(value), description: branch.description }));
  });
  return branches.every((branch) => 'const' in branch || branch.enum) ? options : null;
}

/** Alternatives to choose from. Those that only say which members have to be there are no choice but a condition. */
function branchesOf(schema: Schema, root: Schema): Shape | null {
  const { oneOf, anyOf, title: _t, description: _d, default: _v, examples: _e, 'x-ui': _hints, ...common } = schema;
  const all = (oneOf ?? anyOf)?.map((branch) => resolve(branch, root, undefined));
  const own = all?.filter((branch) => !isNull(branch)) ?? [];
  if (!all || own.length === 0 || (schema.properties && own.every(isCondition))) return null;
  // What stands beside the alternatives belongs to each of them.
  const branches = own.map((branch) => merge(common as Schema, branch));
  return { kind: 'choice', branches, nullable: own.length < all.length };
}

const isCondition = (branch: Schema) =>
  Object.keys(branch).every((key) => ['required', 'not', 'title', 'description', '$comment'].includes(key));

const LONG_TEXT = new Set(['template', 'textarea', 'markdown', 'html', 'multiline', 'body']);
const AS_JSON = new Set(['json', 'filter', 'projection', 'sort', 'pipeline']);

/** Which field shows a resolved schema. */
export function shape(schema: Schema, root: Schema): Shape {
  const widget = schema['x-ui']?.widget;
  const unknown = unknownKeywords(schema);
  if (unknown.length > 0) return { kind: 'json', unknown };
  const constant = constantOf(schema);
  if (constant.length > 0) return { kind: 'fixed', value: constant[0] };
  const options = optionsOf(schema, root);
  if (options) return { kind: 'select', options };
  const branches = branchesOf(schema, root);
  if (branches) return branches;
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
  return schema.minLength !== undefined ? 'string' : schema.minimum !== undefined ? 'number' : undefined;
}

function list(schema: Schema, root: Schema): Shape {
  if (!isObject(schema.items) || Object.keys(schema.items).length === 0) return { kind: 'json', unknown: [] };
  const item = resolve(schema.items as Schema, root, undefined);
  const options = optionsOf(item, root);
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
