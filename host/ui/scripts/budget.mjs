/** Holds the built files against their budget, gzipped: what the first page loads, and each part that comes later. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const FIRST_JS_KIB = 230;
const FIRST_CSS_KIB = 40;
const LAZY_KIB = 60;

const folder = new URL('../../../target/ui/', import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8'));
const kib = (file) => gzipSync(readFileSync(join(folder, file)), { level: 9 }).length / 1024;

/** A chunk with everything that it cannot do without. */
function closure(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const next of manifest[name]?.imports ?? []) closure(next, seen);
  return seen;
}

const entry = Object.keys(manifest).find((name) => manifest[name].isEntry);
const first = closure(entry);
const sum = (files) => [...new Set(files)].reduce((total, file) => total + kib(file), 0);
const js = sum([...first].map((name) => manifest[name].file));
const css = sum([...first].flatMap((name) => manifest[name].css ?? []));
const problems = [];
console.log(`first load: ${js.toFixed(1)} of ${FIRST_JS_KIB} KiB JS, ${css.toFixed(1)} of ${FIRST_CSS_KIB} KiB CSS`);
if (js > FIRST_JS_KIB) problems.push(`the first load has ${js.toFixed(1)} KiB of JS`);
if (css > FIRST_CSS_KIB) problems.push(`the first load has ${css.toFixed(1)} KiB of CSS`);

let largest = 0;
for (const [name, chunk] of Object.entries(manifest)) {
  if (first.has(name) || !chunk.file.endsWith('.js')) continue;
  const size = kib(chunk.file);
  largest = Math.max(largest, size);
  if (size > LAZY_KIB) problems.push(`${chunk.file} has ${size.toFixed(1)} KiB`);
}
console.log(`largest later part: ${largest.toFixed(1)} of ${LAZY_KIB} KiB`);
if (problems.length > 0) {
  console.error(`over the budget: ${problems.join('; ')}`);
  process.exit(1);
}
