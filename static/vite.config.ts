/** Vite: one page in, dist/ out: hashed assets, each with a .gz beside it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

import { rapierFile } from './rapier.ts';

/** Packs what the server sends to browsers that accept gzip; fonts and pictures are packed already. */
function packed(): Plugin {
  return {
    name: 'worldloom-packed',
    apply: 'build',
    closeBundle() {
      const folder = join(import.meta.dirname, 'dist');
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf-8' })) {
        if (/\.(html|js|css|svg|wasm|webmanifest|txt)$/.test(name)) {
          const path = join(folder, name);
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        }
      }
    },
  };
}

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), rapierFile(), packed()],
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // these know light-dark(), so the page can switch between the two
    assetsInlineLimit: 0, // the content security policy lets nothing in that is written into the page
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 6_000, // the viewer is large, and loaded only by those who enter a world
  },
  server: { proxy: { '/v1': 'http://127.0.0.1:8000' } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
}));
