/** Fails on a literal colour outside the two files that hold them all. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const folder = new URL('../src/', import.meta.url).pathname;
const ALLOWED = new Set(['look/theme.css', 'look/mark.svg', 'api/schema.d.ts']);
const COLOUR =
  /#[0-9a-f]{3,8}\b(?![-\w])|\b(?:rgba?|hsla?|oklch|oklab|lab|lch|hwb)\(|(?<![-\w])(?:color|background|fill|stroke|border-color)\s*[:=]\s*["'{]*\s*(?:red|green|blue|gray|grey|orange|yellow|black|white|purple|teal|pink|cyan|brown)\b/gi;

let found = 0;
let read = 0;
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(tsx?|css|svg)$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const name = relative(folder, path);
  if (ALLOWED.has(name)) continue;
  read += 1;
  for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    for (const match of line.matchAll(COLOUR)) {
      // A URL's fragment or a private member is no colour.
      if (
        match[0].startsWith('#') &&
        /[\w/'"`(]$/.test(line.slice(0, match.index)) &&
        !/['"`(\s:]$/.test(line.slice(0, match.index))
      )
        continue;
      console.error(`src/${name}:${index + 1}: ${match[0]}: take a variable of look/theme.css`);
      found += 1;
    }
  }
}
console.log(`colours: ${read} files read, ${found} literal colours`);
process.exit(found > 0 || read < 30 ? 1 : 0);
