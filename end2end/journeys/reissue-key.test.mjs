import assert from 'node:assert/strict';
import { dateIn } from '../support/dates.mjs';
import { journeys } from '../support/journeys.mjs';
import { fact, isAt, isTold, isWrong } from '../support/page.mjs';
import {
  editKey,
  expireKey,
  keyDetails,
  keyTags,
  newPerson,
  post,
  readNewKey,
  signIn,
  useKey,
  verify,
  withKey,
} from '../support/people.mjs';

async function openForm(visit) {
  await visit.open('/profile/key/reissue');
  await isAt(visit.page, 'Reissue API key');
}

const choice = (page, name) => page.getByRole('radio', { name });
const reissue = (page) => page.getByRole('button', { name: 'Reissue' });
const overlaps = (page) => page.getByRole('group', { name: 'The old key stops working' });
const retiring = (page) => page.getByRole('region', { name: 'The replaced key' });
const earlier = (page) => page.getByRole('region', { name: 'Earlier keys' });

/** Whether each of the values works at present. */
async function works(server, ...values) {
  const answers = await Promise.all(values.map((value) => verify(server, value)));
  return answers.map(({ status }) => status === 204);
}

/** The tag that the key's value begins with. */
const tagOf = (value) => value.slice(0, 10);

/** Reissues past the page, as its form does. */
function reissueBeside(visit, tag, entries, headers) {
  const form = { tag, version: '1', description: 'again', validity: '30', overlap: '0', ...entries };
  return post(visit, '/api/reissue_key', form, headers);
}

/** Goes through the page; resolves to the new value. */
async function replace(visit, overlap) {
  const { page } = visit;
  await openForm(visit);
  if (overlap) await choice(page, overlap).check();
  await reissue(page).click();
  return readNewKey(visit);
}

