// Every file of the core that «как это посчитано» may show: path → loader of its text.
export const files = import.meta.glob<string>('../../../core/attn/**/*.{cpp,hpp}', { query: '?raw', import: 'default' });
