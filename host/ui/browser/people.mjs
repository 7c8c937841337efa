/**
 * People who sign in by name: the set-up link makes the first administrator, whose cookie then opens everything.
 *
 * SANDGLASS_URL says where, SANDGLASS_SETUP is the link that the server printed.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { browse } from './browser.mjs';
import { PASSWORD, roles } from './roles.mjs';
import { routes } from './routes.mjs';

const url = process.env.SANDGLASS_URL;
const link = process.env.SANDGLASS_SETUP;
assert(url && link, 'SANDGLASS_URL and SANDGLASS_SETUP have to be set');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let checks = 0;
async function check(name, holds) {
  await holds();
  checks += 1;
  console.log(`ok ${checks} ${name}`);
}

const failures = [];
/** A check that others do not build on: what it finds is told at the end, with what the rest found. */
async function survey(name, holds) {
  try {
    await check(name, holds);
  } catch (error) {
    failures.push(error);
    console.log(`NOT ok ${name}: ${error.message}`);
  }
}

const browser = await browse(url);
try {
  const { page, troubles } = browser;
  const name = page.getByLabel('Name', { exact: false });
  const password = page.getByRole('textbox', { name: 'Password' });
  await check('the link asks for a name and a password, and a short one is told at its field', async () => {
    await page.goto(link);
    await name.fill('ann');
    await password.fill('short');
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.locator('.mantine-PasswordInput-error').waitFor();
  });
  await check('a good password makes the first administrator, who is signed in at once', async () => {
    await password.fill(PASSWORD);
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  });
  await check('the cookie is kept from scripts and outlives a reload', async () => {
    assert.equal(await page.evaluate(() => document.cookie), '');
    await page.goto(`${url}/templates`);
    await page.getByText('Database Cleanup').first().waitFor();
  });
  await check('signing out asks for a name again, and the cookie opens nothing', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await name.waitFor();
    const status = await page.evaluate(async () => (await fetch('/api/auth/me')).status);
    assert.equal(status, 401);
  });
  await check('a wrong password is refused in words, the right one leads back', async () => {
    await page.goto(`${url}/jobs`);
    await name.fill('ann');
    await password.fill('not this one at all');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').waitFor();
    await password.fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL(`${url}/jobs`);
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  });
  await check('the link works once, and says so', async () => {
    await page.goto(`${url}/jobs`);
    await page.goto(link);
    await page.reload();
    await name.fill('ben');
    await password.fill(PASSWORD);
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.getByRole('alert').waitFor();
  });
  const told = {};
  await page.goto(`${url}/sign-in`);
  await name.fill('ann');
  await password.fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await roles({ page, url, check, told });
  const screens = {
    timeline: '/timeline',
    'timeline-week': '/timeline?span=week',
    'timeline-list': '/timeline?as=list',
    'timeline-clocks': '/timeline?day=2027-03-28',
    'job-timeline': `/jobs/${told.job}?tab=timeline`,
    'jobs-chosen': '/jobs',
    account: '/settings/account',
    tokens: '/settings/tokens',
    'new-token': '/settings/tokens/new',
    users: '/settings/users',
    'new-user': '/settings/users/new',
    user: '/settings/users/aude',
    'user-unknown': '/settings/users/nobody',
    invitation: '/invitation#token=sgi_0&name=ben',
  };
  await routes({ page, url, check: survey, axe, told, shots: process.env.SANDGLASS_SHOTS, screens });
  await check('no page said anything on the console, and nothing broke the policy', () => {
    assert.deepEqual(
      troubles.filter((trouble) => !/status of 403/.test(trouble)),
      [],
    );
  });
  assert.equal(failures.length, 0, `${failures.length} checks failed`);
  console.log(`${checks} checks passed`);
} catch (error) {
  console.error(error);
  console.error(`at ${browser.page.url()}; console:`, browser.troubles);
  const shot = process.env.SANDGLASS_SHOTS ?? '/tmp';
  await browser.page.screenshot({ path: `${shot}/failure.png` }).catch(() => undefined);
  console.error((await browser.page.innerText('body').catch(() => '')).slice(0, 500));
  process.exitCode = 1;
} finally {
  await browser.close();
}
