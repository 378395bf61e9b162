// The application comes in parts, each loaded when it is needed, and pages of another build are
// not misread.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { fact, isAt, isTold } from '../support/page.mjs';
import { administrator, makeKey, newPerson, withKey } from '../support/people.mjs';
import { until } from '../support/until.mjs';

const LIST = '/security/api-keys';
const FORMS = /\/pkg\/[0-9a-f]{12}\/split_forms\.wasm$/;
const OFFICES = /\/pkg\/[0-9a-f]{12}\/split_offices\.wasm$/;
const ADMINISTRATION = /\/pkg\/[0-9a-f]{12}\/split_administration\.wasm$/;

/** The addresses that the visit asks for, from now on. */
function asked(visit) {
  const addresses = [];
  visit.context.on('request', (request) => addresses.push(request.url()));
  return (pattern) => addresses.filter((address) => pattern.test(address)).length;
}

/** How often the page was loaded, from now on. */
function loads(page) {
  let count = 0;
  page.on('domcontentloaded', () => (count += 1));
  return () => count;
}

const toKeys = (page) => page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'API keys' });

journeys('the parts of the application', ({ journey }) => {
  journey('who looks at their key loads the forms ahead, and nothing of the administrators’ pages', async (context) => {
    const { visit, page } = context;
    await withKey(context);
    const count = asked(visit);
    await visit.open('/profile/key');
    await until('the forms are loaded ahead', () => count(FORMS) === 1);
    await page.getByRole('link', { name: 'Edit' }).click();
    await isAt(page, 'Edit API key');
    await page.getByLabel('Description').waitFor();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await isAt(page, 'My API key');
    assert.equal(count(FORMS), 1);
    assert.equal(count(ADMINISTRATION) + count(OFFICES), 0);
  });

  journey('the administrators’ pages come once, by the link', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server));
    const count = asked(visit);
    const loaded = loads(page);
    await visit.open('/profile/key');
    await isAt(page, 'My API key');
    assert.equal(count(ADMINISTRATION), 0);
    await toKeys(page).click();
    await isAt(page, 'API keys');
    await page.getByRole('link', { name: tag, exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.innerText), 'API keys');
    assert.equal(count(OFFICES), 0, 'the list of keys needs no page about people');
    await page.getByRole('link', { name: 'Settings' }).click();
    await isAt(page, 'Settings');
    await page.getByLabel('Longest validity', { exact: true }).waitFor();
    assert.equal(count(OFFICES), 1);
    await page.goBack();
    await page.getByRole('link', { name: tag, exact: true }).click();
    await isAt(page, 'API key');
    assert.equal(count(ADMINISTRATION), 1);
    assert.equal(loaded(), 1);
  });

  journey('a page that is opened has its part at once', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server));
    const count = asked(visit);
    const loaded = loads(page);
    await visit.open(LIST);
    assert.equal(count(ADMINISTRATION), 1);
    await page.getByRole('checkbox', { name: `Select ${tag}` }).check();
    await page.getByText('1 key selected').waitFor();
    assert.equal(loaded(), 1);
  });

  journey('a part that did not come leads to the wanted address anew, and that works', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/split_administration|Failed to fetch|ERR_FAILED/);
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server));
    await visit.open('/profile/key');
    const loaded = loads(page);
    await page.route(ADMINISTRATION, (route) => route.abort(), { times: 1 });
    await toKeys(page).click();
    await isAt(page, 'API keys');
    assert.equal(new URL(page.url()).pathname, LIST);
    await visit.alive();
    await page.getByRole('checkbox', { name: `Select ${tag}` }).check();
    await page.getByText('1 key selected').waitFor();
    assert.equal(loaded(), 1);
    await page.goBack();
    await isAt(page, 'My API key');
  });

  journey('so does one of a build that is not there any more', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/split_administration|404|HTTP status/);
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server));
    await visit.open('/profile/key');
    const loaded = loads(page);
    await page.route(ADMINISTRATION, (route) => route.fulfill({ status: 404, body: '' }), { times: 1 });
    await toKeys(page).click();
    await page.getByRole('link', { name: tag, exact: true }).waitFor();
    await visit.alive();
    assert.equal(loaded(), 1);
  });

  journey('while it does not come at all the page works as plain HTML', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/split_administration|Failed to fetch|ERR_FAILED/);
    await administrator(context);
    const person = await newPerson(server);
    const { tag } = await makeKey(server, person, { description: 'nightly build' });
    await makeKey(server, await newPerson(server));
    await visit.open('/profile/key');
    const loaded = loads(page);
    await page.route(ADMINISTRATION, (route) => route.abort());
    await toKeys(page).click();
    await isAt(page, 'API keys');
    await page.getByRole('link', { name: tag, exact: true }).waitFor();
    await page.getByRole('searchbox', { name: 'Search' }).fill(person.name);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(({ searchParams }) => searchParams.get('q') === person.name);
    await until('one key is listed', async () => (await page.locator('main .table .tag').count()) === 1);
    await page.getByRole('link', { name: `Edit ${tag}` }).click();
    await isAt(page, 'Edit API key');
    await page.getByLabel('Description').fill('weekly build');
    await page.getByRole('button', { name: 'Save' }).click();
    await isTold(page, 'The changes were saved.');
    assert.equal(await fact(page, 'Description').innerText(), 'weekly build');
    await page.getByRole('link', { name: 'Delete', exact: true }).click();
    await page.getByLabel(`Type ${person.name} to go on`).fill(person.name);
    await page.getByRole('dialog', { name: 'Delete this API key?' }).getByRole('button', { name: 'Delete' }).click();
    await isTold(page, 'The API key was deleted.');
    assert.equal(await page.locator('html[data-hydrated]').count(), 0);
    // Nothing is loaded again and again.
    assert.ok(loaded() <= 6, `${loaded()} loads`);
    await page.unroute(ADMINISTRATION);
    await visit.open(LIST);
  });
});

