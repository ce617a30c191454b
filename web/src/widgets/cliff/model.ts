// The toy of a circuit made of k multiplied parts: loss ½(1 − p)², p = w^k, all parts start at ε, gradient flow
// ẇ = (1 − w^k) w^(k−1). Everything in closed form; no simulation.

export interface Curve { k: number; epsilon: number; points: [number, number][] }

// #region closed-form
/** Antiderivative of 1/(w^(k−1)(1 − w^k)) = w^(1−k) + w/(1 − w^k), for k = 1…4. */
export function antiderivative(k: number, w: number): number {
  const power = k === 1 ? w : k === 2 ? Math.log(w) : -(w ** (2 - k)) / (k - 2);
  switch (k) {
    case 1: return power - w - Math.log1p(-w);
    case 2: return power - Math.log1p(-w * w) / 2;
    case 3: return power - Math.log1p(-w) / 3 + Math.log(1 + w + w * w) / 6 - Math.atan((2 * w + 1) / Math.sqrt(3)) / Math.sqrt(3);
    case 4: return power + Math.atanh(w * w) / 2;
    default: throw new RangeError(`k = ${k}: only 1…4 parts have their closed form here`);
  }
}

/** Time at which the product reaches p, starting from p(0) = ε^k; 0 when it is there already. */
export function timeTo(k: number, epsilon: number, p: number): number {
  const w = p ** (1 / k);
  return w <= epsilon ? 0 : antiderivative(k, w) - antiderivative(k, epsilon);
}
// #endregion

export const PLATEAU_END = 0.1;
export const RISE_END = 0.9;

export interface Timing { plateau: number; rise: number; ratio: number }

export function timing(k: number, epsilon: number): Timing {
  const plateau = timeTo(k, epsilon, PLATEAU_END);
  const rise = timeTo(k, epsilon, RISE_END) - plateau;
  return { plateau, rise, ratio: plateau / rise };
}

/** p(t) as points, dense where p moves: equal steps in the logit of p, then what lies before the first of them. */
export function curve(k: number, epsilon: number, count = 160): Curve {
  const start = epsilon ** k;
  const logit = (p: number): number => Math.log(p / (1 - p));
  const [from, to] = [logit(start), logit(0.999)];
  const points: [number, number][] = [[0, start]];
  for (let i = 1; i <= count; i += 1) {
    const p = 1 / (1 + Math.exp(-(from + ((to - from) * i) / count)));
    points.push([timeTo(k, epsilon, p), p]);
  }
  return { k, epsilon, points };
}

export type Axis = 'linear' | 'log';
