/**
 * Pictures of the interface for its readme, light and dark, from demo data. Writes PNG files into the folder that
 * SANDGLASS_SHOTS names; SANDGLASS_URL and SANDGLASS_TOKEN as for the suite. Icons are emojis: the machine needs a font that
 * has them (Debian: fonts-noto-color-emoji).
 */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { browse } from './browser.mjs';
import { hands, rest } from './hands.mjs';

const { SANDGLASS_URL: url, SANDGLASS_TOKEN: token, SANDGLASS_SHOTS: folder } = process.env;
assert(url && token && folder, 'SANDGLASS_URL, SANDGLASS_TOKEN and SANDGLASS_SHOTS have to be set');
const MOST_BYTES = 200_000;

const ask = rest(url, token);
const cron = (expression, timezone = 'Europe/Berlin') => ({ type: 'cron', expression, timezone });

const JOBS = [
  {
    name: 'Old logs',
    template_type: 'database_cleanup',
    tags: ['nightly'],
    description: 'Keeps a quarter of a year of logs.',
    parameters: { collection: 'logs', days_old: 90, dry_run: false, max_records: 40, batch_size: 10 },
    schedule: cron('0 3 * * *'),
    runs: 9,
  },
  {
    name: 'Paid orders for the books',
    template_type: 'data_export',
    tags: ['books'],
    parameters: {
      collection: 'orders',
      filter: { status: 'paid' },
      format: 'csv',
      file_name: 'orders/{date}-{execution}',
    },
    schedule: cron('30 23 L * *'),
    runs: 5,
  },
  {
    name: 'Weekly activity',
    template_type: 'report_generation',
    tags: ['team'],
    parameters: { report_type: 'user_activity', date_range: 'last_7d', format: 'html', destination: 'file' },
    schedule: cron('0 8 * * 1'),
    runs: 4,
  },
  {
    name: 'Users and orders',
    template_type: 'backup_job',
    tags: ['nightly'],
    parameters: { collections: ['users', 'orders'], retention: { keep_last: 7 } },
    schedule: cron('0 2 * * *', 'UTC'),
    runs: 6,
  },
  {
    name: 'Orders never sent off',
    template_type: 'email_notification',
    tags: ['shop'],
    parameters: {
      recipients: ['shop@example.com'],
      subject: '{{ rows | length }} drafts',
      body: '{% for row in rows %}- {{ row._id }}\n{% endfor %}',
      query: { collection: 'orders', filter: { status: 'draft' }, limit: 20 },
    },
    schedule: cron('0 9 * * 1-5', 'Europe/Lisbon'),
    runs: 0,
  },
  {
    name: 'Tell the warehouse',
    template_type: 'webhook_trigger',
    tags: ['shop'],
    // Nobody listens there: the pictures show what a failure looks like too.
    parameters: {
      url: 'http://127.0.0.1:9/orders',
      body: { ready: true },
      retry: { max_attempts: 2, initial_delay_ms: 10 },
    },
    schedule: { type: 'interval', interval_seconds: 900 },
    runs: 3,
  },
  {
    name: 'Stale sessions',
    template_type: 'database_cleanup',
    tags: ['tidy'],
    enabled: false,
    parameters: { collection: 'events', days_old: 30, date_field: 'timestamp' },
    schedule: { type: 'interval', interval_seconds: 21_600 },
    runs: 2,
  },
];

const told = {};
for (const { runs, ...job } of JOBS) {
  const { id } = await ask('POST', '/jobs', job);
  for (let run = 0; run < runs; run += 1) {
    const { id: execution } = await ask('POST', `/jobs/${id}/run?wait=60`, {});
    told[job.name] = { id, execution };
  }
}

const browser = await browse(url, { width: 1280, height: 800 });
try {
  const { page, troubles } = browser;
  const { field } = hands(page);
  await page.goto(url);
  await hands(page).signIn(token);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  const screens = {
    overview: async () => {
      await page.goto(url);
      await page.locator('main [data-status]').first().waitFor();
    },
    jobs: async () => {
      await page.goto(`${url}/jobs`);
      await page.locator('.sg-strip').nth(5).waitFor();
    },
    schedule: async () => {
      await page.goto(`${url}/jobs/${told['Old logs'].id}/edit?step=schedule`);
      await field('Cron expression').fill('30 2 * * 1-5');
      await page.getByText('At 02:30 every weekday').first().waitFor();
    },
    run: async () => {
      await page.goto(`${url}/executions/${told['Old logs'].execution}`);
      await page.locator('.sg-log-row').first().waitFor();
    },
  };
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [name, open] of Object.entries(screens)) {
      await open();
      await page.locator('.sg-live[data-state="open"]').waitFor();
      await page.locator('.sg-skeleton').first().waitFor({ state: 'detached' });
      await page.evaluate(() => document.fonts.ready);
      const path = `${folder}/${name}-${scheme}.png`;
      await page.screenshot({ path });
      const { size } = statSync(path);
      assert(size < MOST_BYTES, `${path} has ${size} bytes`);
      console.log(`${path} ${size}`);
    }
  }
  assert.deepEqual(troubles, []);
} finally {
  await browser.close();
}
