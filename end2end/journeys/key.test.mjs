import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { fact, focused, isAnswered, isAt, isTold } from '../support/page.mjs';
import { keyTags, newPerson, openMenu, post, signIn, useKey, verify, withKey } from '../support/people.mjs';

const QUESTION = 'Delete this API key?';

journeys('one’s key', ({ journey, bothWays }) => {
  bothWays('the page without a key says what one is and how to get it', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await visit.open('/');
    await isAt(page, 'My API key');
    assert.equal(new URL(page.url()).pathname, '/profile/key');
    await page.getByText('You have no API key yet.').waitFor();
    await page.getByText(`${server.url}/verify`).waitFor();
    const add = page.getByRole('main').getByRole('link', { name: 'Add API key' });
    assert.equal(await add.getAttribute('href'), '/profile/key/add');
  });

  bothWays('the details are all there', async (context) => {
    const { server, visit, page } = context;
    const { person, tag } = await withKey(context);
    await visit.open('/profile/security');
    const menu = await openMenu(page);
    await menu.getByRole('link', { name: 'View my API key details' }).click();
    await isAt(page, 'My API key');
    await page.getByText('Active', { exact: true }).waitFor();
    const identity = new RegExp(`^${person.name}\\s+:${person.name}:unixpwd:\\d{4}$`);
    const moment = /\d{1,2} [A-Z][a-z]+ 20\d\d, \d\d:\d\d UTC/;
    for (const [name, text] of [
      ['Description', /^nightly build$/],
      ['Owner', identity],
      ['Issuer', identity],
      ['Expires', /^in 30 days/],
      ['Expires', moment],
      ['Created', moment],
      ['Last modified', moment],
      ['Last used', /^Never used$/],
      ['SAML authentication', /^Not validated$/],
    ]) {
      assert.match(await fact(page, name).innerText(), text, name);
    }
    await page.getByRole('region', { name: 'API key details' }).getByText(tag, { exact: true }).waitFor();
    const local = / your time$/;
    assert.equal(local.test(await fact(page, 'Expires').innerText()), visit.javaScript);
    await page.getByText(`${server.url}/verify`).waitFor();
  });

  journey('the tag and the command can be copied', async (context) => {
    const { server, visit, page } = context;
    const { tag } = await withKey(context);
    await visit.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    await visit.open('/profile/key');
    for (const [label, text] of [
      ['Copy tag', tag],
      [
        'Copy command',
        `curl -i -H "Authorization: $LATCHKEY_API_KEY" ${server.url}/verify`,
      ],
    ]) {
      await page.getByRole('button', { name: label }).click();
      await page.getByRole('status').filter({ hasText: 'Copied' }).first().waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
    }
  });

  bothWays('a use shows up, and the gateway is told who it was', async (context) => {
    const { server, visit, page } = context;
    const { person, tag, value } = await withKey(context);
    const answer = await verify(server, value);
    assert.equal(answer.status, 204);
    const told = (name) => answer.headers.get(`x-latchkey-${name}`);
    assert.equal(told('user'), person.name);
    assert.equal(told('domain'), '');
    assert.equal(told('domain-type'), 'unixpwd');
    assert.equal(told('key-tag'), tag);
    assert.match(told('roles'), /API%20Key%20Self-Service/);
    assert.ok(new Date(told('key-expires')) > new Date());

    await useKey(context, value);
    await visit.open('/profile/key');
    assert.match(await fact(page, 'Last used').innerText(), /^just now[^]*from\s*127\.0\.0\.1$/);
  });

  bothWays('deleting asks first, and then the key is dead', async (context) => {
    const { server, visit, page } = context;
    const { person, tag, value } = await withKey(context);
    await useKey(context, value);
    await visit.open('/profile/key');
    await page.getByRole('link', { name: 'Delete' }).click();
    const question = page.getByRole('dialog', { name: QUESTION });
    await question.waitFor();
    const text = await question.innerText();
    for (const part of [tag, 'nightly build', 'It was last used just now from 127.0.0.1.']) {
      assert.ok(text.replaceAll(/\s+/g, ' ').includes(part), `${part} is not in: ${text}`);
    }
    await question.getByRole('link', { name: 'Cancel' }).click();
    await isAt(page, 'My API key');
    assert.equal((await verify(server, value)).status, 204);

    await page.getByRole('link', { name: 'Delete' }).click();
    await question.getByRole('button', { name: 'Delete' }).click();
    await isTold(page, 'The API key was deleted.');
    await page.getByText('You have no API key yet.').waitFor();
    const earlier = page.getByRole('region', { name: 'Earlier keys' });
    await earlier.getByText(tag).waitFor();
    assert.equal(await page.getByText(tag).count(), 1);
    assert.equal((await verify(server, value)).status, 401);
    assert.deepEqual(await keyTags(server, person), []);
    const menu = await openMenu(page);
    await menu.getByRole('link', { name: 'Add API key' }).waitFor();
  });

  journey('the question starts on Cancel, keeps the focus, and Esc closes it', async (context) => {
    const { visit, page } = context;
    await withKey(context);
    await visit.open('/profile/key');
    await page.getByRole('link', { name: 'Delete' }).click();
    const question = page.getByRole('dialog', { name: QUESTION });
    await question.getByRole('link', { name: 'Cancel' }).and(page.locator(':focus')).waitFor();
    for (let presses = 0; presses < 6; presses += 1) {
      await page.keyboard.press('Tab');
      const outside = await page.evaluate(() => {
        const { activeElement: element, body } = document;
        return element !== body && !element.closest('dialog');
      });
      assert.equal(outside, false, 'the focus left the question');
    }
    await page.keyboard.press('Escape');
    await isAt(page, 'My API key');
    await isAnswered(page);
    assert.notEqual(await focused(page).count(), 0, 'the focus is lost');
    await page.getByText('Active', { exact: true }).waitFor();
  });

  journey('the question never used says so, and opened by its address it is modal, too', async (context) => {
    const { visit, page } = context;
    await withKey(context, {});
    await visit.open('/profile/key/delete');
    const question = page.getByRole('dialog', { name: QUESTION });
    await question.getByText('It was never used.').waitFor();
    await page.locator('dialog:modal').waitFor();
    await question.getByRole('link', { name: 'Cancel' }).and(page.locator(':focus')).waitFor();
  });

  bothWays('a question that is older than the answer is refused', async (context) => {
    const { visit, page } = context;
    visit.expectProblem(/404/);
    const { tag } = await withKey(context);
    await visit.open('/profile/key/delete');
    assert.equal((await post(visit, '/api/delete_key', { tag })).status(), 200);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByText(/There is nothing here|You have no API key yet/).first().waitFor();
  });

  journey('nobody deletes the key of somebody else', async (context) => {
    const { server, visit } = context;
    const { value, tag } = await withKey(context);
    await signIn(visit, await newPerson(server));
    assert.equal((await post(visit, '/api/delete_key', { tag })).status(), 404);
    assert.equal((await verify(server, value)).status, 204);
  });
}, { atOnce: 1 });
