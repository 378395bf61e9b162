// Every page and dialog about keys as people see it; see `look`. The others: look-offices.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journeys } from '../support/journeys.mjs';
import { assertAllLookedAt, look } from '../support/look.mjs';
import { assertFits, isAt, isTold } from '../support/page.mjs';
import {
  deleteKey,
  editKey,
  expireKey,
  fillAdd,
  fillSignIn,
  makeEveryKind,
  makeKey,
  makeManyKeys,
  newPerson,
  newSamlPerson,
  openMenu,
  post,
  readNewKey,
  signIn,
  useKey,
  verify,
  withKey,
} from '../support/people.mjs';
import { totp } from '../support/totp.mjs';

/** What stands at the beginning: nobody is signed in. */
async function lookFromOutside({ visit, page }) {
  await visit.open('/sign-in');
  await look(visit, '10 sign in');
  await fillSignIn(page, { name: 'nobody', password: 'not the right one' });
  await isTold(page, 'is not right');
  await look(visit, '11 sign in refused');
  await visit.open('/sign-in?notice=ended&next=/profile/security');
  await look(visit, '12 session ended');
  await visit.open('/no-such-page');
  await look(visit, '13 page not found');
}

async function lookAtAdding({ visit, page }) {
  await visit.open('/profile/key');
  await look(visit, '20 no key');
  await openMenu(page);
  await look(visit, '21 profile menu');
  await visit.open('/profile/key/add');
  await look(visit, '30 add');
  await page.getByRole('radio', { name: 'Until a date' }).check();
  await look(visit, '31 add until a date');
  await page.getByLabel('Description').fill('x'.repeat(257));
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await isTold(page, 'Nothing was changed.');
  await look(visit, '32 add refused');
  await fillAdd(page, { description: 'Nightly build of the storage team, Hamburg', validity: '90 days' });
  await page.waitForURL('**/profile/key/reveal');
}

async function lookAtDeleting({ server, visit, page }, person) {
  await visit.open('/profile/key');
  await isAt(page, 'My API key');
  await look(visit, '50 key');
  await visit.open('/profile/key/add');
  await look(visit, '51 has a key already');
  await visit.open('/profile/key/delete');
  await page.getByRole('dialog').waitFor();
  await look(visit, '52 delete');
  const tag = await page.locator('dialog input[name=tag]').getAttribute('value');
  assert.equal((await post(visit, '/api/delete_key', { tag })).status(), 200);
  const { value } = await makeKey(server, person, { description: '' });
  await verify(server, value);
  await visit.open('/profile/key?notice=password-changed');
  await look(visit, '53 key without a description, used');
}

async function lookAtSecurity({ visit, page, open }, person) {
  const other = await open();
  await signIn(other, person);
  await visit.open('/profile/security');
  await look(visit, '60 password and sessions');
  await page.getByLabel('Current password', { exact: true }).fill('this is not the one');
  await page.getByLabel('New password', { exact: true }).fill('a horse, a kingdom');
  await page.getByLabel('Repeat new password', { exact: true }).fill('a horse, a kingdom');
  await page.getByRole('button', { name: 'Change password' }).click();
  await isTold(page, 'Nothing was changed.');
  await look(visit, '61 password refused');
}

/** Somebody's notices. */
async function lookAtNotices({ server, visit, page }) {
  const person = await newPerson(server, { roles: ['Administrator'] });
  await makeKey(server, person, { description: 'Nightly build of the storage team, Hamburg' });
  await signIn(visit, person);
  await server.sql(`insert into notice (user_id, notice, created_at, read_at)
    select u.id, json_object('kind', 'KeyEnding', 'at', 1795000000000000, 'about', json_object('Key', json_object(
      'tag', k.tag, 'owner', json_object('id', u.id, 'principal', json_object('domain_type', 'unixpwd', 'domain', '', 'name', u.name)),
      'description', k.description, 'expires_at', k.expires_at, 'by', null, 'replaced_by', null, 'days', 7, 'used_from', null))),
      1795000000000000, column1
    from app_user u join api_key k on k.user_id = u.id, (values (null), (1795000000000001)) where u.name = '${person.name}'`);
  await visit.open('/profile/notices');
  await page.getByText('1 notice not read.').waitFor();
  await look(visit, '62 notices');
}

