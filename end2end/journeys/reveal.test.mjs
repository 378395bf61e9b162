// K14, K15, W5: a new key's value is shown once and is nowhere afterwards.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { journeys } from '../support/journeys.mjs';
import { fact, isAt, isTold } from '../support/page.mjs';
import { fillAdd, keyTags, newPerson, post, readNewKey, signIn, verify, withKey } from '../support/people.mjs';
import { hasKey } from '../support/spellings.mjs';

const run = promisify(execFile);
const VALUE = /^lky_[A-Za-z0-9_-]{60}$/;
const DIALOG = 'Copy your API key';
const OWN_PAGES = [
  '/profile/key',
  '/profile/key?notice=copied',
  '/profile/key/add',
  '/profile/key/edit',
  '/profile/key/reissue',
  '/profile/key/reveal',
  '/profile/key/delete',
  '/profile/security',
];

/** Signs somebody in who may use the clipboard, and sends the form for a new key. */
async function addKey({ server, visit, page }) {
  const person = await newPerson(server);
  await signIn(visit, person);
  await visit.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
  await visit.open('/profile/key/add');
  await fillAdd(page, { description: 'nightly build' });
  await page.waitForURL('**/profile/key/reveal');
  return person;
}

/** Everything that the browser asks for and gets, as it goes over the wire. */
function eavesdrop({ context }) {
  const heard = { requests: [], answers: [] };
  context.on('request', (request) => {
    heard.requests.push(
      request.allHeaders().then((headers) => [request.url(), JSON.stringify(headers), request.postData()].join('\n')),
    );
  });
  context.on('response', (response) => {
    if (response.url().includes('/pkg/')) return;
    // A redirect has no body.
    const body = response.body().then(String, () => '');
    const headers = response.headersArray();
    heard.answers.push(
      Promise.all([body, headers]).then(([text, list]) => ({ path: new URL(response.url()).pathname, text, list })),
    );
  });
  return heard;
}

/** The value reached the browser in one answer's body and nowhere else. */
async function assertHeardOnce({ requests, answers }, value, path) {
  for (const request of await Promise.all(requests)) assert.ok(!hasKey(request, value), 'a request has the key');
  const all = await Promise.all(answers);
  for (const { list } of all) assert.ok(!hasKey(JSON.stringify(list), value), 'an answer’s headers have the key');
  assert.deepEqual(
    all.filter(({ text }) => hasKey(text, value)).map((answer) => answer.path),
    [path],
  );
}

/** No page, and nothing that the browser keeps, has the value. */
async function assertGoneFromBrowser({ visit, page }, value) {
  for (const path of OWN_PAGES) {
    const answer = await visit.context.request.get(path);
    assert.ok(!hasKey(await answer.text(), value), `the source of ${path} has the key`);
  }
  assert.ok(!hasKey(await page.content(), value), 'the page has the key');
  const kept = await page.evaluate(async () => {
    const stores = [localStorage, sessionStorage].map((store) => JSON.stringify(store));
    const databases = (await indexedDB.databases()).length;
    const caches_ = (await caches.keys()).length;
    const workers = (await navigator.serviceWorker.getRegistrations()).length;
    return { stores, databases, caches_, workers, history: JSON.stringify(history.state) };
  });
  assert.deepEqual(
    { ...kept, history: null },
    { stores: ['{}', '{}'], databases: 0, caches_: 0, workers: 0, history: null },
  );
  assert.ok(!hasKey(kept.history ?? '', value), 'the history has the key');
  const cookies = await visit.context.cookies();
  assert.deepEqual(
    cookies.map(({ name }) => name),
    ['latchkey'],
  );
}

/** No file of the server's, nor its log, has it. */
async function assertGoneFromServer(server, value) {
  const files = await readdir(server.dataDir, { recursive: true, withFileTypes: true });
  const places = [['the log', Buffer.from(server.log)]];
  for (const file of files.filter((entry) => entry.isFile())) {
    places.push([file.name, await readFile(join(file.path, file.name))]);
  }
  assert.ok(places.some(([, bytes]) => bytes.includes('SQLite format 3')), 'there is no database');
  for (const [name, bytes] of places) assert.ok(!hasKey(bytes, value), `${name} has the key`);
}

/** Runs a command that a page shows, as people would. */
async function runCommand(command) {
  const { stdout } = await run('sh', ['-c', `${command} --silent --write-out '\\n%{http_code}'`]);
  const at = stdout.lastIndexOf('\n');
  return { status: stdout.slice(at + 1), body: stdout.slice(0, at) };
}

