// With the keyboard alone.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { fact, focused, isAnswered, isAt, isTold } from '../support/page.mjs';
import { makeKey, newPerson, post, signIn, verify, withKey } from '../support/people.mjs';
import { until } from '../support/until.mjs';

/** What has the focus, as it is called. */
function nameOfFocus(page) {
  return page.evaluate(() => {
    const { activeElement: element, body } = document;
    return element === body ? '' : (element.ariaLabel ?? element.labels?.[0]?.innerText ?? element.innerText ?? '').replaceAll(/\s+/g, ' ').trim();
  });
}

/** Waits until the focus is there: a page takes it once it is drawn. */
async function focusIs(page, name) {
  const fits = (found) => (name instanceof RegExp ? name.test(found) : name === found);
  await until(`the focus is on ${name}`, async () => fits(await nameOfFocus(page))).catch(async (error) => {
    assert.fail(`${error.message}: it is on "${await nameOfFocus(page)}"`);
  });
}

/** Presses Tab until something of that name has the focus; resolves to how often. */
async function tabTo(page, name, atMost = 20) {
  for (let presses = 0; presses <= atMost; presses += 1) {
    if (name.test(await nameOfFocus(page))) return presses;
    await page.keyboard.press('Tab');
    await assertSeen(page);
  }
  throw new Error(`${name} was not reached; the focus is on "${await nameOfFocus(page)}"`);
}

/** Whoever has the focus shows it, and nothing lies over it. */
async function assertSeen(page) {
  const trouble = await page.evaluate(() => {
    const { activeElement: element, body } = document;
    if (element === body) return null;
    const box = (element.closest('label') ?? element).getBoundingClientRect();
    if (box.width === 0 || box.bottom < 0 || box.top > innerHeight) return 'is out of sight';
    const top = document.elementFromPoint(box.x + box.width / 2, Math.min(box.y + box.height / 2, innerHeight - 1));
    if (!top || !(element.contains(top) || top.contains(element) || top.closest('label')?.contains(element))) return 'is covered';
    const ring = (node) => getComputedStyle(node).outlineStyle !== 'none' || getComputedStyle(node).boxShadow !== 'none';
    return ring(element) || ring(element.closest('label') ?? element) ? null : 'shows no focus';
  });
  assert.equal(trouble, null, `"${await nameOfFocus(page)}" ${trouble}`);
}

