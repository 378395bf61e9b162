// W2: what people type is shown as they typed it, or refused; it never does anything.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { assertFits, fact, isAt, isTold, isWrong } from '../support/page.mjs';
import { deleteKey, fillAdd, keyTags, makeKey, newPerson, openMenu, signIn } from '../support/people.mjs';
import { until } from '../support/until.mjs';

const SHOWN = [
  '<script>document.title = "owned"</script>',
  '"><img src=/nowhere onerror="document.title = `owned`">',
  '</script><script>document.title = "owned"</script>',
  '<!--', // the framework's own marks are comments
  '${7*7} {{7*7}} %3Cb%3E &lt;b&gt; \\u003cb\\u003e',
  "'; drop table api_key; --",
  '😀'.repeat(256),
  'عربي and עברית beside English',
  'a\u200db zero width',
];
const REFUSED = [
  ['direction override', 'exe.\u202egpj'],
  ['isolate', '\u2066hidden\u2069'],
  ['escape', '\u001b[31mred'],
];

journeys('hostile texts', ({ journey, bothWays }) => {
  journey('a description is only a text', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    for (const description of SHOWN) {
      await visit.open('/profile/key/add');
      await fillAdd(page, { description });
      await page.getByRole('dialog', { name: 'Copy your API key' }).waitFor();
      await visit.open('/profile/key');
      assert.equal(await fact(page, 'Description').textContent(), description);
      await page.getByRole('link', { name: 'Edit' }).click();
      const field = page.getByLabel('Description');
      await field.waitFor();
      assert.equal(await field.inputValue(), description);
      await field.fill('x');
      const change = page.getByRole('region', { name: 'What will change' });
      assert.equal(await change.locator('del').textContent(), description);
      await field.fill(`${description}.`);
      assert.equal(await change.locator('ins').textContent(), `${description}.`);
      assert.equal(await page.locator('main script, main img').count(), 0);
      await page.getByRole('link', { name: 'Cancel' }).click();
      await isAt(page, 'My API key');
      // Written as it is by the browser, too, not only by the server.
      await page.getByRole('link', { name: 'Delete' }).click();
      const question = page.getByRole('dialog', { name: 'Delete this API key?' });
      await question.waitFor();
      assert.ok((await question.textContent()).includes(`(${description})`));
      assert.equal(await page.locator('main script, main img').count(), 0);
      assert.equal(await page.title(), 'Delete API key · Latchkey');
      await question.getByRole('button', { name: 'Delete' }).click();
      await isTold(page, 'The API key was deleted.');
    }
  });

  bothWays('what disguises itself is refused, and comes back as it was', async ({ server, visit, page }) => {
    visit.expectProblem(/422/);
    const person = await newPerson(server);
    await signIn(visit, person);
    for (const [what, description] of REFUSED) {
      await visit.open('/profile/key/add');
      await fillAdd(page, { description });
      await isWrong(page.getByLabel('Description'), 'without control characters and direction marks');
      assert.equal(await page.getByLabel('Description').inputValue(), description, what);
    }
    assert.deepEqual(await keyTags(server, person), []);
  });

  bothWays('a name that reads like a code of the address is no other name', async ({ server, visit, page }) => {
    const end = visit.javaScript ? 'b' : 'c';
    await server.addUser(`%41${end}`);
    await server.addUser(`a${end}`);
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    await visit.open('/security/api-keys/add');
    await page.getByLabel('The name begins with').fill('%41');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('link', { name: `%41${end}`, exact: true }).click();
    const field = page.getByLabel('User name');
    await until('the name is entered', async () => (await field.inputValue()) === `%41${end}`);
    // The same by the address.
    await visit.open(`/security/api-keys/add?user_name=${encodeURIComponent(`%41${end}`)}`);
    assert.equal(await field.inputValue(), `%41${end}`);
    await visit.open(`/users?q=${encodeURIComponent('%41')}`);
    assert.equal(await page.getByLabel('Name begins with').inputValue(), '%41');
    await page.getByRole('link', { name: `%41${end}`, exact: true }).waitFor();
    await visit.open(`/security/audit?user=${encodeURIComponent('%41')}`);
    await page.getByRole('list', { name: 'Filters' }).getByText('User %41').waitFor();
  });

  journey('a deleted key’s description is only a text', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    await signIn(visit, person);
    for (const description of SHOWN) {
      const { tag } = await makeKey(server, person, { description });
      await deleteKey(server, person, tag);
    }
    await visit.open('/profile/key');
    const shown = page.getByRole('region', { name: 'Earlier keys' }).locator('.description');
    assert.deepEqual(await shown.allTextContents(), SHOWN.toReversed());
    assert.equal(await page.locator('main script, main img').count(), 0);
    assert.equal(await page.title(), 'My API key · Latchkey');
    await assertFits(visit);
  });

  bothWays('nor is it more in the list of all keys, and on the pages behind it', async ({ server, visit, page }) => {
    const word = visit.javaScript ? 'gecko' : 'newt';
    const made = [];
    for (const text of SHOWN.filter((text) => text.length < 256)) {
      const description = `${word} ${text}`;
      made.push({ description, ...(await makeKey(server, await newPerson(server), { description })) });
    }
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    const assertStill = async (title) => {
      assert.equal(await page.locator('main script, main img, dialog script, dialog img').count(), 0);
      assert.equal(await page.title(), `${title} · Latchkey`);
      await assertFits(visit);
    };
    await visit.open(`/security/api-keys?q=${word}`);
    const shown = page.locator('main .table .description');
    await shown.first().waitFor();
    assert.deepEqual((await shown.allTextContents()).sort(), made.map(({ description }) => description).sort());
    await assertStill('API keys');
    for (const { description, tag } of made.slice(0, 4)) {
      const path = `/security/api-keys/${encodeURIComponent(tag)}`;
      await visit.open(path);
      assert.equal(await fact(page, 'Description').textContent(), description);
      await assertStill('API key');
      await visit.open(`${path}/delete`);
      const question = page.getByRole('dialog', { name: 'Delete this API key?' });
      await question.waitFor();
      assert.ok((await question.textContent()).includes(`(${description})`));
      await assertStill('Delete API key');
    }
    for (const text of SHOWN.filter((text) => text.length <= 100)) {
      await visit.open(`/security/api-keys?q=${encodeURIComponent(text)}`);
      const field = page.getByRole('searchbox', { name: 'Search' });
      assert.equal(await field.inputValue(), text);
      await assertStill('API keys');
      await visit.open(`/security/api-keys/add?who=${encodeURIComponent(text)}&user_name=${encodeURIComponent(text)}`);
      await page.getByLabel('User name').waitFor();
      assert.equal(await page.getByLabel('User name').inputValue(), text);
      await assertStill('Add API key for a user');
    }
  });

  for (const count of [1000, 4000]) {
    bothWays(`${count} emoji are refused at the field`, async ({ server, visit, page }) => {
      visit.expectProblem(/422/);
      const person = await newPerson(server);
      await signIn(visit, person);
      await visit.open('/profile/key/add');
      await fillAdd(page, { description: '😀'.repeat(count) });
      await isTold(page, 'Nothing was changed. Correct what is marked below.');
      await isWrong(page.getByLabel('Description'), 'This is too long: at most 256 characters are allowed.');
      assert.match(await page.getByLabel('Description').inputValue(), /^(😀){1000}/u);
      assert.deepEqual(await keyTags(server, person), []);
    });
  }

  bothWays('more emoji than the server reads are refused, too', async ({ server, visit, page }) => {
    visit.expectProblem(/413/);
    const person = await newPerson(server);
    await signIn(visit, person);
    await visit.open('/profile/key/add');
    await fillAdd(page, { description: '😀'.repeat(10_000) });
    if (visit.javaScript) {
      await isTold(page, 'Nothing was changed. Correct what is marked below.');
      await isWrong(page.getByLabel('Description'), 'This is too long: at most 256 characters are allowed.');
    } else {
      await page.getByRole('heading', { name: 'This did not work' }).waitFor();
      await page.getByText('larger than 65536 bytes').waitFor();
    }
    assert.deepEqual(await keyTags(server, person), []);
  });

  journey('an address brings no text of its own', async ({ visit, page }) => {
    const error = { error: { Invalid: [{ field: 'user_name', problem: { Malformed: { expected: 'a call to 0900 555' } } }] } };
    for (const query of [
      '?notice=<b>call 0900 555</b>',
      '?next=<b>call 0900 555</b>',
      `?__path=/api/sign_in&__err=${encodeURIComponent(Buffer.from(JSON.stringify(error)).toString('base64'))}`,
      `?__path=/api/sign_in&__err=${encodeURIComponent('call 0900 555')}`,
    ]) {
      await visit.open(`/sign-in${query}`);
      await isAt(page, 'Sign in');
      assert.ok(!(await page.locator('body').innerText()).includes('0900'), query);
      assert.ok(!(await page.locator('main').innerHTML()).includes('0900'), query);
    }
  });

  bothWays('an address brings no text about a key', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    await makeKey(server, person);
    await signIn(visit, person);
    for (const path of ['/profile/key/edit', '/profile/key/reissue']) {
      await visit.open(`${path}?version=0&seen_description=call+0900+555&seen_expires=call+0900+555&validity=0900`);
      await page.getByLabel('Description').waitFor();
      assert.ok(!(await page.locator('main').innerText()).includes('0900'), path);
    }
  });

  bothWays('a long name in strange letters stays in its place', async ({ server, visit, page }) => {
    const person = await server.addUser(`${'ünïcøde-名前-'.repeat(5)}${visit.javaScript}`);
    const { tag } = await makeKey(server, person);
    await signIn(visit, person);
    await visit.open('/profile/key');
    await page.getByText(tag).first().waitFor();
    assert.match(await fact(page, 'Owner').innerText(), new RegExp(`^${person.name}`));
    const menu = await openMenu(page);
    await menu.getByText(person.name, { exact: true }).waitFor();
  });
});