const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

journeys('a new key is shown once', ({ journey }) => {
  journey('masked, copied, and gone with JavaScript', async (context) => {
    const { server, visit, page } = context;
    const heard = eavesdrop(visit);
    await addKey(context);
    const dialog = page.getByRole('dialog', { name: DIALOG });
    await dialog.waitFor();
    await dialog.getByText('You will not see this key again.').waitFor();

    const shown = dialog.locator('.secret__value');
    assert.match(await shown.innerText(), /^lky_[\w-]{6}•{54}$/);
    const show = dialog.getByRole('button', { name: 'Show key' });
    const hide = dialog.getByRole('button', { name: 'Hide key' });
    assert.equal(await hide.count(), 0);
    await show.click();
    await dialog.getByText(VALUE).first().waitFor();
    assert.equal(await show.count(), 0);
    const value = await shown.innerText();
    const command = await dialog.locator('.command__text').innerText();
    await hide.click();
    await dialog.getByText('•••').first().waitFor();
    assert.ok(!hasKey(await page.content(), value), 'the masked page has the key');

    const { status, body } = await runCommand(command);
    assert.equal(status, '200');
    assert.equal(JSON.parse(body).data.attributes.description, 'nightly build');

    await dialog.getByRole('button', { name: 'Copy and close' }).click();
    await isAt(page, 'My API key');
    await isTold(page, 'Copied.');
    assert.equal(await clipboard(page), value);
    assert.ok(value.startsWith(JSON.parse(body).data.id.slice(0, 10)));

    await assertGoneFromBrowser(context, value);
    await page.goBack();
    await isAt(page, 'Add API key');
    await page.getByText('You have an API key already').waitFor();
    assert.ok(!hasKey(await page.content(), value));
    await page.goForward();
    await isAt(page, 'My API key');
    await page.reload();
    await visit.alive();
    visit.expectProblem(/409/);
    await visit.open('/profile/key/reveal');
    await isTold(page, 'It cannot be shown again.');
    assert.equal(await dialog.count(), 0);
    await assertGoneFromBrowser(context, value);
    await assertHeardOnce(heard, value, '/api/take_reveal');
    await assertGoneFromServer(server, value);
    assert.equal((await verify(server, value)).status, 204);
  });

  journey('masked, shown, and gone without JavaScript', { javaScript: false }, async (context) => {
    const { server, visit, page } = context;
    const heard = eavesdrop(visit);
    await addKey(context);
    await isAt(page, 'Your new API key');
    assert.doesNotMatch(await page.content(), /lky_[\w-]{60}/);
    await page.getByRole('button', { name: 'Show my key' }).click();
    await page.getByText('You will not see this key again.').waitFor();

    const shown = page.locator('.secret__value');
    assert.equal(await shown.isVisible(), false);
    await page.getByText('Show key', { exact: true }).click();
    const value = await shown.innerText();
    assert.match(value, VALUE);
    await page.getByText('Show command', { exact: true }).click();
    const { status } = await runCommand(await page.locator('.command__text').innerText());
    assert.equal(status, '200');

    // Loading it anew sends the form anew, in vain.
    visit.expectProblem(/409/);
    await page.reload();
    await isTold(page, 'It cannot be shown again.');
    await page.getByRole('link', { name: 'View my API key details' }).click();
    await isAt(page, 'My API key');
    // The browser refuses to show what a form got it, and could not keep.
    visit.expectProblem(/ERR_CACHE_MISS/);
    await page.goBack().catch(() => {});
    await page.waitForURL(/^chrome-error:/);
    assert.ok(!hasKey(await page.locator('html').innerText(), value));
    await visit.open('/profile/key/reveal');
    await page.getByRole('button', { name: 'Show my key' }).click();
    await isTold(page, 'It cannot be shown again.');
    await assertGoneFromBrowser(context, value);
    await assertHeardOnce(heard, value, '/profile/key/reveal');
    await assertGoneFromServer(server, value);
  });

  journey('loading the page anew while it is shown loses it, after a warning', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/409/);
    const person = await addKey(context);
    await page.getByRole('button', { name: 'Show key' }).click();
    const value = await page.locator('.secret__value').innerText();
    const warnings = [];
    page.on('dialog', (dialog) => {
      warnings.push(dialog.type());
      return dialog.accept();
    });
    await page.reload();
    await visit.alive();
    await isTold(page, 'It cannot be shown again.');
    assert.deepEqual(warnings, ['beforeunload']);
    await assertGoneFromBrowser(context, value);
    assert.equal((await keyTags(server, person)).length, 1);
  });

  journey('the back button while it is shown leads away from it', async (context) => {
    const { visit, page } = context;
    visit.expectProblem(/409/);
    await addKey(context);
    await page.getByRole('button', { name: 'Show key' }).click();
    const value = await page.locator('.secret__value').innerText();
    await page.goBack();
    await isAt(page, 'Add API key');
    assert.ok(!hasKey(await page.content(), value));
    await page.goForward();
    await isTold(page, 'It cannot be shown again.');
    await assertGoneFromBrowser(context, value);
  });

  for (const [how, close] of [
    ['Close', (page) => page.getByRole('button', { name: 'Close', exact: true }).click()],
    ['Esc', (page) => page.keyboard.press('Escape')],
  ]) {
    journey(`${how} without a copy warns once, then leads on`, async (context) => {
      const { page } = context;
      await addKey(context);
      const dialog = page.getByRole('dialog', { name: DIALOG });
      await dialog.getByRole('button', { name: 'Show key' }).click();
      const value = await dialog.locator('.secret__value').innerText();
      await close(page);
      await dialog.getByText('You have not copied the key.').waitFor();
      await close(page);
      await isAt(page, 'My API key');
      assert.equal(await dialog.count(), 0);
      assert.equal(await page.locator('.notice').count(), 0);
      await assertGoneFromBrowser(context, value);
    });
  }

  journey('where the clipboard is denied it stays, open, to be copied by hand', async (context) => {
    const { visit, page } = context;
    await addKey(context);
    await visit.context.clearPermissions();
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('denied', 'NotAllowedError'));
    });
    await page.getByRole('button', { name: 'Copy and close' }).click();
    await page.getByText('The browser did not allow copying').waitFor();
    assert.match(await page.locator('.secret__value').innerText(), VALUE);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await isAt(page, 'My API key');
  });

  journey('opening, fetching or asking in another session neither shows nor uses it up', async (context) => {
    const { server, visit, page, open } = context;
    const person = await newPerson(server);
    await signIn(visit, person);
    const made = await post(visit, '/api/create_key', { validity: '30' }, { accept: 'text/html' });
    assert.equal(made.headers().location, '/profile/key/reveal');
    const cookies = await visit.context.cookies();
    assert.deepEqual(
      cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]).sort(),
      [
        ['latchkey', true, 'Lax'],
        ['latchkey-reveal', true, 'Lax'],
      ],
    );

    for (const method of ['GET', 'HEAD']) {
      const answer = await visit.context.request.fetch('/profile/key/reveal', { method });
      assert.equal(answer.status(), 200);
      assert.doesNotMatch(await answer.text(), /lky_[\w-]{60}/);
    }
    const other = await open();
    await signIn(other, person);
    await other.context.addCookies(cookies.filter(({ name }) => name === 'latchkey-reveal'));
    assert.equal((await post(other, '/api/take_reveal')).status(), 409);

    await visit.open('/profile/key/reveal');
    await page.getByRole('dialog', { name: DIALOG }).waitFor();
  });

  for (const javaScript of [true, false]) {
    const how = javaScript ? '' : ', without JavaScript';
    journey(`a reissued key is as gone afterwards${how}`, { javaScript }, async (context) => {
      const { server, visit, page } = context;
      visit.expectProblem(/409/);
      const { value: old } = await withKey(context);
      const heard = eavesdrop(visit);
      await visit.open('/profile/key/reissue');
      await page.getByRole('button', { name: 'Reissue' }).click();
      const value = await readNewKey(visit);
      await assertGoneFromBrowser(context, value);
      await visit.open('/profile/key/reveal');
      if (!javaScript) await page.getByRole('button', { name: 'Show my key' }).click();
      await isTold(page, 'It cannot be shown again.');
      await assertHeardOnce(heard, value, javaScript ? '/api/take_reveal' : '/profile/key/reveal');
      await assertGoneFromServer(server, value);
      for (const [key, status] of [[old, 401], [value, 204]]) assert.equal((await verify(server, key)).status, status);
    });
  }

  journey('the details have everything but the value', async (context) => {
    const { page } = context;
    await addKey(context);
    await page.getByRole('button', { name: 'Copy and close' }).click();
    await isAt(page, 'My API key');
    assert.equal(await fact(page, 'Description').innerText(), 'nightly build');
    assert.doesNotMatch(await page.content(), /lky_[\w-]{60}/);
  });
}, { atOnce: 1 });
