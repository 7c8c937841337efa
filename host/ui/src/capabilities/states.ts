/** How a capability stands for a template: four claims, and what deserves a second look. Pure. */
import type { components } from '../api/schema';
import { asRight, type Right } from '../templates/rights';

export type CapabilityUse = components['schemas']['CapabilityUse'];
export type FunctionUse = components['schemas']['FunctionUse'];

export const STATES = ['imported', 'declared', 'granted', 'used'] as const;
export type State = (typeof STATES)[number];

export interface Standing {
  states: Record<State, boolean>;
  /** Calls that were refused. */
  denied: number;
  /** Granted, and not used in all the time that is looked at. */
  isIdle: boolean;
  /** Granted without being able or asked for: it has no effect. */
  isVain: boolean;
}

export function standing(use: CapabilityUse | undefined, runs: number): Standing {
  const functions = use?.functions ?? [];
  const states = {
    imported: functions.some((one) => one.import != null),
    declared: (use?.needs.length ?? 0) > 0,
    granted: (use?.rights.length ?? 0) > 0,
    used: functions.some((one) => one.used != null),
  };
  const denied = functions.reduce((sum, one) => sum + (one.denied?.count ?? 0), 0);
  const isVain = states.granted && !(states.declared && states.imported);
  // A template that has not run has had no occasion.
  return { states, denied, isVain, isIdle: !isVain && states.granted && !states.used && runs > 0 };
}

/** The rights that would allow what was refused for want of a grant, one for each target. */
export function offers(capability: string, one: FunctionUse): Right[] {
  if (one.denied?.reason !== 'not-granted') return [];
  return one.denied.targets.flatMap((target) => {
    const right = asRight({ capability, target, access: one.access.slice(0, 1) });
    return right ? [right] : [];
  });
}