journeys('an answer of another build', ({ journey }) => {
  /** Makes answers say that they are of another build: the first so many that match. */
  async function another(page, pattern, times) {
    await page.route(
      pattern,
      async (route) => {
        const response = await route.fetch();
        const headers = { ...response.headers(), 'x-latchkey-build': '000000000000' };
        await route.fulfill({ response, headers, body: '\u0001 not of this build' });
      },
      { times },
    );
  }

  journey('loads the page anew, once, instead of misreading it', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server));
    await visit.open('/profile/key');
    const loaded = loads(page);
    await another(page, '**/api/keys_page', 1);
    await toKeys(page).click();
    await page.getByRole('link', { name: tag, exact: true }).waitFor();
    await isAt(page, 'API keys');
    await visit.alive();
    assert.equal(new URL(page.url()).pathname, LIST);
    assert.equal(loaded(), 1);
    assert.equal(await page.locator('main .notice').count(), 0);
  });

  journey('also when it says only whether anything has changed', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server));
    await visit.open(`${LIST}?q=${encodeURIComponent(tag)}`);
    const loaded = loads(page);
    await another(page, '**/api/pulse', 1);
    await until('the page was loaded anew', () => loaded() === 1);
    await visit.alive();
    await page.getByRole('link', { name: tag, exact: true }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get('q'), tag);
    await page.waitForResponse('**/api/pulse');
    assert.equal(loaded(), 1);
  });

  journey('to a form leads on to where the form leads; what was done is done once', async (context) => {
    const { visit, page } = context;
    await withKey(context);
    await visit.open('/profile/key/edit');
    await page.getByLabel('Description').fill('weekly build');
    let sent = 0;
    page.on('request', (request) => (sent += request.url().endsWith('/api/update_key') ? 1 : 0));
    await another(page, '**/api/update_key', 1);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL('**/profile/key?notice=saved');
    await isTold(page, 'The changes were saved.');
    await visit.alive();
    assert.equal(await fact(page, 'Description').innerText(), 'weekly build');
    assert.equal(sent, 1);
  });
});
