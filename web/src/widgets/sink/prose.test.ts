// The numbers that chapter 16 prints are those that its recordings hold: each is formatted here and looked for in the text.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ru } from '../../kit/fmt';
import { mean, spearman } from '../../lib/statistics';
import { THRESHOLD } from './model';
import { summary, type Facts, type Kind } from '../sink-factory/model';

const chapter = new URL('../../../../chapters/16-anomalies/', import.meta.url);
const plain = (s: string): string => s.replace(/\$|\{,\}/g, (x) => (x === '{,}' ? ',' : '')).replace(/−/g, '-').replace(/[\s\u00a0\u202f]+/g, ' ');
const text = plain(readFileSync(new URL('index.mdx', chapter), 'utf8'));
const data = <T>(name: string): T => JSON.parse(readFileSync(new URL(`data/${name}.json`, chapter), 'utf8')) as T;
const says = (...words: string[]): void => { for (const w of words) expect(text.includes(plain(w)), `the chapter should say «${w}»`).toBe(true); };
const column = (rows: readonly (readonly number[])[], i: number): number[] => rows.map((r) => r[i]!);
const span = (xs: readonly number[], digits = 2): string => `${ru(Math.min(...xs), digits)}–${ru(Math.max(...xs), digits)}`;

describe('the windows', () => {
  const { windows, figures, cuts, cut } = data<{ windows: number[]; figures: { kept: number[]; lost: number[]; word: number[] }[]; cuts: number[]; cut: number[][] }>('deaf');
  const at = (key: 'kept' | 'lost' | 'word', w: number): number[] => figures.map((f) => f[key][windows.indexOf(w)]!);
  it('one empty token against sixteen words', () => {
    expect(figures).toHaveLength(20);
    says(`с меткой обходится в ${ru(mean(at('kept', 16)))} ната`, `окно в 32 токена без неё — в ${ru(mean(at('lost', 32)))}.`, `Слово на его месте не возвращает ничего: ${ru(mean(at('word', 32)))}.`);
    expect(Math.abs(mean(at('word', 32)) - mean(at('lost', 32)))).toBeLessThan(0.005);
    says('в девятнадцати отрывках из двадцати');
    expect(figures.filter((_, i) => at('kept', 16)[i]! < at('lost', 32)[i]!)).toHaveLength(19);
  });
  it('nothing comes through the layers from behind the window: a text that is cut off costs the same', () => {
    const rise = (keep: number): number => mean(column(cut, cuts.indexOf(keep)));
    expect(cut).toHaveLength(20);
    says(`последние 32 токена, потери выше на ${ru(rise(32))} ната, если 64 — на ${ru(rise(64))}`);
    for (const keep of [32, 64]) expect(Math.abs(rise(keep) - mean(at('kept', keep)))).toBeLessThan(0.005);
  });
  it('deafness', () => {
    says(`окно в 32 токена стоит ${ru(mean(at('kept', 32)))} ната, в 64 — ${ru(mean(at('kept', 64)))}`);
    says(`На одном отрывке окно в 32 обходится в ${ru(Math.max(...at('kept', 32)))} ната, на другом модель с ним лучше на ${ru(-Math.min(...at('kept', 32)))}`.replace('лучше', '*лучше*'));
  });
});

it('the marks inside the text get a little more, and none becomes a sink that was none', () => {
  const { passages, start, stop } = data<{ passages: number; start: { share: number[]; most: number[] }; stop: { share: number[]; most: number[] } }>('marks');
  expect(passages).toBe(20);
  says(`получают ${ru(mean(stop.share))} всего веса вместо ${ru(mean(start.share))}`, 'один знак получает в двух отрывках из двадцати — в тех же двух, что и при ⊢');
  const sinks = (most: readonly number[]): number[] => most.flatMap((w, i) => (w > THRESHOLD ? [i] : []));
  expect(sinks(stop.most)).toEqual(sinks(start.most));
  expect(sinks(stop.most)).toHaveLength(2);
  expect(THRESHOLD).toBe(0.3);
});

