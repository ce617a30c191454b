// The numbers that the conclusion prints are those that its recordings hold: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { KINDS } from '../attention-kinds/model';
import { KINDS as GAINS, type Recorded as Gain } from '../gain-field/model';
import gainJson from '../gain-field/recording.json';
import { named, ROLES, type Recorded as Chart } from '../role-chart/model';
import chartJson from '../role-chart/recording.json';
import { at as shelfAt, of as shelfOf, type Recorded as Shelf } from '../memory-shelf/model';
import shelf from '../memory-shelf/recording.json';
import { at as parity, type Recorded as Sign } from '../one-sign/model';
import sign from '../one-sign/recording.json';
import { median, of, values, wins, WIRINGS, type Recorded, type Run, type Wiring } from './model';
import json from './recording.json';

const chapter = new URL('../../../../chapters/conclusion/', import.meta.url);
const plain = (s: string): string => s.replace(/[\s\u00a0\u202f]+/g, ' ');
const text = plain(readFileSync(new URL('index.mdx', chapter), 'utf8'));
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(plain(w)), `the conclusion should say «${w}»`).toBe(true); };
const span = (xs: number[], digits = 2): string => `${ru(Math.min(...xs), digits)}–${ru(Math.max(...xs), digits)}`;

it('the gaze', () => {
  const r = json as unknown as Recorded;
  const rows: Record<Wiring, string> = { none: 'ничего не знает', aside: 'предсказывает, но не читает', fed: 'читает предсказание', free: 'те же провода, но не учат предсказывать', mirror: 'читает саму строку' };
  const cell = (w: Wiring, what: (x: Run) => number): string => `${ru(median(values(r, w, what)))} (${span(values(r, w, what))})`;
  for (const w of WIRINGS) {
    const told = w === 'none' || w === 'aside' ? 'то же' : cell(w, (x) => x.foreign);
    says(`| ${rows[w]} | ${cell(w, (x) => x.own.accuracy)} | ${told} | ${cell(w, (x) => x.own.onTarget)} |`);
  }
  for (const x of r.runs) if (x.wiring === 'none' || x.wiring === 'aside') expect(x.foreign).toBe(x.own.accuracy);
  expect([wins(r, 'fed', 'none'), wins(r, 'free', 'none'), wins(r, 'fed', 'free'), wins(r, 'none', 'aside')]).toEqual([9, 9, 7, 9]);
  for (const w of WIRINGS) if (w !== 'mirror') expect(wins(r, 'mirror', w)).toBe(10);
  const error = (w: Wiring): string => ru(median(values(r, w, (x) => x.own.divergence)));
  says(`ошибка ${error('aside')} ната против ${error('fed')}`, `в ${ru(median(values(r, 'fed', (x) => x.own.match)))} случаев против ${ru(median(values(r, 'fed', (x) => x.own.stale)))}`);
  const on = WIRINGS.map((w) => median(values(r, w, (x) => x.own.onTarget)));
  for (const x of r.runs) if (x.wiring !== 'none' && x.wiring !== 'aside') expect(x.own.accuracy).toBeGreaterThan(x.foreign);
  // Who lags and by how much, seed by seed: «не остался с первым», «пусть и не на тех же», «на семи зёрнах».
  const seedwise = (a: Wiring, b: Wiring): number[] => values(r, a, (x) => x.own.accuracy).map((x, i) => x - values(r, b, (y) => y.own.accuracy)[i]!);
  const lag = seedwise('none', 'aside');
  expect(lag.filter((x) => x > 0 && x <= 0.012)).toHaveLength(4);
  says(`не больше чем на 0,012, а на десятом обогнал на ${ru(-Math.min(...lag))}`);
  const losers = (w: Wiring): number => seedwise(w, 'none').findIndex((x) => x <= 0);
  expect(losers('fed')).not.toBe(losers('free'));
  expect(of(r, 'fed').filter((x) => x.own.match < x.own.stale)).toHaveLength(7);
  says(`медианы от ${ru(Math.min(...on))} до ${ru(Math.max(...on))}`);
});

it('the gain field', () => {
  const { cases } = gainJson as unknown as Gain;
  const divided = GAINS.filter((k) => k !== 'softmax');
  const weak = cases.flatMap((c) => divided.map((k) => c.weak[k]));
  says(`в ${span(weak, 1)} раза во всех четырёх`);
  const wide = cases.find((c) => c.field === 'wide' && !c.rival)!, narrow = cases.find((c) => c.field === 'narrow' && c.rival)!;
  for (const k of divided) says(`без соперника — в ${ru(wide.strong[k], 3)} раза`);
  const crowded = cases.find((c) => c.field === 'wide' && c.rival)!;
  says(`усиление ещё заметно, в ${ru(crowded.strong.sink, 3)} раза`);
  expect([crowded.strong.local, wide.strong.sink, wide.strong.local].every((x) => x < 1.01)).toBe(true);
  for (const c of cases.filter((x) => x.field === 'narrow')) for (const k of divided) expect(c.strong[k]).toBeLessThan(0.6 * c.weak[k]);
  says(`— в ${ru(narrow.strong.sink)} раза при общем пуле и в ${ru(narrow.strong.local)} при местном`, `${ru(narrow.weak.softmax)} и ${ru(narrow.strong.softmax)}`, `не даёт ему и процента (${ru(wide.strong.softmax, 3)})`);
});

