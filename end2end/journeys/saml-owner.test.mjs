// Who signs in by SAML chooses no expiry: the sign-in sets it.
import assert from 'node:assert/strict';
import { dateIn } from '../support/dates.mjs';
import { journeys } from '../support/journeys.mjs';
import { fact, isAt, isTold, isWrong } from '../support/page.mjs';
import {
  expireKey,
  keyDetails,
  makeKey,
  newPerson,
  newSamlPerson,
  openMenu,
  post,
  readNewKey,
  rest,
  verify,
} from '../support/people.mjs';

const HOUR_MS = 60 * 60 * 1000;

async function openForm(visit, what) {
  await visit.open(`/profile/key/${what.toLowerCase()}`);
  await isAt(visit.page, `${what} API key`);
}

/** The form offers no way to choose an end, and says which one it will be and why. */
async function assertGiven(page, hours) {
  assert.equal(await page.getByRole('main').getByRole('radio', { name: /day|date|As it is/i }).count(), 0);
  assert.equal(await page.getByLabel('Last day').count(), 0);
  assert.equal(await page.locator('[name=validity], [name=until], input[type=date]').count(), 0);
  const given = page.getByRole('region', { name: 'Validity' });
  const text = (await given.innerText()).replaceAll(/\s+/g, ' ');
  assert.ok(text.includes(`Your expiry is set by your sign-in policy: in ${hours} hours`), text);
  await assertEnd(given.locator('time'), hours);
  const reason = given.getByText('until your identity provider ends it');
  assert.equal(await reason.isVisible(), false);
  await given.getByText('Why is there no date to choose?').click();
  assert.ok((await reason.innerText()).includes(`at most ${hours} hours.`));
}

/** The instant is at most so many hours after the sign-in, which was just now. */
async function assertEnd(time, hours) {
  const left = new Date(await time.getAttribute('datetime')) - Date.now();
  assert.ok(left <= hours * HOUR_MS && left > (hours - 0.1) * HOUR_MS, `${left / HOUR_MS} hours are left`);
}

/** Adds a key by the page; resolves to its value. */
async function addKey(visit, description = 'nightly build') {
  const { page } = visit;
  await openForm(visit, 'Add');
  await page.getByLabel('Description').fill(description);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  return readNewKey(visit);
}

/** What the REST API says about the key that does the asking. */
async function detailsBy(server, value) {
  const answer = await rest(server, 'GET', '/security/api-keys', { credential: value });
  assert.equal(answer.status, 200);
  const { data } = await answer.json();
  return data;
}

/** The tag of the key that the page shows. */
async function tagOn(page) {
  return page.getByRole('region', { name: 'API key details' }).locator('.tag').innerText();
}