/** A second factor: set up, and asked for. */
async function lookAtFactor({ server, visit, page }) {
  const person = await newPerson(server);
  await signIn(visit, person);
  await visit.open('/profile/security');
  await page.getByRole('button', { name: 'Set up second factor' }).click();
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  await look(visit, '63 second factor');
  const secret = await page.locator('.qr__text').innerText();
  await page.getByLabel('Code', { exact: true }).fill(totp(secret));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await isTold(page, 'The second factor is set up.');
  await visit.context.clearCookies();
  await visit.open('/sign-in');
  await fillSignIn(page, person);
  await isAt(page, 'Enter your code');
  await page.getByLabel('Code', { exact: true }).fill('000000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await isTold(page, 'The code is not right');
  await look(visit, '15 code refused');
}

async function lookAtReveal({ visit, page }) {
  const dialog = page.getByRole('dialog', { name: 'Copy your API key' });
  await dialog.waitFor();
  await look(visit, '40 reveal masked');
  await dialog.getByRole('button', { name: 'Show key' }).click();
  await look(visit, '41 reveal open');
  await dialog.getByRole('button', { name: 'Close', exact: true }).click();
  await dialog.getByText('You have not copied the key.').waitFor();
  await look(visit, '42 reveal warned');
  await dialog.getByRole('button', { name: 'Copy and close' }).click();
  await isTold(page, 'Copied.');
  await look(visit, '43 copied');
  await visit.open('/profile/key/reveal');
  await isTold(page, 'It cannot be shown again.');
  await look(visit, '44 reveal gone');
}

async function lookAtStill({ visit, page }) {
  await look(visit, '40 reveal waiting');
  await page.getByRole('button', { name: 'Show my key' }).click();
  await page.getByText('You will not see this key again.').waitFor();
  await look(visit, '41 reveal folded');
  await page.getByText('Show key', { exact: true }).click();
  await page.getByText('Show command', { exact: true }).click();
  await look(visit, '42 reveal unfolded');
}

/** Everything on the form to edit a key but what becomes of a stale one. */
async function lookAtEditing({ visit, page }) {
  await visit.open('/profile/key/edit');
  await look(visit, '54 edit');
  await page.getByLabel('Description').fill('Nightly build of the storage team, Hamburg, and of everybody else');
  await page.getByRole('radio', { name: '90 days' }).check();
  await look(visit, '55 edit changed');
  await page.getByLabel('Description').fill('x'.repeat(257));
  await page.getByRole('button', { name: 'Save' }).click();
  await isTold(page, 'Nothing was changed.');
  await look(visit, '56 edit refused');
  await page.getByLabel('Description').fill('Nightly build');
  await page.getByRole('button', { name: 'Save' }).click();
  await isTold(page, 'The changes were saved.');
  await look(visit, '57 edit saved');
}

/** A key that was changed while somebody edited it. */
async function lookAtStale({ server, visit, page }, { person, tag }) {
  await visit.open('/profile/key/edit');
  await page.getByLabel('Description').fill('Nightly build of the storage team, Hamburg');
  await editKey(server, person, tag, { description: 'Written by a script', expireAfterDays: 'P60D' });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('region', { name: 'Changed meanwhile' }).waitFor();
  await look(visit, '58 edit stale');
}

async function lookAtReissuing(context, { value }) {
  const { visit, page } = context;
  await useKey(context, value);
  await visit.open('/profile/key/reissue');
  await look(visit, '80 reissue');
  await page.getByLabel('Description').fill('x'.repeat(257));
  await page.getByRole('button', { name: 'Reissue' }).click();
  await isTold(page, 'Nothing was changed.');
  await look(visit, '81 reissue refused');
  await page.getByLabel('Description').fill('Nightly build');
  await page.getByRole('radio', { name: 'In 1 hour' }).check();
  await page.getByRole('button', { name: 'Reissue' }).click();
  await readNewKey(visit);
  await visit.open('/profile/key');
  await look(visit, '82 retiring');
  await page.getByRole('link', { name: 'Stop it now' }).click();
  await page.getByRole('dialog').waitFor();
  await look(visit, '83 stop the replaced key');
  await visit.open('/profile/key/reissue');
  await look(visit, '84 reissue once more');
}

async function lookAtTheEnd({ server, visit, page }, { person, tag }) {
  await deleteKey(server, person, tag);
  const administrator = await newPerson(server, { roles: ['Administrator'] });
  for (const description of ['', 'W'.repeat(256)]) {
    await deleteKey(server, administrator, (await makeKey(server, person, { description })).tag);
  }
  await visit.open('/profile/key');
  await look(visit, '85 earlier keys');
  const next = await makeKey(server, person, { description: 'Nightly build' });
  await expireKey(server, next.tag);
  await visit.open('/profile/key');
  await look(visit, '86 expired');
  await visit.open('/profile/key/edit');
  await look(visit, '87 expired, not to be edited');
  await visit.open('/profile/key/reissue');
  await look(visit, '88 expired, to be reissued');
  await server.cli(['user', 'self-service', person.name, 'off']);
  await visit.open('/profile/key');
  await isTold(page, 'You may not manage an API key');
  await look(visit, '89 withdrawn');
}

async function lookAsSamlOwner({ server, visit, page }) {
  const person = await newSamlPerson(server, visit);
  await visit.open('/profile/key');
  await look(visit, '90 saml no key');
  await visit.open('/profile/key/add');
  await page.getByText('Why is there no date to choose?').click();
  await look(visit, '91 saml add');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await readNewKey(visit);
  await isAt(page, 'My API key');
  await look(visit, '92 saml key');
  await visit.open('/profile/key/edit');
  await look(visit, '93 saml edit');
  await visit.open('/profile/key/reissue');
  await look(visit, '94 saml reissue');
  const tag = await page.locator('main .tag').first().innerText();
  assert.equal((await post(visit, '/api/delete_key', { tag })).status(), 200);
  const administrator = await newPerson(server, { roles: ['Administrator'] });
  await makeKey(server, administrator, { description: 'For you', forSaml: person });
  await visit.open('/profile/key');
  await look(visit, '95 saml inactive');
}

/** The list of everybody's keys and all that is done with it. */
async function lookAtEverybodys({ server, visit, page }) {
  const list = '/security/api-keys';
  const tick = (tag) => page.getByRole('checkbox', { name: `Select ${tag}` });
  await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
  await visit.open(list);
  await page.getByText('There are no API keys yet.').waitFor();
  await look(visit, '100 no keys');
  const kinds = await makeEveryKind(server, 'Nightly build of the storage team, Hamburg');
  await makeManyKeys(server, 60, { name: 'somebody-with-a-rather-long-name', word: 'fleet' });
  await makeKey(server, await newPerson(server), { description: 'W'.repeat(256) });
  await visit.open(`${list}?sort=expires&way=up`);
  await tick(kinds.week).waitFor();
  await look(visit, '101 keys');
  await visit.open(`${list}?q=nightly`);
  await tick(kinds.inactive).waitFor();
  await look(visit, '102 keys of every state, found');
  await visit.open(`${list}?q=nobody`);
  await look(visit, '103 nothing found');
  await visit.open(`${list}?show=deleted`);
  await look(visit, '104 deleted keys');

  await visit.open(`${list}?q=nightly`);
  await tick(kinds.expired).check();
  await tick(kinds.long).check();
  await look(visit, '105 keys selected');
  await page.getByRole('button', { name: 'Extend…' }).click();
  await page.getByRole('dialog').getByLabel('Type 2 to go on').waitFor();
  await page.getByRole('dialog').getByText('Show as API call').click();
  await look(visit, '106 extend several');
  await page.getByRole('dialog').getByLabel('Type 2 to go on').fill('2');
  await page.getByRole('dialog').getByRole('button', { name: 'Extend' }).click();
  await page.getByText(/1 refused\. Finished\./).waitFor();
  await look(visit, '107 several extended');
  await page.getByRole('button', { name: /^Select all that match/ }).click();
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('dialog').waitFor();
  await page.getByRole('dialog').getByText('Show as API call').click();
  await look(visit, '108 delete all that match');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();

  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/api/bulk_delete', (route) => held.then(() => route.continue()), { times: 1 });
  await visit.open(`${list}?q=fleet`);
  await page.getByRole('button', { name: /^Select all that match/ }).click();
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByLabel('Type 60 to go on').fill('60');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('progressbar').waitFor();
  await look(visit, '109 deleting several');
  release();
  await page.getByText('60 deleted. Finished.').waitFor();
  await visit.open(list);
  await page.getByText('Columns and rows', { exact: true }).click();
  await page.getByRole('group', { name: 'Columns besides the API key' }).waitFor();
  await look(visit, '110 a short list and its columns');
}

async function lookAtAnothers({ server, visit, page }) {
  const list = '/security/api-keys';
  const owner = await newPerson(server);
  const { tag } = await makeKey(server, owner, { description: 'Nightly build of the storage team, Hamburg' });
  const hour = 60 * 60 * 1_000_000;
  const now = Math.floor((Date.now() * 1000) / hour) * hour;
  const uses = Array.from({ length: 100 }, (_, back) => `('${tag}', ${now - back * hour}, ${1 + ((back * 37) % 90)})`);
  await server.sql(`insert into api_key_use (tag, hour, uses) values ${uses.join(', ')};`);
  const at = (form = '') => `${list}/${encodeURIComponent(tag)}${form}`;
  await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
  await visit.open(at());
  await look(visit, '111 a key of another');
  await page.getByText('As a table').click();
  await look(visit, '112 its uses as a table');
  await visit.open(at('/edit'));
  await look(visit, '113 edit a key of another');
  await page.getByLabel('Description').fill('Weekly build');
  await editKey(server, owner, tag, { description: 'Written by its owner' });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('region', { name: 'Changed meanwhile' }).waitFor();
  await look(visit, '114 changed meanwhile by its owner');
  await visit.open(at('/reissue'));
  await look(visit, '115 reissue a key of another');
  await visit.open(at('/delete'));
  await page.getByRole('dialog').waitFor();
  await page.getByRole('dialog').getByText('Show as API call').click();
  await look(visit, '116 delete a key of another');

  await visit.open(`${list}/add`);
  await look(visit, '120 add for a user');
  await visit.open(`${list}/add?who=p-`);
  await look(visit, '121 users found');
  await visit.open(`${list}/add?user_name=sara&domain=idp&saml=true`);
  await look(visit, '122 add for a SAML user');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await isTold(page, 'Nothing was changed.');
  await look(visit, '123 add for nobody');
  await page.getByLabel('User name').fill((await newPerson(server)).name);
  await page.getByRole('checkbox', { name: 'SAML authentication' }).uncheck();
  await page.getByLabel('Domain, or identity provider').fill('');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.waitForURL('**/profile/key/reveal?for=everybody');
  if (visit.javaScript) await page.getByRole('dialog', { name: 'Copy your API key' }).waitFor();
  await look(visit, '124 a key for another');
  await signIn(visit, await newPerson(server));
  await visit.open(list);
  await isTold(page, 'You do not have the permission');
  await look(visit, '125 no permission for the list');
}

journeys('look', ({ journey }) => {
  journey('from outside', async (context) => {
    context.visit.expectProblem(/401|404/);
    await lookFromOutside(context);
  });

  journey('a key, from the first to the last page', async (context) => {
    const { server, visit } = context;
    visit.expectProblem(/409|422/);
    await visit.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    const person = await newPerson(server);
    await signIn(visit, person);
    await lookAtAdding(context);
    await lookAtReveal(context);
    await lookAtDeleting(context, person);
  });

  journey('password and sessions', async (context) => {
    const { server, visit } = context;
    visit.expectProblem(/422/);
    const person = await newPerson(server);
    await signIn(visit, person);
    await lookAtSecurity(context, person);
  });

  journey('second factor', async (context) => {
    context.visit.expectProblem(/401/);
    await lookAtFactor(context);
  });

  journey('notices', lookAtNotices);

  journey('what is different without JavaScript', { javaScript: false }, async (context) => {
    const { server, visit } = context;
    const person = await newPerson(server);
    await signIn(visit, person);
    await visit.open('/profile/key/add');
    await look(visit, '30 add');
    await fillAdd(context.page, { description: 'Nightly build' });
    await context.page.waitForURL('**/profile/key/reveal');
    await lookAtStill(context);
    await visit.open('/profile/key/delete');
    await look(visit, '52 delete');
  });

  journey('editing', async (context) => {
    context.visit.expectProblem(/422/);
    await withKey(context);
    await lookAtEditing(context);
  });

  journey('editing what was changed meanwhile', async (context) => {
    context.visit.expectProblem(/409/);
    await lookAtStale(context, await withKey(context));
  });

  journey('reissuing', async (context) => {
    context.visit.expectProblem(/422/);
    await lookAtReissuing(context, await withKey(context));
  });

  journey('earlier and expired keys', async (context) => {
    await lookAtTheEnd(context, await withKey(context));
  });

  journey('as a SAML owner', lookAsSamlOwner);

  journey('what is different without JavaScript when a key is changed', { javaScript: false }, async (context) => {
    const { visit, page } = context;
    const key = await withKey(context);
    await visit.open('/profile/key/edit');
    await look(visit, '54 edit');
    await page.getByLabel('Description').fill('x'.repeat(257));
    await page.getByRole('button', { name: 'Save' }).click();
    await isTold(page, 'Nothing was changed.');
    await look(visit, '56 edit refused');
    await visit.open('/profile/key/reissue');
    await look(visit, '80 reissue');
    await lookAtStale(context, key);
  });

  journey('the first sign-in', async ({ server, visit, page }) => {
    await visit.open('/');
    await fillSignIn(page, { name: 'admin', password: await server.initialPassword() });
    await isAt(page, 'Password and sessions');
    await look(visit, '14 first password');
  });

  journey('a page that says what failed', async ({ visit, page }) => {
    visit.expectProblem(/403/);
    await visit.page.route('**/hostile', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="${visit.options.baseURL}/api/sign_out"><button>Go</button></form>`,
      }),
    );
    await page.goto('http://localhost:8000/hostile');
    await page.getByRole('button', { name: 'Go' }).click();
    await page.getByRole('heading', { name: 'This did not work' }).waitFor();
    await look(visit, '70 this did not work');
  });

  journey('at 400 % and without motion nothing is lost', { context: { viewport: { width: 320, height: 256 } } }, async (context) => {
    const { server, visit, page } = context;
    const person = await newPerson(server, { roles: ['Administrator'] });
    for (const description of ['x', 'M'.repeat(256)]) {
      await deleteKey(server, person, (await makeKey(server, person, { description })).tag);
    }
    await makeKey(server, person, { description: 'W'.repeat(256) });
    await signIn(visit, person);
    for (const path of [
      '/profile/key',
      '/profile/key/delete',
      '/profile/key/add',
      '/profile/key/edit',
      '/profile/key/reissue',
      '/profile/security',
      '/settings',
    ]) {
      await visit.open(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await assertFits(visit);
    }
    await visit.open('/profile/key/edit');
    await page.getByLabel('Description').fill('M'.repeat(256));
    await page.getByRole('region', { name: 'What will change' }).locator('ins').waitFor();
    await assertFits(visit);
    const save = page.getByRole('button', { name: 'Save' });
    await save.scrollIntoViewIfNeeded();
    assert.ok(await save.isVisible());
    await visit.open('/profile/key/delete');
    const remove = page.getByRole('dialog').getByRole('button', { name: 'Delete' });
    await remove.scrollIntoViewIfNeeded();
    assert.ok(await remove.isVisible());
  });
});

journeys('look at everybody’s keys', ({ journey }) => {
  journey('the list', lookAtEverybodys);
});

journeys('look at a key of another', ({ journey }) => {
  const both = async (context) => {
    context.visit.expectProblem(/403|409|422/);
    await lookAtAnothers(context);
  };
  journey('with JavaScript', both);
  journey('without JavaScript', { javaScript: false }, both);
});

test('no page about keys was left out', () => assertAllLookedAt(/^\/(sign-in|profile|security\/api-keys)/));
