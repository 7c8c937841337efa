/**
 * A component that somebody brings along, from its upload to the day it is retired: granted, run, narrowed, denied,
 * granted as offered, replaced by a version that asks for more.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const JOB = 'Greetings';

/** `components` is a folder with `hello.wasm` and `hello-more.wasm`, which asks for more. */
export async function templates({ page, url, check, components, look }) {
  const button = (name) => page.getByRole('button', { name, exact: true });
  const link = (name) => page.getByRole('link', { name, exact: true });
  const file = (name) => join(components, name);
  const chosen = page.locator('input[type="file"]');
  const told = {};

  /** As a hand does it: files over the page, then let go. */
  const drop = async (name) => {
    const text = readFileSync(file(name)).toString('base64');
    const data = await page.evaluateHandle(
      ([text, name]) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, { type: 'application/wasm' }));
        return transfer;
      },
      [text, name],
    );
    await page.locator('.sg-drop-page').dispatchEvent('dragover', { dataTransfer: data });
    await page.locator('.sg-drop[data-over]').waitFor();
    await page.locator('.sg-drop-page').dispatchEvent('drop', { dataTransfer: data });
  };

  await check('what is no component is refused in words, and nothing changes', async () => {
    await page.goto(`${url}/templates`);
    const letter = { name: 'letter.wasm', mimeType: 'application/wasm', buffer: Buffer.from('Dear aunt') };
    await chosen.setInputFiles(letter);
    await page.getByText('The component is refused').waitFor();
    await page.getByText(/no WebAssembly component/).waitFor();
    await page.getByText(/what was in force stays/).waitFor();
  });

  await check('a component that is dropped on the page says what it asks for, and may do nothing yet', async () => {
    await drop('hello.wasm');
    await page.getByText(/Nothing is granted to it yet: look/).waitFor();
    await page.getByText('To count its documents.').first().waitFor();
    await look('upload');
    await link('Review and grant').click();
    await page.getByRole('heading', { name: 'What Hello may have', level: 1 }).waitFor();
  });

  await check('it is granted as it asks, and ready', async () => {
    await page.getByText('Not granted', { exact: true }).waitFor();
    await button('Grant as asked').click();
    await page.getByText('Granted as asked').waitFor();
    await page.getByText('No job runs this version.').waitFor();
    await button('Save grant').click();
    await page.getByRole('heading', { name: 'Hello', level: 1, exact: true }).waitFor();
    await page.locator('.sg-details [data-state="ready"]').waitFor();
  });

  await check('a job of it would run, the review says, and it does', async () => {
    await link('New job').click();
    await page.getByLabel(/^Name/).fill(JOB);
    await page.getByLabel(/^Collection/).fill('orders');
    await button('Next').click();
    await page.getByLabel('Cron expression').waitFor();
    await button('Next').click();
    await page.locator('[data-forecast="runs"]').waitFor();
    await button('Create job').click();
    await page.getByRole('heading', { level: 1, name: JOB }).waitFor();
    told.job = new URL(page.url()).pathname.split('/').at(-1);
    await run('success');
    await page
      .locator('.sg-result', { hasText: 'Hello, everybody: orders holds' })
      .or(page.locator('.sg-result', { hasText: 'Hello, world: orders holds' }))
      .waitFor();
  });

  /** Runs the job and waits for its end. */
  async function run(status) {
    await page.goto(`${url}/jobs/${told.job}`);
    await button('Run now').click();
    await page.waitForURL(/\/executions\/[0-9a-f]{24}/);
    await page.locator(`.sg-page-title [data-status="${status}"]`).waitFor();
  }

  await check('a fault in a grant stands at its field before anything is saved', async () => {
    await page.goto(`${url}/templates/hello/grant`);
    await page.getByRole('combobox', { name: 'Collection', exact: true }).fill('sandglass_audit');
    await page.getByText(/belongs to Sandglass itself/).waitFor();
    assert.equal(await page.locator('[aria-invalid="true"]').count(), 1);
  });

  await check('a narrower grant names the jobs that it would stop, before it is saved', async () => {
    await page.getByRole('combobox', { name: 'Collection', exact: true }).fill('invoices');
    await page.getByText('Its job would be denied what it needs.').waitFor();
    await page.getByText('runs today').waitFor();
    await look('grant-narrow');
    await button('Save grant').click();
    await page.getByRole('heading', { name: 'Hello', level: 1, exact: true }).waitFor();
  });

  await check('the review of the job says what would be denied, and what would allow it', async () => {
    await page.goto(`${url}/jobs/${told.job}/edit?step=review`);
    await page.locator('[data-forecast="stops"]').waitFor();
    await page.locator('.sg-offer', { hasText: 'orders' }).waitFor();
    await look('review-denied');
  });

  await check('the next run is denied, and its page says why', async () => {
    await run('failed');
    await page.getByText('It was denied something that a grant can allow').waitFor();
    await page.locator('.sg-offer', { hasText: 'orders' }).waitFor();
    await look('execution-denied');
  });

  await check('the matrix of capabilities shows the denial, and leads to the audit', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.getByRole('heading', { name: 'Capabilities', level: 1 }).waitFor();
    await page.locator('tr', { hasText: 'Hello' }).locator('td[data-denied] a').click();
    await page.locator('.sg-functions tr', { hasText: 'Show in the audit' }).waitFor();
    await page.locator('.sg-offer', { hasText: 'orders' }).waitFor();
    await link('Show in the audit').first().click();
    await page.getByRole('heading', { name: 'Audit log', level: 1 }).waitFor();
    await page.locator('tbody tr', { hasText: 'orders' }).getByText('Denied', { exact: false }).first().waitFor();
  });

  await check('what was offered is granted, and the next run succeeds', async () => {
    await run('failed');
    await link('To the grant').first().click();
    await page.getByRole('heading', { name: 'What Hello may have', level: 1 }).waitFor();
    await page.getByText('Its job can do its work.').waitFor();
    assert.equal(await page.locator('.sg-right').count(), 2);
    await button('Save grant').click();
    await page.getByRole('heading', { name: 'Hello', level: 1, exact: true }).waitFor();
    await run('success');
  });

  await check('a version that asks for more waits, and says what is different', async () => {
    await page.goto(`${url}/templates`);
    await chosen.setInputFiles(file('hello-more.wasm'));
    await link('See what is different').click();
    await page.getByRole('heading', { name: /waits for approval/ }).waitFor();
    const added = page.locator('.sg-differences [data-kind="added"]');
    await added.getByText('any_collection_**').waitFor();
    await added.getByText('reaches further').waitFor();
    await run('success');
  });

  await check('it is approved with what it asks for, and takes its job along', async () => {
    await page.goto(`${url}/templates/hello`);
    await page.getByRole('switch', { name: 'Grant what reaches further along with it' }).check();
    await button('Approve').click();
    await page.getByText('1 job runs it from now on.').waitFor();
    await page.locator('.sg-needs', { hasText: 'any_collection_**' }).first().waitFor();
  });

  await check('one that waits can be declined', async () => {
    await page.goto(`${url}/templates`);
    await chosen.setInputFiles(file('hello.wasm'));
    await link('See what is different').click();
    await page.getByRole('heading', { name: /waits for approval/ }).waitFor();
    await button('Decline').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Decline' }).click();
    await page.getByRole('heading', { name: /waits for approval/ }).waitFor({ state: 'detached' });
    // And once more, for whoever looks at the pages.
    await page.goto(`${url}/templates`);
    await chosen.setInputFiles(file('hello.wasm'));
    await link('See what is different').waitFor();
  });
  return told;
}

/** The end of it; apart, so that its pages can be looked at before. */
export async function retirement({ page, url, check, told }) {
  await check('a template is retired after its jobs were named, and their history stays', async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${url}/templates/hello`);
    await page.getByRole('button', { name: 'Retire', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(JOB).waitFor();
    await dialog.getByRole('button', { name: 'Retire' }).click();
    await page.getByRole('heading', { name: 'Taken away' }).waitFor();
    await page.goto(`${url}/jobs/${told.job}`);
    await page.locator('[data-status="blocked"]').first().waitFor();
    await page.goto(`${url}/executions?search=&status=success&template_type=hello`);
    await page.getByRole('link', { name: JOB }).first().waitFor();
  });
}
