import { createContext, useContext } from 'react';
import type { Schema } from './schema';

/** What every field of one form shares. */
export interface FormContext {
  root: Schema;
  /** The problem to show at a place, if it is time to show it. */
  problemAt: (pointer: string) => string | undefined;
  /** The same for a place whose parts have no field of their own. */
  problemWithin: (pointer: string) => string | undefined;
  /** The place was left: its problems may be shown. */
  touch: (pointer: string) => void;
  /** Branches of choices that were picked by hand, by pointer. */
  chosen: Record<string, number>;
  choose: (pointer: string, branch: number) => void;
  /** A text that cannot be read yet, so that there is no value; undefined once it can. */
  breakOff: (pointer: string, message: string | undefined) => void;
  /** What stood at a place is another thing now: nothing that was noted of it or of its parts holds. */
  forget: (pointer: string) => void;
  /** Words to offer for a widget, such as the labels of secrets. */
  suggestions: Record<string, string[]>;
}

export const FormRoom = createContext<FormContext | null>(null);

export function useForm(): FormContext {
  const room = useContext(FormRoom);
  if (!room) throw new Error('a field stands in a SchemaForm');
  return room;
}

/** The id of the field at a pointer, for labels and for jumping to a problem. */
export const fieldId = (pointer: string) => `field${pointer.replaceAll(/[^A-Za-z0-9]/g, '-')}`;
