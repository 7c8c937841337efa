import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Where a server runs that `npm run dev` talks to. */
const server = process.env.SANDGLASS_URL ?? 'http://127.0.0.1:8000';

export default defineConfig(({ command }) => ({
  // A build says its sizes in one line, and no more: where to go stands below it.
  logLevel: command === 'build' ? 'warn' : 'info',
  plugins: [react()],
  // The server writes a new nonce in place of this word into every index.html that it sends.
  html: { cspNonce: '__SANDGLASS_NONCE__' },
  build: {
    // Beside the components: what is built for the binary to embed.
    outDir: '../../target/ui',
    emptyOutDir: true,
    // Nothing as a data URL: the policy has no room for it.
    assetsInlineLimit: 0,
    manifest: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { '/api': server, '/openapi.json': server, '/docs': server, '/readyz': server } },
  test: {
    environment: 'happy-dom',
    setupFiles: ['src/test-setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    testTimeout: 30_000,
  },
}));
