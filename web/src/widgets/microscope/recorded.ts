// The recording as the figure wants it: maps unpacked. Made by ru-small/record.ts, never by hand.
import { unpack, type Packed } from '../specimen/packed';
import type { Figure } from './model';
import json from './recording.json';

interface Recording { commit: string; figure: Omit<Figure, 'maps'>; maps: Packed[][] }
const recording = json as unknown as Recording;

export const recorded = {
  commit: recording.commit,
  figure: { ...recording.figure, maps: recording.maps.map((layer) => layer.map(unpack)) } satisfies Figure,
};
