/** Forty ways to smuggle a script in, in every text that a person or a template can set: shown as text, run nowhere. */
import assert from 'node:assert/strict';
import { hands, rest } from './hands.mjs';

const HIT = 'window.__hit=1';
export const PAYLOADS = [
  `<script>${HIT}</script>`,
  `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`,
  `<img src=x onerror="${HIT}">`,
  `<img src=x onerror=${HIT}//`,
  `<svg onload="${HIT}">`,
  `<svg><script>${HIT}</script></svg>`,
  `<svg><animate onbegin="${HIT}" attributeName=x dur=1s>`,
  `<iframe src="javascript:${HIT}"></iframe>`,
  `<iframe srcdoc="<script>parent.__hit=1</script>"></iframe>`,
  `<a href="javascript:${HIT}">press</a>`,
  `javascript:${HIT}`,
  `data:text/html,<script>${HIT}</script>`,
  `<body onload="${HIT}">`,
  `<input autofocus onfocus="${HIT}">`,
  `<details open ontoggle="${HIT}">`,
  `<video><source onerror="${HIT}"></video>`,
  `<audio src=x onerror="${HIT}">`,
  `<object data="javascript:${HIT}"></object>`,
  `<embed src="javascript:${HIT}">`,
  `<form action="javascript:${HIT}"><button>go</button></form>`,
  `<meta http-equiv="refresh" content="0;url=javascript:${HIT}">`,
  `<link rel=stylesheet href="javascript:${HIT}">`,
  `<style>@import 'javascript:${HIT}';</style>`,
  `<style>*{background:url("javascript:${HIT}")}</style>`,
  `<base href="javascript:${HIT}//">`,
  `"><script>${HIT}</script>`,
  `'><script>${HIT}</script>`,
  `" onmouseover="${HIT}" x="`,
  `' onfocus='${HIT}' autofocus='`,
  `</textarea><script>${HIT}</script>`,
  `</title><script>${HIT}</script>`,
  `</script><script>${HIT}</script>`,
  `<!--><script>${HIT}</script>-->`,
  `<math><mtext></form><form><mglyph><style></math><img src onerror=${HIT}>`,
  `<template><script>${HIT}</script></template>`,
  `{{constructor.constructor('${HIT}')()}}`,
  `\${${HIT}}`,
  `{{ "x" | safe }}<script>${HIT}</script>`,
  `%3Cscript%3E${HIT}%3C/script%3E`,
  `\uff1cscript\uff1e${HIT}\uff1c/script\uff1e<svg/onload=${HIT}>`,
];

