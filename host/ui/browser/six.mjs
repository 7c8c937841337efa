/** A job of each template, written in the wizard as a person would, and run against real counterparts. */
import assert from 'node:assert/strict';
import { hands } from './hands.mjs';

export async function six({ page, url, check, hook }) {
  const { button, field, pick, tags, set, group } = hands(page);

  async function begin(card, name) {
    await page.goto(`${url}/jobs/new`);
    await page.getByRole('button', { name: card }).click();
    await field('Name').fill(name);
  }

  /** From the schedule to the end of a first run, whose page is then open. */
  async function finish(name, text) {
    await page.getByText(text).first().waitFor();
    await page.locator('.sg-runs li').first().waitFor();
    await button('Next').click();
    await button('Create job').click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await button('Run now').click();
    await page.waitForURL(/\/executions\/[0-9a-f]{24}/);
    await page.locator('.sg-page-title [data-status="success"]').waitFor();
  }

  const details = () => page.locator('.sg-panel', { hasText: 'Details' });

  await check('database_cleanup: old debug lines go, the archive first', async () => {
    await begin(/Database cleanup/, 'Old debug lines');
    await tags('Tags', 'nightly', 'tidy');
    await page.getByLabel('Description').fill('Debug lines are of no use after three months.');
    await field('Collection').fill('logs');
    await field('Older than (days)').fill('90');
    await field('Conditions').fill('{"level": "DEBUG"}');
    await set('Dry run', false);
    await field('At most').fill('25');
    await pick('Archive to', 'Another collection');
    await field('Archive collection').fill('logs_archive');
    await button('Next').click();
    await page.getByText('At an interval').click();
    await field('Every').fill('6');
    await pick('Unit', 'hours');
    await page.getByText('Every 6 hours').first().waitFor();
    await button('Next').click();
    await page.getByText('This is not a dry run').waitFor();
    await button('Back').click();
    await finish('Old debug lines', 'Every 6 hours');
    await page.locator('.sg-result', { hasText: '25' }).waitFor();
    await page.getByText('archived').first().waitFor();
  });

  await check('data_export: chosen columns of paid orders as a table', async () => {
    await begin(/Data export/, 'Paid orders for the books');
    await field('Collection').fill('orders');
    await field('Filter').fill('{"status": "paid"}');
    await pick('Format', 'csv');
    const table = group('Table');
    await field('Delimiter', table).fill(';');
    for (const [number, path, title] of [
      [1, '_id', 'Order'],
      [2, 'placed_at', 'Day'],
      [3, 'total', 'Total'],
    ]) {
      await button('Add Column').click();
      const column = group(`Column ${number}`);
      await field('Field', column).fill(path);
      await field('Title', column).fill(title);
    }
    await button('Move Column 3 up').click();
    assert.equal(await field('Title', group('Column 2')).inputValue(), 'Total');
    await field('File name').fill('orders/{date}-{execution}');
    await pick('Compression', 'gzip');
    await button('Next').click();
    await pick('Repeat', 'Every month');
    await pick('Day of the month', 'Last day');
    await page.getByLabel('Time', { exact: true }).fill('23:30');
    await field('Time zone').fill('Europe/Berlin');
    await finish('Paid orders for the books', /last day of (the|every) month/i);
    await details().getByText('sha256').waitFor();
    await details()
      .getByText(/orders\/\d{4}-\d\d-\d\d-[0-9a-f]{24}/)
      .first()
      .waitFor();
  });

  await check('report_generation: the activity of the last days, compared, as a page', async () => {
    await begin(/Report/, 'Activity of the month');
    await pick('Report', 'user_activity');
    await pick('Time', 'last_30d');
    await field('Time zone').fill('Europe/Lisbon');
    await pick('By', 'week');
    await pick('Format', 'html');
    await pick('Destination', 'file');
    await button('Next').click();
    await pick('Repeat', 'On weekdays');
    for (const day of ['Tue', 'Wed', 'Thu', 'Fri']) await button(day).click();
    await finish('Activity of the month', /Monday/);
    await details()
      .getByText(/\.html/)
      .first()
      .waitFor();
  });

  await check('backup_job: two collections, verified, the last seven kept', async () => {
    await begin(/Backup/, 'Users and orders');
    await pick('Collections', 'A list');
    await tags('A list', 'users', 'orders');
    await button('Set Retention').click();
    await field('Keep the last').fill('7');
    await button('Next').click();
    await field('Cron expression').fill('0 2 * * *');
    await finish('Users and orders', 'At 02:00 every day');
    await details()
      .getByText(/collections/)
      .first()
      .waitFor();
  });

  await check('email_notification: drafts from the database in a mail that arrives', async () => {
    await begin(/^E-mail notification/, 'Orders never sent off');
    await tags('To', 'Shop <shop@example.com>', 'ops@example.com');
    await field('Subject').fill('{{ rows | length }} drafts of {{ job.name }}');
    await field('Body').fill('# Drafts\n\n{% for row in rows %}\n- {{ row._id }}\n{% endfor %}');
    await pick('Body format', 'markdown');
    await button('Set Rows').click();
    const rows = group('Rows');
    await field('Collection', rows).fill('orders');
    await field('Filter', rows).fill('{"status": "draft"}');
    await field('At most', rows).fill('3');
    await button('Next').click();
    await page.getByText('At set times').click();
    await field('Cron expression').fill('@daily');
    await finish('Orders never sent off', /every day/);
    await page.locator('.sg-result', { hasText: /sent|accepted|mail/i }).waitFor();
  });

  await check('webhook_trigger: a signed-off order is posted, and the answer kept', async () => {
    await begin(/Webhook/, 'Tell the shop');
    await field('Address').fill(`${hook}/orders?from=sandglass`);
    await pick('Method', 'PUT');
    const headers = group('Headers');
    await headers.getByRole('button', { name: 'Add a pair' }).click();
    await field('Name', headers).fill('X-Shop');
    await field('Value', headers).fill('Lisbon & <Porto>');
    await field('Body').fill('{"order": 7, "note": "ready"}');
    await tags('Expected status', '200-204');
    await field('Tries', group('Tries')).fill('2');
    await pick('Keep the answer', 'body');
    await button('Next').click();
    await page.getByText('Once', { exact: true }).click();
    await finish('Tell the shop', /once/i);
    await details().getByText('200', { exact: true }).first().waitFor();
  });

  await check('what was made is there, and is found by tag, template and text', async () => {
    await page.goto(`${url}/jobs?tag=nightly`);
    await page.getByRole('link', { name: 'Old debug lines' }).waitFor();
    assert.equal(await page.locator('tbody tr').count(), 1);
    await page.goto(`${url}/jobs?template_type=backup_job`);
    await page.getByRole('link', { name: 'Users and orders' }).waitFor();
    await page.goto(`${url}/executions?template_type=webhook_trigger&status=success`);
    await page.getByRole('link', { name: 'Tell the shop' }).first().waitFor();
    await page.getByRole('link', { name: 'Tell the shop' }).first().click();
    await page.locator('.sg-page-title [data-status="success"]').waitFor();
    await page.goBack();
    await page.waitForURL(/status=success/);
  });
}
