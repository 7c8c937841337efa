/**
 * A schema as it stands for a value: references followed, `allOf` and what depends on the value (`if`, `dependent…`)
 * merged in, one alternative beside null folded in.
 */
import { asSchema, has, isNull, isObject, merge, type Schema, typesOf, type Value } from './schema';
import { fits } from './validity';

const MOST_REFERENCES = 20;
/** Alternatives within alternatives at one place; what goes deeper goes in circles. */
const MOST_DEPTH = 12;

export function resolve(schema: Schema | boolean, root: Schema, value: Value, depth = 0): Schema {
  if (depth > MOST_DEPTH) return {};
  let current = asSchema(schema);
  const { title, description } = current;
  for (let hops = 0; current.$ref !== undefined; hops += 1) {
    if (hops === MOST_REFERENCES) return { title, description };
    const { $ref, ...beside } = current;
    const target = lookUp(root, $ref);
    if (target === undefined) return { ...beside, not: {} };
    current = { ...target, ...beside };
  }
  if (current.allOf) {
    const { allOf, ...beside } = current;
    current = allOf.reduce<Schema>((all, part) => merge(all, resolve(part, root, value, depth + 1)), beside);
  }
  if (current.if !== undefined && (current.then !== undefined || current.else !== undefined)) {
    const { if: condition, then, else: otherwise, ...beside } = current;
    const part = fits(asSchema(condition), value ?? {}, root) ? then : otherwise;
    current = part === undefined ? beside : merge(beside, resolve(part, root, value, depth + 1));
  }
  return withoutNullBranch(dependent(current, root, value, depth), root, depth);
}

/** What the presence of one member asks of others. */
function dependent(schema: Schema, root: Schema, value: Value, depth: number): Schema {
  const { dependentRequired, dependentSchemas, ...beside } = schema;
  let current = beside as Schema;
  for (const [key, needed] of Object.entries(dependentRequired ?? {})) {
    if (has(value, key)) current = merge(current, { required: needed });
  }
  for (const [key, part] of Object.entries(dependentSchemas ?? {})) {
    if (has(value, key)) current = merge(current, resolve(part, root, value, depth + 1));
  }
  return current;
}

/** `anyOf: [X, null]` is an X that may be null. */
function withoutNullBranch(schema: Schema, root: Schema, depth: number): Schema {
  const { oneOf, anyOf, ...beside } = schema;
  const branches = (oneOf ?? anyOf)?.map((branch) => resolve(branch, root, undefined, depth + 1));
  const own = branches?.filter((branch) => !isNull(branch));
  const [only] = own ?? [];
  if (!branches || own?.length !== 1 || !only || only.oneOf || only.anyOf) return schema;
  // What stands beside it, such as a title, speaks of this place.
  const merged = merge(only, beside);
  if (branches.length === 1) return merged;
  const types = typesOf(merged);
  if ('const' in merged) {
    const { const: value, ...rest } = merged;
    return { ...rest, enum: [value, null] };
  }
  return {
    ...merged,
    type: types.length > 0 ? [...types, 'null'] : undefined,
    ...(merged.enum ? { enum: [...merged.enum, null] } : {}),
  };
}

function lookUp(root: Schema, reference: string): Schema | undefined {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let place: Value = root;
  for (const part of reference.slice(2).split('/')) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    place = isObject(place) && has(place, key) ? place[key] : Array.isArray(place) ? place[Number(key)] : undefined;
  }
  if (typeof place === 'boolean') return asSchema(place);
  return isObject(place) ? (place as Schema) : undefined;
}
