// recording.json, packed to stay small: three digits, rows instead of objects.
import { ROLE_IDS, type Relation, type Roles } from './meter.ts';
import type { Atlas } from './model.ts';
import type { Native, RelationRow } from './scores.ts';

export interface Packed {
  commit: string;
  /** Which weights, in words for the badge: "ru-small, step 700". */
  checkpoint: string;
  command: string;
  sources: { file: string; sequences: number; too_long: number }[];
  atlas: PackedAtlas;
  /** Absent until the tool has run on the treebanks with these weights. */
  native?: {
    roles: number[][];
    uniform: number[];
    relations: PackedRelation[];
    ablation: Native['ablation'];
    circuits: Native['circuits'];
  };
}
interface PackedAtlas extends Pick<Atlas, 'layers' | 'heads' | 'sentences' | 'skipped' | 'tokens' | 'repeatsUniform'> {
  roles: number[][];
  uniform: number[];
  repeats: [number, number][];
  relations: PackedRelation[];
  examples: [number, number, number, number][][];
  neighbours: [number, number][][];
}
/** queries, heldOut, head, selected, accuracy ×3, offset, offsetAccuracy, chance, gain ×3, nearest, untrained head, its accuracy; then heads. */
type PackedRelation = { r: number[]; h: number[] };

export const short = (x: number): number => (Number.isInteger(x) ? x : Number(x.toFixed(Math.abs(x) < 0.01 ? 5 : 3)));
const row = (r: Roles): number[] => ROLE_IDS.map((id) => short(r[id]));
const unrow = (v: readonly number[]): Roles => Object.fromEntries(ROLE_IDS.map((id, i) => [id, v[i]])) as Roles;

export function packRelation(r: RelationRow): PackedRelation {
  const extra = r.untrained ? [r.nearest ?? 0, r.untrained.head, r.untrained.accuracy] : [];
  const { accuracy: a, gain: g } = r;
  return { r: [r.queries, r.heldOut, r.head, r.selected, a.value, a.low, a.high, r.offset, r.offsetAccuracy, r.chance, g.value, g.low, g.high, ...extra].map(short), h: r.headAccuracy.map(short) };
}
function unpackRelation({ r, h }: PackedRelation): RelationRow {
  const [queries, heldOut, head, selected, a, al, ah, offset, offsetAccuracy, chance, g, gl, gh, nearest, uh, ua] = r as [number, number, number, number, number, number, number, number, number, number, number, number, number, number?, number?, number?];
  const out: Relation = { queries, heldOut, head, selected, accuracy: { value: a, low: al, high: ah }, offset, offsetAccuracy, chance, gain: { value: g, low: gl, high: gh }, headAccuracy: h };
  return uh === undefined ? out : { ...out, nearest, untrained: { head: uh, accuracy: ua as number } };
}

export function packAtlas(a: Atlas): PackedAtlas {
  return {
    layers: a.layers, heads: a.heads, sentences: a.sentences, skipped: a.skipped, tokens: a.tokens,
    roles: a.roles.map(row), uniform: row(a.uniform),
    repeats: a.repeats.map((r) => [short(r.duplicate), short(r.induction)]),
    repeatsUniform: { duplicate: short(a.repeatsUniform.duplicate), induction: short(a.repeatsUniform.induction) },
    relations: a.relations.map(packRelation),
    examples: a.examples.map((list) => list.map((e) => [e.sentence, e.from, e.to, short(e.weight)])),
    neighbours: a.neighbours.map((list) => list.map((n) => [n.head, short(n.distance)])),
  };
}

export function unpack(p: Packed): { atlas: Atlas; native: Native | null } {
  const { atlas: a, native: n } = p;
  return {
    atlas: {
      ...a, roles: a.roles.map(unrow), uniform: unrow(a.uniform), repeats: a.repeats.map(([duplicate, induction]) => ({ duplicate, induction })),
      relations: a.relations.map(unpackRelation),
      examples: a.examples.map((list) => list.map(([sentence, from, to, weight]) => ({ sentence, from, to, weight }))),
      neighbours: a.neighbours.map((list) => list.map(([head, distance]) => ({ head, distance }))),
    },
    native: n ? { ...n, roles: n.roles.map(unrow), uniform: unrow(n.uniform), relations: n.relations.map(unpackRelation) } : null,
  };
}

/** What `attn heads --conllu --json` writes; cli/heads_text_report.cpp. */
export interface NativeReport {
  layers: number;
  heads: number;
  sources: { file: string; sentences: number; sequences: number; too_long: number }[];
  roles: Roles[];
  uniform: Roles;
  relations: NativeRelation[];
  untrained: NativeRelation[];
  ablation: Native['ablation'];
  circuits: Native['circuits'];
}
interface NativeRelation {
  queries: number; held_out: number; head: number; selected: number; accuracy: [number, number, number]; offset: number; offset_accuracy: number;
  nearest_accuracy: number; chance: number; gain: [number, number, number]; head_accuracy: number[];
}

export function packNative(r: NativeReport): NonNullable<Packed['native']> {
  const estimate = ([value, low, high]: [number, number, number]) => ({ value, low, high });
  return {
    roles: r.roles.map(row), uniform: row(r.uniform),
    relations: r.relations.map((x, i) => packRelation({
      queries: x.queries, heldOut: x.held_out, head: x.head, selected: x.selected, accuracy: estimate(x.accuracy), offset: x.offset, offsetAccuracy: x.offset_accuracy,
      chance: x.chance, gain: estimate(x.gain), headAccuracy: x.head_accuracy, nearest: x.nearest_accuracy,
      untrained: { head: r.untrained[i]!.head, accuracy: r.untrained[i]!.accuracy[0] },
    })),
    ablation: { sequences: r.ablation.sequences, loss: short(r.ablation.loss), zero: r.ablation.zero.map(short), mean: r.ablation.mean.map(short) },
    circuits: { copying: r.circuits.copying.map(short), self: r.circuits.self.map(short) },
  };
}