journeys('a SAML owner', ({ journey, bothWays }) => {
  bothWays('adds a key without choosing an end, and is told which and why', async ({ server, visit, page }) => {
    const person = await newSamlPerson(server, visit);
    await visit.open('/profile/key');
    await page.getByText('so your sign-in sets how long it lasts').waitFor();
    await page.getByRole('main').getByRole('link', { name: 'Add API key' }).click();
    await isAt(page, 'Add API key');
    await assertGiven(page, 24);
    await page.getByLabel('Description').fill('nightly build');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const value = await readNewKey(visit);
    const answer = await verify(server, value);
    assert.equal(answer.status, 204);
    const told = (name) => answer.headers.get(`x-latchkey-${name}`);
    assert.deepEqual([told('user'), told('domain'), told('domain-type')], [person.name, 'idp', 'saml']);

    await isAt(page, 'My API key');
    assert.equal(await fact(page, 'Description').innerText(), 'nightly build');
    assert.equal(await fact(page, 'SAML authentication').innerText(), 'Validated');
    assert.match(await fact(page, 'Owner').innerText(), new RegExp(`idp:${person.name}:saml:\\d{4}$`));
    await assertEnd(fact(page, 'Expires').locator('time'), 24);
    const [{ attributes }] = await detailsBy(server, value);
    assert.equal(attributes.samlSessionValidated, true);
  });

  bothWays('what is wrong with the description is said at its field', async ({ server, visit, page }) => {
    visit.expectProblem(/422/);
    await newSamlPerson(server, visit);
    await openForm(visit, 'Add');
    await page.getByLabel('Description').fill('x'.repeat(257));
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await isTold(page, 'Nothing was changed. Correct what is marked below.');
    await isWrong(page.getByLabel('Description'), 'at most 256 characters are allowed.');
    await assertGiven(page, 24);
    await page.getByLabel('Description').fill('short');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    assert.equal((await verify(server, await readNewKey(visit))).status, 204);
  });

  journey('L7: an end that is sent by hand is refused and makes nothing', async ({ server, visit, page }) => {
    await newSamlPerson(server, visit);
    for (const entries of [
      { validity: '30' },
      { validity: '1' },
      { validity: 'until', until: dateIn(1).field },
      { validity: 'until', until: '' },
      { validity: 'P30D' },
    ]) {
      const answer = await post(visit, '/api/create_key', entries);
      assert.equal(answer.status(), 422, JSON.stringify(entries));
    }
    await visit.open('/profile/key');
    await page.getByText('You have no API key yet.').waitFor();

    const value = await addKey(visit);
    const tag = await tagOn(page);
    for (const entries of [{ validity: '30' }, { validity: 'until', until: dateIn(1).field }]) {
      const answer = await post(visit, '/api/reissue_key', { tag, version: '1', description: '', ...entries });
      assert.equal(answer.status(), 422, JSON.stringify(entries));
    }
    assert.equal((await verify(server, value)).status, 204);
    assert.equal((await detailsBy(server, value)).length, 1);
  });

  bothWays('does not edit the key, which the page says, and leads to reissuing', async ({ server, visit, page }) => {
    await newSamlPerson(server, visit);
    const value = await addKey(visit);
    const tag = await tagOn(page);
    const before = await detailsBy(server, value);
    assert.equal(await page.getByRole('link', { name: 'Edit' }).count(), 0);
    await openForm(visit, 'Edit');
    await isTold(page, 'You sign in by SAML authentication, so your sign-in sets the expiry of your key');
    assert.equal(await page.getByRole('main').locator('form').count(), 0);
    for (const validity of ['keep', '', '30']) {
      const edit = { tag, version: '1', description: 'owned', validity };
      assert.equal((await post(visit, '/api/update_key', edit)).status(), 403, validity);
    }
    const after = await detailsBy(server, value);
    assert.equal(after[0].attributes.description, 'nightly build');
    assert.equal(after[0].attributes.expiryDateTime, before[0].attributes.expiryDateTime);
    await page.getByRole('main').getByRole('link', { name: 'Reissue' }).click();
    await isAt(page, 'Reissue API key');
  });

  bothWays('reissues with another description, and chooses no end', async ({ server, visit, page }) => {
    await newSamlPerson(server, visit);
    const value = await addKey(visit);
    await openForm(visit, 'Reissue');
    await assertGiven(page, 24);
    assert.equal(await page.getByLabel('Description').inputValue(), 'nightly build');
    await page.getByLabel('Description').fill('weekly build');
    await page.getByRole('button', { name: 'Reissue' }).click();
    const fresh = await readNewKey(visit);
    assert.equal((await verify(server, value)).status, 401);
    assert.equal((await verify(server, fresh)).status, 204);
    assert.equal(await fact(page, 'Description').first().innerText(), 'weekly build');
    assert.equal(await fact(page, 'SAML authentication').innerText(), 'Validated');
    await assertEnd(fact(page, 'Expires').first().locator('time'), 24);
  });

  bothWays('reissues an expired key', async ({ server, visit, page }) => {
    await newSamlPerson(server, visit);
    const value = await addKey(visit);
    await expireKey(server, await tagOn(page));
    await visit.open('/profile/key');
    await page.getByText('Expired', { exact: true }).waitFor();
    assert.equal((await verify(server, value)).status, 401);
    await page.getByRole('link', { name: 'Reissue' }).click();
    await isAt(page, 'Reissue API key');
    await assertGiven(page, 24);
    await page.getByRole('button', { name: 'Reissue' }).click();
    assert.equal((await verify(server, await readNewKey(visit))).status, 204);
  });

  journey('with the key alone neither adds nor reissues', async ({ server, visit, page }) => {
    await newSamlPerson(server, visit);
    const value = await addKey(visit);
    const tag = await tagOn(page);
    const body = { data: { type: 'apiKeyReissueRequest', attributes: { description: 'owned' } } };
    const answer = await rest(server, 'POST', `/security/api-keys/${tag}/reissue`, { credential: value, body });
    assert.equal(answer.status, 403);
    assert.equal((await verify(server, value)).status, 204);
  });

  bothWays('L8: a key that an administrator made waits for the sign-in, which the page says', async ({ server, visit, page }) => {
    const administrator = await newPerson(server, { roles: ['Administrator'] });
    const person = await newSamlPerson(server, visit);
    const { tag, value } = await makeKey(server, administrator, { description: 'for you', forSaml: person });
    assert.equal((await verify(server, value)).status, 401);
    assert.equal((await keyDetails(server, administrator, tag)).userName, person.name);
    await visit.open('/profile/key');
    await page.getByText('Inactive', { exact: true }).waitFor();
    await isTold(page, "This key does not work yet: it starts to work with its owner's next sign-in");
    assert.equal(await fact(page, 'SAML authentication').innerText(), 'Not validated');
    assert.match(await fact(page, 'Owner').innerText(), new RegExp(`^${person.name}\\s`));
    assert.match(await fact(page, 'Issuer').innerText(), new RegExp(`^${administrator.name}\\s`));
    assert.equal(await page.getByRole('link', { name: 'Edit' }).count(), 0);
    assert.equal((await verify(server, value)).status, 401);
    const menu = await openMenu(page);
    await menu.getByRole('link', { name: 'View my API key details' }).waitFor();
  });
});

journeys('a SAML owner under another policy', ({ bothWays }) => {
  bothWays('gets the end that the policy gives', async ({ server, visit, page }) => {
    await server.cli(['policy', 'set', 'saml_max_lifetime_hours=8']);
    await newSamlPerson(server, visit);
    await openForm(visit, 'Add');
    await assertGiven(page, 8);
    await addKey(visit);
    await assertEnd(fact(page, 'Expires').locator('time'), 8);
    await server.cli(['policy', 'set', 'saml_max_lifetime_hours=36']);
    // The key that is there is not cut, and not made longer.
    await visit.open('/profile/key');
    await assertEnd(fact(page, 'Expires').locator('time'), 8);
    await openForm(visit, 'Reissue');
    await assertGiven(page, 36);
    await page.getByRole('button', { name: 'Reissue' }).click();
    await readNewKey(visit);
    await assertEnd(fact(page, 'Expires').first().locator('time'), 36);
  });
}, { atOnce: 1 });
