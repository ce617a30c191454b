// Where the work of one block goes for one new token: projections of attention, scores and mixing over the context, the FFN. Plain
// arithmetic in closed form; configurations from the published config files (the chapter's table cites them).
export interface Block {
  id: string;
  name: string;
  width: number; // D
  heads: number; // H
  kvHeads: number;
  headWidth: number; // d
  inner: number; // M
  /** Matrices of the FFN: 2, or 3 with a gate. */
  matrices: 2 | 3;
  context: number;
}
export const BLOCKS: readonly Block[] = [
  { id: 'llama3-8b', name: 'Llama 3 8B', width: 4096, heads: 32, kvHeads: 8, headWidth: 128, inner: 14336, matrices: 3, context: 8192 },
  { id: 'gpt2', name: 'GPT-2 small', width: 768, heads: 12, kvHeads: 12, headWidth: 64, inner: 3072, matrices: 2, context: 1024 },
  { id: 'gpt2-xl', name: 'GPT-2 XL', width: 1600, heads: 25, kvHeads: 25, headWidth: 64, inner: 6400, matrices: 2, context: 1024 },
  { id: 'bert', name: 'BERT-base', width: 768, heads: 12, kvHeads: 12, headWidth: 64, inner: 3072, matrices: 2, context: 512 },
  { id: 'llama2-7b', name: 'Llama 2 7B', width: 4096, heads: 32, kvHeads: 32, headWidth: 128, inner: 11008, matrices: 3, context: 4096 },
  { id: 'qwen3-8b', name: 'Qwen3-8B', width: 4096, heads: 32, kvHeads: 8, headWidth: 128, inner: 12288, matrices: 3, context: 32768 },
  { id: 'qwen3-06b', name: 'Qwen3-0.6B', width: 1024, heads: 16, kvHeads: 8, headWidth: 128, inner: 3072, matrices: 3, context: 32768 },
  { id: 'ru-small', name: 'русская модель курса', width: 256, heads: 8, kvHeads: 8, headWidth: 32, inner: 512, matrices: 3, context: 256 },
];

export interface Work { projections: number; context: number; ffn: number }
// #region work
export const attentionWeights = (b: Block): number => 2 * b.width * b.headWidth * (b.heads + b.kvHeads);
export const ffnWeights = (b: Block): number => b.matrices * b.width * b.inner;
/** Multiplications and additions for the last token of n: 2 P of each matrix, and 4 H d n of scores and mixing. */
export const work = (b: Block, n: number): Work => ({ projections: 2 * attentionWeights(b), context: 4 * b.heads * b.headWidth * n, ffn: 2 * ffnWeights(b) });
export const attentionShare = (b: Block, n: number): number => {
  const { projections, context, ffn } = work(b, n);
  return (projections + context) / (projections + context + ffn);
};
/** Where all of attention costs as much as the FFN. */
export const balance = (b: Block): number => (ffnWeights(b) - attentionWeights(b)) / (2 * b.heads * b.headWidth);
// #endregion
