import { describe, expect, it } from 'vitest';
import { CEILING, config, meanMap, POINTS, row, RUNS, side, symmetry, type Recorded } from './model';
import json from './recording.json';

const r = json as unknown as Recorded;

describe('conditions', () => {
  it('share what their name says and nothing else', () => {
    const model = (sharing: 'separate' | 'qk' | 'kv' | 'all') => config({ task: 'cycle', sharing, heads: 2 }, 7).model;
    expect([model('separate').shared_qk, model('separate').shared_kv]).toEqual([false, false]);
    expect([model('qk').shared_qk, model('qk').shared_kv]).toEqual([true, false]);
    expect([model('kv').shared_qk, model('kv').shared_kv]).toEqual([false, true]);
    expect([model('all').shared_qk, model('all').shared_kv]).toEqual([true, true]);
    expect(model('qk')).toMatchObject({ heads: 2, head_width: 16, kind: 'encoder', position: 'none' });
  });
  it('mask the previous letter and open its neighbour', () => {
    const made = (task: 'previous' | 'neighbour') => config({ task, sharing: 'qk', heads: 1 }, 1);
    expect([made('previous').model.kind, made('neighbour').model.kind]).toEqual(['decoder', 'encoder']);
    expect([made('previous').task.kind, made('neighbour').task.kind]).toEqual(['previous', 'previous']);
  });
  it('the ceiling of one symmetric head: seven links and a guess', () => expect(CEILING).toBeCloseTo(0.8828, 4));
});

describe('measures', () => {
  it('symmetry is 1 for q = k, −1 for a skew score', () => {
    const q = [1, 2, 3, -1, 0.5, 2];
    expect(symmetry(q, q, [1, 3, 1, 2])).toBeCloseTo(1, 10);
    // q = (a, b), k = (−b, a): q_i·k_j = −q_j·k_i
    const k = [-2, 1, 1, 3, -2, 0.5];
    expect(symmetry(q, k, [1, 3, 1, 2])).toBeCloseTo(-1, 10);
  });
  it('averages a map by the labels of its places', () => {
    // one head, two sequences of two places, the second with types exchanged
    expect(meanMap([0.9, 0.1, 0.2, 0.8, 0.7, 0.3, 0.4, 0.6], 1, [[0, 1], [1, 0]], 2)).toEqual([0.75, 0.25, 0.25, 0.75].map((x) => expect.closeTo(x, 6)));
  });
});

describe('the recording', () => {
  it('has five seeds of every run, and a curve and a map of the first', () => {
    for (const run of RUNS) {
      const x = row(r, run)!;
      expect([x.accuracy.length, x.symmetry.length, x.curve.length]).toEqual([5, 5, POINTS + 1]);
      expect(x.map?.length ?? null).toBe(run.task === 'repeat' ? null : side(run.task) ** 2);
    }
  });
  it('is symmetric to the bit where Q = K', () => {
    for (const x of r.rows.filter((y) => y.sharing === 'qk' || y.sharing === 'all')) expect(Math.min(...x.symmetry)).toBe(1);
  });
});
