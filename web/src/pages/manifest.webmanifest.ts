import type { APIRoute } from 'astro';
import { href } from '../lib/course';

export const GET: APIRoute = () => new Response(JSON.stringify({
  name: 'Анатомия внимания', short_name: 'Внимание', lang: 'ru', start_url: href(), scope: href(), display: 'minimal-ui',
  background_color: '#fdfbf6', theme_color: '#fdfbf6',
  icons: [
    { src: href('favicon.svg'), sizes: 'any', type: 'image/svg+xml' },
    { src: href('icon-192.png'), sizes: '192x192', type: 'image/png' },
    { src: href('icon-512.png'), sizes: '512x512', type: 'image/png', purpose: 'any maskable' },
  ],
}));
