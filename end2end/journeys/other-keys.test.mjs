// What an administrator does with a key of somebody else: look, edit, reissue, delete.
import assert from 'node:assert/strict';
import { dateIn } from '../support/dates.mjs';
import { journeys } from '../support/journeys.mjs';
import { fact, isAt, isTold } from '../support/page.mjs';
import {
  administrator,
  deleteKey,
  editKey,
  expireKey,
  keyDetails,
  makeKey,
  newPerson,
  readNewKey,
  tagOf,
  verify,
} from '../support/people.mjs';
import { until } from '../support/until.mjs';

const LIST = '/security/api-keys';
const at = (tag, form = '') => `${LIST}/${encodeURIComponent(tag)}${form && `/${form}`}`;
const row = (page, tag) =>
  page.locator('main .table tbody tr').filter({ hasText: tag });
const details = (page) => page.getByRole('region', { name: 'API key details' });
const description = (page) => page.getByLabel('Description');
const save = (page) => page.getByRole('button', { name: 'Save' });

/** A signed-in administrator, and somebody else's key. */
async function withOther(context) {
  const asker = await administrator(context);
  const owner = await newPerson(context.server);
  const key = await makeKey(context.server, owner, { description: 'nightly build' });
  return { asker, owner, ...key };
}

/** Presses an action in the key's row of the list. */
async function press({ page }, visit, tag, action) {
  await visit.open(LIST);
  await row(page, tag).getByRole('link', { name: `${action} ${tag}` }).click();
}

/** The page says on whose behalf one acts. */
async function assertWhose(page, owner) {
  const text = (await page.locator('.whose').innerText()).replaceAll(/\s+/g, ' ');
  assert.match(text, new RegExp(`^This is the API key of ${owner.name} :${owner.name}:unixpwd:\\d+ ?\\.$`));
}

/** Uses the key, and waits until the pages know. */
async function use({ server, visit }, { tag, value }) {
  assert.equal((await verify(server, value)).status, 204);
  await until('the use is known', async () => {
    const answer = await visit.context.request.get(at(tag));
    return !(await answer.text()).includes('Never used');
  });
}

