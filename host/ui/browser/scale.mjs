/**
 * Ten thousand jobs and a log of hundreds of thousands of lines: how they feel, in numbers. Figures are printed; what is
 * asserted are bounds that only a mistake of shape passes, such as a row in the page for each line.
 *
 * SANDGLASS_URL and SANDGLASS_TOKEN as for the suite; SANDGLASS_JOBS and SANDGLASS_LINES say how many there are,
 * SANDGLASS_EXECUTION whose log it is.
 */
import assert from 'node:assert/strict';
import { browse } from './browser.mjs';
import { hands } from './hands.mjs';

const { SANDGLASS_URL: url, SANDGLASS_TOKEN: token, SANDGLASS_EXECUTION: execution } = process.env;
const jobs = Number(process.env.SANDGLASS_JOBS);
const lines = Number(process.env.SANDGLASS_LINES);
assert(
  url && token && execution && jobs && lines,
  'SANDGLASS_URL, _TOKEN, _EXECUTION, _JOBS and _LINES have to be set',
);
const grouped = (count) => new Intl.NumberFormat('en-GB').format(count);

/** What a heap of this page may hold at most, with all that is shown. */
const MOST_HEAP_MB = 300;
const MOST_ROWS = 500;

let checks = 0;
async function check(name, holds) {
  const began = performance.now();
  const figures = await holds();
  checks += 1;
  console.log(
    `ok ${checks} ${name} (${Math.round(performance.now() - began)} ms) ${figures ? JSON.stringify(figures) : ''}`,
  );
}

