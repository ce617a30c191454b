import { unpack } from '../specimen/packed';
import type { Figure, Recorded } from './model';
import json from './recording.json';

export const recorded = json as unknown as Recorded;
export const figure: Figure = { ...recorded.figure, maps: recorded.maps.map((row) => row.map(unpack)) };
