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
export async function browse(url, viewport = { width: 1440, height: 900 }) {
  const profile = mkdtempSync(join(tmpdir(), 'sandglass-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.SANDGLASS_BROWSER ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    viewport,
    timezoneId: 'Europe/Lisbon',
    locale: 'en-GB',
    reducedMotion: 'reduce',
  });
  // A busy machine is slow; nothing here waits for luck.
  context.setDefaultTimeout(Number(process.env.SANDGLASS_PATIENCE ?? 60_000));
  const troubles = [];
  const allowed = [url];
  // A request to another host would be a fault of the interface.
  await context.route(
    (address) => !allowed.some((one) => address.href.startsWith(one)) && !address.href.startsWith('blob:'),
    (route) => {
      troubles.push(`asked another host: ${route.request().url()}`);
      return route.abort();
    },
  );
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('console', (message) => {
    const text = message.text();
    // Another way to the server is there to be broken.
    const broken = allowed.slice(1).some((other) => message.location().url.startsWith(other));
    if (broken && /net::ERR_|status of 502/.test(text)) return;
    // The browser itself reports every answer that is a refusal; some are provoked here.
    if (message.type() === 'error' && !/^Failed to load resource: .* (400|401|404|409|412|422)/.test(text))
      troubles.push(
        `${text} (${message.location().url}:${message.location().lineNumber}:${message.location().columnNumber}, ${page.url()})`,
      );
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  return {
    page,
    troubles,
    /** Another way to the same server, which may break. */
    allow: (other) => allowed.push(other),
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
