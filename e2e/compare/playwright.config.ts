// `just compare`: the settings of the other runs, in a project of its own.

import { defineConfig } from '@playwright/test';
import usual from '../playwright.config';

export default defineConfig({
  ...usual,
  outputDir: '../out/results-compare',
  projects: [{ name: 'compare', testDir: '.' }],
});
