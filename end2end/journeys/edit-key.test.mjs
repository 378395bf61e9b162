import assert from 'node:assert/strict';
import { DAY_MS, dateIn, inWords } from '../support/dates.mjs';
import { journeys } from '../support/journeys.mjs';
import { fact, holdApplication, isAt, isTold, isWrong } from '../support/page.mjs';
import {
  deleteKey,
  editKey,
  expireKey,
  keyDetails,
  keyTags,
  newPerson,
  post,
  signIn,
  verify,
  withKey,
} from '../support/people.mjs';

const NOTHING = 'Nothing was changed. Correct what is marked below.';
const STALE = 'Nothing was saved: this API key was changed while you were editing it.';

async function openForm(visit) {
  await visit.open('/profile/key/edit');
  await isAt(visit.page, 'Edit API key');
}

const description = (page) => page.getByLabel('Description');
const choice = (page, name) => page.getByRole('radio', { name });
const save = (page) => page.getByRole('button', { name: 'Save' });
const change = (page) => page.getByRole('region', { name: 'What will change' });

/** The instant that the details name. */
function instant(page, name) {
  return fact(page, name).locator('time').getAttribute('datetime');
}

/** Waits until the list of changes is the one expected: `[[name, from, to], …]`. */
async function assertChanges(region, expected) {
  const rows = region.locator('.fact');
  for (const [number, [name, from, to]] of expected.entries()) {
    const row = rows.nth(number);
    await row.getByRole('term').filter({ hasText: name }).waitFor();
    await row.locator('del').filter({ hasText: from }).waitFor();
    await row.locator('ins').filter({ hasText: to }).waitFor();
  }
  assert.equal(await rows.count(), expected.length);
}

async function isSaved(page) {
  await page.waitForURL('**/profile/key?notice=saved');
  await isTold(page, 'The changes were saved.');
}

/** What an edit past the page sends, which saves a new description. */
async function editBeside(visit, tag, entries) {
  return post(visit, '/api/update_key', { tag, version: '1', description: 'owned', validity: 'keep', ...entries });
}

