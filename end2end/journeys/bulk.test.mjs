// One thing done to many keys. There is nothing of this without JavaScript.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dateIn } from '../support/dates.mjs';
import { journeys } from '../support/journeys.mjs';
import { isAnswered, isAt } from '../support/page.mjs';
import { administrator, editKey, expireKey, keyDetails, makeKey, makeManyKeys, newPerson, signIn, verify } from '../support/people.mjs';
import { until } from '../support/until.mjs';

const LIST = '/security/api-keys';
const tick = (page, tag) => page.getByRole('checkbox', { name: `Select ${tag}` });
const bulk = (page) => page.getByRole('region', { name: 'Several at once' });
const said = (page) => page.locator('.bulk__run').getByRole('status');
const dialog = (page) => page.getByRole('dialog');
const button = (place, name) => place.getByRole('button', { name, exact: true });

async function selected(page, text) {
  await bulk(page).getByRole('status').filter({ hasText: new RegExp(`^${text}$`) }).waitFor();
}

/** Waits until the work is done, and says so. */
async function ended(page, text) {
  await said(page).filter({ hasText: `${text} Finished.` }).waitFor({ timeout: 60_000 });
}

/** The records of that operation on these keys. */
async function audited(server, tags, operation) {
  const lines = (await server.cli(['audit', 'export'])).trim().split('\n');
  return lines.filter((line) => operation.test(line) && tags.some((tag) => line.includes(tag)));
}

/** What the database says of the keys. */
async function left(visit, word) {
  const answer = await visit.context.request.get(`${LIST}?q=${word}`);
  return new Set((await answer.text()).match(/lky_[\w-]{7}=/g) ?? []).size;
}

/** Says yes, after the number. */
async function confirm(page, number, action) {
  await dialog(page).getByLabel(`Type ${number} to go on`).fill(`${number}`);
  await button(dialog(page), action).click();
  await isAnswered(page);
}

/** Holds the answers to some steps back: `{ tags, held, release }`, `tags` as they were sent, one by one. */
async function holdSteps(page, path, isHeld) {
  const hold = { tags: [], held: 0, release: () => {} };
  await page.route(`**/api/${path}`, async (route) => {
    const tags = new URLSearchParams(route.request().postData()).get('tags') ?? '';
    hold.tags.push(...tags.split(' ').filter(Boolean));
    const step = Math.ceil(hold.tags.length / 20);
    if (!tags || !isHeld(step)) return route.continue();
    const answer = await route.fetch();
    await new Promise((resolve) => {
      hold.release = resolve;
      hold.held = step;
    });
    // A page that was left waits no more.
    return route.fulfill({ response: answer }).catch(() => {});
  });
  return hold;
}

