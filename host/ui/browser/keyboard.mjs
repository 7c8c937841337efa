/** Create, run, read the log, disable: with keys alone, and one always sees where one is. */
import assert from 'node:assert/strict';

const NAME = 'By keys alone';

export async function keyboard({ page, url, check }) {
  const keys = page.keyboard;

  /** What has the focus: its name for people, and whether it can be seen to have it. */
  const here = () =>
    page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return { name: '', seen: false, tag: 'body' };
      const label = at.labels?.[0]?.textContent ?? '';
      const name = at.getAttribute('aria-label') ?? (label || at.textContent || '');
      const style = getComputedStyle(at);
      const ringed = (one) =>
        (one.outlineStyle !== 'none' && Number.parseFloat(one.outlineWidth) > 0) || one.boxShadow !== 'none';
      // A switch shows it on its track; a field by the colour of its edge.
      const track = at.parentElement?.querySelector('.mantine-Switch-track');
      const seen =
        ringed(style) ||
        (track !== null && track !== undefined && ringed(getComputedStyle(track))) ||
        at.matches('input, textarea');
      const box = (track ?? at).getBoundingClientRect();
      const inView = box.bottom > 0 && box.top < window.innerHeight;
      return { name: name.trim(), seen: seen && inView, tag: at.tagName.toLowerCase() };
    });

  /** Goes on with Tab until the place with this name has the focus. */
  async function to(name, most = 80) {
    for (let steps = 0; steps < most; steps += 1) {
      const at = await here();
      if (name instanceof RegExp ? name.test(at.name) : at.name === name) {
        assert(at.seen, `the focus on ${at.name} cannot be seen`);
        return;
      }
      await keys.press('Tab');
    }
    assert.fail(`no Tab leads to ${name}; the last was ${JSON.stringify(await here())}`);
  }

  await check('by keyboard: a key leads to a new job, and Enter picks its template', async () => {
    await page.goto(`${url}/jobs`);
    await page.getByRole('link', { name: 'New job' }).waitFor();
    await keys.press('n');
    await page.getByRole('button', { name: /Database cleanup/ }).waitFor();
    await to(/Database cleanup/);
    await keys.press('Enter');
    await page.getByLabel(/^Name/).first().waitFor();
  });

  await check('by keyboard: the form is filled and the steps are gone through', async () => {
    await to('Name *');
    await keys.type(NAME);
    await to('Collection *');
    await keys.type('logs');
    await to('Older than (days)');
    await keys.type('30');
    await to('Next');
    await keys.press('Enter');
    await page.getByLabel('Cron expression').waitFor();
    await to('Next');
    await keys.press('Enter');
    await page.getByRole('button', { name: 'Create job' }).waitFor();
    await to('Create job');
    await keys.press('Enter');
    await page.getByRole('heading', { level: 1, name: NAME }).waitFor();
  });

  await check('by keyboard: it runs, and its log is read', async () => {
    await to('Run now');
    await keys.press('Enter');
    await page.locator('.sg-page-title [data-status="success"]').waitFor();
    await page.locator('.sg-log-row').first().waitFor();
    await to('Search the log');
    await keys.type('dry run');
    await page.locator('.sg-log-row mark').first().waitFor();
    await to('Log');
    await keys.press('Home');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('role')), 'log');
  });

  await check('by keyboard: the palette leads to the job, which is disabled', async () => {
    await keys.press('Control+k');
    await page.waitForFunction(() => document.activeElement?.getAttribute('placeholder')?.startsWith('Go to a page'));
    await keys.type(NAME);
    await page.locator('.mantine-Spotlight-action', { hasText: NAME }).first().waitFor();
    await keys.press('ArrowDown');
    await keys.press('Enter');
    await page.getByRole('heading', { level: 1, name: NAME }).waitFor();
    await to('Disable');
    await keys.press('Enter');
    await page.locator('[data-status="disabled"]').first().waitFor();
  });

  await check('by keyboard: the first Tab of a page skips its frame', async () => {
    await page.goto(`${url}/jobs`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await keys.press('Tab');
    assert.match((await here()).name, /skip/i);
    await keys.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
  });
}
