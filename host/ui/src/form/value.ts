/** Values that a form makes itself: a first one, an empty one, and which branch of a choice one belongs to. */
import { resolve } from './resolve';
import { constantOf, equal, has, isNullable, isObject, type Schema, typesOf, type Value } from './schema';
import { shape } from './shape';
import { fits } from './validity';

/** A first value: defaults, and of an object whatever must be there. */
export function blank(schema: Schema | boolean, root: Schema, depth = 0): Value {
  const resolved = resolve(schema, root, undefined);
  if (resolved.default !== undefined) return structuredClone(resolved.default);
  const constant = constantOf(resolved);
  if (constant.length > 0) return constant[0];
  if (depth > 10) return undefined;
  const shaped = shape(resolved, root);
  switch (shaped.kind) {
    case 'object':
      // Twice: what depends on a default is known only when that stands.
      return filled(schema, filled(schema, {}, root, depth), root, depth);
    case 'choice':
      return shaped.branches[0] && blank(shaped.branches[0], root, depth + 1);
    case 'list':
    case 'tags':
    case 'many':
      return [];
    case 'map':
      return {};
    case 'switch':
      return false;
    default:
      return undefined;
  }
}

function filled(schema: Schema | boolean, value: Record<string, Value>, root: Schema, depth: number) {
  const resolved = resolve(schema, root, value);
  const made = { ...value };
  for (const [key, member] of Object.entries(resolved.properties ?? {})) {
    if (has(made, key)) continue;
    const needed = resolved.required?.includes(key) ?? false;
    const first = needed || hasDefault(member, root) ? blank(member, root, depth + 1) : undefined;
    if (first !== undefined) made[key] = first;
    else if (needed && isNullable(resolve(member, root, undefined))) made[key] = null;
  }
  return made;
}

/** What stands for an emptied field; `undefined` takes the member away. */
export function emptied(schema: Schema, required: boolean): Value {
  // Left out, a default would come back.
  if (isNullable(schema) && (required || (schema.default !== undefined && schema.default !== null))) return null;
  return undefined;
}

const hasDefault = (schema: Schema, root: Schema) => resolve(schema, root, undefined).default !== undefined;

/** The branch that a value belongs to: by its constants, then by the members it has, then the first that takes it. */
export function branchOf(branches: Schema[], value: Value, root: Schema): number {
  if (value === undefined || value === null) return -1;
  if (isObject(value)) {
    const told = branches.findIndex((branch) => {
      const constants = Object.entries(branch.properties ?? {}).flatMap(([key, member]) =>
        constantOf(resolve(member, root, undefined)).map((constant) => [key, constant] as const),
      );
      return constants.length > 0 && constants.every(([key, constant]) => equal(value[key], constant));
    });
    if (told >= 0) return told;
  }
  const valid = branches.findIndex((branch) => fits(branch, value, root));
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