describe('the sink', () => {
  interface Start { weight: number[]; value: number[]; sinks: number; norm: number[]; peak: number[]; rise: number[] }
  const d = data<{ passages: number; own: number[]; starts: Record<string, Start>; places: number[]; evict: number[][]; silence: number[][] }>('sink');
  const s = d.starts.start!;
  it('evicted, silenced, and elsewhere', () => {
    says(`Стоки у ${s.sinks} голов из 40`, `с длиной ${ru(spearman(s.weight, s.value))}`);
    const evict = d.places.map((_, i) => mean(column(d.evict, i)));
    says(`Выселить ⊢ стоит ${ru(evict[0]!, 3)} ната на токен (по отрывкам ${span(column(d.evict, 0), 3)})`, `от ${ru(Math.min(...evict.slice(1)), 3)} до ${ru(Math.max(...evict.slice(1)), 3)}`);
    says(`Заглушить ⊢ — ${ru(mean(column(d.silence, 0)), 3)}`);
    expect(column(d.silence, 0).filter((x) => x < 0)).toHaveLength(5);
    expect(d.places).toEqual([0, 1, 5, 20, 50, 100]);
    const top = s.weight.indexOf(Math.max(...s.weight));
    expect([top, Math.round(1 / s.value[top]!)]).toEqual([12, 7]);
    says(`при a=${ru(s.weight[top]!)} почти вдвое`);
  });
  it('goes with its token', () => {
    for (const first of ['stop', 'word', 'none']) expect(d.starts[first]!.sinks).toBe(0);
    says(`выше на ${ru(mean(d.starts.stop!.rise), 3)}, ${ru(mean(d.starts.word!.rise), 3)} и ${ru(mean(d.starts.none!.rise), 3)} ната`);
    expect(d.starts.late!.sinks).toBe(9);
    expect(Math.abs(mean(d.starts.late!.rise))).toBeLessThan(0.001);
  });
  it('is born in the first feed-forward block', () => {
    says(`в ${ru(s.norm[0]!, 1)} раза, после — в ${ru(s.norm[1]!, 1)}`, `в ${Math.round(s.peak[1]!)} раз`, `до ${ru(s.norm.at(-1)!, 1)} на выходе`, `наибольший вес у него ${ru(Math.max(...s.weight.slice(0, 8)))}`);
    says(`его вектор длиной ${ru(d.own[0]!, 1)} после внимания слоя 0 имеет длину ${ru(d.own[1]!, 1)}, а после полносвязного блока — ${Math.floor(d.own[2]!)}`);
    for (let l = 2; l < s.norm.length; l += 1) expect(s.norm[l]!).toBeLessThan(s.norm[l - 1]!);
  });
  it('is no sign of a dead head', () => {
    const { loss } = data<{ loss: number[][] }>('dissent');
    const cost = s.weight.map((_, i) => mean(column(loss, i)));
    says(`+${ru(spearman(s.weight, cost))}`, `сливает ${ru(s.weight[15]!)} и стоит ${ru(cost[15]!, 3)} ната`);
    expect(Math.max(...cost)).toBe(cost[15]);
  });
});

describe('dissent', () => {
  const d = data<{ direct: number[][]; total: number[][]; loss: number[][]; looked: number[][]; suspects: number[]; onTrained: number[][]; onTwice: number[][]; against: number[]; symmetry: number[] }>('dissent');
  const of = (key: 'direct' | 'total' | 'loss' | 'looked', i: number): number[] => column(d[key], i);
  const direct = Array.from({ length: 40 }, (_, i) => mean(of('direct', i)));
  it('no head is against the answer on average, every head often', () => {
    expect(direct.filter((x) => x > 0)).toHaveLength(38);
    says('больше чем на двух словах из пяти', 'двадцать девять голов из сорока нужны');
    expect(direct.filter((_, i) => mean(of('loss', i)) > 0)).toHaveLength(29);
    says(`наименьший, ${ru(Math.min(...direct), 4)},`);
    const sorted = [...d.against].sort((a, b) => a - b);
    says(`на ${Math.round(100 * sorted[0]!)}–${Math.round(100 * sorted[39]!)} % мест, в середине списка — на ${Math.round(50 * (sorted[19]! + sorted[20]!))} %`);
  });
  it('3.7 strikes out what it looks at', () => {
    says(`на ${ru(-mean(of('looked', 31)), 3)} — во всех двадцати отрывках`, `прямой вклад +${ru(direct[31]!, 3)}, без неё потери выше на ${ru(mean(of('loss', 31)), 3)}`);
    for (const i of [31, 8, 22, 23, 29]) expect(Math.max(...of('looked', i))).toBeLessThan(0);
  });
  it('the top layer repairs itself', () => {
    const top = Array.from({ length: 8 }, (_, h) => 32 + h);
    const sum = (key: 'direct' | 'total', rows = d[key]): number => top.reduce((a, i) => a + mean(column(rows, i)), 0);
    says(`складываются в ${ru(sum('direct'))}, а цены — в ${ru(sum('total'))}`);
    const back = d.direct.map((_, k) => 1 - top.reduce((a, i) => a + d.total[k]![i]!, 0) / top.reduce((a, i) => a + d.direct[k]![i]!, 0));
    says(`возвращается от ${Math.round(100 * Math.min(...back))} до ${Math.round(100 * Math.max(...back))} % вклада`);
  });
  it('of the heads that look evil one stays so', () => {
    const loss = Array.from({ length: 40 }, (_, i) => mean(of('loss', i)));
    expect(loss.filter((x) => x < 0)).toHaveLength(11);
    const signed = (x: number): string => `${x > 0 ? '+' : ''}${ru(x, 4)}`;
    d.suspects.forEach((i, j) => {
      const own = (rows: number[][]): string => `${signed(mean(column(rows, j)))}, в ${column(rows, j).filter((x) => x < 0).length}`;
      const here = of('loss', i);
      says(`| ${Math.floor(i / 8)}.${i % 8} | ${signed(mean(here))},`, `| ${own(d.onTrained)} | ${own(d.onTwice)} |`);
      expect(here.filter((x) => x < 0).length).toBe([19, 15, 13, 15, 14][j]);
    });
    says(`(+${ru(mean(of('looked', 28)), 3)})`);
    for (const [j, n] of [[0, 15], [3, 14]] as const) expect(column(d.onTrained, j).filter((x) => x < 0)).toHaveLength(n);
    for (const [j] of d.suspects.entries()) expect(mean(column(d.onTrained, j))).toBeGreaterThan(mean(of('loss', d.suspects[j]!)));
  });
  it('symmetry', () => {
    says(`у всех голов ${span(d.symmetry.slice(8))}`, `у первых четырёх голов ${span(d.symmetry.slice(0, 4))}`, `4.3, ${ru(d.symmetry[35]!, 3)}`);
    expect(Math.min(...d.symmetry)).toBe(d.symmetry[35]);
  });
});

