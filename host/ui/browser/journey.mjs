/** From the first sign-in to a job that was made, run, read, changed, copied, deleted and taken back. */
import assert from 'node:assert/strict';

const JOB = 'Old logs <b>bold</b> & "more"';

export async function journey({ page, url, token, check }) {
  const button = (name, exact = true) => page.getByRole('button', { name, exact });
  // A field that is needed has a star behind its name.
  const field = (name) =>
    page.getByLabel(new RegExp(`^${name.replaceAll(/[()]/g, '\\$&')}( \\*)?$`)).and(page.locator('input, textarea'));
  const told = {};

  await check('a page asks for a token first, and says when it is wrong', async () => {
    await page.goto(`${url}/executions?status=failed`);
    await page.getByLabel('Token', { exact: true }).fill('not-the-token');
    await button('Sign in').click();
    await page.getByText('The server does not know this token').waitFor();
  });

  await check('the right token leads to the page that was asked for', async () => {
    await page.getByLabel('Token', { exact: true }).fill(token);
    await button('Sign in').click();
    await page.getByRole('heading', { name: 'Executions', level: 1 }).waitFor();
    assert.equal(new URL(page.url()).search, '?status=failed');
    await page.getByText('Nothing matches').waitFor();
    await button('Clear filters').first().click();
    await page.getByText('Nothing has run yet').waitFor();
  });

  await check('an empty list of jobs says what a job is and how to get one', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('j');
    await page.getByText('No jobs yet').waitFor();
    await page.getByRole('link', { name: 'Create the first job' }).click();
    await page.getByRole('heading', { name: 'New job', level: 1 }).waitFor();
  });

  await check('the six templates are there to choose from', async () => {
    await page.getByRole('button', { name: /Database cleanup/ }).waitFor();
    assert.equal(await page.locator('.sg-card').count(), 6);
    await page.getByRole('button', { name: /Database cleanup/ }).click();
    await field('Name').waitFor();
  });

  await check('what is missing is told at its field, and nothing goes on', async () => {
    await button('Next').click();
    await page.getByText('Is needed').first().waitFor();
    assert.equal(await page.getByText('Is needed').count(), 2);
    assert.match(page.url(), /step=parameters/);
  });

  await check('a number out of its range is told when its field is left', async () => {
    await field('Name').fill(JOB);
    await field('Collection').fill('logs');
    await field('Older than (days)').fill('40000');
    await field('Older than (days)').blur();
    await page.getByText('Must be at most 36500').waitFor();
    await field('Older than (days)').fill('30');
    await field('Conditions').fill('{"level": ');
    await field('Conditions').blur();
    await page.getByText(/Is no JSON/).waitFor();
    await field('Conditions').fill('{"level": "DEBUG"}');
    await page.getByText(/Is no JSON/).waitFor({ state: 'detached' });
  });

  await check('a reload loses nothing of the draft', async () => {
    await page.reload();
    await field('Name').waitFor();
    assert.equal(await field('Name').inputValue(), JOB);
    assert.equal(await field('Older than (days)').inputValue(), '30');
    await button('Next').click();
    await field('Cron expression').waitFor();
  });

  await check('the schedule is explained while it is typed, in the zone and in the own one', async () => {
    await field('Time zone').fill('Europe/Berlin');
    await field('Cron expression').fill('30 8 * * 1-5');
    await page.getByText('At 08:30 every weekday, Europe/Berlin').first().waitFor();
    await page.locator('.sg-runs li').nth(9).waitFor();
    assert.equal(await page.locator('.sg-runs li').count(), 10);
    await page
      .getByText(/07:30 in Europe\/Lisbon/)
      .first()
      .waitFor();
  });

  await check('builder and text are one', async () => {
    assert.equal(await page.getByLabel('Time', { exact: true }).inputValue(), '08:30');
    await page.getByLabel('Time', { exact: true }).fill('09:15');
    assert.equal(await field('Cron expression').inputValue(), '15 9 * * 1-5');
    await button('Mon').click();
    assert.equal(await field('Cron expression').inputValue(), '15 9 * * 2,3,4,5');
  });

  await check('six fields are explained and converted', async () => {
    await field('Cron expression').fill('0 30 8 ? * 2-6');
    await page.getByText(/the expression has six fields/).waitFor();
    await page.getByRole('button', { name: /Seconds first \(Quartz\)/ }).click();
    assert.equal(await field('Cron expression').inputValue(), '30 8 ? * 1-5');
    await page.getByText('At 08:30 every weekday, Europe/Berlin').first().waitFor();
  });

  await check('an expression that cannot be is refused at its field', async () => {
    await field('Cron expression').fill('61 8 * * *');
    await page.locator('[aria-invalid="true"]').waitFor();
    await button('Next').click();
    await field('Cron expression').fill('0 8 * * *');
    await page.getByText('At 08:00 every day, Europe/Berlin').first().waitFor();
    await button('Next').click();
    await button('Create job').waitFor();
  });

  await check('the review says what it may touch, that it is dry, and the call that does the same', async () => {
    await page.getByText('This is a dry run').waitFor();
    await page.getByText('To find the documents that should go.').waitFor();
    const call = await page.locator('.sg-code pre').textContent();
    assert.match(call, /curl -X POST .*\/api\/admin\/scheduler\/jobs/);
    assert(!call.includes(token), 'the token is not shown');
    assert.match(call, /"days_old": 30/);
  });

  await check('the job is made and its page shows it, its name as text', async () => {
    await button('Create job').click();
    await page.getByRole('heading', { level: 1, name: JOB }).waitFor();
    told.job = new URL(page.url()).pathname.split('/').at(-1);
    assert.equal(await page.locator('h1 b').count(), 0);
    await page.getByText('At 08:00 every day, Europe/Berlin').first().waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem('sandglass.new-job')), null);
  });

  await check('it runs, and its end and its log come by themselves', async () => {
    await button('Run now').click();
    await page.waitForURL(/\/executions\/[0-9a-f]{24}/);
    told.execution = new URL(page.url()).pathname.split('/').at(-1);
    await page.locator('.sg-page-title [data-status="success"]').waitFor();
    await page.locator('.sg-log-row', { hasText: 'would be deleted (dry run)' }).waitFor();
    await page.locator('.sg-result', { hasText: 'would be deleted' }).waitFor();
    await page.getByText('documents.').first().waitFor();
  });

  await check('the log is searched and filtered', async () => {
    await field('Search the log').fill('no such words');
    await page.getByText(/^0 of \d+ lines?/).waitFor();
    await field('Search the log').fill('DRY RUN');
    await page.locator('.sg-log-row mark').first().waitFor();
    const download = page.waitForEvent('download');
    await button('Download').click();
    assert.match((await download).suggestedFilename(), /^[0-9a-f]{24}\.log$/);
  });

  await check('the list of executions has it, and going back works', async () => {
    await page.goto(`${url}/executions`);
    await page.getByRole('link', { name: JOB }).first().click();
    await page.locator('.sg-page-title [data-status="success"]').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Executions', level: 1 }).waitFor();
  });

  await check('a search lives in the address', async () => {
    await page.goto(`${url}/jobs`);
    await field('Search').fill('nothing like it');
    await page.waitForURL(/search=/);
    await page.getByText('Nothing matches').waitFor();
    await page.reload();
    await page.getByText('Nothing matches').waitFor();
    await button('Clear filters').first().click();
    await page.getByRole('link', { name: JOB }).waitFor();
  });

  const more = async (entry) => {
    await page.getByRole('button', { name: `More for ${JOB}`, exact: true }).click();
    await page.getByRole('menuitem', { name: entry }).click();
  };

  await check('it is disabled and enabled, and the list says so', async () => {
    await more('Disable');
    await page.locator('tr [data-status="disabled"]').waitFor();
    await more('Enable');
    await page.locator('tr [data-status="active"]').waitFor();
  });

  await check('it is edited in the same form', async () => {
    await more('Edit');
    await field('Older than (days)').waitFor();
    assert.equal(await field('Older than (days)').inputValue(), '30');
    await field('Older than (days)').fill('45');
    await button('Go to review').click();
    await button('Save changes').click();
    await page.getByRole('heading', { level: 1, name: JOB }).and(page.locator(':not(:has-text("Edit"))')).waitFor();
    await page.getByRole('link', { name: 'Parameters', exact: true }).click();
    await page.locator('.sg-details', { hasText: 'days_old' }).getByText('45').waitFor();
  });

  await check('what only the template knows to be wrong is told at its field', async () => {
    await page.goto(`${url}/jobs/${told.job}/edit`);
    await field('Conditions').fill('{}');
    await field('Older than (days)').fill('');
    await button('Go to review').click();
    await page.getByText('neither an age nor conditions are given').first().waitFor();
    await button('Save changes').click();
    await page.locator('#field-days-old[aria-invalid="true"]').waitFor();
    await button('Cancel').click();
    await page.getByRole('heading', { level: 1, name: JOB }).waitFor();
  });

  await check('a copy is made of it', async () => {
    await page.goto(`${url}/jobs`);
    await more('Duplicate');
    await page.waitForFunction(() => document.querySelector('input[maxlength="200"]')?.value.endsWith('(copy)'));
    await button('Next').click();
    await button('Next').click();
    await button('Create job').click();
    await page.getByRole('heading', { level: 1, name: `${JOB} (copy)` }).waitFor();
  });

  await check('the copy is deleted and taken back', async () => {
    const copy = `${JOB} (copy)`;
    await page.goto(`${url}/jobs`);
    await page.getByRole('button', { name: `More for ${copy}`, exact: true }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('link', { name: copy }).waitFor({ state: 'detached' });
    await button('Undo').click();
    await page.getByRole('link', { name: copy }).waitFor();
  });

  await check('it says why it did not run at an instant', async () => {
    await page.goto(`${url}/jobs/${told.job}?tab=why`);
    await page.locator('.sg-why li').first().waitFor();
    await page.locator('.sg-why li').nth(4).waitFor();
  });

  await check('the audit has who did what', async () => {
    await page.goto(`${url}/audit?kind=change`);
    await page.getByText('job.delete').first().waitFor();
    await page.getByText('job.create').first().waitFor();
  });

  await check('the palette finds the job by its name', async () => {
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Go to a page, or find a job').fill('copy');
    await page.getByText(`${JOB} (copy)`).first().waitFor();
    await page.keyboard.press('Escape');
  });

  return told;
}
