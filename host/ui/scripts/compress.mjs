/**
 * Beside each file that shrinks, its compressed forms, for the server to embed. The server compresses nothing itself.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const folder = new URL('../../../target/ui/', import.meta.url).pathname;
const SHRINKS = /\.(js|css|svg|html|json|txt)$/;

for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !SHRINKS.test(entry.name) || entry.name === 'index.html') continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: quality }));
}
// What the budget was measured by is nothing to serve.
rmSync(join(folder, '.vite'), { recursive: true, force: true });
