// What is left of keys that work no more, and who may have none.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { fact, isAt, isTold } from '../support/page.mjs';
import {
  deleteKey,
  keyTags,
  makeKey,
  newPerson,
  openMenu,
  post,
  signIn,
  signOut,
  useKey,
  verify,
  withKey,
} from '../support/people.mjs';
import { until } from '../support/until.mjs';

const earlier = (page) => page.getByRole('region', { name: 'Earlier keys' });

/** The entry of that key among the earlier ones, as a line of text. */
async function entry(page, tag) {
  const item = earlier(page).getByRole('listitem').filter({ hasText: tag });
  return (await item.innerText()).replaceAll(/\s+/g, ' ');
}

journeys('earlier keys', ({ journey, bothWays }) => {
  bothWays('say who deleted them and when', async (context) => {
    const { server, visit, page } = context;
    const { person, tag } = await withKey(context);
    await visit.open('/profile/key');
    assert.equal(await earlier(page).count(), 0);
    assert.equal((await post(visit, '/api/delete_key', { tag })).status(), 200);
    const next = await makeKey(server, person, { description: 'weekly build' });
    const administrator = await newPerson(server, { roles: ['Administrator'] });
    await deleteKey(server, administrator, next.tag);
    await visit.open('/profile/key');
    await page.getByText('You have no API key yet.').waitFor();
    assert.equal(await earlier(page).getByRole('listitem').count(), 2);
    assert.match(await entry(page, tag), /nightly build Deleted just now .*20\d\d, \d\d:\d\d UTC .*By you Last used Never used/);
    assert.match(
      await entry(page, next.tag),
      new RegExp(`weekly build Deleted just now .*By :${administrator.name}:unixpwd:\\d{4} Last used`),
    );
    // The latest stands first.
    assert.ok((await earlier(page).getByRole('listitem').first().innerText()).includes(next.tag));
    await isAt(page, 'My API key');
    assert.equal(await page.getByRole('main').getByRole('link', { name: 'Add API key' }).count(), 1);
  });

  bothWays('say when and from where they were used last', async (context) => {
    const { visit, page } = context;
    const { tag, value } = await withKey(context);
    await useKey(context, value);
    await visit.open('/profile/key');
    assert.match(await fact(page, 'Last used').innerText(), /127\.0\.0\.1/);
    assert.equal((await post(visit, '/api/delete_key', { tag })).status(), 200);
    // Uses are gathered before they are written.
    await until('the use is written', async () => {
      await visit.open('/profile/key');
      return !(await entry(page, tag)).includes('Never used');
    });
    assert.match(await entry(page, tag), /Last used just now .*from 127\.0\.0\.1/);
  });

  bothWays('are one’s own only', async (context) => {
    const { server, visit, page } = context;
    const { tag } = await withKey(context);
    assert.equal((await post(visit, '/api/delete_key', { tag })).status(), 200);
    await signIn(visit, await newPerson(server));
    await visit.open('/profile/key');
    await page.getByText('You have no API key yet.').waitFor();
    assert.equal(await earlier(page).count(), 0);
    assert.equal(await page.getByText(tag).count(), 0);
  });

  journey('stay what they are: nothing can be done with one', async (context) => {
    const { server, visit } = context;
    const { person, tag, value } = await withKey(context);
    assert.equal((await post(visit, '/api/delete_key', { tag })).status(), 200);
    for (const version of ['1', '2']) {
      const entries = { tag, version, description: 'back', validity: '30' };
      for (const path of ['/api/delete_key', '/api/update_key', '/api/reissue_key']) {
        assert.equal((await post(visit, path, entries)).status(), 404, path);
      }
    }
    assert.deepEqual(await keyTags(server, person), []);
    assert.equal((await verify(server, value)).status, 401);
  });
});

journeys('self-service withdrawn', ({ bothWays }) => {
  bothWays('nobody is offered what they may not have', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    await server.cli(['user', 'self-service', person.name, 'off']);
    await signIn(visit, person);
    await visit.open('/profile/key');
    await isTold(page, 'You may not manage an API key of your own here');
    assert.equal(await page.getByText('You have no API key yet.').count(), 0);
    assert.equal(await page.getByRole('main').getByRole('link', { name: 'Add API key' }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Add', exact: true }).count(), 0);
    assert.equal((await post(visit, '/api/create_key', { validity: '30' })).status(), 403);

    const menu = await openMenu(page);
    assert.ok((await menu.innerText()).includes(person.name));
    await menu.getByRole('link', { name: 'Password and sessions' }).click();
    await isAt(page, 'Password and sessions');
    await signOut(page);

    await server.cli(['user', 'self-service', person.name, 'on']);
    await signIn(visit, person);
    await visit.open('/profile/key');
    await page.getByText('You have no API key yet.').waitFor();
  });

  bothWays('nor does the profile menu offer it', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    await server.cli(['user', 'self-service', person.name, 'off']);
    await signIn(visit, person);
    await visit.open('/profile/security');
    const menu = await openMenu(page);
    await menu.getByRole('link', { name: 'Password and sessions' }).waitFor();
    assert.equal(await menu.getByRole('link', { name: 'Add API key' }).count(), 0);
  });

  bothWays('the form to add a key says so, too', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    await server.cli(['user', 'self-service', person.name, 'off']);
    await signIn(visit, person);
    await visit.open('/profile/key/add');
    await isAt(page, 'Add API key');
    await isTold(page, 'You may not manage an API key of your own here');
    assert.equal(await page.getByRole('button', { name: 'Add', exact: true }).count(), 0);
  });

  bothWays('a key that is there is out of its owner’s hands', async (context) => {
    const { server, visit, page } = context;
    const { person, tag } = await withKey(context);
    await server.cli(['user', 'self-service', person.name, 'off']);
    await visit.open('/profile/key');
    await isTold(page, 'You may not manage an API key of your own here');
    assert.equal(await page.getByText(tag).count(), 0);
    for (const path of ['/api/delete_key', '/api/update_key', '/api/reissue_key']) {
      const entries = { tag, version: '1', description: 'x', validity: '30' };
      assert.equal((await post(visit, path, entries)).status(), 404, path);
    }
    for (const [path, title] of [
      ['/profile/key/edit', 'Edit API key'],
      ['/profile/key/reissue', 'Reissue API key'],
    ]) {
      await visit.open(path);
      await isAt(page, title);
      assert.equal(await page.getByRole('main').locator('form').count(), 0);
    }
    await server.cli(['user', 'self-service', person.name, 'on']);
    assert.deepEqual(await keyTags(server, person), [tag]);
  });
});
