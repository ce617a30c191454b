import { defineCollection } from 'astro:content';
import { z } from 'astro/zod';
import { glob } from 'astro/loaders';
import { docsSchema } from '@astrojs/starlight/schema';

/** A chapter is `chapters/NN-name/index.mdx`; its address is the folder's name. */
export const collections = {
  docs: defineCollection({
    loader: glob({ base: '../chapters', pattern: '*/index.mdx', generateId: ({ entry }) => entry.replace(/\/index\.mdx$/, '') }),
    schema: docsSchema({
      extend: z.object({
        number: z.number().int().min(1).max(20).optional(), // only the conclusion has none
        question: z.string().min(10),
        minutes: z.number().int().positive(),
        engine: z.enum(['core', 'lab']).default('core'), // lab: the page needs the large module (wasm/lab.hpp)
        prerequisites: z.array(z.string()).default([]),
      }),
    }),
  }),
};