it('the map of roles', () => {
  interface Told { model: string; loss: { real: number; shuffled: number }; fate: { kept: number; lost: number; changed: number }; hatched: number; names: string[]; without: string[] }
  const { runs } = JSON.parse(readFileSync(new URL('data/roles.json', chapter), 'utf8')) as { runs: Told[] };
  const of = (model: string): Told[] => runs.filter((x) => x.model === model);
  const ru1 = of('ru-small'), two = of('repeat-2l');
  expect(ru1.map((x) => x.names.filter((n) => n !== 'none').length)).toEqual([32, 32, 32, 32, 32]);
  says(`имя сохранили ${Math.min(...ru1.map((x) => x.fate.kept))}–${Math.max(...ru1.map((x) => x.fate.kept))}, переименованы 6`, `с ${ru(ru1[0]!.loss.real)} до ${span(ru1.map((x) => x.loss.shuffled))} ната`);
  expect(ru1.every((x) => x.fate.changed === 6 && x.fate.lost <= 1 && x.hatched === 8)).toBe(true);
  for (const x of ru1) x.names.forEach((n, i) => { if (n !== x.without[i] && x.without[i] !== 'none') expect(['previous', 'inside']).toContain(n); });
  // Most names are sinks, and the first token never moves; of the rest two are kept, both of the previous token.
  for (const x of ru1) {
    expect(x.names.filter((n) => n === 'first')).toHaveLength(24);
    const rest = x.names.filter((n, i) => n !== 'none' && n !== 'first' && n === x.without[i]);
    expect(rest).toEqual(['previous', 'previous']);
    const sunk = x.names.filter((n, i) => n !== 'none' && n !== 'first' && x.without[i] === 'first').length;
    expect([4, 5]).toContain(sunk);
  }
  expect(two.every((x) => !x.names.includes('first'))).toBe(true);
  expect(two.every((x) => x.fate.kept === 6 && x.fate.lost + x.fate.changed === 0)).toBe(true);
  says(`с ${span(two.map((x) => x.loss.real))} до ${span(two.map((x) => x.loss.shuffled))}`, `обошлось бы в ${ru(Math.log(32))}`);
  const maps = (chartJson as unknown as Chart).figures.find((f) => f.model === 'repeat-2l')!.maps;
  const harm = maps.shuffled.filter((h) => named(h).role === 'induction').map((h) => -h.effect);
  expect(harm).toHaveLength(4);
  expect(ROLES).toContain('induction');
  says(`на первом зерне на ${span(harm)} ната`);
});

it('what is borrowed from chapters 17 and 20, and the sizes of the first table', () => {
  const range = (xs: number[]): string => (ru(Math.min(...xs)) === ru(Math.max(...xs)) ? ru(xs[0]!) : span(xs));
  const share = (name: 'unique' | 'again', memory: 'softmax' | 'additive' | 'delta', keys: number): string => range(shelfOf(shelf as unknown as Shelf, name).map((f) => shelfAt(f, memory, keys)));
  expect(share('unique', 'softmax', 256)).toBe('1,00');
  says(`сумма — ${share('unique', 'additive', 256)}, дельта-правило — ${share('unique', 'delta', 256)}`);
  says(`softmax возвращает в ${share('again', 'softmax', 16)} случаев, дельта-правило — в ${share('again', 'delta', 16)}`);
  says(`на шестнадцати символах ${range(parity(sign as unknown as Sign, 'attention', 16))}`);
  const size = { N: 8192, d: 128, h: 32 }, memory = (id: string): number => KINDS.find((k) => k.id === id)!.memory!(size) / 1e6;
  says(`держит ${ru(memory('full'), 0)} млн чисел, линейное — ${ru(memory('linear'))} млн, MLA — ${ru(memory('mla'), 1)} млн`);
});

// The project is one person's honest correction: it is described, and nobody is named, on paper either, where the address of a link is printed.
it('names nobody for the score that was withdrawn', () => {
  const entry = /@misc\{neurokey2026,[\s\S]*?\n\}/.exec(readFileSync(new URL('references.bib', chapter), 'utf8'))![0];
  expect(entry).not.toMatch(/author|url|github\.com/);
  expect(text).not.toMatch(/github\.com\/[^)\s]*neurokey/);
});
