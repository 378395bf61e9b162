// The list of all keys stays up to date by itself.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { isAt } from '../support/page.mjs';
import { administrator, deleteKey, editKey, makeKey, newPerson, signIn } from '../support/people.mjs';

const LIST = '/security/api-keys';
const WITHIN = { timeout: 5_000 };
const search = (page) => page.getByRole('searchbox', { name: 'Search' });
const row = (page, tag) =>
  page.locator('main .table tbody tr').filter({ has: page.getByRole('link', { name: tag, exact: true }) });

/** Whether the page is still the one that was opened. */
async function mark(page) {
  await page.evaluate(() => (globalThis.opened = true));
  return async () => assert.equal(await page.evaluate(() => globalThis.opened), true, 'the page was loaded anew');
}

// One at a time: a key that another journey makes would change the figures, too.
journeys('the list stays up to date', ({ journey }) => {
  journey('a key that is made, changed and deleted elsewhere comes, changes and goes', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await makeKey(server, await newPerson(server));
    const owner = await newPerson(server);
    await visit.open(LIST);
    await isAt(page, 'API keys');
    const assertSame = await mark(page);
    const { tag } = await makeKey(server, owner, { description: 'nightly build' });
    await row(page, tag).getByText('nightly build').waitFor(WITHIN);
    await editKey(server, owner, tag, { description: 'weekly build' });
    await row(page, tag).getByText('weekly build').waitFor(WITHIN);
    await server.cli(['user', 'disable', owner.name]);
    await row(page, tag).getByText('Disabled').waitFor(WITHIN);
    await server.cli(['user', 'enable', owner.name]);
    await row(page, tag).getByText('Active').waitFor(WITHIN);
    const figures = page.getByRole('navigation', { name: 'Figures' });
    const active = () => figures.getByRole('link', { name: /^\d+\s*Active$/ }).locator('.tile__figure').innerText();
    const before = Number(await active());
    await deleteKey(server, owner, tag);
    await row(page, tag).waitFor({ state: 'detached', ...WITHIN });
    assert.equal(Number(await active()), before - 1);
    await assertSame();
  });

  journey('whoever types meanwhile is not disturbed', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const owner = await newPerson(server);
    await visit.open(LIST);
    await isAt(page, 'API keys');
    const assertSame = await mark(page);
    // So often that it is never searched for: what is typed is in the field alone.
    await search(page).click();
    const made = makeKey(server, owner, { description: 'nightly build' });
    let typed = '';
    const deadline = Date.now() + 9_000;
    while (Date.now() < deadline && (await row(page, (await made).tag).count()) === 0) {
      await search(page).pressSequentially('x');
      typed += 'x';
      if (typed.length > 20) {
        await search(page).fill('');
        typed = '';
      }
      assert.equal(await search(page).inputValue(), typed);
    }
    await row(page, (await made).tag).waitFor({ timeout: 1_000 });
    assert.equal(await search(page).inputValue(), typed);
    assert.equal(await search(page).evaluate((field) => field === document.activeElement), true);
    await assertSame();
  });

  journey('what is searched for stays, and the caret with it', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const word = `heron${Date.now().toString(36)}`;
    const owner = await newPerson(server);
    await makeKey(server, await newPerson(server), { description: `${word} one` });
    await visit.open(LIST);
    await search(page).pressSequentially(word);
    await page.waitForURL(`**?q=${word}`);
    await page.getByText('1 key', { exact: true }).first().waitFor();
    await page.keyboard.press('ArrowLeft');
    const { tag } = await makeKey(server, owner, { description: `${word} two` });
    const away = await makeKey(server, await newPerson(server), { description: 'somewhere else' });
    await row(page, tag).waitFor(WITHIN);
    assert.equal(await row(page, away.tag).count(), 0);
    const field = await search(page).evaluate((field) => [field === document.activeElement, field.value, field.selectionStart]);
    assert.deepEqual(field, [true, word, word.length - 1]);
  });

  journey('what is selected, and a question that is asked, stay', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server));
    await visit.open(LIST);
    await page.getByRole('checkbox', { name: `Select ${tag}` }).check();
    await page.getByRole('button', { name: 'Delete…' }).click();
    const typed = page.getByRole('dialog').getByLabel('Type 1 to go on');
    await typed.fill('1');
    const other = await makeKey(server, await newPerson(server));
    await row(page, other.tag).waitFor({ state: 'attached', ...WITHIN });
    assert.equal(await typed.inputValue(), '1');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.ok(await page.getByRole('checkbox', { name: `Select ${tag}` }).isChecked());
    assert.equal(await page.getByRole('checkbox', { name: `Select ${other.tag}` }).isChecked(), false);
  });

  journey('the page of one key stays up to date, until the key is gone', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/404/);
    await administrator(context);
    const owner = await newPerson(server);
    const { tag } = await makeKey(server, owner, { description: 'nightly build' });
    await page.clock.install();
    await visit.open(`${LIST}/${encodeURIComponent(tag)}`);
    const assertSame = await mark(page);
    const details = page.getByRole('region', { name: 'API key details' });
    await details.getByText('nightly build').waitFor();
    await editKey(server, owner, tag, { description: 'weekly build' });
    await details.getByText('weekly build').waitFor(WITHIN);
    await deleteKey(server, owner, tag);
    await page.getByText('There is nothing here, or nothing that you may see.').waitFor(WITHIN);
    await assertSame();
    // A refused reading goes into the trail: whoever asked again would hear of it as news, for ever.
    let asked = 0;
    page.on('request', (request) => (asked += /pulse|key_of_page/.test(request.url())));
    await page.clock.runFor(30_000);
    assert.equal(asked, 0);
  });

  journey('nobody asks any more once the page was left', async (context) => {
    const { visit, page } = context;
    await administrator(context);
    await visit.open(LIST);
    await page.waitForRequest('**/api/pulse');
    // Reading the trail is told there, so it is the page that does not stay up to date by itself.
    await page.getByRole('link', { name: 'Audit', exact: true }).click();
    await isAt(page, 'Audit');
    await page.getByRole('button', { name: 'Verify chain' }).waitFor();
    const asked = page.waitForRequest(/\/api\/(pulse|keys_page)/, { timeout: 6_000 });
    await assert.rejects(asked, /Timeout/);
  });
}, { atOnce: 1 });

