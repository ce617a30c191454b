import { expect, it } from 'vitest';
import { config, DISTANCES, LAYERS, LENGTH, reach, RECORDED, row, WINDOW, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;
it('asks for the token that stands so many places back, through windows', () => {
  expect(config(2, 7, 3)).toMatchObject({ seed: 3, model: { layers: 2, window: WINDOW }, task: { segment_min: 8, segment_max: 8 } });
  // validate(): a tiled repeat needs one token more than its segment
  for (const d of DISTANCES) expect(d + 2).toBeLessThanOrEqual(LENGTH);
});
it('has five seeds of every depth and distance, and crosses every limit', () => {
  for (const layers of LAYERS) {
    for (const d of RECORDED[layers]) expect(row(r, layers, d)?.accuracy).toHaveLength(5);
    expect(RECORDED[layers]).toContain(reach(layers));
    expect(Math.max(...RECORDED[layers])).toBeGreaterThan(reach(layers));
  }
});
it('hears nothing beyond the limit', () => {
  for (const x of r.rows) if (x.distance > reach(x.layers)) expect(Math.max(...x.accuracy)).toBeLessThan(0.2);
});
