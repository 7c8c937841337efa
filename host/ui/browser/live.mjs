/** What happens elsewhere shows by itself: a log as it is written, a run that is stopped, new runs, a line that breaks. */
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { hands, rest } from './hands.mjs';

export async function live({ page, url, token, check, allow }) {
  const { button, signIn } = hands(page);
  const ask = rest(url, token);

  await check('a long run is watched while it writes, stopped, and says so', async () => {
    const job = await ask('POST', '/jobs', {
      name: 'A long tidying',
      template_type: 'database_cleanup',
      parameters: {
        collection: 'logs',
        conditions: { level: 'DEBUG' },
        dry_run: false,
        batch_size: 1,
        pause_ms: 400,
        max_records: 2000,
      },
      schedule: { type: 'interval', interval_seconds: 86400 },
    });
    await page.goto(`${url}/jobs/${job.id}`);
    await button('Run now').click();
    await page.waitForURL(/\/executions\/[0-9a-f]{24}/);
    await page.locator('.sg-page-title [data-status="running"]').waitFor();
    const count = async () => Number((await page.locator('.sg-log-count').textContent()).match(/\d+/)?.[0] ?? 0);
    await page.waitForFunction(() => /[1-9]/.test(document.querySelector('.sg-log-count')?.textContent ?? ''));
    const before = await count();
    await page.waitForFunction(
      (least) => Number(document.querySelector('.sg-log-count')?.textContent.match(/\d+/)?.[0]) > least,
      before,
    );
    await button('Cancel run').click();
    await page.locator('.sg-page-title [data-status="cancelled"]').waitFor();
    await button('Run again').waitFor();
  });

  await check('new runs are counted in a pill, and no row moves until it is pressed', async () => {
    const job = await ask('POST', '/jobs', {
      name: 'Asked for often',
      template_type: 'database_cleanup',
      parameters: { collection: 'logs', days_old: 90 },
      schedule: { type: 'interval', interval_seconds: 86400 },
    });
    await page.goto(`${url}/executions`);
    await page.locator('tbody tr').first().waitFor();
    await page.locator('.sg-live[data-state="open"]').waitFor();
    // By where it leads: what it says of its time goes on.
    const first = () => page.locator('tbody tr a').first().getAttribute('href');
    const before = await first();
    for (let run = 0; run < 3; run += 1) await ask('POST', `/jobs/${job.id}/run?wait=30`, {});
    await page.getByRole('button', { name: '3 new · show' }).waitFor();
    assert.equal(await first(), before);
    await page.getByRole('button', { name: '3 new · show' }).click();
    await page.locator('tbody tr', { hasText: 'Asked for often' }).nth(2).waitFor();
    await page.locator('.sg-pill').waitFor({ state: 'detached' });
  });

  const line = await breakable(url);
  try {
    allow(line.url);
    await check('a job that somebody else disables shows it by itself', async () => {
      await page.goto(`${line.url}/jobs?search=often`);
      await signIn(token);
      await page.locator('tr [data-status="active"]').waitFor();
      await page.locator('.sg-live[data-state="open"]').waitFor();
      const { jobs } = await ask('GET', '/jobs?search=often');
      await ask('POST', `/jobs/${jobs[0].id}/disable`);
      await page.locator('tr [data-status="disabled"]').waitFor();
    });

    await check('a line that breaks is told in a banner, and what is shown stays', async () => {
      await line.cut();
      await page.locator('.sg-banner').waitFor();
      await page.locator('.sg-live[data-state="down"]').waitFor();
      await page.getByRole('link', { name: 'Asked for often' }).waitFor();
    });

    await check('while the stream alone is down, the page asks again and again', async () => {
      await line.mend({ events: false });
      const { jobs } = await ask('GET', '/jobs?search=often');
      await ask('POST', `/jobs/${jobs[0].id}/enable`);
      await page.locator('tr [data-status="active"]').waitFor();
      assert.equal(await page.locator('.sg-live').getAttribute('data-state'), 'down');
    });

    await check('when it is back, the banner goes and what was missed is read', async () => {
      await line.cut();
      const { jobs } = await ask('GET', '/jobs?search=often');
      await ask('POST', `/jobs/${jobs[0].id}/disable`);
      await line.mend({ events: true });
      await page.locator('.sg-live[data-state="open"]').waitFor();
      await page.locator('.sg-banner').waitFor({ state: 'detached' });
      await page.locator('tr [data-status="disabled"]').waitFor();
    });
  } finally {
    await line.cut();
  }
  await page.goto(url);
}

/** A way to the server that can be cut and mended, as a whole or without its stream of events. */
async function breakable(target) {
  const { hostname, port } = new URL(target);
  const open = new Set();
  let events = true;
  const server = createServer((asked, answer) => {
    if (!events && asked.url.includes('/events')) {
      answer.writeHead(502).end();
      return;
    }
    const { method, url: path, headers } = asked;
    const onward = request({ hostname, port, method, path, headers }, (given) => {
      answer.writeHead(given.statusCode, given.headers);
      given.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  const listen = (at) => new Promise((listening) => server.listen(at, '127.0.0.1', listening));
  await listen(0);
  const at = server.address().port;
  return {
    url: `http://127.0.0.1:${at}`,
    async cut() {
      if (!server.listening) return;
      const closed = new Promise((done) => server.close(done));
      for (const socket of open) socket.destroy();
      await closed;
    },
    async mend(how) {
      events = how.events;
      await listen(at);
    },
  };
}
