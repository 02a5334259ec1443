// Measures what a first visit loads: the scripts that dist/index.html names and all that they import
// at once. Fails beyond the budget, so that weight is noticed on the day it is added.
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const budget = 90_000; // bytes, gzip
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');

const seen = new Map(); // file -> gzip bytes
function load(file) {
  if (seen.has(file)) return;
  const source = readFileSync(file);
  seen.set(file, gzipSync(source).length);
  // Static imports of other built files; `import(` loads later and is not counted.
  for (const [, path] of source.toString().matchAll(/(?:from|import)\s*["'](\.[^"']+\.js)["']/g)) {
    load(join(dirname(file), path));
  }
}

const page = readFileSync(join(dist, 'index.html'), 'utf8');
for (const [, path] of page.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)) load(join(dist, path));

let total = 0;
for (const [file, bytes] of seen) {
  total += bytes;
  console.log(`${(bytes / 1000).toFixed(1).padStart(7)} kB  ${relative(dist, file)}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(7)} kB  first JavaScript, gzip (budget ${budget / 1000} kB)`);
if (seen.size === 0) throw new Error('size: dist/index.html names no script');
if (total > budget) {
  console.error('size: the first page loads more JavaScript than its budget');
  process.exit(1);
}
