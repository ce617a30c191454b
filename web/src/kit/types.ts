// Shapes that several components of the kit share.
export type { Badge } from './live.svelte';

export interface Operand {
  name: string;
  /** "[T, d]" */
  shape: string;
  value?: string;
}

/** «Как это посчитано»: operands → formula → source line. */
export interface How {
  /** One or two sentences. */
  text?: string;
  operands?: Operand[];
  /** Prerendered HTML (KaTeX or MathML). */
  formula?: string;
  source?: { file: string; region?: string; line?: number; commit?: string };
}

export interface Series {
  label: string;
  /** [x, y] in increasing x; a NaN y breaks the line. */
  points: readonly (readonly [number, number])[];
  /** CSS colour, by default from the kit's categorical set. */
  colour?: string;
  dash?: string;
  /** Drawn thin and pale, without a direct label: context for the others. */
  faint?: boolean;
  /** A faint line that keeps its label: the others of a choice, where one must tell which is which. */
  named?: boolean;
}

export interface Milestone {
  x: number;
  label: string;
  detail?: string;
}

export interface Option {
  text: string;
  /** Shown when this option is picked. */
  why?: string;
  right?: boolean;
}
