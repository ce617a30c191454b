// The recording, made by record.ts, never by hand.
import type { Figure } from './model';
import json from './recording.json';

export interface Loud {
  layer: number;
  index: number;
  /** Of m_r there; what sign · v_r raises. */
  sign: number;
  raises: string[];
  /** Value, the text up to the place, and the token that came next. */
  hits: [number, string, string][];
}
export const recorded = json as unknown as { commit: string; layers: Figure[]; atlas: Loud[] };