describe('the factory', () => {
  const { runs } = data<{ runs: Facts[] }>('factory');
  const of = (kind: Kind): Facts[] => runs.filter((r) => r.kind === kind);
  const heads = (kind: Kind): Facts['heads'] => of(kind).flatMap((r) => r.heads);
  const loud = (kind: Kind): number[] => of(kind).map((r) => summary(r).loud.idle);
  it('grows a sink, or does not', () => {
    const first = of('softmax').map((r) => ru(summary(r).first.idle));
    says(`${first.slice(0, 4).join(', ')} и ${first[4]} веса`);
    expect(heads('softmax').filter((h) => h.first.idle > 0.3)).toHaveLength(19);
    const shorter = heads('softmax').map((h) => 1 / h.value);
    says(`в ${ru(Math.min(...shorter), 1)}–${Math.round(Math.max(...shorter))} раз`);
    for (const kind of ['zero', 'learned'] as const) for (const h of heads(kind)) expect(h.first.idle).toBeLessThan(0.001);
    says(`не потрачено ${span([...of('zero'), ...of('learned')].map((r) => summary(r).unspent.idle))}`);
    for (const r of of('gate')) expect(summary(r).gate.idle).toBeLessThan(0.001);
    says(`на рабочих местах — на ${span(of('gate').map((r) => summary(r).gate.trigger))}`);
    expect(heads('gate').filter((h) => h.first.idle > 0.3)).toHaveLength(3);
  });
  it('at the same loss', () => {
    const apart = [0, 1, 2, 3, 4].map((i) => (['softmax', 'zero', 'learned', 'gate', 'window'] as const).map((kind) => of(kind)[i]!.loss.idle)).map((x) => Math.max(...x) - Math.min(...x));
    says(`не больше чем на ${ru(Math.ceil(1e3 * Math.max(...apart)) / 1e3, 3)} ната`);
    const work = runs.map((r) => r.loss.trigger).sort((a, b) => b - a);
    says(`кроме одного прогона с вентилем (${ru(work[0]!, 4)}), не выше ${ru(Math.ceil(1e3 * work[1]!) / 1e3, 3)}`);
    expect(runs.find((r) => r.loss.trigger === work[0])!.kind).toBe('gate');
    const dearer = (['idle', 'trigger'] as const).flatMap((at) => of('window').map((r, i) => r.loss[at] - of('softmax')[i]!.loss[at]));
    says(`прибавило против softmax не больше ${ru(Math.ceil(1e3 * Math.max(...dearer)) / 1e3, 3)} ната`);
  });
  it('and can be evicted, or done without', () => {
    const signed = (x: number): string => `${x > 0 ? '+' : ''}${ru(x, 4)}`;
    says(`на праздных местах ${of('softmax').map((r) => signed(r.evicted.idle)).join(', ')}`, `на рабочих — от ${ru(Math.min(...of('softmax').map((r) => r.evicted.trigger)), 4)} до ${ru(Math.max(...of('softmax').map((r) => r.evicted.trigger)), 4)}`);
    says(`(${span(loud('window'))} против ${span(loud('softmax'))} у softmax и не больше ${ru(Math.max(...loud('zero'), ...loud('learned')))} с ничьей оценкой)`);
    loud('window').forEach((x, i) => expect(x).toBeGreaterThan(loud('softmax')[i]!));
  });
});