// What people and roles are stays up to date by the same beat.
journeys('users and roles stay up to date', ({ journey }) => {
  const roles = ['Administrator'];

  journey('a user who is disabled elsewhere is shown so, in the list and on the page', async (context) => {
    const { server, visit, page, open } = context;
    await administrator(context);
    const person = await newPerson(server);
    await visit.open(`/users?q=${person.name}`);
    const line = page.getByRole('row', { name: new RegExp(person.name) });
    await line.getByText('Enabled').waitFor();
    const detail = await open();
    await signIn(detail, await newPerson(server, { roles }));
    await detail.open(await line.getByRole('link', { name: person.name, exact: true }).getAttribute('href'));
    // Whoever is about to set a password is not disturbed.
    await detail.page.getByText('Set password').first().click();
    const password = detail.page.getByLabel('New password', { exact: true });
    await password.fill('nine slow barges');
    const assertSame = await mark(page);
    const assertSameDetail = await mark(detail.page);
    await server.cli(['user', 'disable', person.name]);
    await line.getByText('Disabled').waitFor(WITHIN);
    await detail.page.getByRole('link', { name: 'Enable', exact: true }).waitFor(WITHIN);
    await detail.page.locator('.card__head').getByText('Disabled').waitFor();
    assert.equal(await password.inputValue(), 'nine slow barges');
    assert.ok(await password.isVisible());
    await assertSame();
    await assertSameDetail();
  });

  journey('a role that is made, changed and given elsewhere', async (context) => {
    const { server, visit, page, open } = context;
    await administrator(context);
    await visit.open('/roles');
    await isAt(page, 'Roles');
    const assertSame = await mark(page);
    await server.cli(['role', 'add', 'Night watch']);
    const line = page.getByRole('row', { name: /Night watch/ });
    await line.getByText('Nobody').waitFor(WITHIN);
    const detail = await open();
    await signIn(detail, await newPerson(server, { roles }));
    await detail.open(await line.getByRole('link', { name: 'Night watch' }).getAttribute('href'));
    await detail.page.getByText('Nobody at present.').waitFor();
    const assertSameDetail = await mark(detail.page);
    const holder = await newPerson(server, { roles: ['Night watch'] });
    await line.getByText('1 user').waitFor(WITHIN);
    await detail.page.getByRole('link', { name: holder.name, exact: true }).waitFor(WITHIN);
    await assertSame();
    await assertSameDetail();
  });
}, { atOnce: 1 });
