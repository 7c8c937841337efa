/** What the server found wrong with a form: at its field, and the rest below. */
import { Problem } from '../api/problem';

export interface Faults {
  at(pointer: string): string | undefined;
  /** What belongs to none of the fields. */
  rest: string | undefined;
}

export function faultsOf(thrown: unknown, pointers: readonly string[], unreachable: string): Faults {
  if (thrown == null) return { at: () => undefined, rest: undefined };
  const problem = Problem.from(thrown);
  const known = problem.faults.filter((fault) => pointers.includes(fault.pointer));
  const others = problem.faults.filter((fault) => !pointers.includes(fault.pointer));
  const message = problem.status === 0 ? unreachable : problem.message;
  return {
    at: (pointer) => known.find((fault) => fault.pointer === pointer)?.message,
    rest: others.length > 0 ? others.map((fault) => fault.message).join('; ') : known.length > 0 ? undefined : message,
  };
}
