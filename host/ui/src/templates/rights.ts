/** Needs and rights as data: what is asked for, what is granted, how two grants differ. Pure. */
export type Extra = Record<string, unknown>;

export interface Need {
  capability: string;
  target: string;
  access: string;
  reason: string;
  optional: boolean;
  extra?: Extra | null;
}

export interface Right {
  capability: string;
  target: string;
  access: string[];
  extra?: Extra | null;
}

/** What can be given of each capability; a test holds it against the server's table of operations. */
export const ACCESSES: Record<string, string[]> = {
  documents: ['read', 'write', 'manage'],
  http: ['send'],
  email: ['send'],
  files: ['read', 'write'],
  secrets: ['use', 'reveal'],
  insight: ['read'],
};

export const CAPABILITIES = Object.keys(ACCESSES);

/** By what a right to a capability can be narrowed beyond its target. */
export const NARROWED_BY: Record<string, 'fields' | 'methods' | 'recipients'> = {
  documents: 'fields',
  http: 'methods',
  email: 'recipients',
};

const PARAMETER = 'param:';

/** `/collection` of `param:/collection`; undefined for a target that stands for itself. */
export const parameterOf = (target: string) =>
  target.startsWith(PARAMETER) ? target.slice(PARAMETER.length) : undefined;

/** Here too, because the router reads rights and the first page is not to load the forms for that. */
const isObject = (value: unknown): value is Extra =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Members in one order, so that equal things are equal texts. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, ordered(value[key])]),
  );
}

/** An `extra` that says anything; how files are treated after a failure is the template's own affair. */
function told(extra: Extra | null | undefined): Extra | undefined {
  const { on_failure: _own, ...rest } = extra ?? {};
  return Object.keys(rest).length > 0 ? rest : undefined;
}

const word = (value: unknown) => JSON.stringify(ordered(value ?? null));

/** The right that allows exactly what one need asks for. */
export function rightFor(need: Need): Right {
  const extra = told(need.extra);
  return {
    capability: need.capability,
    target: need.target,
    access: [need.access],
    ...(extra ? { extra } : {}),
  };
}

/** Rights with one more: added to the accesses of one to the same target, or put beside them. */
export function withRight(rights: Right[], right: Right): Right[] {
  const alone = (accesses: string[]) => told(right.extra) !== undefined && accesses.includes('manage');
  const place = rights.findIndex(
    (one) =>
      one.capability === right.capability &&
      one.target === right.target &&
      word(told(one.extra)) === word(told(right.extra)) &&
      !alone(one.access) &&
      !alone(right.access),
  );
  const same = rights[place];
  if (!same) return [...rights, right];
  const missing = right.access.filter((access) => !same.access.includes(access));
  if (missing.length === 0) return rights;
  return rights.map((one, index) => (index === place ? { ...one, access: [...one.access, ...missing] } : one));
}

/** The rights that allow what all needs ask for. */
export const askedFor = (needs: Need[]): Right[] =>
  needs.reduce<Right[]>((rights, need) => withRight(rights, rightFor(need)), []);

/** One line for each access, so that what changed can be told. */
export interface Line {
  capability: string;
  access: string;
  target: string;
  extra?: Extra;
}

export const linesOf = (rights: Right[]): Line[] =>
  rights.flatMap(({ capability, target, access, extra }) =>
    access.map((one) => {
      const rest = told(extra);
      return { capability, access: one, target, ...(rest ? { extra: rest } : {}) };
    }),
  );

/** What a grant has that another has not. */
export function difference(before: Right[], after: Right[]): { added: Line[]; removed: Line[] } {
  const without = (these: Line[], those: Line[]) => {
    const known = new Set(those.map(word));
    return these.filter((line) => !known.has(word(line)));
  };
  const [old, fresh] = [linesOf(before), linesOf(after)];
  return { added: without(fresh, old), removed: without(old, fresh) };
}

/** How a need stands under rights: as it asks, in another way (which may reach less or more), or not at all. */
export function standing(need: Need, rights: Right[]): 'asked' | 'other' | 'nothing' {
  const gives = rights.filter(
    ({ capability, access }) =>
      capability === need.capability &&
      (access.includes(need.access) || (need.access === 'use' && access.includes('reveal'))),
  );
  if (gives.length === 0) return 'nothing';
  const asked = rightFor(need);
  const exact = gives.some((one) => one.target === need.target && word(told(one.extra)) === word(asked.extra));
  return exact ? 'asked' : 'other';
}

/** Whether something has the shape of a right. */
export function asRight(value: unknown): Right | undefined {
  if (!isObject(value)) return undefined;
  const { capability, target, access, extra } = value as Partial<Right>;
  const words = Array.isArray(access) && access.length > 0 && access.every((one) => typeof one === 'string');
  if (typeof capability !== 'string' || typeof target !== 'string' || !words) return undefined;
  return { capability, target, access: access as string[], ...(isObject(extra) ? { extra } : {}) };
}

const OFFER = 'this grant would allow it: ';

/** The rights that refusals in a text propose: each follows the same words, as JSON. */
export function rightsIn(text: string): Right[] {
  const found: Right[] = [];
  for (let at = text.indexOf(OFFER); at >= 0; at = text.indexOf(OFFER, at + 1)) {
    const right = asRight(objectAt(text, at + OFFER.length));
    if (right && !found.some((one) => word(one) === word(right))) found.push(right);
  }
  return found;
}

/** The JSON object that begins at a place in a text. */
function objectAt(text: string, start: number): unknown {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted) {
      if (letter === '\\') at += 1;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === '{') depth += 1;
    else if (letter === '}' && --depth === 0) {
      try {
        return JSON.parse(text.slice(start, at + 1));
      } catch {
        return undefined;
      }
    }
  }
  return undefined;
}
