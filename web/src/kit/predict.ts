// Arithmetic of predict-then-reveal: a distribution that always sums to 1, and how far it was off.

/** Sets share i to `value` and rescales the others in proportion, so that the sum stays 1. */
export function setShare(shares: readonly number[], i: number, value: number): number[] {
  const v = Math.min(1, Math.max(0, value));
  const rest = shares.reduce((sum, s, k) => (k === i ? sum : sum + s), 0);
  const others = shares.length - 1;
  if (others === 0) return [1];
  return shares.map((s, k) => (k === i ? v : rest > 0 ? (s * (1 - v)) / rest : (1 - v) / others));
}

export const uniform = (n: number): number[] => Array.from({ length: n }, () => 1 / n);

/** Guesses below this count as this: otherwise one bar left at zero makes the divergence infinite. */
export const FLOOR = 0.005;

/** KL(answer ‖ guess) in nats, with the guess floored and renormalised. */
export function divergence(answer: readonly number[], guess: readonly number[]): number {
  const floored = guess.map((g) => Math.max(FLOOR, g));
  const total = floored.reduce((a, b) => a + b, 0);
  return answer.reduce((sum, p, i) => (p > 0 ? sum + p * Math.log((p * total) / (floored[i] as number)) : sum), 0);
}

/** Words for a divergence, judged against how far the uniform guess would have been. */
export function verdict(answer: readonly number[], guess: readonly number[]): string {
  const mine = divergence(answer, guess);
  const naive = divergence(answer, uniform(answer.length));
  if (mine < 0.05) return 'Почти в точности.';
  if (mine < 0.25 * naive) return 'Близко: главное угадано.';
  if (mine < 0.8 * naive) return 'Направление верное, доли другие.';
  if (mine <= 1.1 * naive) return 'Так же далеко, как равномерное распределение.';
  return 'Дальше, чем если бы всё поделили поровну: на самом деле устроено иначе.';
}

/** A distribution over `n` tokens out of what was stored; null for anything else that stands there. */
export function remembered(text: string | null, n: number): number[] | null {
  try {
    const shares: unknown = JSON.parse(text ?? 'null');
    if (!Array.isArray(shares) || shares.length !== n || !shares.every((v) => typeof v === 'number' && v >= 0 && v <= 1)) return null;
    return Math.abs(shares.reduce((sum: number, v: number) => sum + v, 0) - 1) < 0.01 ? shares : null;
  } catch {
    return null;
  }
}

/** Local memory of answers; a browser that forbids storage just forgets. */
export const memory = {
  read(key: string): string | null {
    try {
      return localStorage.getItem(`course:${key}`);
    } catch {
      return null;
    }
  },
  write(key: string, value: string): void {
    try {
      localStorage.setItem(`course:${key}`, value);
    } catch {
      // private mode or a full disk: the answer lives as long as the page
    }
  },
};
