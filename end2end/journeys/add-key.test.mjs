import assert from 'node:assert/strict';
import { DAY_MS, dateIn, inWords } from '../support/dates.mjs';
import { journeys } from '../support/journeys.mjs';
import { holdApplication, isAt, isTold, isWrong } from '../support/page.mjs';
import { fillAdd, keyTags, makeKey, newPerson, openMenu, post, signIn } from '../support/people.mjs';

const PRESETS = [7, 30, 60, 90, 365];

/** The end that the form shows in words, once it is the one in so many days. */
async function assertEnd(page, days) {
  const end = page.locator('#validity-end');
  await end.filter({ hasText: `in ${days} days` }).waitFor();
  const at = new Date(await end.locator('time').getAttribute('datetime'));
  const off = Math.abs(at - Date.now() - days * DAY_MS);
  assert.ok(off < 5 * 60 * 1000, `${at.toISOString()} is not in ${days} days`);
  const text = await end.innerText();
  assert.ok(text.includes(`${inWords(at, 'UTC')} UTC`), text);
  assert.ok(text.includes(`Your time: ${inWords(at, 'Europe/Berlin')}`), text);
}

async function openForm(visit) {
  await visit.open('/profile/key/add');
  await isAt(visit.page, 'Add API key');
}

/** Fills the form while the WebAssembly is still on its way. */
async function enterEarly({ server, visit, page }) {
  await signIn(visit, await newPerson(server));
  const release = await holdApplication(page);
  await page.goto('/profile/key/add', { waitUntil: 'commit' });
  await page.getByLabel('Description').fill('nightly build');
  await page.getByRole('radio', { name: '7 days' }).check();
  release();
  await visit.alive();
}

