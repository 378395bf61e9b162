// The first sign-in of the first administrator, each time on fresh data.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { isAt, isTold } from '../support/page.mjs';
import { fillSignIn, openMenu, post } from '../support/people.mjs';

const OWN_PASSWORD = 'three brass keys on a ring';
const OTHER_PAGES = [
  '/',
  '/profile/key',
  '/profile/key/add',
  '/profile/key/edit',
  '/profile/key/reissue',
  '/profile/key/reveal',
  '/profile/key/delete',
  '/settings',
  '/sign-in',
];
const POLICY = {
  max_lifetime_days: '1000',
  default_lifetime_days: '30',
  overlap_hours: '0',
  tombstone_days: '30',
  self_service: 'true',
  saml_max_lifetime_hours: '24',
  saml_expiry: 'session',
  later_than_saml: 'warn',
};

for (const javaScript of [true, false]) {
  journeys(`first sign-in ${javaScript ? 'with' : 'without'} JavaScript`, ({ journey }) => {
    journey('leads to a password of one’s own, and to nothing else before', { javaScript }, async (context) => {
      const { server, visit, page } = context;
      const password = await server.initialPassword();
      await visit.open('/');
      await isAt(page, 'Sign in');
      await fillSignIn(page, { name: 'admin', password });
      await isAt(page, 'Password and sessions');
      await isTold(page, 'Choose one that only you know');
      assert.equal(await page.getByRole('heading', { name: 'Sessions', exact: true }).count(), 0);
      await assert.rejects(server.initialPassword(), { code: 'ENOENT' });

      await nothingElseIsReachable(context);
      await visit.open('/profile/security');
      await fillPasswords(page, { current: password, fresh: OWN_PASSWORD });
      await isAt(page, 'My API key');
      await isTold(page, 'Your password was changed.');
      const menu = await openMenu(page);
      await menu.getByRole('link', { name: 'Add API key' }).waitFor();

      const old = await post(visit, '/api/sign_in', { user_name: 'admin', password });
      assert.equal(old.status(), 401);
    });
  });
}

async function nothingElseIsReachable({ visit, page }) {
  for (const path of OTHER_PAGES) {
    await visit.open(path);
    assert.equal(new URL(page.url()).pathname, '/profile/security', path);
  }
  const menu = await openMenu(page);
  assert.deepEqual(await menu.getByRole('link').allInnerTexts(), []);
  await menu.getByRole('button', { name: 'Sign out' }).waitFor();
  for (const [path, form] of [
    ['/api/create_key', { validity: '30' }],
    ['/api/key_page', {}],
    ['/api/key_form', {}],
    ['/api/update_key', { tag: 'lky_AAAAAAA=', version: '1', validity: '30' }],
    ['/api/reissue_key', { tag: 'lky_AAAAAAA=', version: '1', validity: '30' }],
    ['/api/delete_key', { tag: 'lky_AAAAAAA=' }],
    ['/api/settings_page', {}],
    ['/api/save_policy', POLICY],
    ['/api/take_reveal', {}],
  ]) {
    const answer = await post(visit, path, form);
    assert.ok([403, 409].includes(answer.status()), `${path}: ${answer.status()}`);
  }
}

async function fillPasswords(page, { current, fresh }) {
  await page.getByLabel('Current password', { exact: true }).fill(current);
  await page.getByLabel('New password', { exact: true }).fill(fresh);
  await page.getByLabel('Repeat new password', { exact: true }).fill(fresh);
  await page.getByRole('button', { name: 'Change password' }).click();
}