journeys('reissue a key', ({ journey, bothWays }) => {
  bothWays('L2: a new key works and the old one stops at once', async (context) => {
    const { server, visit, page } = context;
    const { tag, value } = await withKey(context);
    await useKey(context, value);
    await visit.open('/profile/key');
    await page.getByRole('link', { name: 'Reissue' }).click();
    await isAt(page, 'Reissue API key');
    const present = page.getByRole('region', { name: 'The present key' });
    await present.getByText(tag, { exact: true }).waitFor();
    await present.getByText(dateIn(30).text).first().waitFor();
    await isTold(page, 'It was last used just now from 127.0.0.1. Whatever uses it needs the new value.');
    assert.equal(await page.getByLabel('Description').inputValue(), 'nightly build');
    assert.ok(await choice(page, '30 days').isChecked());
    assert.ok(await choice(page, 'At once').isChecked());
    assert.equal(await choice(page, 'As it is').count(), 0);
    await choice(page, '60 days').check();
    assert.deepEqual(await works(server, value), [true]);

    await reissue(page).click();
    const fresh = await readNewKey(visit);
    assert.notEqual(fresh, value);
    assert.deepEqual(await works(server, value, fresh), [false, true]);
    await isAt(page, 'My API key');
    assert.equal(await fact(page, 'Description').innerText(), 'nightly build');
    assert.match(await fact(page, 'Expires').first().innerText(), /^in 60 days/);
    const details = page.getByRole('region', { name: 'API key details' });
    await details.getByText('Active', { exact: true }).waitFor();
    await details.getByText(tagOf(fresh)).waitFor();
    assert.equal(await retiring(page).count(), 0);
    const gone = await earlier(page).innerText();
    for (const part of [tag, 'nightly build', 'Replaced', 'just now', 'you']) {
      assert.ok(gone.includes(part), `${part} is not in: ${gone}`);
    }
  });

  bothWays('the description can be changed, and a date chosen', async (context) => {
    const { server, visit, page } = context;
    const { person } = await withKey(context);
    await openForm(visit);
    await page.getByText('It was never used.').waitFor();
    await page.getByLabel('Description').fill('weekly build');
    await choice(page, 'Until a date').check();
    await page.getByLabel('Last day').fill(dateIn(45).field);
    await reissue(page).click();
    await readNewKey(visit);
    assert.equal(await fact(page, 'Description').first().innerText(), 'weekly build');
    assert.match(await fact(page, 'Expires').first().innerText(), /^in 45 days/);
    assert.equal((await keyTags(server, person)).length, 1);
  });

  bothWays('both keys work for an hour, unless the old one is stopped before', async (context) => {
    const { server, visit, page } = context;
    const { person, tag, value } = await withKey(context);
    const fresh = await replace(visit, 'In 1 hour');
    assert.deepEqual(await works(server, value, fresh), [true, true]);
    await visit.open('/profile/key');
    await retiring(page).getByText('Retiring', { exact: true }).waitFor();
    await retiring(page).getByText(tag, { exact: true }).waitFor();
    const text = (await retiring(page).innerText()).replaceAll(/\s+/g, ' ');
    assert.match(text, /goes on working beside the new one and stops in (1 hour|59 minutes)\./);
    assert.match(text, /Stops working in (1 hour|59 minutes)/i);
    assert.equal(await retiring(page).getByRole('link', { name: /Edit|Reissue/ }).count(), 0);
    assert.equal(await earlier(page).count(), 0);
    assert.deepEqual((await keyTags(server, person)).length, 2);

    await retiring(page).getByRole('link', { name: 'Stop it now' }).click();
    const question = page.getByRole('dialog', { name: 'Delete this API key?' });
    await question.getByText(tag, { exact: true }).waitFor();
    await question.getByRole('link', { name: 'Cancel' }).click();
    await isAt(page, 'My API key');
    assert.deepEqual(await works(server, value, fresh), [true, true]);
    await retiring(page).getByRole('link', { name: 'Stop it now' }).click();
    await question.getByText(tag, { exact: true }).waitFor();
    await question.getByRole('button', { name: 'Delete' }).click();
    await isTold(page, 'The API key was deleted.');
    assert.deepEqual(await works(server, value, fresh), [false, true]);
    await earlier(page).getByText(tag).waitFor();
    assert.equal(await retiring(page).count(), 0);
    await page.getByText('Active', { exact: true }).waitFor();
  });

  bothWays('a replaced key is neither edited nor reissued', async (context) => {
    const { server, visit, page } = context;
    const { person, tag, value } = await withKey(context);
    const fresh = await replace(visit, 'In 24 hours');
    const tags = await keyTags(server, person);
    for (const version of ['1', '2', '3']) {
      const edit = { tag, version, description: 'x', validity: 'keep' };
      assert.equal((await post(visit, '/api/update_key', edit)).status(), 409);
      assert.equal((await reissueBeside(visit, tag, { version })).status(), 409);
    }
    assert.deepEqual(await keyTags(server, person), tags);
    assert.deepEqual(await works(server, value, fresh), [true, true]);
    await visit.open('/profile/key');
    await retiring(page).getByText(/in 24 hours|in 1 day|in 23 hours/).first().waitFor();
  });

  bothWays('a second reissue ends the first replaced key at once', async (context) => {
    const { server, visit, page } = context;
    const { tag, value: first } = await withKey(context);
    const second = await replace(visit, 'In 1 hour');
    await openForm(visit);
    const warning = page.locator('p').filter({ hasText: 'The key that you replaced before' });
    assert.ok((await warning.innerText()).includes(`${tag}, stops working at once.`));
    assert.deepEqual(await works(server, first, second), [true, true]);
    await choice(page, 'In 1 hour').check();
    await reissue(page).click();
    const third = await readNewKey(visit);
    assert.deepEqual(await works(server, first, second, third), [false, true, true]);
    await retiring(page).getByText(tagOf(second)).waitFor();
    await earlier(page).getByText(tag).waitFor();
  });

  bothWays('deleting the new key ends the replaced one, too', async (context) => {
    const { server, visit, page } = context;
    const { person, tag, value } = await withKey(context);
    const fresh = await replace(visit, 'In 1 hour');
    await visit.open('/profile/key');
    await page.getByRole('region', { name: 'API key details' }).getByRole('link', { name: 'Delete' }).click();
    const question = page.getByRole('dialog', { name: 'Delete this API key?' });
    await question.getByText(tagOf(fresh)).waitFor();
    await question.getByRole('button', { name: 'Delete' }).click();
    await isTold(page, 'The API key was deleted.');
    await page.getByText('You have no API key yet.').waitFor();
    assert.deepEqual(await works(server, value, fresh), [false, false]);
    assert.deepEqual(await keyTags(server, person), []);
  });

  bothWays('the question whether to delete the new key says that the replaced one ends, too', async (context) => {
    const { visit, page } = context;
    const { tag } = await withKey(context);
    await replace(visit, 'In 1 hour');
    await visit.open('/profile/key/delete');
    const question = page.getByRole('dialog', { name: 'Delete this API key?' });
    await question.waitFor();
    const text = await question.innerText();
    assert.ok(text.includes(tag), text);
  });

  bothWays('an expired key is reissued, without an overlap', async (context) => {
    const { server, visit, page } = context;
    const { tag, value } = await withKey(context);
    await expireKey(server, tag);
    await visit.open('/profile/key');
    await page.getByText('Expired', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Reissue' }).click();
    await isAt(page, 'Reissue API key');
    await page.getByRole('region', { name: 'The present key' }).getByText('Expired', { exact: true }).waitFor();
    assert.equal(await overlaps(page).count(), 0);
    await reissue(page).click();
    const fresh = await readNewKey(visit);
    assert.deepEqual(await works(server, value, fresh), [false, true]);
    assert.equal(await fact(page, 'Description').first().innerText(), 'nightly build');
    await page.getByText('Active', { exact: true }).waitFor();
  });

  bothWays('what is wrong is said at its field, what was entered stays', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/422/);
    const { person, tag, value } = await withKey(context);
    await openForm(visit);
    const tooLong = 'x'.repeat(257);
    await page.getByLabel('Description').fill(tooLong);
    await choice(page, '90 days').check();
    await choice(page, 'In 24 hours').check();
    await reissue(page).click();
    await isTold(page, 'Nothing was changed. Correct what is marked below.');
    await isWrong(page.getByLabel('Description'), 'at most 256 characters are allowed.');
    assert.equal(await page.getByLabel('Description').inputValue(), tooLong);
    assert.ok(await choice(page, '90 days').isChecked());
    assert.ok(await choice(page, 'In 24 hours').isChecked());
    assert.deepEqual(await keyTags(server, person), [tag]);
    assert.deepEqual(await works(server, value), [true]);

    await page.getByLabel('Description').fill('weekly build');
    await reissue(page).click();
    const fresh = await readNewKey(visit);
    assert.deepEqual(await works(server, value, fresh), [true, true]);
    assert.match(await fact(page, 'Expires').first().innerText(), /^in 90 days/);
  });

  bothWays('L13: a key that was changed meanwhile is shown before it is replaced', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/409/);
    const { person, tag, value } = await withKey(context);
    await openForm(visit);
    await page.getByLabel('Description').fill('my own words');
    await editKey(server, person, tag, { expireAfterDays: 'P60D' });
    await reissue(page).click();
    await page.locator('.notice').filter({ hasText: /changed/ }).first().waitFor();
    assert.deepEqual(await keyTags(server, person), [tag]);
    assert.deepEqual(await works(server, value), [true]);
    await page.getByRole('region', { name: 'The present key' }).getByText(dateIn(60).text).first().waitFor();
    assert.equal(await page.getByLabel('Description').inputValue(), 'my own words');
    await reissue(page).click();
    const fresh = await readNewKey(visit);
    assert.deepEqual(await works(server, value, fresh), [false, true]);
    assert.equal(await fact(page, 'Description').first().innerText(), 'my own words');
  });

  bothWays('a form that is older than the last reissue makes no second key', async (context) => {
    const { server, visit, page, open } = context;
    visit.expectProblem(/404/);
    const { person, tag } = await withKey(context);
    await openForm(visit);
    const other = await open();
    await signIn(other, person);
    assert.equal((await reissueBeside(other, tag)).status(), 200);
    const [present] = await keyTags(server, person);
    await reissue(page).click();
    await page.getByText('There is nothing here, or nothing that you may see.').waitFor();
    assert.deepEqual(await keyTags(server, person), [present]);
    await page.getByRole('link', { name: 'Cancel' }).click();
    await isAt(page, 'My API key');
    await page.getByRole('region', { name: 'API key details' }).getByText(present, { exact: true }).waitFor();
  });

  for (const overlap of ['0', '1']) {
    journey(`L3: two reissues at the same time make one key, with ${overlap} hours’ overlap`, async (context) => {
      const { server, visit } = context;
      const { person, tag, value } = await withKey(context);
      const answers = await Promise.all([1, 2, 3].map(() => reissueBeside(visit, tag, { overlap })));
      const statuses = answers.map((answer) => answer.status()).sort();
      assert.equal(statuses[0], 200, `${statuses}`);
      for (const refused of statuses.slice(1)) assert.ok([404, 409].includes(refused), `${statuses}`);
      const tags = await keyTags(server, person);
      const kept = overlap === '1';
      assert.equal(tags.length, kept ? 2 : 1);
      assert.equal(tags.includes(tag), kept);
      assert.deepEqual(await works(server, value), [kept]);
    });
  }

  journey('L3: two presses in a row make one key', async (context) => {
    const { server, visit, page } = context;
    const { person, value } = await withKey(context);
    const sent = [];
    visit.context.on('request', (request) => {
      if (request.url().endsWith('/api/reissue_key')) sent.push(request.url());
    });
    await openForm(visit);
    await reissue(page).dblclick();
    const fresh = await readNewKey(visit);
    assert.equal(sent.length, 1);
    assert.equal((await keyTags(server, person)).length, 1);
    assert.deepEqual(await works(server, value, fresh), [false, true]);
  });

  bothWays('L4: a value that nobody took is replaced by reissuing again', async (context) => {
    const { server, visit, page } = context;
    const { person, tag, value } = await withKey(context);
    assert.equal((await reissueBeside(visit, tag, {}, { accept: 'text/html' })).status(), 302);
    const [lost] = await keyTags(server, person);
    assert.notEqual(lost, tag);
    await visit.open('/profile/key');
    await page.getByRole('region', { name: 'API key details' }).getByText(lost, { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Reissue' }).click();
    await isAt(page, 'Reissue API key');
    await page.getByText('It was never used.').waitFor();
    await reissue(page).click();
    const fresh = await readNewKey(visit);
    assert.deepEqual(await works(server, value, fresh), [false, true]);
    const tags = await keyTags(server, person);
    assert.equal(tags.length, 1);
    assert.ok(tags[0].startsWith(tagOf(fresh)));
    for (const each of [tag, lost]) await earlier(page).getByText(each).waitFor();
  });

  journey('L4: whoever’s answer was lost on the way is not told that nothing was changed', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/ERR_FAILED/);
    const { person, tag } = await withKey(context);
    await openForm(visit);
    await page.route('**/api/reissue_key', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await reissue(page).click();
    await page.locator('.notice--bad').waitFor();
    assert.notDeepEqual(await keyTags(server, person), [tag]);
    assert.doesNotMatch(await page.locator('.notice--bad').innerText(), /Nothing was changed/);
    await page.unroute('**/api/reissue_key');
    // Whatever the page offers, the key's own page leads to a value.
    await page.getByRole('link', { name: 'Cancel' }).click();
    await isAt(page, 'My API key');
    await page.getByRole('link', { name: 'Reissue' }).click();
    await page.getByText('It was never used.').waitFor();
    await reissue(page).click();
    assert.deepEqual(await works(server, await readNewKey(visit)), [true]);
  });

  bothWays('without a key there is nothing to reissue', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await openForm(visit);
    await isTold(page, 'You have no API key yet.');
    assert.equal(await reissue(page).count(), 0);
    await page.getByRole('link', { name: 'Go to my API key' }).click();
    await isAt(page, 'My API key');
  });

  journey('A1: nobody reissues the key of somebody else', async (context) => {
    const { server, visit } = context;
    const { person, tag, value } = await withKey(context);
    const stranger = await newPerson(server);
    await signIn(visit, stranger);
    for (const named of [tag, 'lky_AAAAAAA=', '', "' or 1=1 --"]) {
      assert.equal((await reissueBeside(visit, named)).status(), 404, named);
    }
    assert.deepEqual(await keyTags(server, person), [tag]);
    assert.deepEqual(await keyTags(server, stranger), []);
    assert.deepEqual(await works(server, value), [true]);
  });

  journey('L6, L12: bad input past the page is refused, what does not belong there ignored', async (context) => {
    const { server, visit } = context;
    const { person, tag, value } = await withKey(context);
    for (const [entries, status] of [
      [{ validity: '' }, 422],
      [{ validity: 'keep' }, 422],
      [{ validity: '0' }, 422],
      [{ validity: '366' }, 422],
      [{ validity: 'until', until: dateIn(0).field }, 422],
      [{ validity: 'until', until: dateIn(400).field }, 422],
      [{ description: 'x'.repeat(257) }, 422],
      [{ overlap: '25' }, 422],
      [{ overlap: '4294967295' }, 422],
      [{ version: '2' }, 409],
    ]) {
      assert.equal((await reissueBeside(visit, tag, entries)).status(), status, JSON.stringify(entries));
    }
    assert.deepEqual(await keyTags(server, person), [tag]);
    assert.deepEqual(await works(server, value), [true]);

    const other = await newPerson(server);
    const extra = {
      user_id: '1000',
      owner: other.name,
      userName: other.name,
      expires_at: '4102444800000000',
      created_by: 'admin',
      is_saml: 'true',
      state: 'ACTIVE',
      tag_new: 'lky_AAAAAAA=',
      hash: '00',
    };
    assert.equal((await reissueBeside(visit, tag, extra)).status(), 200);
    const [fresh] = await keyTags(server, person);
    const details = await keyDetails(server, person, fresh);
    assert.equal(details.userName, person.name);
    assert.equal(details.samlSessionValidated, false);
    assert.equal(details.expiryDateTime.slice(0, 10), dateIn(30).field);
    assert.deepEqual(await keyTags(server, other), []);
    assert.deepEqual(await works(server, value), [false]);
  });

  journey('an overlap that is no number is the sender’s fault, not the server’s', async (context) => {
    const { server, visit } = context;
    const { person, tag } = await withKey(context);
    for (const overlap of ['-1', '1.5', 'for ever', `1${'0'.repeat(30)}`]) {
      const status = (await reissueBeside(visit, tag, { overlap })).status();
      assert.ok(status >= 400 && status < 500, `${status} to the overlap "${overlap}"`);
    }
    assert.deepEqual(await keyTags(server, person), [tag]);
  });
});

