// Every file that «как это посчитано» may show: path → loader of its text. The core; the one file of the boundary and the
// closed-form models of the page that a figure counts with.
export const files = import.meta.glob<string>(
  ['../../../core/attn/**/*.{cpp,hpp}', '../../../wasm/lab_interventions.cpp', '../widgets/{attention-kinds,cliff,head-calculator,role-chart,work-balance}/model.ts'],
  { query: '?raw', import: 'default' },
);
