// The policy: who sees it, who changes it, and that it holds at once.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { holdApplication, isAt, isTold, isWrong } from '../support/page.mjs';
import { fillAdd, fillSignIn, makeKey, newPerson, newViewer, post, signIn, verify } from '../support/people.mjs';

const DEFAULTS = {
  max_lifetime_days: '365',
  default_lifetime_days: '30',
  overlap_hours: '0',
  tombstone_days: '30',
  self_service: 'true',
  saml_max_lifetime_hours: '24',
  saml_expiry: 'session',
  later_than_saml: 'warn',
  limit_security_administrators: 'false',
  logout_disables_keys: 'true',
  second_factor_required: 'false',
};
const NUMBERS = {
  'Longest validity': 'max_lifetime_days',
  'Validity that forms offer first': 'default_lifetime_days',
  'Overlap after a reissue': 'overlap_hours',
  'Deleted keys stay visible': 'tombstone_days',
  'Longest validity from a sign-in': 'saml_max_lifetime_hours',
};

/** The policy in force, by the command line: another door than the one that is tried. */
async function policy(server) {
  const lines = (await server.cli(['policy', 'show'])).trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split('=')));
}

/** Somebody who may do everything, signed in, and a policy as at the beginning. */
async function administrator({ server, visit }) {
  const parts = Object.entries(DEFAULTS).map((part) => part.join('='));
  await server.cli(['policy', 'set', ...parts]);
  await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
}

async function openSettings(visit) {
  await visit.open('/settings');
  await isAt(visit.page, 'Settings');
  await visit.page.getByLabel('Longest validity', { exact: true }).waitFor();
}

const field = (page, name) => page.getByLabel(name, { exact: true });
const save = (page) => page.getByRole('button', { name: 'Save' });

/** What stands in the form. */
async function entries(page) {
  const numbers = Object.entries(NUMBERS).map(async ([label, name]) => [name, await field(page, label).inputValue()]);
  const chosen = ['saml_expiry', 'later_than_saml'].map(async (name) => [
    name,
    await page.locator(`[name=${name}]:checked`).getAttribute('value'),
  ]);
  const ticked = ['self_service', 'limit_security_administrators', 'logout_disables_keys', 'second_factor_required'].map(async (name) => [
    name,
    String(await page.locator(`#${name}`).isChecked()),
  ]);
  return Object.fromEntries(await Promise.all([...numbers, ...chosen, ...ticked]));
}

async function isSaved(page) {
  await page.waitForURL('**/settings?notice=saved');
  await isTold(page, 'The changes were saved.');
}

