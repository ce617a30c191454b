import { describe, expect, it } from 'vitest';
import { both, config, CONTROL, KINDS, lossAt, nameOf, packHead, places, summary, unpackHead, unpackRuns, VOCAB, type Recording } from './model';
import json from './recording.json';

it('differs from kind to kind in one thing', () => {
  const { model: plain, ...rest } = config('softmax', 3);
  for (const kind of KINDS) {
    const { model, ...other } = config(kind, 3);
    expect(other).toEqual(rest);
    const changed = Object.keys(model).filter((key) => model[key] !== plain[key]);
    expect(changed).toEqual(kind === 'softmax' ? [] : kind === 'gate' ? ['token_gates'] : kind === 'window' ? ['window'] : ['null_score']);
  }
});
it('counts rows behind the control key, triggers apart from the idle', () => {
  const match = [[-1, ...Array<number>(CONTROL).fill(-1), 8, -1]];
  const at = places(match);
  expect(at).toEqual([{ b: 0, t: 9, trigger: true }, { b: 0, t: 10, trigger: false }]);
  expect(both(at, (p) => p.t)).toEqual({ idle: 10, trigger: 9 });
});
it('names the start, letters and triggers', () => expect([0, 1, VOCAB - 4, VOCAB - 3, VOCAB - 1].map(nameOf)).toEqual(['⊢', 'а', 'х', 'Ц', 'Ш']));
it('takes a loss from a row of logits', () => {
  const logits = new Float32Array(2 * VOCAB);
  expect(lossAt(logits, VOCAB, 4)).toBeCloseTo(Math.log(VOCAB));
  logits[VOCAB + 4] = 1000;
  expect(lossAt(logits, VOCAB, 4)).toBeCloseTo(0);
});

it('packs a head and gives it back', () => {
  const b = (idle: number) => ({ idle, trigger: idle + 1 });
  const head = { first: b(1), unspent: b(3), gate: b(5), loud: b(7), value: 9 };
  expect(unpackHead(packHead(head))).toEqual(head);
});

describe('recording', () => {
  const runs = unpackRuns(json as unknown as Recording);
  it('has five seeds of each kind, and rows that add up', () => {
    expect(runs.map((r) => `${r.kind}${r.seed}`)).toEqual(KINDS.flatMap((k) => [1, 2, 3, 4, 5].map((s) => `${k}${s}`)));
    for (const r of runs) for (const h of r.heads) expect(h.first.idle + h.unspent.idle).toBeLessThan(1.001);
  });
  it('only softmax that sees the start has a sink; only a null score leaves something unspent', () => {
    for (const r of runs) {
      const s = summary(r);
      if (r.kind === 'zero' || r.kind === 'learned') expect(s.unspent.idle).toBeGreaterThan(0.9);
      else expect(s.unspent.idle).toBeLessThan(0.001);
      if (r.kind === 'window') expect(s.strongest).toBe(0);
    }
  });
});
