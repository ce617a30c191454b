// The recording as the figure wants it: tables unpacked. Made by record.ts, never by hand.
import { unpack, type Packed } from '../specimen/packed';
import json from './recording.json';
import type { Figure } from './model';

export interface Recording {
  commit: string;
  seed: number;
  figure: Omit<Figure, 'maps' | 'weights' | 'scores'> & { scores: number[]; weights: number[] };
  maps: Packed[][];
}
const recording = json as unknown as Recording;

export const recorded = {
  commit: recording.commit,
  seed: recording.seed,
  figure: { ...recording.figure, maps: recording.maps.map((layer) => layer.map(unpack)) } satisfies Figure,
};