journeys('edit a key', ({ journey, bothWays }) => {
  bothWays('description and validity are changed, and the key goes on working', async (context) => {
    const { server, visit, page } = context;
    const { person, tag, value } = await withKey(context);
    await visit.open('/profile/key');
    const before = await instant(page, 'Expires');
    await page.getByRole('link', { name: 'Edit' }).click();
    await isAt(page, 'Edit API key');
    assert.equal(await description(page).inputValue(), 'nightly build');
    assert.ok(await choice(page, /^As it is/).isChecked());
    await description(page).fill('weekly build');
    await choice(page, '90 days').check();
    if (visit.javaScript) {
      await assertChanges(change(page), [
        ['Description', 'nightly build', 'weekly build'],
        ['Expires', `${inWords(new Date(before))} UTC`, dateIn(90).text],
      ]);
    }
    await save(page).click();
    await isSaved(page);
    assert.equal(await fact(page, 'Description').innerText(), 'weekly build');
    assert.match(await fact(page, 'Expires').innerText(), /^in 90 days/);
    const off = new Date(await instant(page, 'Expires')) - Date.now() - 90 * DAY_MS;
    assert.ok(Math.abs(off) < 5 * 60 * 1000, `${off} ms off`);
    const { lastModifiedDateTime, createdDateTime } = await keyDetails(server, person, tag);
    assert.ok(lastModifiedDateTime > createdDateTime, `${lastModifiedDateTime} after ${createdDateTime}`);
    assert.deepEqual(await keyTags(server, person), [tag]);
    assert.equal((await verify(server, value)).status, 204);
  });

  bothWays('the end stays as it is unless another is chosen', async (context) => {
    const { server, visit, page } = context;
    const { person, tag } = await withKey(context);
    const before = await keyDetails(server, person, tag);
    await openForm(visit);
    await choice(page, `As it is ${dateIn(30).text}`).waitFor();
    await description(page).fill('');
    if (visit.javaScript) await assertChanges(change(page), [['Description', 'nightly build', 'none']]);
    await save(page).click();
    await isSaved(page);
    assert.equal(await fact(page, 'Description').innerText(), 'None');
    assert.deepEqual(await keyDetails(server, person, tag), { ...before, description: '' });
  });

  journey('nothing can be saved until something is different', async (context) => {
    const { server, visit, page } = context;
    const { person, tag } = await withKey(context);
    const before = await keyDetails(server, person, tag);
    const sent = [];
    visit.context.on('request', (request) => {
      if (request.url().endsWith('/api/update_key')) sent.push(request.postData());
    });
    await openForm(visit);
    const idle = page.locator('button[aria-disabled=true]').filter({ hasText: 'Save' });
    const assertIdle = async () => {
      await change(page).getByText('Nothing yet.').waitFor();
      await idle.waitFor();
    };
    await assertIdle();
    await save(page).click({ force: true });
    await description(page).press('Enter');
    await description(page).fill('  nightly build ');
    await assertIdle();
    await description(page).press('Enter');
    await description(page).fill('weekly build');
    await assertChanges(change(page), [['Description', 'nightly build', 'weekly build']]);
    assert.equal(await idle.count(), 0);
    await description(page).fill('nightly build');
    await choice(page, '7 days').check();
    await assertChanges(change(page), [['Expires', dateIn(30).text, dateIn(7).text]]);
    assert.equal(await idle.count(), 0);
    await choice(page, /^As it is/).check();
    await assertIdle();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await isAt(page, 'My API key');
    assert.deepEqual(sent, []);
    assert.equal(await page.locator('.notice').count(), 0);
    assert.deepEqual(await keyDetails(server, person, tag), before);
  });

  bothWays('a date from the calendar is the new end', async (context) => {
    const { visit, page } = context;
    await withKey(context);
    await openForm(visit);
    await choice(page, 'Until a date').check();
    await page.getByLabel('Last day').fill(dateIn(45).field);
    if (visit.javaScript) await assertChanges(change(page), [['Expires', dateIn(30).text, dateIn(45).text]]);
    await save(page).click();
    await isSaved(page);
    const text = await fact(page, 'Expires').innerText();
    assert.ok(text.startsWith('in 45 days') && text.includes(dateIn(45).text), text);
    assert.equal(await fact(page, 'Description').innerText(), 'nightly build');
  });

  bothWays('L6: an end beyond the policy is refused with what is allowed', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/422/);
    const { person, tag } = await withKey(context);
    const before = await keyDetails(server, person, tag);
    await openForm(visit);
    const date = page.getByLabel('Last day');
    await choice(page, 'Until a date').check();
    // Without scripts they would stand in the way of another choice.
    const bounds = visit.javaScript ? [dateIn(1).field, dateIn(365).field] : [null, null];
    assert.deepEqual([await date.getAttribute('min'), await date.getAttribute('max')], bounds);
    await page.locator('form[action="/api/update_key"]').evaluate((form) => (form.noValidate = true));
    await date.fill(dateIn(400).field);
    await description(page).fill('weekly build');
    await save(page).click();
    await isTold(page, NOTHING);
    await isWrong(date, `later than the policy allows. The latest end is`);
    await page.locator('.field__error').filter({ hasText: dateIn(365).text }).waitFor();
    assert.equal(await date.inputValue(), dateIn(400).field);
    assert.equal(await description(page).inputValue(), 'weekly build');
    assert.ok(await choice(page, 'Until a date').isChecked());
    assert.deepEqual(await keyDetails(server, person, tag), before);

    await date.fill(dateIn(365).field);
    await save(page).click();
    await isSaved(page);
    assert.equal(await fact(page, 'Description').innerText(), 'weekly build');
    assert.match(await fact(page, 'Expires').innerText(), /^in 365 days/);
  });

  bothWays('a date that is not allowed does not stand in the way of another choice', async (context) => {
    const { visit, page } = context;
    await withKey(context);
    await openForm(visit);
    await choice(page, 'Until a date').check();
    await page.getByLabel('Last day').fill(dateIn(400).field);
    await choice(page, '365 days').check();
    await save(page).click();
    await isSaved(page);
    assert.match(await fact(page, 'Expires').innerText(), /^in 365 days/);
  });

  bothWays('a description that is too long is refused at its field, what was entered stays', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/422/);
    const { person, tag } = await withKey(context);
    const before = await keyDetails(server, person, tag);
    await openForm(visit);
    const tooLong = `${'x'.repeat(256)} & more`;
    await description(page).fill(tooLong);
    await choice(page, '60 days').check();
    await save(page).click();
    await isTold(page, NOTHING);
    await isWrong(description(page), 'at most 256 characters are allowed.');
    if (visit.javaScript) await page.locator('#description:focus').waitFor();
    assert.equal(await description(page).inputValue(), tooLong);
    assert.ok(await choice(page, '60 days').isChecked());
    assert.deepEqual(await keyDetails(server, person, tag), before);

    await description(page).fill('weekly build');
    await save(page).click();
    await isSaved(page);
    assert.match(await fact(page, 'Expires').innerText(), /^in 60 days/);
  });

  bothWays('L5: an expired key is not edited, which the page says, and leads to reissuing', async (context) => {
    const { server, visit, page } = context;
    const { person, tag, value } = await withKey(context);
    await expireKey(server, tag);
    const before = await keyDetails(server, person, tag);
    await visit.open('/profile/key');
    await page.getByText('Expired', { exact: true }).waitFor();
    await isTold(page, 'This key has expired and no longer works. Reissue it for a new one.');
    assert.equal(await page.getByRole('link', { name: 'Edit' }).count(), 0);
    assert.equal((await verify(server, value)).status, 401);

    await openForm(visit);
    await isTold(page, 'This key has expired, so it cannot be edited. Reissue it for a new one.');
    assert.equal(await page.getByRole('main').locator('form').count(), 0);
    for (const validity of ['keep', '30']) {
      assert.equal((await editBeside(visit, tag, { validity })).status(), 409, validity);
    }
    assert.deepEqual(await keyDetails(server, person, tag), before);
    assert.equal((await verify(server, value)).status, 401);
    await page.getByRole('main').getByRole('link', { name: 'Reissue' }).click();
    await isAt(page, 'Reissue API key');
  });

  bothWays('a form that is older than the end of the key is refused', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/409/);
    const { person, tag } = await withKey(context);
    await openForm(visit);
    await description(page).fill('weekly build');
    await expireKey(server, tag);
    await save(page).click();
    await page.getByText(/The API key has expired|This key has expired/).first().waitFor();
    assert.equal((await keyDetails(server, person, tag)).description, 'nightly build');
  });

  bothWays('L13: what was changed meanwhile is shown, not overwritten', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/409/);
    const { person, tag } = await withKey(context);
    await openForm(visit);
    await description(page).fill('my own words');
    await editKey(server, person, tag, { description: 'words of a script', expireAfterDays: 'P60D' });
    await save(page).click();
    await isTold(page, STALE);
    const meanwhile = page.getByRole('region', { name: 'Changed meanwhile' });
    await assertChanges(meanwhile, [
      ['Description', 'nightly build', 'words of a script'],
      ['Expires', dateIn(30).text, dateIn(60).text],
    ]);
    assert.equal(await page.locator('.notice').count(), 1);
    assert.equal((await keyDetails(server, person, tag)).description, 'words of a script');
    assert.equal(await description(page).inputValue(), 'my own words');
    await choice(page, `As it is ${dateIn(60).text}`).waitFor();
    assert.ok(await choice(page, /^As it is/).isChecked());
    if (visit.javaScript) {
      await assertChanges(change(page), [['Description', 'words of a script', 'my own words']]);
    }

    await save(page).click();
    await isSaved(page);
    assert.equal(await fact(page, 'Description').innerText(), 'my own words');
    assert.match(await fact(page, 'Expires').innerText(), /^in 60 days/);
  });

  bothWays('L13: changed meanwhile once more, it is refused once more', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/409/);
    const { person, tag } = await withKey(context);
    await openForm(visit);
    await choice(page, '90 days').check();
    const meanwhile = page.getByRole('region', { name: 'Changed meanwhile' });
    await editKey(server, person, tag, { description: 'first' });
    await save(page).click();
    await assertChanges(meanwhile, [['Description', 'nightly build', 'first']]);
    await editKey(server, person, tag, { description: 'second' });
    await save(page).click();
    await assertChanges(meanwhile, [['Description', 'first', 'second']]);
    const { description: present } = await keyDetails(server, person, tag);
    assert.equal(present, 'second');
    assert.ok(await choice(page, '90 days').isChecked());
    // The form's own description is what was there when it was opened.
    await description(page).fill('second');
    await save(page).click();
    await isSaved(page);
    assert.equal(await fact(page, 'Description').innerText(), 'second');
    assert.match(await fact(page, 'Expires').innerText(), /^in 90 days/);
  });

  journey('L13: what was refused before the application is alive is said and stays', async (context) => {
    const { server, visit, page } = context;
    const { person, tag } = await withKey(context);
    const release = await holdApplication(page);
    await page.goto('/profile/key/edit', { waitUntil: 'commit' });
    await description(page).fill('my own words');
    await editKey(server, person, tag, { description: 'words of a script' });
    await save(page).click();
    await page.waitForURL('**/profile/key/edit?**');
    release();
    await visit.alive();
    await isTold(page, STALE);
    const meanwhile = page.getByRole('region', { name: 'Changed meanwhile' });
    await assertChanges(meanwhile, [['Description', 'nightly build', 'words of a script']]);
    assert.equal(await description(page).inputValue(), 'my own words');
    await assertChanges(change(page), [['Description', 'words of a script', 'my own words']]);
    await save(page).click();
    await isSaved(page);
    assert.equal(await fact(page, 'Description').innerText(), 'my own words');
  });

  bothWays('a key that was deleted meanwhile is not brought back', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/404/);
    const { person, tag, value } = await withKey(context);
    await openForm(visit);
    await description(page).fill('weekly build');
    await deleteKey(server, person, tag);
    await save(page).click();
    await page.getByText(/There is nothing here|You have no API key yet/).first().waitFor();
    assert.deepEqual(await keyTags(server, person), []);
    assert.equal((await verify(server, value)).status, 401);
  });

  bothWays('without a key there is nothing to edit', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await openForm(visit);
    await isTold(page, 'You have no API key yet.');
    await page.getByRole('link', { name: 'Go to my API key' }).click();
    await isAt(page, 'My API key');
  });

  journey('A1: nobody edits the key of somebody else', async (context) => {
    const { server, visit } = context;
    const { person, tag } = await withKey(context);
    const before = await keyDetails(server, person, tag);
    await signIn(visit, await newPerson(server));
    for (const entries of [{}, { validity: '365' }, { version: '7' }]) {
      assert.equal((await editBeside(visit, tag, entries)).status(), 404);
    }
    for (const wrong of ['lky_AAAAAAA=', '', "' or 1=1 --"]) {
      assert.equal((await editBeside(visit, wrong)).status(), 404, wrong);
    }
    assert.deepEqual(await keyDetails(server, person, tag), before);
  });

  journey('L12: what a form must not bring changes nothing', async (context) => {
    const { server, visit, page } = context;
    const { person, tag } = await withKey(context);
    const other = await newPerson(server);
    await visit.open('/profile/key');
    const names = ['Owner', 'Issuer', 'Expires', 'Created', 'Last modified', 'Last used', 'SAML authentication'];
    const facts = async () => Promise.all(names.map((name) => fact(page, name).locator('>*').first().innerText()));
    const before = [await facts(), await instant(page, 'Expires'), await keyDetails(server, person, tag)];
    const answer = await editBeside(visit, tag, {
      user_id: '1000',
      owner: other.name,
      userName: other.name,
      expires_at: '4102444800000000',
      expiresAt: '2099-12-31T00:00:00Z',
      expireAfterDays: 'P365D',
      until: dateIn(300).field,
      created_at: '0',
      created_by: 'admin',
      issuer: 'admin',
      is_saml: 'true',
      saml_validated: 'true',
      state: 'DELETED',
      retires_at: '1',
      deleted_at: '1',
      hash: '00',
      digest: '00',
      'key[description]': 'x',
    });
    assert.equal(answer.status(), 200);
    await visit.open('/profile/key');
    assert.equal(await fact(page, 'Description').innerText(), 'owned');
    await page.getByText('Active', { exact: true }).waitFor();
    const after = [await facts(), await instant(page, 'Expires'), await keyDetails(server, person, tag)];
    assert.deepEqual(after, [before[0], before[1], { ...before[2], description: 'owned' }]);
    assert.deepEqual(await keyTags(server, other), []);
  });

  journey('bad input past the page is refused and changes nothing', async (context) => {
    const { server, visit } = context;
    const { person, tag } = await withKey(context);
    const before = await keyDetails(server, person, tag);
    for (const [entries, status] of [
      [{ validity: '0' }, 422],
      [{ validity: '-1' }, 422],
      [{ validity: '1.5' }, 422],
      [{ validity: '366' }, 422],
      [{ validity: `1${'0'.repeat(30)}` }, 422],
      [{ validity: 'never' }, 422],
      [{ validity: 'until' }, 422],
      [{ validity: 'until', until: dateIn(0).field }, 422],
      [{ validity: 'until', until: '1970-01-01' }, 422],
      [{ description: 'x'.repeat(257) }, 422],
      [{ description: 'exe.\u202egpj' }, 422],
      [{ version: '0' }, 409],
      [{ version: '2' }, 409],
    ]) {
      const answer = await editBeside(visit, tag, entries);
      assert.equal(answer.status(), status, JSON.stringify(entries));
    }
    assert.deepEqual(await keyDetails(server, person, tag), before);
  });

  journey('a version that is no number is the sender’s fault, not the server’s', async (context) => {
    const { server, visit } = context;
    const { person, tag } = await withKey(context);
    const before = await keyDetails(server, person, tag);
    for (const version of ['', 'one', '1.5', `1${'0'.repeat(30)}`]) {
      const status = (await editBeside(visit, tag, { version })).status();
      assert.ok(status >= 400 && status < 500, `${status} to the version "${version}"`);
    }
    assert.deepEqual(await keyDetails(server, person, tag), before);
  });
});