journeys('settings', ({ journey, bothWays }) => {
  bothWays('an administrator finds the policy, changes all of it, and it is saved', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await visit.open('/profile/key');
    await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Settings' }).click();
    await isAt(page, 'Settings');
    await field(page, 'Longest validity').waitFor();
    assert.deepEqual(await entries(page), DEFAULTS);
    assert.equal(await page.getByRole('link', { name: 'Settings' }).getAttribute('aria-current'), 'page');

    const wanted = {
      max_lifetime_days: '90',
      default_lifetime_days: '7',
      overlap_hours: '1',
      tombstone_days: '60',
      self_service: 'false',
      saml_max_lifetime_hours: '12',
      saml_expiry: 'fixed',
      later_than_saml: 'refuse',
      limit_security_administrators: 'true',
      logout_disables_keys: 'false',
      // It would end what this administrator is about to do; second-factor.test.mjs turns it on.
      second_factor_required: 'false',
    };
    for (const [label, name] of Object.entries(NUMBERS)) await field(page, label).fill(wanted[name]);
    await page.getByLabel('Everybody manages their own key').uncheck();
    await page.getByRole('radio', { name: 'The hours above alone' }).check();
    await page.getByRole('radio', { name: 'Refuse' }).check();
    await page.getByLabel(/^Limit Default Security Administrators/).check();
    await page.getByLabel(/^Signing out by SAML disables/).uncheck();
    await save(page).click();
    await isSaved(page);
    assert.deepEqual(await policy(server), wanted);
    assert.deepEqual(await entries(page), wanted);
    await openSettings(visit);
    assert.deepEqual(await entries(page), wanted);

    await page.getByLabel('Everybody manages their own key').check();
    await field(page, 'Longest validity').fill('120');
    await save(page).click();
    await isSaved(page);
    await page.waitForFunction(() => document.querySelector('#max_lifetime_days')?.value === '120');
    assert.deepEqual(await policy(server), { ...wanted, self_service: 'true', max_lifetime_days: '120' });
  });

  bothWays('the policy holds at once for whoever adds a key', async (context) => {
    const { server, visit, page, open } = context;
    visit.expectProblem(/422/);
    await administrator(context);
    const person = await newPerson(server);
    const other = await open();
    await signIn(other, person);
    await other.open('/profile/key/add');
    await isAt(other.page, 'Add API key');

    await openSettings(visit);
    await field(page, 'Longest validity').fill('60');
    await field(page, 'Validity that forms offer first').fill('14');
    await save(page).click();
    await isSaved(page);
    // A form from before it.
    assert.equal((await post(other, '/api/create_key', { validity: '61' })).status(), 422);
    assert.equal((await post(other, '/api/create_key', { validity: '365' })).status(), 422);

    await other.open('/profile/key/add');
    const choice = (name) => other.page.getByRole('radio', { name });
    await choice('14 days').waitFor();
    assert.ok(await choice('14 days').isChecked());
    for (const [name, allowed] of [
      [/^7 days/, true],
      ['30 days', true],
      ['60 days', true],
      ['90 days', false],
      ['365 days', false],
    ]) {
      assert.equal(await choice(name).isEnabled(), allowed, `${name}`);
    }
    await other.page.getByText('The policy of this server allows at most 60 days.').waitFor();
    await fillAdd(other.page, { validity: '60 days' });
    await other.page.waitForURL('**/profile/key/reveal');
  });

  bothWays('keys that are there are not cut', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const person = await newPerson(server);
    const { value } = await makeKey(server, person, { days: 300 });
    const end = (await verify(server, value)).headers.get('x-latchkey-key-expires');
    await openSettings(visit);
    await field(page, 'Longest validity').fill('30');
    await save(page).click();
    await isSaved(page);
    const after = await verify(server, value);
    assert.equal(after.status, 204);
    assert.equal(after.headers.get('x-latchkey-key-expires'), end);
  });

  bothWays('numbers that are wrong are refused at their fields, and what was entered stays', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/422/);
    await administrator(context);
    await openSettings(visit);
    const wrong = {
      'Longest validity': ['0', 'A whole number from 1 to 355000 is allowed.'],
      'Overlap after a reissue': ['25', 'A whole number from 0 to 24 is allowed.'],
      'Deleted keys stay visible': ['3651', 'A whole number from 1 to 3650 is allowed.'],
      'Longest validity from a sign-in': ['0', 'A whole number from 1 to 8760 is allowed.'],
    };
    for (const [label, [text]] of Object.entries(wrong)) await field(page, label).fill(text);
    await page.getByRole('radio', { name: 'Refuse' }).check();
    await page.getByLabel('Everybody manages their own key').uncheck();
    await save(page).click();
    await isTold(page, 'Nothing was changed. Correct what is marked below.');
    for (const [label, [text, reason]] of Object.entries(wrong)) {
      await isWrong(field(page, label), reason);
      assert.equal(await field(page, label).inputValue(), text);
    }
    assert.ok(await page.getByRole('radio', { name: 'Refuse' }).isChecked());
    assert.equal(await page.getByLabel('Everybody manages their own key').isChecked(), false);
    if (visit.javaScript) await page.locator('#max_lifetime_days:focus').waitFor();
    assert.deepEqual(await policy(server), DEFAULTS);

    // What is no number at all.
    for (const label of Object.keys(wrong)) await field(page, label).fill('12');
    const tombstones = field(page, 'Deleted keys stay visible');
    for (const text of ['many', '1.5', '-1', `1${'0'.repeat(30)}`]) {
      await tombstones.fill(text);
      await Promise.all([page.waitForResponse('**/api/save_policy'), save(page).click()]);
      await isWrong(tombstones, 'Enter a whole number.');
      assert.equal(await tombstones.inputValue(), text);
    }
    assert.deepEqual(await policy(server), DEFAULTS);
  });

  journey('while a number is typed, it is told how many keys would end later', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    for (const days of [41, 43, 300]) await makeKey(server, await newPerson(server), { days });
    const ending = async (days) => {
      const now = Date.now() * 1000;
      const count = await server.query(
        `select count(*) from api_key where deleted_at is null and expires_at > ${now + days * 86_400_000_000}`,
      );
      return Number(count);
    };
    await openSettings(visit);
    const told = page.locator('#policy-keys ~ p[role=status]');
    for (const [typed, at] of [['42', 42], ['40', 40], ['299', 299]]) {
      const count = await ending(at);
      const keys = count === 1 ? '1 key ends' : `${count} keys end`;
      await field(page, 'Longest validity').fill(typed);
      await told.getByText(`${keys} more than ${at} days from now.`, { exact: true }).waitFor();
    }
    assert.ok((await ending(42)) < (await ending(40)));
    // What is no number of days tells nothing.
    for (const typed of ['', 'many', '0', '355001']) {
      await field(page, 'Longest validity').fill(typed);
      await page.waitForFunction(() => document.querySelector('#policy-keys ~ p[role=status]').textContent === '');
    }
  });

  bothWays('a policy that somebody else has changed meanwhile is compared before it is overwritten', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/409/);
    await administrator(context);
    await openSettings(visit);
    await field(page, 'Deleted keys stay visible').fill('44');
    await server.cli(['policy', 'set', 'overlap_hours=5']);
    const meanwhile = page.getByRole('region', { name: 'Changed meanwhile' });
    const change = meanwhile.locator('.fact').filter({ hasText: 'Overlap after a reissue' });
    if (visit.javaScript) {
      // It is said while one types, and what was typed stays.
      await isTold(page, 'Somebody else has just changed the policy.');
      assert.equal(await change.locator('ins').innerText(), '5');
      assert.equal(await field(page, 'Deleted keys stay visible').inputValue(), '44');
    }
    await save(page).click();
    await isTold(page, 'Nothing was saved: somebody else has changed the policy meanwhile.');
    assert.deepEqual([await change.locator('del').innerText(), await change.locator('ins').innerText()], ['0', '5']);
    assert.equal(await meanwhile.locator('.fact').count(), 1);
    assert.equal(await field(page, 'Deleted keys stay visible').inputValue(), '44');
    assert.deepEqual(await policy(server), { ...DEFAULTS, overlap_hours: '5' });
    await field(page, 'Overlap after a reissue').fill('6');
    await save(page).click();
    await isSaved(page);
    assert.deepEqual(await policy(server), { ...DEFAULTS, overlap_hours: '6', tombstone_days: '44' });
    await meanwhile.waitFor({ state: 'detached' });
  });

  bothWays('a first offer beyond the longest validity is refused', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/422/);
    await administrator(context);
    await openSettings(visit);
    await field(page, 'Longest validity').fill('20');
    await save(page).click();
    await isTold(page, 'Nothing was changed. Correct what is marked below.');
    await isWrong(field(page, 'Validity that forms offer first'), 'A whole number from 1 to 20 is allowed.');
    assert.equal(await field(page, 'Longest validity').getAttribute('aria-invalid'), null);
    assert.deepEqual(await policy(server), DEFAULTS);
    await field(page, 'Validity that forms offer first').fill('20');
    await save(page).click();
    await isSaved(page);
    assert.deepEqual(await policy(server), { ...DEFAULTS, max_lifetime_days: '20', default_lifetime_days: '20' });
  });

  bothWays('no field allows what no number can be', async (context) => {
    const { visit, page } = context;
    visit.expectProblem(/422/);
    await administrator(context);
    await openSettings(visit);
    await field(page, 'Longest validity').fill('0');
    await save(page).click();
    await isWrong(field(page, 'Longest validity'), 'A whole number from 1 to 355000 is allowed.');
    assert.equal(await page.getByText('from 1 to 0').count(), 0);
  });

  bothWays('a refusal after a success does not say that it was saved', async (context) => {
    const { visit, page } = context;
    visit.expectProblem(/422/);
    await administrator(context);
    await openSettings(visit);
    await field(page, 'Deleted keys stay visible').fill('31');
    await save(page).click();
    await isSaved(page);
    await field(page, 'Deleted keys stay visible').fill('0');
    await save(page).click();
    await isTold(page, 'Nothing was changed. Correct what is marked below.');
    assert.equal(await page.getByText('The changes were saved.').count(), 0);
  });

  bothWays('a link alone fills in nothing', async (context) => {
    const { visit, page } = context;
    await administrator(context);
    const query = 'max_lifetime_days=355000&later_than_saml=refuse&self_service=&limit_security_administrators=true';
    await visit.open(`/settings?${query}`);
    await field(page, 'Longest validity').waitFor();
    assert.deepEqual(await entries(page), DEFAULTS);
  });

  journey('what was refused before the application is alive is said and stays', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const release = await holdApplication(page);
    await page.goto('/settings', { waitUntil: 'commit' });
    await field(page, 'Overlap after a reissue').fill('25');
    await page.getByLabel('Everybody manages their own key').uncheck();
    await save(page).click();
    await page.waitForURL('**/settings?**');
    release();
    await visit.alive();
    await isTold(page, 'Nothing was changed. Correct what is marked below.');
    await isWrong(field(page, 'Overlap after a reissue'), 'A whole number from 0 to 24 is allowed.');
    assert.deepEqual(await entries(page), { ...DEFAULTS, overlap_hours: '25', self_service: 'false' });
    await field(page, 'Overlap after a reissue').fill('24');
    await save(page).click();
    await isSaved(page);
    assert.deepEqual(await policy(server), { ...DEFAULTS, overlap_hours: '24', self_service: 'false' });
  });

  bothWays('who is not signed in is led to the sign-in page, and then to the settings', async ({ server, visit, page }) => {
    const person = await newPerson(server, { roles: ['Administrator'] });
    await visit.open('/settings');
    await isAt(page, 'Sign in');
    await fillSignIn(page, person);
    await isAt(page, 'Settings');
    assert.equal(new URL(page.url()).pathname, '/settings');
  });

  bothWays('who lacks the permission is told so, and finds no way there', async (context) => {
    const { server, visit, page } = context;
    const person = await newPerson(server);
    await signIn(visit, person);
    await visit.open('/profile/key');
    assert.equal(await page.getByRole('link', { name: 'Settings' }).count(), 0);
    visit.expectProblem(/403/);
    await visit.open('/settings');
    await isTold(page, 'You do not have the permission for this.');
    assert.equal(await page.getByLabel('Longest validity').count(), 0);
    assert.equal(await page.getByRole('main').locator('form').count(), 0);
    assert.equal((await post(visit, '/api/settings_page')).status(), 403);
  });

  journey('nobody without the permission changes the policy past the page', async (context) => {
    const { server, visit, open } = context;
    await administrator(context);
    const changed = { ...DEFAULTS, max_lifetime_days: '1000' };
    for (const person of [await newPerson(server), await newViewer(server)]) {
      const other = await open();
      await signIn(other, person);
      assert.equal((await post(other, '/api/save_policy', changed)).status(), 403, person.name);
      // Not even what is wrong with it.
      assert.equal((await post(other, '/api/save_policy', { ...changed, overlap_hours: '99' })).status(), 403);
    }
    const outside = await open();
    assert.equal((await post(outside, '/api/save_policy', changed)).status(), 401);
    assert.deepEqual(await policy(server), DEFAULTS);
    assert.equal((await post(visit, '/api/save_policy', changed)).status(), 200);
    assert.equal((await policy(server)).max_lifetime_days, '1000');
  });

  bothWays('who may only look sees the values and cannot save', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await signIn(visit, await newViewer(server));
    await visit.open('/profile/key');
    await page.getByRole('link', { name: 'Settings' }).click();
    await isAt(page, 'Settings');
    await isTold(page, 'You may look at the policy, but not change it.');
    assert.deepEqual(await entries(page), DEFAULTS);
    assert.equal(await save(page).count(), 0);
    for (const label of Object.keys(NUMBERS)) {
      assert.equal(await field(page, label).isEditable(), false, label);
    }
    for (const box of await page.locator('main input:is([type=radio], [type=checkbox])').all()) {
      assert.ok(await box.isDisabled());
    }
  });

  journey('bad input past the page is refused and changes nothing', async (context) => {
    const { server, visit } = context;
    await administrator(context);
    for (const wrong of [
      { max_lifetime_days: '' },
      { max_lifetime_days: '-1' },
      { max_lifetime_days: '355001' },
      { default_lifetime_days: '366' },
      { overlap_hours: '0x1' },
      { tombstone_days: '0' },
      { saml_max_lifetime_hours: '4294967296' },
      { saml_expiry: 'never' },
      { later_than_saml: '' },
    ]) {
      const answer = await post(visit, '/api/save_policy', { ...DEFAULTS, ...wrong });
      assert.equal(answer.status(), 422, JSON.stringify(wrong));
    }
    assert.equal((await post(visit, '/api/save_policy', {})).status(), 422);
    assert.deepEqual(await policy(server), DEFAULTS);
  });
}, { atOnce: 1 });
