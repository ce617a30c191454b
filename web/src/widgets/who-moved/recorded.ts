// The recording, made by ru-small/record.ts, never by hand.
import type { Figure } from './model';
import json from './recording.json';

export const recorded = json as unknown as { commit: string; figure: Figure };