const browser = await browse(url);
try {
  const { page, troubles } = browser;
  const { field, pick } = hands(page);
  const debug = await page.context().newCDPSession(page);
  await debug.send('Performance.enable');

  const heap = async () => {
    await debug.send('HeapProfiler.collectGarbage');
    const { metrics } = await debug.send('Performance.getMetrics');
    const megabytes = metrics.find(({ name }) => name === 'JSHeapUsedSize').value / 2 ** 20;
    assert(megabytes < MOST_HEAP_MB, `the heap holds ${megabytes} MiB`);
    return Math.round(megabytes);
  };

  /** Turns the wheel over a place and gives how long frames took meanwhile. */
  const scrolled = async (selector) => {
    const box = await page.locator(selector).first().boundingBox();
    await page.mouse.move(box.x + 200, Math.min(box.y + 150, 800));
    await page.evaluate(() => {
      window.__frames = [];
      let last = performance.now();
      const tick = (now) => {
        window.__frames.push(now - last);
        last = now;
        window.__ticking = requestAnimationFrame(tick);
      };
      window.__ticking = requestAnimationFrame(tick);
    });
    for (let turn = 0; turn < 40; turn += 1) await page.mouse.wheel(0, turn < 20 ? 400 : -300);
    const frames = await page.evaluate(() => {
      cancelAnimationFrame(window.__ticking);
      return window.__frames.slice(1).sort((a, b) => a - b);
    });
    const at = (share) => Math.round(frames[Math.min(frames.length - 1, Math.floor(frames.length * share))] * 10) / 10;
    assert(frames.length > 10, `only ${frames.length} frames`);
    // A frame of a second is not smooth on any machine.
    assert(at(0.95) < 1000, `one frame in twenty takes ${at(0.95)} ms`);
    return { frames: frames.length, median: at(0.5), p95: at(0.95), longest: at(1) };
  };

  const took = async (act) => {
    const began = performance.now();
    await act();
    return Math.round(performance.now() - began);
  };
  const rows = async (selector) => {
    const count = await page.locator(selector).count();
    assert(count > 0 && count < MOST_ROWS, `${count} rows`);
    return count;
  };

  await page.goto(url);
  await hands(page).signIn(token);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();

  await check(`a page of ${grouped(jobs)} jobs comes and scrolls`, async () => {
    const open_ms = await took(async () => {
      await page.goto(`${url}/jobs`);
      await page.locator('tbody tr').first().waitFor();
    });
    await page.getByText(`${grouped(jobs)} jobs`).waitFor();
    return { open_ms, rows: await rows('tbody tr'), ...(await scrolled('tbody')), heap_mb: await heap() };
  });

  await check('a search finds one of them, and the last page has the oldest', async () => {
    const search_ms = await took(async () => {
      await field('Search').fill(`Job ${jobs - 200} of many`);
      await page.getByRole('link', { name: `Job ${jobs - 200} of many` }).waitFor();
      await page.getByText('1 job', { exact: false }).first().waitFor();
    });
    const last_ms = await took(async () => {
      await page.goto(`${url}/jobs?page=${Math.ceil(jobs / 50)}`);
      await page.locator('tbody tr').first().waitFor();
    });
    return { search_ms, last_ms };
  });

  await check('sorting by the next run and filtering by status stay quick', async () => {
    const sort_ms = await took(async () => {
      await page.goto(`${url}/jobs?sort=next_run_at&status=active`);
      await page.locator('tbody tr').nth(40).waitFor();
    });
    return { sort_ms, rows: await rows('tbody tr') };
  });

  await check(`a log of ${grouped(lines)} lines shows its end first, then is there as a whole`, async () => {
    const tail_ms = await took(async () => {
      await page.goto(`${url}/executions/${execution}`);
      await page.locator('.sg-log-row').first().waitFor();
    });
    const all_ms = await took(() =>
      page.waitForFunction(
        (text) => document.querySelector('.sg-log-count')?.textContent === text,
        `${grouped(lines)} lines`,
        {
          timeout: 240_000,
        },
      ),
    );
    return { tail_ms, all_ms, rows: await rows('.sg-log-row'), heap_mb: await heap() };
  });

  await check('it scrolls, and jumps to its middle and its beginning', async () => {
    await page.locator('.sg-log-box').scrollIntoViewIfNeeded();
    const figures = await scrolled('.sg-log-box');
    const box = page.locator('.sg-log-box');
    const jump_ms = await took(async () => {
      await box.evaluate((one) => {
        one.scrollTop = one.scrollHeight / 2;
      });
      await page
        .locator('.sg-log-row', { hasText: `line ${Math.floor(lines / 2)} ` })
        .first()
        .waitFor();
      await box.evaluate((one) => {
        one.scrollTop = 0;
      });
      await page
        .locator('.sg-log-row', { hasText: /[A-Z]line 1 / })
        .first()
        .waitFor();
    });
    return { ...figures, jump_ms, rows: await rows('.sg-log-row'), heap_mb: await heap() };
  });

  await check('a search reaches the first line, one in the middle and the last', async () => {
    const search_ms = await took(async () => {
      await field('Search the log').fill('a needle');
      await page.getByText(`3 of ${grouped(lines)} lines`).waitFor();
    });
    for (const number of [1, lines / 2, lines - 1])
      await page.locator('.sg-log-row', { hasText: new RegExp(`[A-Z]line ${number} `) }).waitFor();
    const level_ms = await took(async () => {
      await field('Search the log').fill('');
      await pick('Least level', 'Error');
      await page.getByText(`${grouped(lines / 1000)} of ${grouped(lines)} lines`).waitFor();
    });
    return { search_ms, level_ms, rows: await rows('.sg-log-row'), heap_mb: await heap() };
  });

  await check('no page said anything on the console, and nothing broke the policy', () => {
    assert.deepEqual(troubles, []);
  });
  console.log(`${checks} checks passed`);
} catch (error) {
  await browser.page
    .screenshot({ path: `${process.env.SANDGLASS_SHOTS ?? '/tmp'}/failure.png` })
    .catch(() => undefined);
  console.error(error);
  console.error(`at ${browser.page.url()}; console:`, browser.troubles);
  process.exitCode = 1;
} finally {
  await browser.close();
}