export async function payloads({ page, url, token, check, hook }) {
  const { button, field } = hands(page);
  const ask = rest(url, token);
  const reports = [];
  let dialogs = 0;
  page.on('dialog', (dialog) => {
    dialogs += 1;
    return dialog.dismiss();
  });
  // The page itself hears of everything that its policy stops.
  await page.exposeFunction('__violated', (what) => reports.push(what));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
      window.__violated(`${violatedDirective} ${blockedURI} ${sample}`),
    );
  });
  const quiet = async (where) => {
    assert.equal(await page.evaluate(() => window.__hit ?? null), null, `a script ran on ${where}`);
    assert.deepEqual([reports, dialogs], [[], 0], where);
  };
  const settled = async (path) => {
    await page.goto(url + path);
    await page.getByRole('heading').first().waitFor();
    await page.locator('.sg-skeleton').first().waitFor({ state: 'detached' });
  };
  const every = { type: 'interval', interval_seconds: 86400 };
  const made = [];

  await check('forty payloads are taken as names, descriptions, tags and parameters', async () => {
    assert.equal(PAYLOADS.length, 40);
    for (const [number, payload] of PAYLOADS.entries()) {
      const job = await ask('POST', '/jobs', {
        name: payload.slice(0, 200),
        description: payload,
        tags: [`x${number}`, payload.replaceAll(/[\s,]/g, '').slice(0, 40)],
        template_type: 'webhook_trigger',
        parameters: {
          url: `${hook}/${encodeURIComponent(payload)}`,
          body: { [payload]: payload },
          headers: { 'X-Payload': payload.replaceAll(/[^\x20-\x7e]/g, '?') },
          query: { [payload]: payload },
          save_response: 'body',
        },
        schedule: every,
      });
      made.push(job.id);
    }
    // What answers echoes them, so that they come back in results and logs; a refused one fails with it in its error.
    for (const id of made.slice(0, 6)) await ask('POST', `/jobs/${id}/run?wait=30`, {});
  });

  await check('as many run with a payload as collection, subject, recipient and file name', async () => {
    const other = [
      ['database_cleanup', (text) => ({ collection: text.slice(0, 200), days_old: 1, conditions: { [text]: text } })],
      [
        'email_notification',
        (text) => ({ recipients: ['ops@example.com'], subject: text, body: text, body_format: 'html' }),
      ],
      [
        'data_export',
        (text) => ({ collection: 'users', limit: 1, file_name: text.slice(0, 200), filter: { name: text } }),
      ],
    ];
    let runs = 0;
    let failed = 0;
    for (const [type, parameters] of other)
      for (const payload of PAYLOADS.slice(0, 12)) {
        try {
          const job = await ask('POST', '/jobs', {
            name: `${type} ${payload}`.slice(0, 200),
            template_type: type,
            parameters: parameters(payload),
            schedule: every,
          });
          const run = await ask('POST', `/jobs/${job.id}/run?wait=30`, {});
          runs += 1;
          if (run.status === 'failed') failed += 1;
          made.push(job.id);
          if (runs % 4 === 1) {
            await settled(`/executions/${run.id}`);
            await page.locator('.sg-log-box').waitFor();
            await quiet(`the run of ${type}`);
          }
        } catch (error) {
          // The template refused the text, in words that hold it: that is shown too.
          assert.match(String(error), /422/);
        }
      }
    assert(runs >= 12 && failed >= 1, `${runs} ran, ${failed} failed`);
  });

  await check('no list runs one, and each name is text', async () => {
    for (const path of [
      '/jobs',
      '/jobs?page=2',
      '/executions',
      '/executions?status=failed',
      '/',
      '/audit?kind=change',
      '/audit',
    ]) {
      await settled(path);
      await quiet(path);
    }
    await settled('/jobs?search=constructor');
    await page.getByRole('link', { name: PAYLOADS[35] }).first().waitFor();
    assert.equal(await page.locator('main script, main iframe, main object, main embed, main form').count(), 0);
  });

  await check('no page of a job runs one', async () => {
    for (const at of [2, 13, 35]) {
      const id = made[at];
      for (const tab of ['', '?tab=parameters', '?tab=api', '?tab=why']) await settled(`/jobs/${id}${tab}`);
      assert.equal((await page.locator('h1').textContent()).includes(PAYLOADS[at].slice(0, 12)), true);
      await settled(`/jobs/${id}/edit`);
      assert.equal(await field('Name').first().inputValue(), PAYLOADS[at].slice(0, 200));
      await button('Go to review').click();
      await page.locator('.sg-code pre').waitFor();
      await quiet(`the pages of ${PAYLOADS[at]}`);
    }
  });

  await check('typed into every text of the wizard, none runs', async () => {
    for (const type of ['email_notification', 'webhook_trigger']) {
      await page.goto(`${url}/jobs/new?template=${type}&step=parameters`);
      await field('Name').first().waitFor();
      let filled = 0;
      for (const input of await page.locator('main input[type="text"]:visible, main textarea:visible').all())
        if (await input.isEditable()) {
          await input.fill(PAYLOADS[2] + PAYLOADS[29]);
          filled += 1;
        }
      assert(filled >= 6, `${filled} texts`);
      await button('Next').click();
      await page.locator('[aria-invalid="true"]').first().waitFor();
      await quiet(`the wizard of ${type}`);
      await button('Discard').click();
    }
  });

  await check('in the address, a search or a filter, none runs', async () => {
    for (const payload of [PAYLOADS[2], PAYLOADS[25]]) {
      const text = encodeURIComponent(payload);
      await settled(`/jobs?search=${text}&tag=${text}`);
      await quiet('/jobs');
      await page.goto(`${url}/executions?search=${text}&status=${text}`);
      await page.getByRole('heading').first().waitFor();
      await page.goto(`${url}/templates/${text}`);
      await page.getByRole('heading').first().waitFor();
      await quiet('an address');
    }
    await page.goto(`${url}/sign-in?to=javascript:${HIT}`);
    await quiet('/sign-in');
  });

  await check('a log whose lines are payloads is shown and searched as text', async () => {
    // Many runs match a search; what is needed is one whose own lines hold a payload.
    const { executions } = await ask('GET', '/executions?search=script&page_size=100');
    let id;
    for (const run of executions) {
      const { logs } = await ask('GET', `/executions/${run.id}/logs`);
      if (logs.some(({ message }) => message.includes('<script>'))) id = run.id;
    }
    assert(id, `no log of ${executions.length} runs holds a payload`);
    await settled(`/executions/${id}`);
    await page.locator('.sg-log-box').waitFor();
    await field('Search the log').fill('<script>');
    await page.locator('.sg-log-row mark', { hasText: '<script>' }).first().waitFor();
    assert.equal(await page.locator('.sg-log-box script, .sg-log-box img, .sg-log-box svg').count(), 0);
    await quiet('the log');
  });

  for (const id of made) await ask('DELETE', `/jobs/${id}`);
}
