// What a Widget gives to the components inside it: a place to register their exports, and a
// voice for what a screen reader should hear.
import { getContext, onMount, setContext } from 'svelte';
import type { Exporter } from './export';

export interface Frame {
  register(exporter: Exporter): () => void;
  say(text: string): void;
  /** The figure fills the screen: maps may grow. */
  readonly full: boolean;
  /** The seed that is chosen, and the one the recording was made with. */
  readonly seed: number | undefined;
  readonly recordedSeed: number | undefined;
}

const KEY = Symbol('kit-frame');

export const provideFrame = (frame: Frame): Frame => setContext(KEY, frame);

export const useFrame = (): Frame | undefined => getContext<Frame | undefined>(KEY);

/** A component inside a Widget offers its picture and its numbers for export. */
export function offerExport(make: () => Exporter): void {
  const frame = useFrame();
  onMount(() => frame?.register(make()));
}

let counter = 0;
/** Ids for aria wiring on elements that are created in the browser only. */
export const uid = (prefix: string): string => `${prefix}-${(counter += 1)}`;