journeys('reissue under another policy', ({ bothWays }) => {
  bothWays('the policy’s overlap is chosen beforehand', async (context) => {
    const { server, visit, page } = context;
    await server.cli(['policy', 'set', 'overlap_hours=24']);
    const { value } = await withKey(context);
    await openForm(visit);
    assert.equal(await overlaps(page).getByRole('radio').count(), 3);
    assert.ok(await choice(page, 'In 24 hours').isChecked());
    await reissue(page).click();
    const fresh = await readNewKey(visit);
    assert.deepEqual(await works(server, value, fresh), [true, true]);
    await retiring(page).getByText('Retiring', { exact: true }).waitFor();
  });

  bothWays('an overlap of the policy’s own is offered, too, and need not be taken', async (context) => {
    const { server, visit, page } = context;
    await server.cli(['policy', 'set', 'overlap_hours=5']);
    const { value } = await withKey(context);
    await openForm(visit);
    assert.equal(await overlaps(page).getByRole('radio').count(), 4);
    assert.ok(await choice(page, 'In 5 hours').isChecked());
    await choice(page, 'At once').check();
    await reissue(page).click();
    const fresh = await readNewKey(visit);
    assert.deepEqual(await works(server, value, fresh), [false, true]);
  });
}, { atOnce: 1 });
