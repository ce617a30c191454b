// Codecs between widget state and the URL. A codec never throws: text that it cannot read is
// `undefined`, and the field keeps its default.

export interface Codec<T> {
  readonly initial: T;
  encode(value: T): string;
  decode(text: string): T | undefined;
  /** Brings a value set by code into range (clamps numbers, cuts strings). */
  coerce(value: T): T;
  equal(a: T, b: T): boolean;
}
// `any` only here: the values of one schema have different types.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Schema = Record<string, Codec<any>>;
export type StateOf<S extends Schema> = { -readonly [K in keyof S]: S[K] extends Codec<infer T> ? T : never };

const clamp = (x: number, lo: number, hi: number): number => Math.min(hi, Math.max(lo, x));

export function str(initial: string, options: { max?: number; clean?: (text: string) => string } = {}): Codec<string> {
  const max = options.max ?? 80;
  const coerce = (v: string): string => Array.from(options.clean ? options.clean(v) : v).slice(0, max).join('');
  return { initial, encode: (v) => v, decode: (t) => coerce(t), coerce, equal: Object.is };
}

export function int(initial: number, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Codec<number> {
  return {
    initial,
    encode: (v) => String(v),
    decode: (t) => (/^-?\d{1,15}$/.test(t) ? inRange(Number(t), min, max) : undefined),
    coerce: (v) => (Number.isNaN(v) ? initial : clamp(Math.round(v), min, max)),
    equal: Object.is,
  };
}

export function num(initial: number, min = -Infinity, max = Infinity, digits = 6): Codec<number> {
  const round = (v: number): number => Number(v.toPrecision(digits)) + 0;
  return {
    initial,
    encode: (v) => String(round(v)),
    decode: (t) => (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(t) && t.length <= 24 ? inRange(Number(t), min, max) : undefined),
    coerce: (v) => (Number.isNaN(v) ? initial : clamp(v, min, max)),
    equal: (a, b) => round(a) === round(b),
  };
}

function inRange(v: number, min: number, max: number): number | undefined {
  return Number.isFinite(v) && v >= min && v <= max ? v + 0 : undefined;
}

export function bool(initial: boolean): Codec<boolean> {
  return {
    initial,
    encode: (v) => (v ? '1' : '0'),
    decode: (t) => (t === '1' ? true : t === '0' ? false : undefined),
    coerce: (v) => Boolean(v),
    equal: Object.is,
  };
}

export function oneOf<const T extends string | number>(options: readonly T[], initial?: T): Codec<T> {
  const first = initial ?? (options[0] as T);
  return {
    initial: first,
    encode: (v) => String(v),
    decode: (t) => options.find((o) => String(o) === t),
    coerce: (v) => (options.includes(v) ? v : first),
    equal: Object.is,
  };
}

/** Comma-separated; an item's own commas and percent signs are escaped. An empty list is "-". */
export function list<T>(item: Codec<T>, initial: readonly T[] = [], max = 64): Codec<T[]> {
  const hex = (c: string): string => `~${c.charCodeAt(0).toString(16)}`;
  const escape = (t: string): string => (t === '-' ? hex(t) : t.replace(/[%,~]/g, hex));
  const unescape = (t: string): string => t.replace(/~([0-9a-f]{2})/g, (_, h: string) => String.fromCharCode(parseInt(h, 16)));
  return {
    initial: [...initial],
    encode: (v) => (v.length === 0 ? '-' : v.map((x) => escape(item.encode(x))).join(',')),
    decode: (t) => {
      if (t === '-') return [];
      if (t.length > MAX_QUERY * 4) return undefined;
      const parts = t.split(',').map((p) => item.decode(unescape(p)));
      return parts.length > max || parts.some((p) => p === undefined) ? undefined : (parts as T[]);
    },
    coerce: (v) => v.slice(0, max).map((x) => item.coerce(x)),
    equal: (a, b) => a.length === b.length && a.every((x, i) => item.equal(x, b[i] as T)),
  };
}

/** Longest query that one widget may write, counted in the readable (decoded) form. */
export const MAX_QUERY = 300;

/** `w-<id>.<key>=value` for every field that differs from its default; stops short of MAX_QUERY. */
export function toParams(id: string, schema: Schema, state: Record<string, unknown>): { params: [string, string][]; complete: boolean } {
  const params: [string, string][] = [];
  let length = 0;
  let complete = true;
  for (const [key, codec] of Object.entries(schema)) {
    if (codec.equal(state[key], codec.initial)) continue;
    const pair: [string, string] = [`w-${id}.${key}`, codec.encode(state[key])];
    const size = pair[0].length + pair[1].length + 2;
    if (length + size > MAX_QUERY) complete = false;
    else {
      params.push(pair);
      length += size;
    }
  }
  return { params, complete };
}

/** Reads what is readable; unknown and ill-typed keys are ignored. */
export function fromParams<S extends Schema>(id: string, schema: S, query: URLSearchParams): Partial<StateOf<S>> {
  const out: Record<string, unknown> = {};
  for (const [key, codec] of Object.entries(schema)) {
    const text = query.get(`w-${id}.${key}`);
    const value = text === null ? undefined : codec.decode(text);
    if (value !== undefined) out[key] = value;
  }
  return out as Partial<StateOf<S>>;
}

/** Percent-encodes only what a query cannot hold, so that Russian letters stay readable in the link. */
export function readableQuery(params: readonly [string, string][]): string {
  // Half a surrogate pair (a string cut in the middle of an emoji) has no percent form: encodeURIComponent would throw.
  const safe = (t: string): string => t.replace(/\p{Cs}/gu, '\ufffd').replace(/[^\p{L}\p{N}\-._~,:;!@/]/gu, (c) => encodeURIComponent(c));
  return params.map(([k, v]) => `${safe(k)}=${safe(v)}`).join('&');
}
