// Four things are run from here, each a project: `calls` (the tests), `bench`, `views` and
// `picture`. They all use the built ./parley and the browsers of the system.

import { defineConfig } from '@playwright/test';

export default defineConfig({
  outputDir: 'out/results',
  fullyParallel: false,
  workers: 1, // the machine has two cores, and one test has up to five pages that code video
  retries: 0, // a test that fails under load has found something
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  timeout: 90_000,
  expect: { timeout: 15_000 },
  projects: [
    { name: 'calls', testDir: 'calls' },
    { name: 'bench', testDir: 'bench', timeout: 300_000 },
    { name: 'views', testDir: 'screenshots', testMatch: 'views.spec.ts', timeout: 300_000 },
    { name: 'picture', testDir: 'screenshots', testMatch: 'picture.spec.ts', timeout: 120_000 },
  ],
});
