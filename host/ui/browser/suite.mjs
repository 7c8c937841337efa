/**
 * The interface as a person meets it: a real browser on a real server. One line a check; the number of checks at the
 * end, which whoever starts this holds against what it expects.
 *
 * SANDGLASS_URL and SANDGLASS_TOKEN say where and as whom, SANDGLASS_HOOK where webhooks may go; SANDGLASS_SHOTS names a
 * folder for pictures of every screen. SANDGLASS_PARTS picks some of the parts, for whoever works on one.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { browse } from './browser.mjs';
import { hands } from './hands.mjs';
import { journey } from './journey.mjs';
import { keyboard } from './keyboard.mjs';
import { live } from './live.mjs';
import { payloads } from './payloads.mjs';
import { complaints, routes } from './routes.mjs';
import { schedule } from './schedule.mjs';
import { six } from './six.mjs';
import { retirement, templates } from './templates.mjs';

const url = process.env.SANDGLASS_URL;
const token = process.env.SANDGLASS_TOKEN;
const hook = process.env.SANDGLASS_HOOK;
assert(url && token && hook, 'SANDGLASS_URL, SANDGLASS_TOKEN and SANDGLASS_HOOK have to be set');
const components = process.env.SANDGLASS_COMPONENTS;
assert(components, 'SANDGLASS_COMPONENTS has to name a folder of components');
const parts = process.env.SANDGLASS_PARTS?.split(',');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let checks = 0;
/** One check: told when it holds, the end of everything when it does not. */
async function check(name, holds) {
  const began = performance.now();
  await holds();
  checks += 1;
  console.log(`ok ${checks} ${name} (${Math.round(performance.now() - began)} ms)`);
}

const shots = process.env.SANDGLASS_SHOTS;
const failures = [];
/** A check that others do not build on: what it finds is told at the end, with what the rest found. */
async function survey(name, holds) {
  try {
    await check(name, holds);
  } catch (error) {
    failures.push(error);
    console.log(`NOT ok ${name}: ${error.stack}`);
    if (shots) await browser.page.screenshot({ path: `${shots}/not-ok-${failures.length}.png` });
  }
}

/** A state that has no address of its own, looked at as all screens are. */
async function look(name) {
  const { page } = browser;
  for (const width of [390, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert(wide <= 0, `${name} is ${wide} px wider than a window of ${width}`);
    if (shots) await page.screenshot({ path: `${shots}/${name}-${width}-light.png` });
    assert.deepEqual(await complaints(page, axe, width), []);
  }
}

const browser = await browse(url);
try {
  const { page, troubles } = browser;
  const room = { page, url, token, hook, check, troubles, allow: browser.allow };
  let told = {};
  let brought = {};
  const all = {
    journey: async () => {
      told = await journey(room);
    },
    templates: async () => {
      brought = await templates({ ...room, components, look });
    },
    six: () => six({ ...room, check: survey }),
    schedule: () => schedule({ ...room, check: survey }),
    live: () => live(room),
    keyboard: () => keyboard(room),
    routes: () => routes({ ...room, check: survey, axe, told, shots }),
    retirement: () => retirement({ ...room, told: brought }),
    payloads: () => payloads(room),
  };
  if (parts && !parts.includes('journey')) {
    await page.goto(url);
    await hands(page).signIn(token);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  }
  for (const [name, part] of Object.entries(all)) {
    if (parts && !parts.includes(name)) continue;
    const began = performance.now();
    await part();
    console.log(`-- ${name}: ${Math.round((performance.now() - began) / 1000)} s`);
  }
  await check('no page said anything on the console, and nothing broke the policy', () => {
    assert.deepEqual(troubles, []);
  });
  await check('signing out ends it, and what was shown is gone', async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${url}/jobs`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token', { exact: true }).waitFor();
    await page.goto(`${url}/jobs`);
    await page.getByLabel('Token', { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem('sandglass.token')), null);
  });
  assert.equal(failures.length, 0, `${failures.length} checks failed`);
  console.log(`${checks} checks passed`);
} catch (error) {
  const picture = `${shots ?? '/tmp'}/failure.png`;
  await browser.page.screenshot({ path: picture }).catch(() => undefined);
  console.error(error);
  console.error(`at ${browser.page.url()}; picture: ${picture}; console:`, browser.troubles);
  process.exitCode = 1;
} finally {
  await browser.close();
}
