// What a page's bench shows before its model is loaded.
import type { Curve, Figure, Order, Sweep } from './model.ts';

export interface Recording {
  commit: string;
  figure: Figure;
  sweep: Sweep;
  curves?: Partial<Record<Order, Curve>>;
}