journeys('a key of somebody else', ({ journey, bothWays }) => {
  bothWays('has a page with everything about it and its uses', async (context) => {
    const { visit, page } = context;
    const { owner, tag, ...key } = await withOther(context);
    await use(context, { tag, ...key });
    await until('the use is counted', async () => {
      const answer = await visit.context.request.get(at(tag));
      return (await answer.text()).includes('1 use in all.');
    });
    await visit.open(at(tag));
    await isAt(page, 'API key');
    await details(page).getByText(tag, { exact: true }).waitFor();
    assert.equal(await fact(page, 'Description').innerText(), 'nightly build');
    assert.match(await fact(page, 'Owner').innerText(), new RegExp(`^${owner.name}\\s+:${owner.name}:unixpwd:\\d+$`));
    assert.match(await fact(page, 'Last used').innerText(), /just now[^]*127\.0\.0\.1/);
    const uses = page.getByRole('region', { name: 'Uses in the last 7 days' });
    await uses.getByText('1 use in all.').waitFor();
    // The one use was just now, or in the hour before: the last bar but none or one, and the tallest.
    assert.match(await uses.locator('svg path').getAttribute('d'), /^M16[67]\.5 40v-40$/);
    await uses.getByText('As a table').click();
    await uses.getByRole('cell', { name: '1', exact: true }).waitFor();
    // Uses are counted by the hour of the clock.
    assert.match(await uses.getByRole('rowheader').innerText(), /, \d\d:00 UTC$/);
    await page.getByRole('link', { name: 'All API keys' }).click();
    await isAt(page, 'API keys');
  });

  bothWays('is edited from its row, under the owner’s name', async (context) => {
    const { server, visit, page } = context;
    const { owner, tag, value } = await withOther(context);
    await press(context, visit, tag, 'Edit');
    await isAt(page, 'Edit API key');
    await description(page).waitFor();
    await assertWhose(page, owner);
    assert.equal(await description(page).inputValue(), 'nightly build');
    await description(page).fill('weekly build');
    await page.getByRole('radio', { name: '90 days' }).check();
    if (visit.javaScript) {
      const change = page.getByRole('region', { name: 'What will change' });
      await change.locator('del').filter({ hasText: 'nightly build' }).waitFor();
      await change.locator('ins').filter({ hasText: 'weekly build' }).waitFor();
      await change.locator('ins').filter({ hasText: dateIn(90).text }).waitFor();
    }
    await save(page).click();
    await page.waitForURL(`**${at(tag)}?notice=saved`);
    await isTold(page, 'The changes were saved.');
    assert.equal(await fact(page, 'Description').innerText(), 'weekly build');
    assert.ok((await fact(page, 'Expires').innerText()).includes(dateIn(90).text));
    assert.equal((await keyDetails(server, owner, tag)).description, 'weekly build');
    assert.equal((await verify(server, value)).status, 204);
    await visit.open(LIST);
    await row(page, tag).getByText('weekly build').waitFor();
  });

  bothWays('what its owner changed meanwhile is shown, not overwritten', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/409/);
    const { owner, tag } = await withOther(context);
    await visit.open(at(tag, 'edit'));
    await description(page).fill('of the administrator');
    await editKey(server, owner, tag, { description: 'of the owner' });
    await save(page).click();
    await isTold(page, 'Nothing was saved: this API key was changed while you were editing it.');
    const meanwhile = page.getByRole('region', { name: 'Changed meanwhile' });
    await meanwhile.locator('del').filter({ hasText: 'nightly build' }).waitFor();
    await meanwhile.locator('ins').filter({ hasText: 'of the owner' }).waitFor();
    await assertWhose(page, owner);
    assert.equal(await description(page).inputValue(), 'of the administrator');
    assert.equal((await keyDetails(server, owner, tag)).description, 'of the owner');
    await save(page).click();
    await page.waitForURL(`**${at(tag)}?notice=saved`);
    assert.equal(await fact(page, 'Description').innerText(), 'of the administrator');
  });

  bothWays('is reissued: the new value is shown to whoever asked, the old one is dead', async (context) => {
    const { server, visit, page } = context;
    const { owner, tag, value } = await withOther(context);
    await use(context, { tag, value });
    await press(context, visit, tag, 'Reissue');
    await isAt(page, 'Reissue API key');
    await description(page).waitFor();
    await assertWhose(page, owner);
    await isTold(page, 'It was last used just now from 127.0.0.1.');
    await page.getByRole('radio', { name: '60 days' }).check();
    await page.getByRole('button', { name: 'Reissue' }).click();
    const fresh = await readNewKey(visit, { another: true });
    await details(page).getByText(tagOf(fresh), { exact: true }).waitFor();
    assert.equal((await verify(server, value)).status, 401);
    const answer = await verify(server, fresh);
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get('x-latchkey-user'), owner.name);
    await visit.open(LIST);
    await row(page, tagOf(fresh)).waitFor();
    assert.equal(await row(page, tag).count(), 0);
    await visit.open(`${LIST}?show=deleted`);
    await row(page, tag).waitFor();
  });

  bothWays('that has expired is not edited but reissued', async (context) => {
    const { server, visit, page } = context;
    const { tag } = await withOther(context);
    await expireKey(server, tag);
    await visit.open(at(tag, 'edit'));
    await isTold(page, 'This key has expired, so it cannot be edited. Reissue it for a new one.');
    await page.getByRole('main').getByRole('link', { name: 'Reissue' }).click();
    await page.waitForURL(`**${at(tag, 'reissue')}`);
    await page.getByRole('button', { name: 'Reissue' }).click();
    const fresh = await readNewKey(visit, { another: true });
    assert.equal((await verify(server, fresh)).status, 204);
  });

  bothWays('is deleted after a question that names it, its owner and its last use', async (context) => {
    const { server, visit, page } = context;
    const { owner, tag, value } = await withOther(context);
    await use(context, { tag, value });
    await press(context, visit, tag, 'Delete');
    const question = page.getByRole('dialog', { name: 'Delete this API key?' });
    await question.waitFor();
    const text = (await question.innerText()).replaceAll(/\s+/g, ' ');
    for (const part of [tag, 'nightly build', owner.name, 'last used just now from 127.0.0.1']) {
      assert.ok(text.includes(part), `${part} is not in: ${text}`);
    }
    await question.getByRole('link', { name: 'Cancel' }).click();
    await page.waitForURL(`**${at(tag)}`);
    await isAt(page, 'API key');
    assert.equal(await page.getByRole('dialog').count(), 0);
    assert.equal((await verify(server, value)).status, 204);

    await details(page).getByRole('link', { name: 'Delete' }).click();
    // Whose it is has to be typed.
    const typed = question.getByLabel(`Type ${owner.name} to go on`);
    for (const text of ['', owner.name.slice(1), `${owner.name}x`]) {
      await typed.fill(text);
      await question.getByRole('button', { name: 'Delete' }).click();
      assert.equal(await typed.evaluate((field) => field.validity.valid), false);
      assert.equal((await verify(server, value)).status, 204);
    }
    await typed.fill(owner.name);
    await question.getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(`**${LIST}?notice=deleted&tag=${encodeURIComponent(tag)}`);
    await page.getByRole('link', { name: 'See it in the audit trail' }).click();
    await page.waitForURL(`**/security/audit?object=${encodeURIComponent(tag)}`);
    await isAt(page, 'Audit');
    await page.getByRole('listitem').filter({ hasText: 'was deleted.' }).waitFor();
    await page.goBack();
    await isTold(page, 'The API key was deleted.');
    await isAt(page, 'API keys');
    assert.equal((await verify(server, value)).status, 401);
    await page.locator('main .tiles').waitFor();
    assert.equal(await row(page, tag).count(), 0);
    await page.getByRole('navigation', { name: 'Which API keys' }).getByRole('link', { name: 'Deleted' }).click();
    await row(page, tag).getByText('Deleted').waitFor();
  });

  bothWays('that was deleted is listed with who deleted it', async (context) => {
    const { server, visit, page } = context;
    const { owner, tag } = await withOther(context);
    await deleteKey(server, owner, tag);
    await visit.open(`${LIST}?show=deleted&q=${encodeURIComponent(tag)}`);
    const line = row(page, tag);
    await line.waitFor();
    assert.match(await line.innerText(), new RegExp(`Deleted[^]*by\\s+:${owner.name}:unixpwd:\\d+`));
    assert.equal(await line.getByRole('link').count(), 0);
  });

  journey('Esc closes the question and leaves the key as it is', async (context) => {
    const { server, visit, page } = context;
    const { tag, value } = await withOther(context);
    await press(context, visit, tag, 'Delete');
    await page.getByRole('link', { name: 'Cancel' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL(`**${at(tag)}`);
    assert.equal((await verify(server, value)).status, 204);
  });

  bothWays('that is not there says so', async (context) => {
    const { visit, page } = context;
    visit.expectProblem(/404/);
    await administrator(context);
    for (const path of [at('lky_AAAAAAA='), at('lky_AAAAAAA=', 'edit'), at('lky_AAAAAAA=', 'delete'), at('nonsense')]) {
      await visit.open(path);
      await isTold(page, 'There is nothing here, or nothing that you may see.');
      assert.equal(await page.getByRole('main').locator('form').count(), 0);
    }
  });
});
