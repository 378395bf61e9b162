// What people do on the pages, and what their scripts do beside them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

const MEDIA_TYPE = 'application/vnd.netbackup+json;version=14.0';

/** A new account that nobody else uses: `{ name, password }`. */
export function newPerson(server, options) {
  return server.addUser(`p-${randomBytes(4).toString('hex')}`, options);
}

/** Fills the form on the sign-in page and sends it. */
export async function fillSignIn(page, { name, password }) {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Signs in without the page: the visit has the session afterwards. */
export async function signIn(visit, person) {
  const answer = await post(visit, '/api/sign_in', { user_name: person.name, password: person.password });
  assert.equal(answer.status(), 200, await answer.text());
}

/** Posts a form with the visit's cookies, as from a page of ours but past it. */
export function post(visit, path, form = {}, headers = {}) {
  return visit.context.request.post(path, {
    form,
    headers: { origin: visit.options.baseURL, accept: '*/*', ...headers },
    maxRedirects: 0,
  });
}

/** The profile menu, opened. */
export async function openMenu(page) {
  await page.getByRole('button', { name: /profile menu$/ }).click();
  const menu = page.locator('#profile-menu');
  await menu.waitFor();
  return menu;
}

/** Signs out by the profile menu. */
export async function signOut(page) {
  const menu = await openMenu(page);
  await menu.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in?notice=signed-out');
}

/** Fills the form for a new key and sends it. */
export async function fillAdd(page, { description = '', validity = '30 days' } = {}) {
  await page.getByLabel('Description').fill(description);
  await page.getByRole('radio', { name: validity }).check();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
}

/** A token of the REST API. */
export async function login(server, { name, password }) {
  const answer = await rest(server, 'POST', '/login', { body: { userName: name, password } });
  assert.equal(answer.status, 201);
  return (await answer.json()).token;
}

/** A key by the REST API: `{ tag, value }`. */
export async function makeKey(server, person, { description = '', days = 30 } = {}) {
  const attributes = { expireAfterDays: `P${days}D`, description };
  const answer = await rest(server, 'POST', '/security/api-keys', {
    credential: await login(server, person),
    body: { data: { type: 'apiKeyCreationRequest', attributes } },
  });
  assert.equal(answer.status, 201);
  const { id, attributes: made } = (await answer.json()).data;
  return { tag: id, value: made.apiKey };
}

/** The tags of one's keys, by the REST API. */
export async function keyTags(server, person) {
  const answer = await rest(server, 'GET', '/security/api-keys', { credential: await login(server, person) });
  assert.equal(answer.status, 200);
  return (await answer.json()).data.map(({ id }) => id);
}

/** What a gateway asks: 204 with the identity in headers, or 401. */
export function verify(server, value) {
  return fetch(`${server.url}/verify`, { headers: { authorization: value } });
}

export function rest(server, method, path, { credential, body } = {}) {
  return fetch(`${server.url}/netbackup${path}`, {
    method,
    headers: {
      accept: MEDIA_TYPE,
      ...(body && { 'content-type': MEDIA_TYPE }),
      ...(credential && { authorization: credential }),
    },
    body: body && JSON.stringify(body),
  });
}
