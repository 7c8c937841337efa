/** Debian's Chromium with a profile of its own, that talks to nobody but the server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page, and what went wrong on it so far. */
export async function browse(url) {
  const profile = mkdtempSync(join(tmpdir(), 'sandglass-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.SANDGLASS_BROWSER ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    viewport: { width: 1440, height: 900 },
    timezoneId: 'Europe/Lisbon',
    locale: 'en-GB',
    reducedMotion: 'reduce',
  });
  // A busy machine is slow; nothing here waits for luck.
  context.setDefaultTimeout(Number(process.env.SANDGLASS_PATIENCE ?? 60_000));
  const troubles = [];
  // A request to another host would be a fault of the interface.
  await context.route(
    (address) => !address.href.startsWith(url) && !address.href.startsWith('blob:'),
    (route) => {
      troubles.push(`asked another host: ${route.request().url()}`);
      return route.abort();
    },
  );
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('console', (message) => {
    const text = message.text();
    // The browser itself reports every answer that is a refusal; some are provoked here.
    if (message.type() === 'error' && !/^Failed to load resource: .* (401|404|409|412|422)/.test(text))
      troubles.push(
        `${text} (${message.location().url}:${message.location().lineNumber}:${message.location().columnNumber}, ${page.url()})`,
      );
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  return {
    page,
    troubles,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