journeys('the keyboard alone', ({ journey, bothWays }) => {
  bothWays('reaches the profile menu within four tabs', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    for (const path of ['/profile/key', '/profile/security']) {
      await visit.open(path);
      assert.ok((await tabTo(page, /profile menu/)) <= 4, path);
      await page.keyboard.press('Enter');
      await page.locator('#profile-menu').waitFor();
      await tabTo(page, /^Add API key$/, 2);
      await page.keyboard.press('Escape');
      await page.locator('#profile-menu').waitFor({ state: 'hidden' });
      await focusIs(page, /profile menu/);
    }
  });

  bothWays('skips to the content', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await visit.open('/profile/key');
    await page.keyboard.press('Tab');
    await focusIs(page, 'Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    const inMain = await page.evaluate(() => document.activeElement.closest('main') !== null);
    assert.ok(inMain, await nameOfFocus(page));
  });

  journey('signs in, adds a key, copies and deletes it', async ({ server, visit, page }) => {
    const { name, password } = await newPerson(server);
    const type = (text) => page.keyboard.type(text);
    const press = (key) => page.keyboard.press(key);
    await visit.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    await visit.open('/');
    await focusIs(page, /^User name/);
    await type(name);
    await tabTo(page, /^Password/, 1);
    await type(password);
    await press('Enter');
    await isAt(page, 'My API key');
    await focusIs(page, 'My API key');

    // What a page shows comes after its heading: who tabs on before it is there passes it by.
    await page.getByRole('main').getByRole('link', { name: 'Add API key' }).waitFor();
    await tabTo(page, /^Add API key$/, 3);
    await press('Enter');
    await isAt(page, 'Add API key');
    await focusIs(page, 'Add API key');
    await page.getByLabel('Description').waitFor();
    await tabTo(page, /^Description/, 1);
    await type('nightly build');
    await tabTo(page, /^30 days/, 1);
    await press('ArrowDown');
    await press('ArrowDown');
    await focusIs(page, /^90 days/);
    await assertSeen(page);
    await page.locator('#validity-end').filter({ hasText: 'in 90 days' }).waitFor();
    await tabTo(page, /^Add$/, 1);
    await press('Enter');

    const reveal = page.getByRole('dialog', { name: 'Copy your API key' });
    await reveal.getByRole('button', { name: 'Copy and close' }).and(focused(page)).waitFor();
    await tabTo(page, /^Show key$/, 4);
    await press('Space');
    await reveal.getByRole('button', { name: 'Hide key' }).waitFor();
    await tabTo(page, /^Copy and close$/, 4);
    await press('Enter');
    await isTold(page, 'Copied.');
    const value = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal((await verify(server, value)).status, 204);
    await focusIs(page, 'My API key');

    // Behind it: copy the tag, edit, reissue.
    await page.getByRole('link', { name: 'Delete' }).waitFor();
    await tabTo(page, /^Delete$/, 5);
    await press('Enter');
    await page.getByRole('dialog', { name: 'Delete this API key?' }).waitFor();
    await page.getByRole('link', { name: 'Cancel' }).and(focused(page)).waitFor();
    await tabTo(page, /^Delete$/, 2);
    await press('Enter');
    await isTold(page, 'The API key was deleted.');
    assert.equal((await verify(server, value)).status, 401);
    await focusIs(page, 'My API key');
  });

  journey('edits a key and reissues it', async (context) => {
    const { server, visit, page } = context;
    const { value } = await withKey(context);
    const type = (text) => page.keyboard.type(text);
    const press = (key) => page.keyboard.press(key);
    await visit.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    await visit.open('/profile/key');
    await tabTo(page, /^Edit$/);
    await press('Enter');
    await isAt(page, 'Edit API key');
    await focusIs(page, 'Edit API key');
    await page.getByLabel('Description').waitFor();
    await tabTo(page, /^Description/, 1);
    await press('End');
    await type(', weekly');
    await tabTo(page, /^As it is/, 1);
    await press('ArrowDown');
    await press('ArrowDown');
    await focusIs(page, /^30 days/);
    await press('ArrowUp');
    await focusIs(page, /^7 days/);
    await page.locator('#validity-end').filter({ hasText: 'in 7 days' }).waitFor();
    await tabTo(page, /^Save$/, 1);
    await press('Enter');
    await isTold(page, 'The changes were saved.');
    await focusIs(page, 'My API key');
    assert.equal(await fact(page, 'Description').innerText(), 'nightly build, weekly');

    await tabTo(page, /^Reissue$/, 4);
    await press('Enter');
    await isAt(page, 'Reissue API key');
    await focusIs(page, 'Reissue API key');
    await page.getByLabel('Description').waitFor();
    await tabTo(page, /^Description/, 1);
    await tabTo(page, /^30 days/, 1);
    await tabTo(page, /^At once/, 1);
    await press('ArrowDown');
    await focusIs(page, /^In 1 hour/);
    await assertSeen(page);
    await tabTo(page, /^Reissue$/, 1);
    await press('Enter');
    const reveal = page.getByRole('dialog', { name: 'Copy your API key' });
    await reveal.getByRole('button', { name: 'Copy and close' }).and(focused(page)).waitFor();
    await press('Enter');
    await isTold(page, 'Copied.');
    const fresh = await page.evaluate(() => navigator.clipboard.readText());
    for (const each of [value, fresh]) assert.equal((await verify(server, each)).status, 204);

    await tabTo(page, /^Stop it now$/);
    await press('Enter');
    await page.getByRole('dialog', { name: 'Delete this API key?' }).waitFor();
    await page.getByRole('link', { name: 'Cancel' }).and(focused(page)).waitFor();
    await tabTo(page, /^Delete$/, 2);
    await press('Enter');
    await isTold(page, 'The API key was deleted.');
    assert.equal((await verify(server, value)).status, 401);
    assert.equal((await verify(server, fresh)).status, 204);
  });

  journey('a disabled Save can be reached, and says so', async (context) => {
    const { visit, page } = context;
    await withKey(context);
    await visit.open('/profile/key/edit');
    await tabTo(page, /^Save$/);
    assert.equal(await focused(page).getAttribute('aria-disabled'), 'true');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Space');
    await focusIs(page, 'Save');
    await isAt(page, 'Edit API key');
  });

  journey('changes the settings', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    await visit.open('/profile/key');
    await tabTo(page, /^Settings$/, 8);
    await page.keyboard.press('Enter');
    await isAt(page, 'Settings');
    await page.getByLabel('Longest validity', { exact: true }).waitFor();
    await tabTo(page, /^Deleted keys stay visible/, 8);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('31');
    await tabTo(page, /^Save$/);
    await page.keyboard.press('Enter');
    await isTold(page, 'The changes were saved.');
    const policy = await server.cli(['policy', 'show']);
    assert.match(policy, /^tombstone_days=31$/m);
  });

  journey('finds a key among everybody’s and edits it', async (context) => {
    const { server, visit, page } = context;
    const owner = await newPerson(server);
    const { tag } = await makeKey(server, owner, { description: 'nightly build' });
    await makeKey(server, await newPerson(server));
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    const type = (text) => page.keyboard.type(text);
    const press = (key) => page.keyboard.press(key);
    await visit.open('/profile/key');
    await tabTo(page, /^API keys$/, 3);
    await press('Enter');
    await isAt(page, 'API keys');
    await page.getByRole('link', { name: tag, exact: true }).waitFor();
    await focusIs(page, 'API keys');
    await tabTo(page, /^Search$/, 10);
    await type(owner.name);
    await page.waitForURL(`**?q=${owner.name}`);
    await page.getByText('1 key', { exact: true }).first().waitFor();
    await focusIs(page, 'Search');
    await tabTo(page, new RegExp(`^Edit ${tag}$`), 16);
    await press('Enter');
    await isAt(page, 'Edit API key');
    await page.getByLabel('Description').waitFor();
    await focusIs(page, 'Edit API key');
    await tabTo(page, /^Description/, 1);
    await press('End');
    await type(', weekly');
    await tabTo(page, /^Save$/);
    await press('Enter');
    await isTold(page, 'The changes were saved.');
    assert.equal(await fact(page, 'Description').innerText(), 'nightly build, weekly');
    await focusIs(page, 'API key');
  });

  journey('deletes several keys at once', async (context) => {
    const { server, visit, page } = context;
    const keys = [];
    for (const name of ['one', 'other']) {
      keys.push(await makeKey(server, await newPerson(server), { description: `stoat ${name}` }));
    }
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    const press = (key) => page.keyboard.press(key);
    await visit.open('/security/api-keys?q=stoat');
    await page.getByRole('link', { name: keys[0].tag, exact: true }).waitFor();
    for (const { tag } of keys) {
      await page.locator('main h1').focus();
      await tabTo(page, new RegExp(`^Select ${tag}$`), 40);
      await press('Space');
    }
    await page.getByText('2 keys selected').waitFor();
    await page.locator('main h1').focus();
    await tabTo(page, /^Delete…$/, 25);
    await press('Enter');
    const question = page.getByRole('dialog', { name: 'Delete 2 API keys?' });
    await question.waitFor();
    await page.getByRole('button', { name: 'Cancel' }).and(focused(page)).waitFor();
    await press('Escape');
    await isAnswered(page);
    await focusIs(page, 'Delete…');
    await press('Enter');
    await page.getByRole('button', { name: 'Cancel' }).and(focused(page)).waitFor();
    await press('Shift+Tab');
    await page.keyboard.type('2');
    await tabTo(page, /^Delete$/, 3);
    await press('Enter');
    await page.getByText('2 deleted. Finished.').waitFor();
    for (const { value } of keys) assert.equal((await verify(server, value)).status, 401);
  });

  journey('is left where it is when others change what is shown', async (context) => {
    const { server, visit, page } = context;
    const mine = await makeKey(server, await newPerson(server), { description: 'marten' });
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    await visit.open('/security/api-keys?q=marten');
    await tabTo(page, new RegExp(`^Select ${mine.tag}$`), 60);
    await page.keyboard.press('Space');
    // Both are drawn anew with the list.
    for (const name of [/^Delete…$/, /^Extend…$/]) {
      await page.locator('main h1').focus();
      await tabTo(page, name, 40);
      const other = await makeKey(server, await newPerson(server), { description: 'marten' });
      await page.getByRole('link', { name: other.tag, exact: true }).waitFor();
      await focusIs(page, name);
    }
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
  });

  journey('adds a user, gives them a role, and disables them', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    const type = (text) => page.keyboard.type(text);
    const press = (key) => page.keyboard.press(key);
    await visit.open('/profile/key');
    await tabTo(page, /^Users$/, 8);
    await press('Enter');
    await isAt(page, 'Users');
    await page.getByRole('link', { name: 'Add user' }).waitFor();
    await tabTo(page, /^Add user$/);
    await press('Enter');
    await isAt(page, 'Add user');
    await page.getByLabel('User name').waitFor();
    await focusIs(page, 'Add user');
    await tabTo(page, /^Local account/, 1);
    await tabTo(page, /^User name/, 1);
    await type('keyboard-made');
    for (const label of [/^Password/, /^Repeat password/]) {
      await tabTo(page, label, 3);
      await type('nine slow barges going home');
    }
    await tabTo(page, /^Add user$/, 8);
    await press('Enter');
    await isTold(page, 'The user was added.');
    await focusIs(page, 'User');
    await page.getByRole('link', { name: 'Disable' }).waitFor();

    await tabTo(page, /^Give a role$/, 8);
    await type('Default Sec');
    await tabTo(page, /^Give$/, 1);
    await press('Enter');
    await isTold(page, 'The role was given.');
    await page.getByRole('link', { name: 'Default Security Administrator' }).waitFor();

    await page.locator('main h1').focus();
    await tabTo(page, /^Disable$/, 4);
    await press('Enter');
    const question = page.getByRole('dialog', { name: 'Disable this user?' });
    await question.getByRole('link', { name: 'Cancel' }).and(focused(page)).waitFor();
    await press('Escape');
    await isAnswered(page);
    await page.getByRole('heading', { name: 'User', level: 1 }).and(focused(page)).waitFor();
    await page.getByRole('link', { name: 'Disable' }).waitFor();
    await tabTo(page, /^Disable$/, 4);
    await press('Enter');
    await question.getByRole('link', { name: 'Cancel' }).and(focused(page)).waitFor();
    await tabTo(page, /^Disable$/, 2);
    await press('Enter');
    await isTold(page, 'The user was disabled.');
  });

  journey('adds a role and deletes it', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    const press = (key) => page.keyboard.press(key);
    await visit.open('/roles');
    await page.getByRole('link', { name: 'Add role' }).waitFor();
    await tabTo(page, /^Add role$/);
    await press('Enter');
    await isAt(page, 'Add role');
    await page.getByLabel('Name').waitFor();
    await tabTo(page, /^Name/, 1);
    await page.keyboard.type('Keyboard desk');
    await tabTo(page, /^View$/, 2);
    await press('Space');
    await page.getByText("see everybody's API keys").waitFor();
    await tabTo(page, /^Save$/, 40);
    await press('Enter');
    await isTold(page, 'The role was added.');
    await focusIs(page, 'Role');
    await page.getByRole('link', { name: 'Delete' }).waitFor();
    await tabTo(page, /^Delete$/, 3);
    await press('Enter');
    await page.getByRole('dialog').getByRole('link', { name: 'Cancel' }).and(focused(page)).waitFor();
    await tabTo(page, /^Delete$/, 2);
    await press('Enter');
    await isTold(page, 'The role was deleted.');
    await focusIs(page, 'Roles');
  });

  journey('filters, verifies and exports the audit trail', async ({ server, visit, page }) => {
    const person = await newPerson(server, { roles: ['Administrator'] });
    await signIn(visit, person);
    const press = (key) => page.keyboard.press(key);
    await visit.open('/security/audit');
    await page.getByRole('button', { name: 'Verify chain' }).waitFor();
    await tabTo(page, /^Verify chain$/);
    await press('Enter');
    await isTold(page, 'The audit trail is whole:');
    await tabTo(page, /^Filter and export$/, 3);
    await press('Enter');
    await tabTo(page, /^User name/, 1);
    await page.keyboard.type(person.name);
    // Each of the two days is three parts and a calendar.
    await tabTo(page, /^Refused only/, 16);
    await press('Space');
    await press('Space');
    await tabTo(page, /^Filter$/, 1);
    await press('Enter');
    await page.waitForURL(`**/security/audit?user=${person.name}**`);
    await page.getByText(/^A sign-in succeeded/).first().waitFor();
    const folded = page.locator('details[data-search]');
    if (!(await folded.evaluate((details) => details.open))) {
      await page.locator('main h1').focus();
      await tabTo(page, /^Filter and export$/);
      await press('Enter');
    }
    await tabTo(page, /^Export as CSV$/, 12);
    const waiting = page.waitForEvent('download');
    await press('Enter');
    assert.equal((await waiting).suggestedFilename(), 'latchkey-audit.csv');
  });

  journey('adds a key for another, copies it, reissues and deletes it', async ({ server, visit, page }) => {
    const owner = await newPerson(server);
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    const type = (text) => page.keyboard.type(text);
    const press = (key) => page.keyboard.press(key);
    await visit.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    await visit.open('/security/api-keys');
    await page.getByRole('link', { name: 'Add', exact: true }).waitFor();
    await tabTo(page, /^Add$/, 30);
    await press('Enter');
    await isAt(page, 'Add API key for a user');
    await page.getByLabel('The name begins with').waitFor();
    await tabTo(page, /^The name begins with$/, 2);
    await type(owner.name);
    await page.getByRole('link', { name: owner.name, exact: true }).waitFor();
    await tabTo(page, new RegExp(`^${owner.name}$`), 2);
    await press('Enter');
    await page.getByText('is entered below.').waitFor();
    await focusIs(page, /^Description/);
    await type('by keyboard');
    await tabTo(page, /^Add$/, 8);
    await press('Enter');
    const reveal = page.getByRole('dialog', { name: 'Copy your API key' });
    const copy = async () => {
      await reveal.getByRole('button', { name: 'Copy and close' }).and(focused(page)).waitFor();
      await press('Enter');
      await isTold(page, 'Copied.');
      return page.evaluate(() => navigator.clipboard.readText());
    };
    const value = await copy();
    assert.equal((await verify(server, value)).status, 204);

    await page.getByRole('link', { name: 'Reissue' }).waitFor();
    await tabTo(page, /^Reissue$/);
    await press('Enter');
    await isAt(page, 'Reissue API key');
    await page.getByLabel('Description').waitFor();
    await tabTo(page, /^Reissue$/);
    await press('Enter');
    const fresh = await copy();
    assert.deepEqual([(await verify(server, value)).status, (await verify(server, fresh)).status], [401, 204]);

    await page.getByRole('link', { name: 'Delete' }).waitFor();
    await tabTo(page, /^Delete$/);
    await press('Enter');
    await page.getByRole('dialog').getByRole('link', { name: 'Cancel' }).and(focused(page)).waitFor();
    await tabTo(page, /to go on$/, 6);
    await type(owner.name);
    await press('Enter');
    await isTold(page, 'The API key was deleted.');
    assert.equal((await verify(server, fresh)).status, 401);
  });

  journey('chooses the columns of the list of all keys', async ({ server, visit, page }) => {
    await makeKey(server, await newPerson(server));
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    const press = (key) => page.keyboard.press(key);
    await visit.open('/security/api-keys');
    await page.getByRole('table').waitFor();
    await tabTo(page, /^Columns and rows$/, 40);
    await press('Enter');
    await tabTo(page, /^Issuer$/, 10);
    await press('Space');
    await tabTo(page, /^50 /, 10);
    await press('ArrowDown');
    await tabTo(page, /^Apply$/, 10);
    await press('Enter');
    await page.getByRole('columnheader', { name: 'Issuer' }).waitFor();
  });

  journey('everything that can be pressed is large enough to be hit', async ({ server, visit, page }) => {
    const person = await newPerson(server, { roles: ['Administrator'] });
    const { tag } = await makeKey(server, person);
    await signIn(visit, person);
    visit.expectProblem(/422/);
    await server.cli(['role', 'add', 'Hit or missed']);
    const role = `/roles/${await server.query("select id from role where name = 'Hit or missed'")}`;
    const form = { tag, version: '1', description: '', validity: '30', overlap: '1' };
    assert.equal((await post(visit, '/api/reissue_key', form)).status(), 200);
    const tooSmall = {};
    for (const path of [
      '/profile/key',
      '/profile/key/delete',
      '/profile/key/add',
      '/profile/key/edit',
      '/profile/key/reissue',
      '/profile/security',
      '/settings',
      '/security/api-keys',
      '/security/api-keys?q=none',
      '/security/api-keys/add?who=p-',
      `/security/api-keys/${encodeURIComponent(tag)}`,
      ...['edit', 'reissue', 'delete'].map((form) => `/security/api-keys/${encodeURIComponent(tag)}/${form}`),
      '/users',
      '/users?after=nonsense',
      '/users/add',
      '/users/1000',
      '/users/1000/disable',
      '/roles',
      '/roles/1',
      '/roles/4',
      '/roles/add',
      `${role}/edit`,
      `${role}/delete`,
      '/security/audit',
      '/settings/approval',
      '/settings/sign-in',
      '/settings/sign-in/add',
      '/settings/notices',
      '/profile/notices',
      '/tickets',
    ]) {
      await visit.open(path);
      await page.evaluate(() => document.querySelectorAll('main details').forEach((folded) => (folded.open = true)));
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('a, button, input:not([type=hidden], [type=radio]), summary, label.option')]
          .filter((element) => element.checkVisibility() && !element.matches('.skip'))
          // A link within a sentence is as high as its line (WCAG 2.5.8, "inline").
          .filter((element) => !(element.matches('p > a') && element.parentElement.innerText.trim() !== element.innerText.trim()))
          .map((element) => [element.innerText || element.name, element.getBoundingClientRect()])
          .filter(([, box]) => box.width < 24 || box.height < 24)
          .map(([name, box]) => `${name} ${box.width} × ${box.height}`),
      );
      if (small.length > 0) tooSmall[path] = small;
    }
    assert.deepEqual(tooSmall, {});
  });
}, { atOnce: 1 });
