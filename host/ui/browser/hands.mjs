/** What a person does on a page, in the words of the page. */

/** A label, with or without the star of what is needed. */
const labelled = (name) => new RegExp(`^${literal(name)}( \\*)?$`);
const literal = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

export function hands(page) {
  const button = (name, exact = true) => page.getByRole('button', { name, exact });
  const field = (name, within = page) => within.getByLabel(labelled(name)).and(page.locator('input, textarea'));
  return {
    button,
    field,
    async pick(name, option, within = page) {
      await field(name, within).click();
      // What it means may stand behind it.
      await page
        .getByRole('option', { name: new RegExp(`^${literal(option)}(\\s|$)`) })
        .first()
        .click();
    },
    /** A list of words, as tags. */
    async tags(name, ...words) {
      for (const word of words) {
        await field(name).fill(word);
        await page.keyboard.press('Enter');
      }
    },
    /** Off or on. */
    async set(name, on) {
      await page.getByRole('switch', { name: new RegExp(`^${name}`) }).setChecked(on, { force: true });
    },
    group: (name) => page.getByRole('group', { name: labelled(name) }),
    async more(job, entry) {
      await page.getByRole('button', { name: `More for ${job}`, exact: true }).click();
      await page.getByRole('menuitem', { name: entry }).click();
    },
    async signIn(token) {
      await page.getByLabel('Token', { exact: true }).fill(token);
      await button('Sign in').click();
    },
  };
}

/** Asks the server as the page's own person would, without the page. */
export function rest(url, token) {
  return async (method, path, body) => {
    const answer = await fetch(`${url}/api/admin/scheduler${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
}