journeys('several keys at once', ({ journey }) => {
  journey('keys of two pages are deleted together, after their number was typed', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const tags = await makeManyKeys(server, 60, { name: 'two-pages', word: 'badger' });
    await visit.open(`${LIST}?q=badger`);
    await isAt(page, 'API keys');
    await selected(page, '0 keys selected');
    assert.equal(await button(bulk(page), 'Delete…').count(), 0);
    const shown = () => page.locator('main .table .tag').allInnerTexts();
    const first = (await shown()).slice(0, 2);
    for (const tag of first) await tick(page, tag).check();
    await selected(page, '2 keys selected');
    await page.getByRole('link', { name: 'Next' }).click();
    await page.waitForURL('**&after=*');
    await until('the second page is here', async () => (await shown()).length === 10);
    await selected(page, '2 keys selected');
    const [third] = await shown();
    await tick(page, third).check();
    await selected(page, '3 keys selected');
    await page.getByRole('link', { name: 'Previous' }).click();
    await tick(page, first[0]).waitFor();
    assert.ok(await tick(page, first[0]).isChecked());

    const sent = [];
    page.on('request', (request) => request.url().includes('/api/bulk_delete') && sent.push(request.postData()));
    await button(bulk(page), 'Delete…').click();
    await dialog(page).getByRole('heading', { name: 'Delete 3 API keys?' }).waitFor();
    for (const wrong of ['', '2', '30', 'three']) {
      await dialog(page).getByLabel('Type 3 to go on').fill(wrong);
      assert.equal(await button(dialog(page), 'Delete').getAttribute('aria-disabled'), 'true');
      await button(dialog(page), 'Delete').click({ force: true });
      assert.ok(await dialog(page).isVisible(), wrong);
    }
    await button(dialog(page), 'Cancel').click();
    await isAnswered(page);
    assert.deepEqual(sent, []);
    await selected(page, '3 keys selected');

    await button(bulk(page), 'Delete…').click();
    await confirm(page, 3, 'Delete');
    await ended(page, '3 deleted.');
    await selected(page, '0 keys selected');
    await page.getByText('57 keys', { exact: true }).first().waitFor();
    for (const tag of first) assert.equal(await tick(page, tag).count(), 0);
    const gone = [...first, third];
    assert.equal((await audited(server, gone, /delete/i)).length, 3);
    assert.equal((await audited(server, tags, /delete/i)).length, 3);
  });

  journey('all that match are extended; what cannot be is listed with its reason', async (context) => {
    const { server, visit, page } = context;
    const asker = await administrator(context);
    const tags = await makeManyKeys(server, 70, { name: 'all-match', word: 'otter' });
    const expired = await makeKey(server, await newPerson(server), { description: 'an otter too' });
    await expireKey(server, expired.tag);
    const other = await makeKey(server, await newPerson(server), { description: 'no such animal' });
    await visit.open(`${LIST}?q=otter`);
    await button(bulk(page), 'Select all that match: 71 keys').click();
    await selected(page, '71 keys selected');
    assert.equal(await page.getByRole('checkbox', { checked: false, name: /^Select/ }).count(), 0);
    await button(bulk(page), 'Extend…').click();
    await dialog(page).getByRole('heading', { name: 'Extend 71 API keys?' }).waitFor();
    await dialog(page).getByLabel('New validity').selectOption('90');
    await confirm(page, 71, 'Extend');
    await ended(page, '70 extended, 1 refused.');
    const refusal = page.locator('.bulk__run li');
    assert.equal(await refusal.count(), 1);
    assert.match(await refusal.innerText(), new RegExp(`^${expired.tag}\\s+The API key has expired\\.$`));
    const run = page.locator('.bulk__run');
    await run.locator('summary', { hasText: "Each key's result" }).click();
    await run.getByRole('row').nth(70).waitFor();
    const results = await run.getByRole('row').allInnerTexts();
    assert.equal(results.length, 71);
    assert.ok(results.some((text) => /^lky_.{8}\s+extended$/.test(text)), results[0]);
    const saving = page.waitForEvent('download');
    await button(run, 'Save all as a file: 71').click();
    const saved = await saving;
    assert.equal(saved.suggestedFilename(), 'latchkey-results.csv');
    const [names, ...lines] = (await readFile(await saved.path(), 'utf8')).trim().split('\r\n');
    assert.equal(names, 'tag,result,ticket,reason');
    const expected = [...tags.map((tag) => `${tag},extended,,""`), `${expired.tag},refused,,"The API key has expired."`];
    assert.deepEqual(lines.sort(), expected.sort());
    const end = dateIn(90).field;
    for (const tag of [tags[0], tags[69]]) {
      const { expiryDateTime } = await keyDetails(server, asker, tag);
      assert.equal(expiryDateTime.slice(0, 10), end);
    }
    await until('the list shows the new ends', async () => {
      const ends = await page.locator('td[data-label=Expires] time').evaluateAll((all) => all.map((time) => time.dateTime));
      return ends.length === 50 && ends.filter((time) => time.startsWith(end)).length >= 49;
    });
    assert.equal((await keyDetails(server, asker, other.tag)).description, 'no such animal');
    assert.ok(!(await keyDetails(server, asker, other.tag)).expiryDateTime.startsWith(end));
    assert.equal((await audited(server, tags, /update/i)).length, 70);
    assert.ok((await audited(server, [expired.tag], /update/i)).length >= 1, 'a refusal is audited, too');
  });

  journey('it can be stopped and goes on where it was', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const tags = await makeManyKeys(server, 65, { name: 'to-stop', word: 'marmot' });
    const hold = await holdSteps(page, 'bulk_delete', (step) => step === 2 || step === 3);
    await visit.open(`${LIST}?q=marmot`);
    await button(bulk(page), 'Select all that match: 65 keys').click();
    await button(bulk(page), 'Delete…').click();
    await confirm(page, 65, 'Delete');
    await said(page).filter({ hasText: '20 deleted.' }).waitFor();
    const bar = page.getByRole('progressbar', { name: 'Progress' });
    assert.deepEqual([await bar.getAttribute('value'), await bar.getAttribute('max')], ['20', '65']);
    await button(page, 'Stop').click();
    await until('the second step waits', () => hold.held === 2);
    await said(page).filter({ hasText: '20 deleted. Stopping' }).waitFor();
    hold.release();
    await said(page).filter({ hasText: '40 deleted. Stopped.' }).waitFor();
    assert.equal(await bar.count(), 0);
    await until('25 are left', async () => (await left(visit, 'marmot')) === 25);
    assert.equal((await audited(server, tags, /delete/i)).length, 40);
    await page.getByText('25 keys', { exact: true }).first().waitFor();
    assert.equal(hold.tags.length, 40);

    // Stopped and gone on with before the answer is here: there is one loop all the same.
    await button(page, 'Go on').click();
    await until('the third step waits', () => hold.held === 3);
    await button(page, 'Stop').click();
    await button(page, 'Go on').click();
    hold.release();
    await ended(page, '65 deleted.');
    assert.deepEqual([...hold.tags].sort(), [...tags].sort(), 'something was sent twice');
    await page.getByText('No API key is like this.').waitFor();
    assert.equal(await left(visit, 'marmot'), 0);
    assert.equal((await audited(server, tags, /delete/i)).length, 65);
  });

  journey('nothing else begins beside a step, and what is left meanwhile does not come back', async (context) => {
    const { server, visit, page } = context;
    page.on('dialog', (question) => question.accept());
    await administrator(context);
    await makeManyKeys(server, 45, { name: 'left-in-time', word: 'margay' });
    const hold = await holdSteps(page, 'bulk_delete', (step) => step === 2);
    await visit.open(`${LIST}?q=margay`);
    await button(bulk(page), 'Select all that match: 45 keys').click();
    await button(bulk(page), 'Delete…').click();
    await confirm(page, 45, 'Delete');
    await until('the second step waits', () => hold.held === 2);
    const none = async () => {
      await button(bulk(page), 'Select this page').click();
      await button(bulk(page), 'Select none').waitFor();
      for (const action of ['Extend…', 'Delete…']) assert.equal(await button(bulk(page), action).count(), 0, action);
      await button(bulk(page), 'Select none').click();
    };
    await none();
    await button(page, 'Stop').click();
    await none();
    await button(page, 'Leave it').click();
    await page.locator('.bulk__run').waitFor({ state: 'detached' });
    await none();
    hold.release();
    await page.getByText('5 keys', { exact: true }).first().waitFor();
    await button(bulk(page), 'Select this page').click();
    await button(bulk(page), 'Extend…').waitFor();
    assert.equal(hold.tags.length, 40);
    await visit.open(`${LIST}?q=margay`);
    await page.getByText('5 keys', { exact: true }).first().waitFor();
    assert.equal(await page.locator('.bulk__run').count(), 0, 'it came back');
  });

  journey('a page that is left in the middle of a step loses nothing and does nothing twice', async (context) => {
    const { server, visit, page } = context;
    page.on('dialog', (question) => question.accept());
    const asker = await administrator(context);
    const tags = await makeManyKeys(server, 65, { name: 'left-amid', word: 'tayra' });
    const hold = await holdSteps(page, 'bulk_extend', (step) => step === 2);
    await visit.open(`${LIST}?q=tayra`);
    await button(bulk(page), 'Select all that match: 65 keys').click();
    await button(bulk(page), 'Extend…').click();
    await dialog(page).getByLabel('New validity').selectOption('90');
    await confirm(page, 65, 'Extend');
    await until('the second step waits', () => hold.held === 2);
    await page.reload();
    await visit.alive();
    hold.release();
    await said(page).filter({ hasText: 'Extending several keys was not finished. So far: 20 extended.' }).waitFor();
    await button(page, 'Go on').click();
    await ended(page, '65 extended.');
    assert.equal((await audited(server, tags, /key\.update/)).length, 65);
    const ends = await Promise.all([0, 30, 64].map((place) => keyDetails(server, asker, tags[place])));
    assert.equal(new Set(ends.map((key) => key.expiryDateTime)).size, 1);
  });

  journey('when the server does not answer it stops, says so, and goes on', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/ERR_FAILED|bulk_delete/);
    await administrator(context);
    await makeManyKeys(server, 30, { name: 'no-answer', word: 'lemur' });
    let steps = 0;
    await page.route('**/api/bulk_delete', async (route) => {
      steps += 1;
      if (steps !== 2) return route.continue();
      // It was done, and the answer is lost.
      await route.fetch();
      return route.abort();
    });
    await visit.open(`${LIST}?q=lemur`);
    await button(bulk(page), 'Select all that match: 30 keys').click();
    await button(bulk(page), 'Delete…').click();
    await confirm(page, 30, 'Delete');
    await page.getByText('The server does not answer at the moment.').waitFor();
    await said(page).filter({ hasText: '20 deleted. Stopped.' }).waitFor();
    await button(page, 'Go on').click();
    await ended(page, '30 deleted.');
    assert.equal(await left(visit, 'lemur'), 0);
  });

  journey('this page is selected, and nothing again', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const [tag] = await makeManyKeys(server, 5, { name: 'select', word: 'ferret' });
    await visit.open(`${LIST}?q=ferret`);
    await button(bulk(page), 'Select this page').click();
    await selected(page, '5 keys selected');
    await tick(page, tag).uncheck();
    await selected(page, '4 keys selected');
    await button(bulk(page), 'Select none').click();
    await selected(page, '0 keys selected');
    assert.equal(await page.getByRole('checkbox', { checked: true }).count(), 0);
  });

  journey('what is taken out of all that match stays out', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const [tag] = await makeManyKeys(server, 5, { name: 'all-but-one', word: 'polecat' });
    await visit.open(`${LIST}?q=polecat`);
    await button(bulk(page), 'Select all that match: 5 keys').click();
    await selected(page, '5 keys selected');
    await tick(page, tag).uncheck();
    assert.equal(await tick(page, tag).isChecked(), false, 'what was taken out of all is still selected');
    await selected(page, '4 keys selected');
    await button(bulk(page), 'Select this page').click();
    await selected(page, '5 keys selected');
    assert.ok(await tick(page, tag).isChecked());
  });

  journey('no more are deleted than the number that was typed', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await makeManyKeys(server, 3, { name: 'no-more', word: 'genet' });
    const owner = await newPerson(server);
    const older = await makeKey(server, owner, { description: 'no such animal' });
    await visit.open(`${LIST}?q=genet`);
    await button(bulk(page), 'Select all that match: 3 keys').click();
    await button(bulk(page), 'Delete…').click();
    await dialog(page).getByRole('heading', { name: 'Delete 3 API keys?' }).waitFor();
    const late = await makeKey(server, await newPerson(server), { description: 'a genet that nobody asked about' });
    await page.locator('main .table .tag', { hasText: late.tag }).waitFor({ state: 'attached' });
    await editKey(server, owner, older.tag, { description: 'a genet after all' });
    await confirm(page, 3, 'Delete');
    await said(page).filter({ hasText: 'Finished.' }).waitFor();
    assert.equal((await verify(server, late.value)).status, 204);
    assert.equal(await left(visit, 'genet'), 2, 'three of four, and the late one stays');
  });

  journey('extending makes no key end earlier', async (context) => {
    const { server, visit, page } = context;
    const asker = await administrator(context);
    const [tag] = await makeManyKeys(server, 1, { name: 'earlier', word: 'kinkajou' });
    const before = await keyDetails(server, asker, tag);
    await visit.open(`${LIST}?q=kinkajou`);
    await tick(page, tag).check();
    await button(bulk(page), 'Extend…').click();
    await dialog(page).getByLabel('New validity').selectOption('7');
    await confirm(page, 1, 'Extend');
    await said(page).filter({ hasText: 'Finished.' }).waitFor();
    const { expiryDateTime } = await keyDetails(server, asker, tag);
    assert.ok(expiryDateTime >= before.expiryDateTime, `${expiryDateTime} is before ${before.expiryDateTime}`);
  });

  journey('what was selected in one search is not what another matches', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await makeManyKeys(server, 3, { name: 'first-search', word: 'civet' });
    const kept = await makeManyKeys(server, 4, { name: 'second-search', word: 'linsang' });
    await visit.open(`${LIST}?q=civet`);
    await button(bulk(page), 'Select all that match: 3 keys').click();
    await selected(page, '3 keys selected');
    await page.getByRole('searchbox', { name: 'Search' }).fill('linsang');
    await tick(page, kept[0]).waitFor();
    assert.equal(await page.getByRole('checkbox', { checked: true }).count(), 0);
  });

  journey('what was stopped can be gone on with after the page was left, by whoever began it', async (context) => {
    const { server, visit, page } = context;
    const asker = await administrator(context);
    const tags = await makeManyKeys(server, 130, { name: 'left-over', word: 'ringtail' });
    await visit.open(`${LIST}?q=ringtail`);
    await button(bulk(page), 'Select all that match: 130 keys').click();
    await tick(page, (await page.locator('main .table .tag').allInnerTexts())[0]).uncheck();
    await button(bulk(page), 'Delete…').click();
    await confirm(page, 129, 'Delete');
    await said(page).filter({ hasText: /^\d+ deleted/ }).waitFor();
    await button(page.locator('.bulk__run'), 'Stop').click();
    await said(page).filter({ hasText: 'Stopped.' }).waitFor();
    const before = await left(visit, 'ringtail');
    assert.ok(before > 1 && before < 130, `${before} are left`);
    await visit.open('/profile/key');
    await visit.open(LIST);
    await said(page).filter({ hasText: 'Deleting several keys was not finished.' }).waitFor();
    assert.equal(await left(visit, 'ringtail'), before, 'it went on by itself');
    // Not by another who signs in here.
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    await visit.open(LIST);
    await isAt(page, 'API keys');
    assert.equal(await page.locator('.bulk__run').count(), 0);
    await signIn(visit, asker);
    await visit.open(LIST);
    await button(page.locator('.bulk__run'), 'Go on').click();
    await said(page).filter({ hasText: 'Finished.' }).waitFor({ timeout: 60_000 });
    assert.equal(await left(visit, 'ringtail'), 1, 'the one that was taken out');
    assert.equal((await audited(server, tags, /key\.delete/)).length, 129);
    await visit.open(LIST);
    await isAt(page, 'API keys');
    assert.equal(await page.locator('.bulk__run').count(), 0, 'nothing is left to go on with');
  });

  journey('work that nobody wants any more is left for good', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await makeManyKeys(server, 45, { name: 'unwanted', word: 'olingo' });
    await visit.open(`${LIST}?q=olingo`);
    await button(bulk(page), 'Select this page').click();
    await button(bulk(page), 'Extend…').click();
    await page.route('**/api/bulk_extend', (route) => route.abort());
    visit.expectProblem(/bulk_extend/);
    await confirm(page, 45, 'Extend');
    await said(page).filter({ hasText: 'Stopped.' }).waitFor();
    await visit.open(`${LIST}?q=olingo`);
    await said(page).filter({ hasText: 'Extending several keys was not finished.' }).waitFor();
    await button(page.locator('.bulk__run'), 'Leave it').click();
    await page.locator('.bulk__run').waitFor({ state: 'detached' });
    await visit.open(`${LIST}?q=olingo`);
    await isAt(page, 'API keys');
    assert.equal(await page.locator('.bulk__run').count(), 0);
  });

  journey('one’s own key can be among them', async (context) => {
    const { server, visit, page } = context;
    const asker = await administrator(context);
    const { tag, value } = await makeKey(server, asker, { description: 'walks with the weasel' });
    await visit.open(`${LIST}?q=weasel`);
    await tick(page, tag).check();
    await button(bulk(page), 'Delete…').click();
    await dialog(page).getByRole('heading', { name: 'Delete 1 API key?' }).waitFor();
    await confirm(page, 1, 'Delete');
    await ended(page, '1 deleted.');
    assert.equal((await verify(server, value)).status, 401);
  });
});
