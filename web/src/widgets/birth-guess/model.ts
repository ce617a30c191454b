// Predict, then look: where the newborn induction head looks from the last letter of the recorded string.
import { unpack } from '../training/samples.ts';
import { roles, unpackMaps, type Recorded } from '../birth/model.ts';

export interface Guess { head: string; text: string; letter: string; tokens: string[]; answer: number[] }

/** The last row of the induction head's map at the last recorded step, summed over equal letters. */
export function guess(recorded: Recorded): Guess {
  const letters = Array.from(recorded.text);
  const T = letters.length;
  const { induction } = roles(unpack(recorded.curve))!;
  const last = recorded.maps.at(-1)!;
  const map = unpackMaps(last.data, T, recorded.curve.layers, recorded.curve.heads)[induction.layer]![induction.head]!;
  const tokens = [...new Set(letters)];
  const sums = tokens.map((c) => letters.reduce((sum, l, s) => sum + (l === c ? map[(T - 1) * T + s]! : 0), 0));
  const total = sums.reduce((a, b) => a + b, 0); // bytes round: the row sums to 1 within a percent
  return { head: `${induction.layer}.${induction.head}`, text: recorded.text, letter: letters.at(-1)!, tokens, answer: sums.map((v) => v / total) };
}
