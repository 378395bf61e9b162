// An administrator makes a key for somebody else.
import assert from 'node:assert/strict';
import { dateIn } from '../support/dates.mjs';
import { journeys } from '../support/journeys.mjs';
import { fact, focused, isAt, isTold, isWrong } from '../support/page.mjs';
import {
  administrator,
  keyTags,
  makeKey,
  newHolder,
  newPerson,
  post,
  readNewKey,
  signIn,
  tagOf,
  verify,
} from '../support/people.mjs';
import { until } from '../support/until.mjs';

const ADD = '/security/api-keys/add';
const NOTHING = 'Nothing was changed. Correct what is marked below.';

async function openForm(visit) {
  await visit.open(ADD);
  await isAt(visit.page, 'Add API key for a user');
  await name(visit.page).waitFor();
}

const name = (page) => page.getByLabel('User name');
const saml = (page) => page.getByRole('checkbox', { name: 'SAML authentication' });
const domain = (page) => page.getByLabel('Domain, or identity provider');
const choice = (page, label) => page.getByRole('radio', { name: label });
const add = (page) => page.getByRole('button', { name: 'Add', exact: true });
const details = (page) => page.getByRole('region', { name: 'API key details' });

/** Somebody's tags, as the list of all keys shows them to whoever visits. */
async function tagsOf(visit, person) {
  const answer = await visit.context.request.get(`/security/api-keys?q=${person.name}`);
  return [...new Set((await answer.text()).match(/lky_[\w-]{7}=/g) ?? [])];
}

/** Looks for users: while typing, or with the button. */
async function find({ javaScript, page }, text) {
  const answered = javaScript && page.waitForResponse('**/api/find_owners');
  await page.getByLabel('The name begins with').fill(text);
  if (!javaScript) {
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(({ searchParams }) => searchParams.get('who') === text);
  }
  await answered;
}

async function isEntered(page, text) {
  await until(`${text} is entered`, async () => (await name(page).inputValue()) === text);
}

