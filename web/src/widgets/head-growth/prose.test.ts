// What the atlas says about the growth of heads is what the recording holds.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { leaders, saving, unpack, type Packed } from './model';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const text = read('../../pages/atlas.astro').replace(/\s+/g, ' ');
const packed = JSON.parse(read('./recording.json')) as Packed;
const g = unpack(packed);
const says = (words: string): void => expect(text.includes(words.replace(/[\u00a0\u202f]/g, ' ')), `the atlas should say «${words}»`).toBe(true);
const at = (step: number) => g.states.find((s) => s.step === step)!;
const head = (layer: number, h: number): number => layer * g.heads + h;

it('the snapshots are those that are named', () => {
  expect(packed.steps.slice(0, -1)).toEqual([0, 16, 32, 64, 128, 256, 512, 1024, 2048, 2897, 4096]);
  says(`шаг ${packed.steps.at(-1)}`);
});
it('previous-token heads come first, sinks later, induction not at all', () => {
  const [p, f] = [head(4, 3), head(4, 0)];
  expect(leaders(g, 'previous', 1)).toEqual([p]);
  expect(leaders(g, 'first', 1)).toEqual([f]);
  says(`с ${ru(at(256).scores[p]!.previous)} до ${ru(at(512).scores[p]!.previous)}`);
  says(`отдавала первому токену ${ru(at(1024).scores[f]!.first)} веса, на шаге 2048 — ${ru(at(2048).scores[f]!.first)}, в конце — ${ru(g.states.at(-1)!.scores[f]!.first)}`);
  says(`к концу ${ru(g.states.at(-1)!.scores[leaders(g, 'induction', 1)[0]!]!.induction)} при равномерном ${ru(g.baseline.induction)}`);
  says(`сберегает модели ${ru(saving(g.states.at(-1)!))} ната`);
  says(`с ${ru(g.states[0]!.loss.first, 1)} до ${ru(g.states.at(-1)!.loss.first, 1)} ната`);
});
