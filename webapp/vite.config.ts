import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {}, // components in tests run as in a page
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the content security policy serves fonts and scripts from files alone
    modulePreload: { polyfill: false },
  },
  server: {
    // `npm run dev` beside a running node: pages with hot reload, calls through the real bridge.
    proxy: {
      '/signal': { target: 'http://localhost:8080', ws: true },
      '/api': 'http://localhost:8080',
    },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
  },
});
