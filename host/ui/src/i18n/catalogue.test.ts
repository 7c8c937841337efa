import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import en from './en.json';

const folder = join(process.cwd(), 'src');

function keysOf(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, member]) =>
    typeof member === 'object' ? keysOf(member, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

const keys = keysOf(en);
const plain = new Set(keys.map((key) => key.replace(/_(zero|one|other)$/, '')));
const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
  (entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.includes('.test.'),
);
const sources = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n');

it('holds every string that the sources ask for', () => {
  const asked = [...sources.matchAll(/\bt\(\s*(?:[a-z]+ \? )?'([^'$]+)'/g)].map(([, key]) => key as string);
  // Problems of forms are asked for by their last word.
  const missing = asked.filter((key) => !plain.has(key) && !keys.includes(key) && !plain.has(`form.problem.${key}`));
  expect(asked.length).toBeGreaterThan(150);
  expect(missing).toEqual([]);
});

it('holds nothing that nobody asks for', () => {
  const families = [...sources.matchAll(/`([a-z_]+(?:\.[a-z_]+)*\.)\$\{/g)].map(([, prefix]) => prefix as string);
  const unused = [...plain].filter(
    (key) =>
      !sources.includes(`'${key}'`) &&
      !sources.includes(`"${key}"`) &&
      !families.some((family) => key.startsWith(family)),
  );
  expect(unused).toEqual([]);
});
