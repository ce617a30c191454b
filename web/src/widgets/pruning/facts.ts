// The numbers that chapter 12 prints, out of its recordings: prose.test.ts looks for each in the text.
import { ru } from '../../kit/fmt.ts';
import * as autopsy from '../head-autopsy/model.ts';
import type { Recorded as Gates } from '../head-gates/model.ts';
import { alive, endingsAt, perLayer, survivors } from '../head-gates/model.ts';
import { middle as raceMiddle, type Recorded as Race } from '../removal-race/model.ts';
import { FRACTIONS, middle as dietMiddle, RULES, type Recorded as Diet } from '../weight-diet/model.ts';
import { ascending, median, nameOf, ORDERS, reach } from './orders.ts';
import { HEADS } from './subject.ts';

export const EPSILON = 0.02;
const list = (xs: readonly (number | string)[]): string => xs.join(', ');
const span = (xs: readonly number[], digits: number): string => `от ${ru(Math.min(...xs), digits)} до ${ru(Math.max(...xs), digits)}`;

export function autopsyFacts(r: autopsy.Recorded): Record<string, string> {
  const figures = r.figures.map(autopsy.unpack);
  const dearest = figures.map((f) => ascending(f.heads.map((h) => h.zero)).reverse());
  const top = figures.map((f, k) => f.heads[dearest[k]![0]!]!), second = figures.map((f, k) => f.heads[dearest[k]![1]!]!);
  const first = figures[0]!;
  const bestDouble = first.heads.reduce((b, h, i) => (h.turn / Math.max(h.zero, 1e-9) > first.heads[b]!.turn / Math.max(first.heads[b]!.zero, 1e-9) && h.turn > 1 ? i : b), 12);
  const low = figures.flatMap((f) => f.heads.slice(0, HEADS).filter((h) => autopsy.verdict(h, EPSILON) === 'useless').map((h) => (h.asked + h.other) / 2));
  const high = figures.flatMap((f) => f.heads.slice(HEADS).map((h) => (h.asked + h.other) / 2));
  return {
    accuracy: span(figures.map((f) => f.accuracy), 3),
    top: list(top.map((h) => ru(h.zero, 2))).replaceAll(', ', '; '), second: list(second.map((h) => ru(h.zero, 2))).replaceAll(', ', '; '),
    topNames: list(dearest.map((d) => nameOf(d[0]!))), topPrevious: span(top.map((h) => h.previous), 2), topTurn: span(top.map((h) => h.turn), 2), topPlaces: list(top.map((h) => h.place)),
    alive: list(autopsy.overSeeds(r, EPSILON, 'alive')), doubled: list(autopsy.overSeeds(r, EPSILON, 'doubled')), useless: list(autopsy.overSeeds(r, EPSILON, 'useless')),
    double: `${nameOf(bestDouble)}: ${ru(first.heads[bestDouble]!.zero, 3)} → ${ru(first.heads[bestDouble]!.turn, 1)}, черёд ${first.heads[bestDouble]!.place}`,
    gradient: `${ru(top[0]!.example, 3)} при ${ru(top[0]!.zero, 2)}`,
    ratio: list(top.map((h) => Math.round(h.zero / h.example))),
    quiet: span(low, 1), loud: span(high, 1),
    idle: String(figures.reduce((n, f) => n + f.heads.filter(autopsy.idle).length, 0)),
    first: ru(Math.max(...figures.flatMap((f) => f.heads.map((h) => h.first))), 2),
    meanZero: ru(Math.max(...figures.flatMap((f) => f.heads.map((h) => Math.abs(h.mean - h.zero) / Math.max(0.02, Math.abs(h.zero))))), 2),
    inductionHigh: span(figures.map((f) => median(f.heads.slice(HEADS).map((h) => h.induction))), 2),
  };
}

export function raceFacts(r: Race): Record<string, string> {
  const out: Record<string, string> = {};
  for (const o of ORDERS) {
    const m = raceMiddle(r, o, 'accuracy');
    out[`${o}Reach`] = list(r.curves[o].accuracy.map((a) => reach(a, 0.02)));
    for (const k of [1, 4, 8, 10, 11, 12, 13]) out[`${o}${k}`] = ru(m[k]!, 3);
  }
  for (const [name, rho] of Object.entries(r.agreement)) out[`rho_${name}`] = `${list(rho.map((x) => ru(x, 2))).replaceAll(', ', '; ')} (медиана ${ru(median(rho), 2)})`;
  return out;
}

export function dietFacts(r: Diet): Record<string, string> {
  const out: Record<string, string> = {};
  for (const rule of RULES) {
    const [accuracy, loss] = [dietMiddle(r, rule, 'accuracy'), dietMiddle(r, rule, 'loss')];
    out[`${rule}Reach`] = list(r.accuracy[rule].map((a) => ru(FRACTIONS[reach(a, 0.02)]!, 2))).replaceAll(', ', '; ');
    for (const k of [4, 8, 10, 12]) out[`${rule}${k}`] = `${ru(accuracy[k]!, 3)} / ${ru(loss[k]!, 2)}`;
  }
  return out;
}

export function gatesFacts(r: Gates): Record<string, string> {
  const out: Record<string, string> = {};
  for (const price of new Set(r.endings.map((e) => e.price))) {
    const ends = endingsAt(r, price);
    out[`alive${price}`] = list(ends.map((e) => perLayer(e.gates).join(' + '))).replaceAll(', ', '; ');
    out[`accuracy${price}`] = span(ends.map((e) => e.accuracy), 3);
    out[`who${price}`] = ends.map((e) => survivors(e.gates)).join(' | ');
    out[`between${price}`] = String(ends.reduce((n, e) => n + e.gates.filter((g) => g > 0 && g < 1).length, 0));
    out[`count${price}`] = list(ends.map((e) => alive(e.gates).length));
  }
  out.again = r.again.map((e) => survivors(e.gates)).join(' | ');
  out.freeAccuracy = span(r.free.map((e) => e.accuracy), 3);
  out.price = span(endingsAt(r, 0.3).map((e, k) => r.free[k]!.accuracy - e.accuracy), 3);
  out.againAccuracy = span(r.again.map((e) => e.accuracy), 3);
  return out;
}
