/** Invited people, what each role sees and may do, tokens, several jobs at once, the timeline, and signing out. */
import assert from 'node:assert/strict';

export const PASSWORD = 'a long walk on the beach';
const API = '/api/admin/scheduler';
const JOB = {
  template_type: 'database_cleanup',
  parameters: { collection: 'logs', days_old: 30, dry_run: true },
  schedule: { type: 'interval', interval_seconds: 3600 },
};

/** What a page asks with the cookie of whoever is signed in: status and body. */
const ask = (page, method, path, body, headers = {}) =>
  page.evaluate(
    async ([method, path, body, headers]) => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(path, {
        method,
        headers: { 'Content-Type': 'application/json', ...headers },
        credentials: headers.Authorization ? 'omit' : 'same-origin',
        ...sent,
      });
      return { status: response.status, json: await response.json().catch(() => null) };
    },
    [method, path, body, headers],
  );

export async function roles({ page, url, check, told }) {
  const button = (name) => page.getByRole('button', { name, exact: true });
  const link = (name) => page.getByRole('link', { name, exact: true });
  const field = (name) => page.getByLabel(new RegExp(`^${name}( \\*)?$`)).and(page.locator('input'));
  const signIn = async (name) => {
    await page.goto(`${url}/sign-in`);
    await field('Name').fill(name);
    await field('Password').fill(PASSWORD);
    await button('Sign in').click();
    await button('Sign out').waitFor();
  };
  const signOut = async () => {
    await button('Sign out').click();
    await field('Name').waitFor();
  };
  const invite = async (name, role) => {
    await page.goto(`${url}/settings/users`);
    await link('Invite a user').click();
    await field('Name').fill(name);
    if (role) {
      await field('Role').click();
      await page.getByRole('option', { name: role }).click();
    }
    await button('Make an invitation link').click();
    const address = await page.locator('.sg-once code').textContent();
    assert.match(address, /\/invitation#token=sgi_[0-9a-f]{64}&name=/);
    await button('Done').click();
    return address;
  };
  const accept = async (address) => {
    await page.goto(address);
    await field('Password').fill(PASSWORD);
    await button('Set the password and sign in').click();
    await button('Sign out').waitFor();
  };
  const statuses = async (rows) => {
    const found = [];
    for (const [method, path, body] of rows) found.push((await ask(page, method, path, body)).status);
    return found;
  };
  const invited = {};

  await check(
    'a token is made with its end, shown once, works, shows its use, and is over when it is revoked',
    async () => {
      await page.goto(`${url}/settings/tokens`);
      await page.getByText('No tokens').waitFor();
      await link('Create a token').first().click();
      await field('Name').fill('not a name');
      await button('Create token').click();
      await page.getByText(/a name consists of letters/).waitFor();
      await field('Name').fill('deploy');
      await field('Days until it expires').fill('7');
      await button('Create token').click();
      const secret = await page.locator('.sg-once code').textContent();
      assert.match(secret, /^sgl_[0-9a-f]{64}$/);
      await button('Done').click();
      await page.getByRole('cell', { name: 'deploy', exact: true }).waitFor();
      assert(!(await page.content()).includes(secret), 'it is not shown again');
      const with_token = () => ask(page, 'GET', `${API}/status`, undefined, { Authorization: `Bearer ${secret}` });
      assert.equal((await with_token()).status, 200);
      await page.reload();
      await page.locator('tr', { hasText: 'deploy' }).getByText('in 6 days').waitFor();
      assert(!(await page.locator('tr', { hasText: 'deploy' }).textContent()).includes('never'), 'its use shows');
      await button('Revoke deploy').click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByText('No tokens').waitFor();
      assert.equal((await with_token()).status, 401);
    },
  );

  await check(
    'several jobs are disabled, run and deleted at once, each is told, and the deletion is taken back',
    async () => {
      for (const name of ['Sweep logs', 'Sweep events', 'Sweep users']) {
        const made = await ask(page, 'POST', `${API}/jobs`, { ...JOB, name });
        assert.equal(made.status, 200, JSON.stringify(made.json));
        told.job = made.json.id;
      }
      await page.goto(`${url}/jobs`);
      await page.getByLabel('Choose Sweep logs', { exact: true }).check();
      await page.getByLabel('1 chosen').waitFor();
      await page.getByLabel('1 chosen').check();
      await page.getByLabel('3 chosen').waitFor();
      await button('Disable').click();
      await page.getByText('3 jobs disabled.').waitFor();
      await page.waitForFunction(() => document.querySelectorAll('tr [data-status="disabled"]').length === 3);
      await page.getByLabel('Choose all on this page').check();
      await button('Enable').click();
      await page.getByText('3 jobs enabled.').waitFor();
      await page.getByLabel('Choose Sweep users', { exact: true }).check();
      await button('Run now').click();
      await page.getByText('1 run started.').waitFor();
      await page.locator('tr', { hasText: 'Sweep users' }).locator('.sg-strip').waitFor();
      await page.getByLabel('Choose Sweep logs', { exact: true }).check();
      await page.getByLabel('Choose Sweep events', { exact: true }).check();
      await button('Delete').click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByText('2 jobs deleted.').waitFor();
      await link('Sweep logs').waitFor({ state: 'detached' });
      await button('Undo').click();
      await page.getByText('2 jobs are back.').waitFor();
      await link('Sweep logs').waitFor();
    },
  );

  await check('the list of jobs asks one request for a page, runs included', async () => {
    const asked = [];
    const note = (request) => asked.push(new URL(request.url()).pathname);
    page.on('request', note);
    await page.goto(`${url}/jobs`);
    await page.locator('.sg-strip').first().waitFor();
    page.off('request', note);
    assert.equal(asked.filter((path) => path.endsWith('/executions')).length, 0, String(asked));
    assert.equal(asked.filter((path) => path === `${API}/jobs`).length, 1);
  });

  await check(
    'the timeline shows what ran and what is planned, and the list tells the same and leads to the run',
    async () => {
      await page.goto(`${url}/timeline`);
      await page.locator('.sg-lane').first().waitFor();
      await page.locator('.sg-lane').nth(2).waitFor();
      assert.equal(await page.locator('.sg-lane').count(), 3);
      await page.locator('.sg-ran').first().waitFor();
      await page.getByText('Week', { exact: true }).click();
      await page.waitForURL(/span=week/);
      await page.locator('.sg-bar, .sg-planned').first().waitFor();
      await button('Later').click();
      await page.waitForURL(/day=/);
      await page.goto(`${url}/timeline?as=list`);
      await page
        .getByRole('table')
        .getByRole('link', { name: /Success|Running|Queued/ })
        .first()
        .click();
      await page.waitForURL(/\/executions\/[0-9a-f]{24}/);
      told.execution = new URL(page.url()).pathname.split('/').at(-1);
      await page.goto(`${url}/jobs/${told.job}?tab=timeline`);
      await page.locator('.sg-track').first().waitFor();
      await page.goto(url);
      await page.getByText(/runs are planned; most of them/).waitFor();
    },
  );

  await check('a day on which the clocks change says so', async () => {
    await page.goto(`${url}/timeline?day=2027-03-28&span=week`);
    await page.getByText('the clocks in Europe/Lisbon go forward by 60 minutes').waitFor();
    await page.locator('.sg-lane .sg-clock-change').nth(2).waitFor();
    assert.equal(await page.locator('.sg-lane .sg-clock-change').count(), 3);
  });

  await check('an operator and an auditor are invited by a link that is shown once', async () => {
    invited.olga = await invite('olga');
    invited.aude = await invite('aude', 'Auditor');
    await page.locator('tr', { hasText: 'olga' }).getByText('Invited').waitFor();
    await page.locator('tr', { hasText: 'aude' }).getByText('Auditor').waitFor();
    await page.goto(`${url}/settings/users/new`);
    await field('Name').fill('olga');
    await button('Make an invitation link').click();
    await page.getByText('there is a user olga already').waitFor();
  });

  await check('the invited operator chooses a password by the link, once', async () => {
    await signOut();
    await page.goto(invited.olga);
    await field('Password').fill('short');
    await button('Set the password and sign in').click();
    await page.locator('.mantine-PasswordInput-error').waitFor();
    await field('Password').fill(PASSWORD);
    await button('Set the password and sign in').click();
    await page.locator('.sg-who', { hasText: 'olga' }).getByText('Operator').waitFor();
  });

  await check('an operator runs and pauses, and is offered nothing else', async () => {
    await page.goto(`${url}/jobs`);
    await button('Run Sweep logs now').waitFor();
    assert.equal(await link('New job').count(), 0);
    await button('More for Sweep logs').click();
    await page.getByRole('menuitem', { name: 'Disable' }).waitFor();
    assert.equal(await page.getByRole('menuitem').count(), 1);
    await page.keyboard.press('Escape');
    await page.getByLabel('Choose Sweep logs', { exact: true }).check();
    await button('Run now').waitFor();
    assert.equal(await button('Delete').count(), 0);
    await page.keyboard.press('n');
    await page.goto(`${url}/jobs/new`);
    await page.getByText('Your role, operator, does not include this').waitFor();
    await page.goto(`${url}/jobs/${told.job}/edit`);
    await page.getByText('Your role, operator, does not include this').waitFor();
    await page.goto(`${url}/settings/users`);
    await page.getByText('Your role, operator, does not include this').waitFor();
    await page.goto(`${url}/settings`);
    assert.equal(await link('Users').count(), 0);
    await page.goto(`${url}/jobs/${told.job}`);
    await button('Run now').click();
    await page.waitForURL(/\/executions\/[0-9a-f]{24}/);
    await button('Run again').waitFor();
  });

  const job = () => `${API}/jobs/${told.job}`;
  const defining = () => [
    ['POST', `${API}/jobs`, { ...JOB, name: 'Mine' }],
    ['PUT', job(), { name: 'Mine' }],
    ['DELETE', job()],
    ['DELETE', `${API}/executions/${told.execution}`],
    ['PUT', `${API}/templates/database_cleanup/grant`, {}],
    ['POST', `${API}/secrets`, { label: 'x', value: 'y' }],
    ['POST', '/api/auth/users', { name: 'eve', role: 'admin', password: PASSWORD }],
    ['PUT', '/api/auth/users/ann', { role: 'auditor' }],
    ['DELETE', '/api/auth/users/ann'],
    ['POST', '/api/auth/users/ann/invitation'],
    ['DELETE', '/api/auth/users/ann/sessions'],
  ];

  await check('the server refuses an operator what the page does not offer', async () => {
    assert.deepEqual(await statuses(defining()), Array(defining().length).fill(403));
    assert.deepEqual(
      await statuses([
        ['GET', '/api/auth/users'],
        ['GET', '/api/auth/sessions?user=*'],
      ]),
      [403, 403],
    );
    const allowed = [
      ['POST', `${job()}/disable`],
      ['POST', `${job()}/enable`],
      ['POST', `${job()}/run`, {}],
      ['GET', `${API}/audit`],
    ];
    assert.deepEqual(await statuses(allowed), [200, 200, 200, 200]);
  });

  await check('the link of the invitation works no second time', async () => {
    await signOut();
    await page.goto(invited.olga);
    await page.reload();
    await field('Password').fill('another long password');
    await button('Set the password and sign in').click();
    await page.getByRole('alert').getByText('this link does not work').waitFor();
  });

  await check('an auditor sees everything, accounts included, and is offered no change', async () => {
    await accept(invited.aude);
    await page.goto(`${url}/jobs`);
    await link('Sweep logs').waitFor();
    await page.locator('.sg-who', { hasText: 'aude' }).waitFor();
    for (const name of ['Run Sweep logs now', 'More for Sweep logs']) assert.equal(await button(name).count(), 0);
    assert.equal(await page.getByLabel('Choose Sweep logs', { exact: true }).count(), 0);
    await page.goto(job().replace(API, url));
    await page.getByRole('heading', { level: 1 }).waitFor();
    for (const name of ['Run now', 'Disable']) assert.equal(await button(name).count(), 0);
    assert.equal(await link('Edit').count(), 0);
    await page.goto(`${url}/executions/${told.execution}`);
    await page.locator('.sg-log-row').first().waitFor();
    assert.equal(await button('Run again').count(), 0);
    await page.goto(`${url}/settings/users`);
    await link('olga').waitFor();
    assert.equal(await link('Invite a user').count(), 0);
    await link('ann').click();
    await page.getByRole('heading', { level: 1, name: 'ann' }).waitFor();
    for (const name of ['Delete', 'Disable', 'Change role', 'Sign out everywhere'])
      assert.equal(await button(name).count(), 0);
  });

  await check('the server refuses an auditor every change', async () => {
    const operating = [
      ['POST', `${job()}/run`, {}],
      ['POST', `${job()}/disable`],
      ['POST', `${API}/executions/${told.execution}/rerun`],
    ];
    const all = [...defining(), ...operating];
    assert.deepEqual(await statuses(all), Array(all.length).fill(403));
    const reading = [
      ['GET', '/api/auth/users'],
      ['GET', '/api/auth/sessions?user=*'],
      ['GET', `${API}/audit`],
      ['GET', `${API}/timeline`],
    ];
    assert.deepEqual(await statuses(reading), [200, 200, 200, 200]);
  });

  await check(
    'signing out ends it in every tab: nothing is shown by going back, and the server answers 401',
    async () => {
      const other = await page.context().newPage();
      await other.goto(`${url}/audit`);
      await other.getByRole('button', { name: 'Sign out' }).waitFor();
      await page.goto(`${url}/jobs`);
      await link('Sweep logs').waitFor();
      await page.goto(`${url}/audit`);
      await page.getByRole('heading', { level: 1, name: 'Audit' }).waitFor();
      await signOut();
      await other.getByLabel('Password').first().waitFor();
      assert.equal((await ask(other, 'GET', `${API}/jobs`)).status, 401);
      await other.close();
      await page.goBack();
      await field('Name').waitFor();
      assert.equal(await page.getByText('Sweep logs').count(), 0);
      assert.deepEqual(
        await statuses([
          ['GET', `${API}/jobs`],
          ['GET', '/api/auth/me'],
          ['GET', `${API}/events`],
        ]),
        [401, 401, 401],
      );
    },
  );

  await check('a session that is ended from elsewhere ends here too', async () => {
    await signIn('olga');
    const me = (await ask(page, 'GET', '/api/auth/me')).json;
    const elsewhere = await page.context().newPage();
    await elsewhere.goto(`${url}/settings/account`);
    await elsewhere.getByText('this browser', { exact: true }).waitFor();
    assert.equal((await ask(elsewhere, 'DELETE', `/api/auth/sessions/${me.session.id}`)).status, 200);
    await page.goto(`${url}/jobs`);
    await page.getByText('The server ended your session').waitFor();
    await elsewhere.close();
  });

  await check('an admin changes a role, shuts an account and deletes it, and each holds at once', async () => {
    await signIn('ann');
    await page.goto(`${url}/settings/users/olga`);
    await field('Role').click();
    await page.getByRole('option', { name: 'Auditor' }).click();
    await button('Change role').click();
    await page.locator('.sg-details').getByText('Auditor').waitFor();
    await button('Make a link for a new password').click();
    await page.locator('.sg-once code').waitFor();
    await button('Disable').click();
    await page.locator('.sg-details').getByText('Disabled').waitFor();
    const refused = await ask(page, 'POST', '/api/auth/login', { name: 'olga', password: PASSWORD });
    assert.equal(refused.status, 401);
    await button('Delete').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(`${url}/settings/users`);
    await link('aude').waitFor();
    await link('olga').waitFor({ state: 'detached' });
  });

  await check('the last admin cannot be deleted, and it is said why', async () => {
    await page.goto(`${url}/settings/users/ann`);
    await button('Delete').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alert').getByText('this is the last admin').waitFor();
  });

  await check('a wrong present password is told at its field, the right one changes it', async () => {
    await page.goto(`${url}/settings/account`);
    await field('Present password').fill('not this one at all');
    await field('New password').fill(`${PASSWORD} again`);
    await button('Change password').click();
    await page.getByText('this is not the present password').waitFor();
    await field('Present password').fill(PASSWORD);
    await button('Change password').click();
    await page.getByText('The password is changed').waitFor();
    await page.getByText('this browser', { exact: true }).waitFor();
  });
}