journeys('add a key for another user', ({ journey, bothWays }) => {
  journey('users are found while their name is typed, and what is entered already stays', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const begin = `gil-${Date.now().toString(36)}`;
    for (let place = 0; place < 9; place += 1) await server.addUser(`${begin}-${place}`);
    await openForm(visit);
    await page.getByLabel('Description').fill('written before');
    await choice(page, '60 days').check();
    const asked = [];
    page.on('request', (request) => request.url().includes('/api/find_owners') && asked.push(request.postData()));
    await page.getByLabel('The name begins with').pressSequentially(begin, { delay: 20 });
    await page.getByText('The first 8 users. Type more of the name to see others.').waitFor();
    assert.equal(await page.locator('.found').getByRole('link').count(), 8);
    assert.ok(asked.length < 4, `${asked.length} searches for a name typed in one go`);
    await page.getByLabel('The name begins with').pressSequentially('-8');
    await page.getByText('1 user', { exact: true }).waitFor();
    // By the keyboard: the button is between the field and what was found.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await isEntered(page, `${begin}-8`);
    await page.getByRole('status').filter({ hasText: `:${begin}-8:unixpwd:` }).waitFor();
    await page.getByLabel('Description').and(focused(page)).waitFor();
    assert.equal(await page.getByLabel('Description').inputValue(), 'written before');
    assert.ok(await choice(page, '60 days').isChecked());
    assert.equal(await page.locator('.found').count(), 0);
    await page.getByLabel('The name begins with').fill('');
    assert.equal(await page.locator('.found').count(), 0);
  });

  bothWays('a Default Security Administrator finds whom a key is for', async (context) => {
    const { server, visit, page } = context;
    const person = await newPerson(server);
    await signIn(visit, await newPerson(server, { roles: ['Default Security Administrator'] }));
    await openForm(visit);
    await find(visit, person.name);
    await page.getByRole('link', { name: person.name, exact: true }).click();
    await isEntered(page, person.name);
    // The list of users is another matter, and who may make no keys for others finds nobody.
    visit.expectProblem(/403/);
    assert.equal((await post(visit, '/api/users_page')).status(), 403);
    await signIn(visit, await newHolder(server, 'api-keys', ['view']));
    assert.equal((await post(visit, '/api/find_owners', { who: person.name })).status(), 403);
  });

  bothWays('the user is found, the value is shown once, and the key works for the user', async (context) => {
    const { server, visit, page } = context;
    const asker = await administrator(context);
    const person = await newPerson(server);
    await visit.open('/security/api-keys');
    await page.getByRole('main').getByRole('link', { name: 'Add', exact: true }).click();
    await isAt(page, 'Add API key for a user');
    await find(visit, person.name.slice(0, -1));
    await page.getByRole('link', { name: person.name, exact: true }).click();
    await isEntered(page, person.name);
    assert.equal(await saml(page).isChecked(), false);
    await page.getByLabel('Description').fill('for the new colleague');
    assert.ok(await choice(page, '30 days').isChecked());
    await choice(page, '90 days').check();
    await add(page).click();
    const value = await readNewKey(visit, { another: true });

    await isAt(page, 'API key');
    await details(page).getByText('Active', { exact: true }).waitFor();
    assert.equal(await fact(page, 'Description').innerText(), 'for the new colleague');
    assert.match(await fact(page, 'Owner').innerText(), new RegExp(`^${person.name}\\s`));
    assert.match(await fact(page, 'Issuer').innerText(), new RegExp(`^${asker.name}\\s`));
    assert.ok((await fact(page, 'Expires').innerText()).includes(dateIn(90).text));
    const answer = await verify(server, value);
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get('x-latchkey-user'), person.name);
    assert.deepEqual(await keyTags(server, person), [tagOf(value)]);
    // It is shown to nobody any more, nor was it ever to its owner.
    await visit.open('/profile/key/reveal?for=everybody');
    if (!visit.javaScript) {
      visit.expectProblem(/409/);
      await page.getByRole('button', { name: 'Show my key' }).click();
    } else visit.expectProblem(/409/);
    await isTold(page, 'It cannot be shown again.');
    assert.ok(!(await page.content()).includes(value.slice(12)));
  });

  bothWays('a name that nobody has is said at the search', async (context) => {
    const { visit, page } = context;
    await administrator(context);
    await openForm(visit);
    for (const text of ['nobody', '%', '_', '*', '<b>', "' or 1=1 --", '😀'.repeat(60)]) {
      await find(visit, text);
      await page.getByText('No user has a name that begins so.').waitFor();
      assert.equal(await page.locator('.found').getByRole('link').count(), 0);
    }
  });

  bothWays('of a SAML user the key waits for the sign-in; a late end is warned of', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const person = await server.addSamlUser(`s-${Date.now().toString(36)}${visit.javaScript ? 'a' : 'b'}`);
    await openForm(visit);
    await find(visit, person.name);
    await page.getByRole('link', { name: person.name, exact: true }).click();
    await isEntered(page, person.name);
    assert.ok(await saml(page).isChecked());
    assert.equal(await domain(page).inputValue(), 'idp');
    const warning = "This is later than the owner's sign-in by SAML authentication would give";
    await isTold(page, warning);
    await add(page).click();
    const value = await readNewKey(visit, { another: true });
    await details(page).getByText('Inactive', { exact: true }).waitFor();
    await isTold(page, 'This key does not work yet');
    assert.match(await fact(page, 'Owner').innerText(), new RegExp(`idp:${person.name}:saml:\\d+`));
    assert.equal(await fact(page, 'SAML authentication').innerText(), 'Not validated');
    assert.equal((await verify(server, value)).status, 401);
  });

  bothWays('SAML authentication can be ticked by hand', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const person = await server.addSamlUser(`t-${Date.now().toString(36)}${visit.javaScript ? 'a' : 'b'}`);
    await openForm(visit);
    await name(page).fill(person.name);
    await saml(page).check();
    await domain(page).fill('idp');
    await add(page).click();
    const value = await readNewKey(visit, { another: true });
    await details(page).getByText('Inactive', { exact: true }).waitFor();
    assert.equal((await verify(server, value)).status, 401);
  });

  journey('the warning appears when SAML authentication is ticked, and goes', async (context) => {
    const { visit, page } = context;
    await administrator(context);
    await openForm(visit);
    const warning = page.locator('.notice').filter({ hasText: 'This is later than the owner' });
    assert.equal(await warning.count(), 0);
    await saml(page).check();
    await warning.waitFor();
    await saml(page).uncheck();
    await warning.waitFor({ state: 'detached' });
  });

  bothWays('who has a key already gets no second one', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/409/);
    await administrator(context);
    const person = await newPerson(server);
    const { tag, value } = await makeKey(server, person);
    await openForm(visit);
    await name(page).fill(person.name);
    await page.getByLabel('Description').fill('a second one');
    await choice(page, '60 days').check();
    await add(page).click();
    await page.locator('main .notice').filter({ hasText: 'has an API key already' }).waitFor();
    assert.equal(await page.getByText('You have an API key already').count(), 0, 'it is not mine');
    assert.equal(await name(page).inputValue(), person.name);
    assert.equal(await page.getByLabel('Description').inputValue(), 'a second one');
    assert.ok(await choice(page, '60 days').isChecked());
    assert.deepEqual(await keyTags(server, person), [tag]);
    assert.equal((await verify(server, value)).status, 204);
  });

  bothWays('a user who is not there is said at the field, and what was entered stays', async (context) => {
    const { visit, page } = context;
    visit.expectProblem(/422/);
    await administrator(context);
    await openForm(visit);
    const unknown = async (text, reason) => {
      await name(page).fill(text);
      await Promise.all([page.waitForResponse('**/api/create_key_for'), add(page).click()]);
      await isTold(page, NOTHING);
      await isWrong(name(page), reason);
      assert.equal(await name(page).inputValue(), text);
    };
    await page.getByLabel('Description').fill('for whom?');
    await choice(page, '90 days').check();
    await unknown('nobody-of-this-name', 'There is none of that name.');
    assert.equal(await page.getByLabel('Description').inputValue(), 'for whom?');
    assert.ok(await choice(page, '90 days').isChecked());
    // A local name is no name of a SAML user.
    await saml(page).check();
    await domain(page).fill('idp');
    await unknown('admin', 'There is none of that name.');
    assert.ok(await saml(page).isChecked());
    assert.equal(await domain(page).inputValue(), 'idp');
  });

  bothWays('a validity beyond the policy is refused at its field', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/422/);
    await administrator(context);
    const person = await newPerson(server);
    await openForm(visit);
    await name(page).fill(person.name);
    await choice(page, 'Until a date').check();
    await page.locator('form[action="/api/create_key_for"]').evaluate((form) => (form.noValidate = true));
    await page.getByLabel('Last day').fill(dateIn(400).field);
    await add(page).click();
    await isTold(page, NOTHING);
    await isWrong(page.getByLabel('Last day'), 'later than the policy allows');
    assert.equal(await name(page).inputValue(), person.name);
    assert.deepEqual(await tagsOf(visit, person), []);
    await page.getByLabel('Last day').fill(dateIn(300).field);
    await add(page).click();
    const value = await readNewKey(visit, { another: true });
    assert.equal((await verify(server, value)).status, 204);
  });

  bothWays('without the permission it is refused', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/40[34]/);
    const person = await newPerson(server);
    for (const asker of [await newPerson(server), await newHolder(server, 'api-keys', ['view'])]) {
      await signIn(visit, asker);
      const entries = { user_name: person.name, validity: '30' };
      assert.equal((await post(visit, '/api/create_key_for', entries)).status(), 403);
      await visit.open(ADD);
      await isAt(page, 'Add API key for a user');
      await isTold(page, 'You do not have the permission for this.');
      assert.equal(await add(page).count(), 0, 'a form that cannot be sent');
    }
    await administrator(context);
    assert.deepEqual(await tagsOf(visit, person), []);
  });

  bothWays('who may make keys but holds less than the owner is refused', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/403/);
    const boss = await newPerson(server, { roles: ['Administrator'] });
    await signIn(visit, await newHolder(server, 'api-keys', ['view', 'create']));
    await openForm(visit);
    await name(page).fill(boss.name);
    await add(page).click();
    await page.locator('main .notice').first().waitFor();
    assert.equal(new URL(page.url()).pathname, ADD);
    assert.deepEqual(await tagsOf(visit, boss), []);
    const person = await newPerson(server);
    await name(page).fill(person.name);
    await add(page).click();
    const value = await readNewKey(visit, { another: true });
    assert.equal((await verify(server, value)).headers.get('x-latchkey-user'), person.name);
  });
});