journeys('add a key', ({ journey, bothWays }) => {
  bothWays('the menu and the page of one’s key lead to the form', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await visit.open('/profile/key');
    await isAt(page, 'My API key');
    await page.getByRole('main').getByRole('link', { name: 'Add API key' }).click();
    await isAt(page, 'Add API key');
    await visit.open('/profile/security');
    const menu = await openMenu(page);
    await menu.getByRole('link', { name: 'Add API key' }).click();
    await isAt(page, 'Add API key');
    await page.getByRole('link', { name: 'Cancel' }).click();
    await isAt(page, 'My API key');
  });

  bothWays('every preset says its date, the default is short', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await openForm(visit);
    const presets = page.getByRole('group', { name: 'Validity' }).getByRole('radio');
    assert.equal(await presets.count(), PRESETS.length + 1);
    for (const days of PRESETS) {
      await page.getByRole('radio', { name: `${days} days ${dateIn(days).text}` }).waitFor();
    }
    assert.ok(await page.getByRole('radio', { name: '30 days' }).isChecked());
  });

  journey('the end is shown in words, in UTC and in local time', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await openForm(visit);
    await assertEnd(page, 30);
    for (const days of PRESETS) {
      await page.getByRole('radio', { name: `${days} days` }).check();
      await assertEnd(page, days);
    }
    await page.getByRole('radio', { name: 'Until a date' }).check();
    await page.getByLabel('Last day').fill(dateIn(45).field);
    await assertEnd(page, 45);
    await page.getByLabel('Last day').fill(dateIn(400).field);
    await isWrong(page.getByLabel('Last day'), 'later than the policy allows. The latest end is');
    assert.equal(await page.locator('#validity-end').innerText(), '');
  });

  bothWays('a date from the calendar is the end', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await openForm(visit);
    const date = page.getByLabel('Last day');
    assert.equal(await date.isVisible(), false);
    await page.getByRole('radio', { name: 'Until a date' }).check();
    // Without scripts they would stand in the way of another choice.
    const bounds = visit.javaScript ? [dateIn(1).field, dateIn(365).field] : [null, null];
    assert.deepEqual([await date.getAttribute('min'), await date.getAttribute('max')], bounds);
    await date.fill(dateIn(45).field);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.waitForURL('**/profile/key/reveal');
    await visit.open('/profile/key');
    await isAt(page, 'My API key');
    await page.getByText(dateIn(45).text).first().waitFor();
  });

  bothWays('a date that is not allowed does not stand in the way of another choice', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await openForm(visit);
    await page.getByRole('radio', { name: 'Until a date' }).check();
    await page.getByLabel('Last day').fill(dateIn(400).field);
    await fillAdd(page, { validity: '60 days' });
    await page.waitForURL('**/profile/key/reveal');
  });

  journey('the description is counted in characters while one types', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await openForm(visit);
    const field = page.getByLabel('Description');
    for (const [text, used] of [
      ['', 0],
      ['  CI  ', 2],
      ['Grüße 😀', 7],
      ['x'.repeat(256), 256],
    ]) {
      await field.fill(text);
      await page.getByText(`${used} of 256 characters`).waitFor();
      assert.equal(await field.getAttribute('aria-invalid'), null);
    }
    await field.fill('x'.repeat(257));
    await isWrong(field, 'This is too long: at most 256 characters are allowed.');
  });

  bothWays('what is wrong is said at its field, what was entered stays', async ({ server, visit, page }) => {
    visit.expectProblem(/422/);
    const person = await newPerson(server);
    await signIn(visit, person);
    await openForm(visit);
    const tooLong = `${'x'.repeat(256)} & more`;
    await fillAdd(page, { description: tooLong, validity: '90 days' });
    await isTold(page, 'Nothing was changed. Correct what is marked below.');
    await isWrong(page.getByLabel('Description'), 'at most 256 characters are allowed.');
    assert.equal(await page.getByLabel('Description').inputValue(), tooLong);
    assert.ok(await page.getByRole('radio', { name: '90 days' }).isChecked());
    if (visit.javaScript) {
      await page.locator('#description:focus').waitFor();
      await assertEnd(page, 90);
    }

    await page.getByLabel('Description').fill('nightly build');
    await page.getByRole('radio', { name: 'Until a date' }).check();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await isWrong(page.getByLabel('Last day'), 'Enter a date.');
    assert.equal(await page.getByLabel('Description').inputValue(), 'nightly build');
    assert.equal(await page.getByLabel('Description').getAttribute('aria-invalid'), null);
    assert.ok(await page.getByRole('radio', { name: 'Until a date' }).isChecked());

    // A browser that knows no date fields sends whatever was typed.
    await page.locator('form[action="/api/create_key"]').evaluate((form) => (form.noValidate = true));
    await page.getByLabel('Last day').fill(dateIn(400).field);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await isWrong(page.getByLabel('Last day'), 'later than the policy allows. The latest end is');
    assert.equal(await page.getByLabel('Last day').inputValue(), dateIn(400).field);
    assert.equal(await page.getByLabel('Description').inputValue(), 'nightly build');
    assert.deepEqual(await keyTags(server, person), []);
  });

  bothWays('a second key is neither offered nor made', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    const { tag } = await makeKey(server, person);
    await signIn(visit, person);
    await visit.open('/profile/key');
    await page.getByText(tag).first().waitFor();
    assert.equal(await page.getByRole('link', { name: 'Add API key' }).count(), 0);
    const menu = await openMenu(page);
    assert.deepEqual(await menu.getByRole('link').allInnerTexts(), [
      'View my API key details',
      'Password and sessions',
    ]);
    await visit.open('/profile/key/add');
    await isTold(page, 'You have an API key already');
    await page.getByRole('main').getByText(tag).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Add', exact: true }).count(), 0);
    const answer = await post(visit, '/api/create_key', { validity: '30' });
    assert.equal(answer.status(), 409);
    assert.deepEqual(await keyTags(server, person), [tag]);
  });

  bothWays('a form that is older than the key is refused', async ({ server, visit, page }) => {
    visit.expectProblem(/409/);
    const person = await newPerson(server);
    await signIn(visit, person);
    await openForm(visit);
    const { tag } = await makeKey(server, person);
    await fillAdd(page);
    await page.getByText(/You have an API key already/).first().waitFor();
    assert.deepEqual(await keyTags(server, person), [tag]);
  });

  journey('what was entered before the application is alive stays', async ({ server, visit, page }) => {
    await enterEarly({ server, visit, page });
    assert.equal(await page.getByLabel('Description').inputValue(), 'nightly build');
    assert.ok(await page.getByRole('radio', { name: '7 days' }).isChecked());
  });

  journey('what was entered before the application is alive is what it speaks of', async (context) => {
    const { page } = context;
    await enterEarly(context);
    await page.getByText('13 of 256 characters').waitFor({ timeout: 2000 });
    await page.locator('#validity-end').filter({ hasText: 'in 7 days' }).waitFor({ timeout: 2000 });
  });

  journey('bad input past the page is refused and changes nothing', async ({ server, visit }) => {
    const person = await newPerson(server);
    await signIn(visit, person);
    for (const form of [
      {},
      { validity: '' },
      { validity: '0' },
      { validity: '-1' },
      { validity: '1.5' },
      { validity: '366' },
      { validity: `1${'0'.repeat(30)}` },
      { validity: 'P30D' },
      { validity: 'until', until: dateIn(0).field },
      { validity: 'until', until: '2026-02-30' },
      { validity: '30', description: 'x'.repeat(257) },
    ]) {
      const answer = await post(visit, '/api/create_key', form);
      assert.equal(answer.status(), 422, JSON.stringify(form));
    }
    assert.deepEqual(await keyTags(server, person), []);
  });
});

