// The recording, made by record.ts, never by hand.
import type { Figure, How } from './model';
import json from './recording.json';

export const recorded = json as unknown as { commit: string; hows: (Figure & { how: How })[] };
