/** The schedule step explains itself: both zones, clock changes, and what other systems write. */
import assert from 'node:assert/strict';
import { hands } from './hands.mjs';

export async function schedule({ page, url, check }) {
  const { button, field, pick } = hands(page);

  await check('a schedule that meets the change of the clocks says so, in both zones', async () => {
    await page.goto(`${url}/jobs/new?template=webhook_trigger&step=schedule`);
    await field('Time zone').fill('America/New_York');
    // Every run of the year's days at half past two: one of them falls into the gap.
    await field('Cron expression').fill('30 2 8-14 3 0');
    await page.locator('.sg-preview-note').first().waitFor();
    await page
      .getByText(/in Europe\/Lisbon/)
      .first()
      .waitFor();
    await page.getByText('From when, until when, clock changes').click();
    await pick('A time that the clocks jump over', 'Do not run');
    await page.locator('.sg-preview-text', { hasText: 'America/New_York' }).waitFor();
  });

  const conversions = [
    ['0 0/15 9 ? * MON-FRI', /Seconds first \(Quartz\)/, '0/15 9 ? * MON-FRI'],
    ['0 30 6 ? * 2', /Seconds first \(Quartz\)/, '30 6 ? * 1'],
    ['*/5 * * * * 30', /Seconds last/, '*/5 * * * *'],
    ['0 0 12 1 1 ? 2027', /Seconds first \(Quartz\)/, '0 12 1 1 *'],
  ];
  for (const [pasted, choice, expected] of conversions) {
    await check(`${pasted} is explained and converted`, async () => {
      await field('Cron expression').fill(pasted);
      await page
        .getByText(/Six fields|Seven fields/)
        .first()
        .waitFor();
      await page.getByRole('button', { name: choice }).click();
      assert.equal(await field('Cron expression').inputValue(), expected);
      await page.locator('.sg-runs li').first().waitFor();
    });
  }

  await check('what cannot be is refused in words at its field', async () => {
    await field('Cron expression').fill('0 25 * * *');
    await page.locator('[aria-invalid="true"]').first().waitFor();
    await field('Cron expression').fill('0 8 * * *');
    await field('Time zone').fill('Europe/Nowhere');
    await page.locator('[aria-invalid="true"]').first().waitFor();
    await field('Time zone').fill('UTC');
    await page.getByText('At 08:00 every day, UTC').first().waitFor();
    await button('Discard').click();
    await page.waitForURL(`${url}/jobs`);
  });
}
