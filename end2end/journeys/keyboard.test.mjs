// With the keyboard alone.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { fact, focused, isAt, isTold } from '../support/page.mjs';
import { makeKey, newPerson, post, signIn, verify, withKey } from '../support/people.mjs';

/** What has the focus, as it is called. */
function nameOfFocus(page) {
  return page.evaluate(() => {
    const { activeElement: element, body } = document;
    return element === body ? '' : (element.ariaLabel ?? element.labels?.[0]?.innerText ?? element.innerText ?? '').replaceAll(/\s+/g, ' ').trim();
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
      assert.match(await nameOfFocus(page), /profile menu/);
    }
  });

  bothWays('skips to the content', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await visit.open('/profile/key');
    await page.keyboard.press('Tab');
    assert.equal(await nameOfFocus(page), 'Skip to content');
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
    assert.match(await nameOfFocus(page), /^User name/);
    await type(name);
    await tabTo(page, /^Password/, 1);
    await type(password);
    await press('Enter');
    await isAt(page, 'My API key');
    assert.equal(await nameOfFocus(page), 'My API key');

    // What a page shows comes after its heading: who tabs on before it is there passes it by.
    await page.getByRole('main').getByRole('link', { name: 'Add API key' }).waitFor();
    await tabTo(page, /^Add API key$/, 3);
    await press('Enter');
    await isAt(page, 'Add API key');
    assert.equal(await nameOfFocus(page), 'Add API key');
    await page.getByLabel('Description').waitFor();
    await tabTo(page, /^Description/, 1);
    await type('nightly build');
    await tabTo(page, /^30 days/, 1);
    await press('ArrowDown');
    await press('ArrowDown');
    assert.match(await nameOfFocus(page), /^90 days/);
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
    assert.equal(await nameOfFocus(page), 'My API key');

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
    assert.equal(await nameOfFocus(page), 'My API key');
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
    assert.equal(await nameOfFocus(page), 'Edit API key');
    await page.getByLabel('Description').waitFor();
    await tabTo(page, /^Description/, 1);
    await press('End');
    await type(', weekly');
    await tabTo(page, /^As it is/, 1);
    await press('ArrowDown');
    await press('ArrowDown');
    assert.match(await nameOfFocus(page), /^30 days/);
    await press('ArrowUp');
    assert.match(await nameOfFocus(page), /^7 days/);
    await page.locator('#validity-end').filter({ hasText: 'in 7 days' }).waitFor();
    await tabTo(page, /^Save$/, 1);
    await press('Enter');
    await isTold(page, 'The changes were saved.');
    assert.equal(await nameOfFocus(page), 'My API key');
    assert.equal(await fact(page, 'Description').innerText(), 'nightly build, weekly');

    await tabTo(page, /^Reissue$/, 4);
    await press('Enter');
    await isAt(page, 'Reissue API key');
    assert.equal(await nameOfFocus(page), 'Reissue API key');
    await page.getByLabel('Description').waitFor();
    await tabTo(page, /^Description/, 1);
    await tabTo(page, /^30 days/, 1);
    await tabTo(page, /^At once/, 1);
    await press('ArrowDown');
    assert.match(await nameOfFocus(page), /^In 1 hour/);
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
    assert.equal(await nameOfFocus(page), 'Save');
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
    assert.equal(await nameOfFocus(page), 'API keys');
    await tabTo(page, /^Search$/, 10);
    await type(owner.name);
    await page.waitForURL(`**?q=${owner.name}`);
    await page.getByText('1 key', { exact: true }).first().waitFor();
    assert.equal(await nameOfFocus(page), 'Search');
    await tabTo(page, new RegExp(`^Edit ${tag}$`), 16);
    await press('Enter');
    await isAt(page, 'Edit API key');
    await page.getByLabel('Description').waitFor();
    assert.equal(await nameOfFocus(page), 'Edit API key');
    await tabTo(page, /^Description/, 1);
    await press('End');
    await type(', weekly');
    await tabTo(page, /^Save$/);
    await press('Enter');
    await isTold(page, 'The changes were saved.');
    assert.equal(await fact(page, 'Description').innerText(), 'nightly build, weekly');
    assert.equal(await nameOfFocus(page), 'API key');
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
    await question.waitFor({ state: 'detached' });
    assert.equal(await nameOfFocus(page), 'Delete…', 'the focus is where it was');
    await press('Enter');
    await page.getByRole('button', { name: 'Cancel' }).and(focused(page)).waitFor();
    await press('Shift+Tab');
    await page.keyboard.type('2');
    await tabTo(page, /^Delete$/, 3);
    await press('Enter');
    await page.getByText('2 deleted. Finished.').waitFor();
    for (const { value } of keys) assert.equal((await verify(server, value)).status, 401);
  });

  journey('everything that can be pressed is large enough to be hit', async ({ server, visit, page }) => {
    const person = await newPerson(server, { roles: ['Administrator'] });
    const { tag } = await makeKey(server, person);
    await signIn(visit, person);
    const form = { tag, version: '1', description: '', validity: '30', overlap: '1' };
    assert.equal((await post(visit, '/api/reissue_key', form)).status(), 200);
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
    ]) {
      await visit.open(path);
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('a, button, input:not([type=hidden], [type=radio]), summary, label.option')]
          .filter((element) => element.checkVisibility() && !element.matches('.skip'))
          .map((element) => [element.innerText || element.name, element.getBoundingClientRect()])
          .filter(([, box]) => box.width < 24 || box.height < 24)
          .map(([name, box]) => `${name} ${box.width} × ${box.height}`),
      );
      assert.deepEqual(small, [], path);
    }
  });
}, { atOnce: 1 });
