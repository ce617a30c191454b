/** The strokes of the kit's icons, each in a square of 20. The page's frame (shell/PageFrame.astro) carries them once, as symbols. */
export const ICONS = {
  reset: 'M4 10a6 6 0 1 1 2 4.5M4 10V5.5M4 10h4.5',
  seed: 'M10 3.5 16 7v6.5L10 17l-6-3.5V7ZM4 7l6 3.3L16 7M10 10.3V17',
  link: 'M8.2 11.8a3 3 0 0 0 4.3 0l3-3a3 3 0 0 0-4.3-4.3l-1 1M11.8 8.2a3 3 0 0 0-4.3 0l-3 3a3 3 0 0 0 4.3 4.3l1-1',
  full: 'M4 8V4h4M16 8V4h-4M4 12v4h4M16 12v4h-4',
  unfull: 'M8 4v4H4M12 4v4h4M8 16v-4H4M12 16v-4h4',
  save: 'M10 3.5v9M6.5 9.5 10 13l3.5-3.5M4 16.5h12',
  how: 'M5 4.5h10M5 8h6M5 12.5h3M5 16h3M11.5 13l2 2.5L17 11',
  check: 'M4.5 10.5 8 14l7.5-8',
  play: 'M7 4.5v11l8.5-5.5Z',
  pause: 'M7 5v10M13 5v10',
  plus: 'M10 4.5v11M4.5 10h11',
} as const;
export type IconName = keyof typeof ICONS;
