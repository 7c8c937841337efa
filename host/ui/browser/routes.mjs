/** Every screen at three widths in both schemes: nothing that axe finds, nothing wider than the window. */
import assert from 'node:assert/strict';

const WIDTHS = [390, 768, 1440];
const OFFERED = encodeURIComponent(JSON.stringify({ capability: 'documents', target: 'orders', access: ['write'] }));
const SCHEMES = ['light', 'dark'];

export async function routes({ page, url, check, axe, told, shots, screens = everything(told) }) {
  for (const scheme of SCHEMES) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [name, path] of Object.entries(screens)) {
      await check(`${name} is right at three widths, ${scheme}`, async () => {
        await page.setViewportSize({ width: WIDTHS[0], height: 900 });
        await page.goto(url + path);
        await page.getByRole('heading').first().waitFor();
        await page.locator('.sg-skeleton').first().waitFor({ state: 'detached' });
        const found = [];
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert(wide <= 0, `${name} is ${wide} px wider than a window of ${width}`);
          if (shots) await page.screenshot({ path: `${shots}/${name}-${width}-${scheme}.png` });
          found.push(...(await complaints(page, axe, width)));
        }
        assert.deepEqual(found, []);
      });
    }
  }
}

/** Every screen that needs no account. */
function everything(told) {
  return {
    overview: '/',
    jobs: '/jobs',
    'jobs-filtered': '/jobs?search=nothing-like-it',
    job: `/jobs/${told.job}`,
    'job-why': `/jobs/${told.job}?tab=why`,
    'job-api': `/jobs/${told.job}?tab=api`,
    'new-template': '/jobs/new',
    'new-parameters': '/jobs/new?template=webhook_trigger&step=parameters',
    'edit-schedule': `/jobs/${told.job}/edit?step=schedule`,
    'edit-review': `/jobs/${told.job}/edit?step=review`,
    executions: '/executions',
    execution: `/executions/${told.execution}`,
    'execution-missing': '/executions/65f1c0ffee65f1c0ffee65f1',
    templates: '/templates',
    template: '/templates/database_cleanup',
    'template-waiting': '/templates/hello',
    'template-missing': '/templates/nothing_like_it',
    grant: '/templates/data_export/grant',
    'grant-offered': `/templates/hello/grant?add=${OFFERED}`,
    capabilities: '/capabilities',
    'capabilities-detail': '/capabilities?template=hello&capability=documents',
    audit: '/audit',
    settings: '/settings',
    reference: '/reference',
    'not-found': '/nothing/here',
  };
}

/** What axe finds. It is run by the debugger, which the page's policy does not bind. */
export async function complaints(page, axe, width) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary.slice(0, 240)}`)
          .join(' | ')}`,
    );
  });
  return found.map((text) => `${width} px: ${text}`);
}
