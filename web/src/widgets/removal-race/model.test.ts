import { expect, it } from 'vitest';
import { ORDERS } from '../pruning/orders';
import { COUNT } from '../pruning/subject';
import { middle, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;

it('records every order for five models, from the whole model to none of its heads', () => {
  for (const order of ORDERS) {
    expect(r.curves[order].accuracy).toHaveLength(5);
    for (const [k, row] of r.curves[order].accuracy.entries()) {
      expect(row).toHaveLength(COUNT + 1);
      expect(row[0]).toBe(r.curves.greedy.accuracy[k]![0]); // the same model on the same rows
      expect(row[COUNT]).toBe(r.curves.greedy.accuracy[k]![COUNT]); // and nothing is left of it
    }
    expect([...r.first[order]].sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
    expect(middle(r, order, 'loss')).toHaveLength(COUNT + 1);
  }
  for (const rho of Object.values(r.agreement)) {
    expect(rho).toHaveLength(5);
    for (const x of rho) expect(Math.abs(x)).toBeLessThanOrEqual(1);
  }
});
