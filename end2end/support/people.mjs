// What people do on the pages, and what their scripts do beside them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { DAY_MS } from './dates.mjs';
import { until } from './until.mjs';

const MEDIA_TYPE = 'application/vnd.netbackup+json;version=14.0';

/** A new account that nobody else uses: `{ name, password }`. */
export function newPerson(server, options) {
  return server.addUser(`p-${randomBytes(4).toString('hex')}`, options);
}

/** A new account that may do this and no more: no door makes such a role yet. */
export async function newHolder(server, namespace, permissions) {
  const role = [namespace, ...permissions].join(' ');
  const grants = permissions.map(
    (permission) => `insert into role_permission select id, '${namespace}', '${permission}' from role
      where name = '${role}' on conflict do nothing;`,
  );
  await server.sql(`
    insert into role (name, description, built_in) values ('${role}', '', 0) on conflict do nothing;
    ${grants.join('\n')}`);
  return newPerson(server, { roles: [role] });
}

/** A new account that may see the settings and not change them. */
export function newViewer(server) {
  return newHolder(server, 'settings', ['view']);
}

/** A new Administrator, signed in. */
export async function administrator({ server, visit }) {
  const person = await newPerson(server, { roles: ['Administrator'] });
  await signIn(visit, person);
  return person;
}

/** A new user of the identity provider, signed in by SAML in the visit: `{ name }`. */
export async function newSamlPerson(server, visit) {
  const person = await server.addSamlUser(`s-${randomBytes(4).toString('hex')}`);
  await signInBySaml(server, visit, person);
  return person;
}

/** Signs in as a validated assertion will: the visit has the session afterwards. */
export async function signInBySaml(server, visit, { name }) {
  await visit.context.addCookies([{ name: 'latchkey', value: await server.samlSession(name), url: server.url }]);
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

/** Reads the new key on the page that shows it once, and leaves that page; it may be another's. */
export async function readNewKey({ javaScript, page }, { another = false } = {}) {
  await page.waitForURL(`**/profile/key/reveal${another ? '?for=everybody' : ''}`);
  if (javaScript) {
    const dialog = page.getByRole('dialog', { name: 'Copy your API key' });
    await dialog.getByRole('button', { name: 'Show key' }).click();
    await dialog.getByRole('button', { name: 'Hide key' }).waitFor();
  } else {
    await page.getByRole('button', { name: 'Show my key' }).click();
    await page.getByText('Show key', { exact: true }).click();
  }
  const value = await page.locator('.secret__value').innerText();
  assert.match(value, /^lky_[\w-]{60}$/);
  const close = javaScript
    ? page.getByRole('button', { name: 'Close', exact: true })
    : page.getByRole('link', { name: 'Close' });
  await close.click();
  if (javaScript) {
    // It was not copied, which is said once.
    await page.getByText('You have not copied the key.').waitFor();
    await close.click();
  }
  const home = another ? `/security/api-keys/${encodeURIComponent(tagOf(value))}` : '/profile/key';
  await page.waitForURL(({ pathname }) => pathname === home);
  return value;
}

/** The tag of the key with this value. */
export function tagOf(value) {
  return `${Buffer.from(value, 'base64url').subarray(0, 8).toString('base64url')}=`;
}

/** A token of the REST API. */
export async function login(server, { name, password }) {
  const answer = await rest(server, 'POST', '/login', { body: { userName: name, password } });
  assert.equal(answer.status, 201);
  return (await answer.json()).token;
}

/** A key by the REST API: `{ tag, value }`; for the person, or by them for a SAML user. */
export async function makeKey(server, person, { description = '', days = 30, forSaml } = {}) {
  const owner = forSaml && { userName: forSaml.name, userDomain: 'idp', userDomainType: 'saml' };
  const attributes = { expireAfterDays: `P${days}D`, description, ...owner };
  const answer = await rest(server, 'POST', '/security/api-keys', {
    credential: await login(server, person),
    body: { data: { type: 'apiKeyCreationRequest', attributes } },
  });
  assert.equal(answer.status, 201);
  const { id, attributes: made } = (await answer.json()).data;
  return { tag: id, value: made.apiKey };
}

/**
 * Makes so many keys at once, each of a user of its own, past every door; resolves to their tags.
 * Nobody knows their values.
 */
export async function makeManyKeys(server, number, { name = `m-${randomBytes(4).toString('hex')}`, word = name } = {}) {
  const start = Buffer.from('lky_', 'base64url');
  const now = Date.now() * 1000;
  const end = now + 60 * DAY_MS * 1000;
  const tags = Array.from({ length: number }, () => `${Buffer.concat([start, randomBytes(5)]).toString('base64url')}=`);
  const rows = tags.map((tag, place) => {
    const owner = `${name}-${String(place).padStart(4, '0')}`;
    return `
      insert into app_user (domain_type, domain, name, name_folded, password_change_needed, created_at)
        values ('unixpwd', '', '${owner}', '${owner}', 0, ${now});
      insert into used_tag values ('${tag}');
      insert into api_key (tag, user_id, digest, pepper_id, description, created_at, expires_at, modified_at,
        issuer_id, issuer_domain_type, issuer_domain, issuer_name, saml_validated, awaiting_sign_in)
        select '${tag}', id, randomblob(32), 'none', 'one of ${word}', ${now + place}, ${end + place}, ${now + place},
        id, 'unixpwd', '', name, 0, 0 from app_user where name = '${owner}';
      insert into api_key_word values ('one', '${tag}'), ('of', '${tag}')${word.split('-').map((part) => `, ('${part}', '${tag}')`).join('')};`;
  });
  await server.sql(`begin;${rows.join('')}commit;`);
  return tags;
}

/** Reissues a person's key by the REST API; the old one works on for an hour. Resolves to the new tag. */
export async function reissueBeside(server, person, tag) {
  const answer = await rest(server, 'POST', `/security/api-keys/${tag}/reissue`, {
    credential: await login(server, person),
    body: { data: { type: 'apiKeyReissueRequest', attributes: { expireAfterDays: 'P60D', overlapHours: 1 } } },
  });
  assert.equal(answer.status, 201);
  return (await answer.json()).data.id;
}

/** A key of every kind that the list of all keys tells apart, each of another user: their tags. */
export async function makeEveryKind(server, description = '') {
  const keyOf = async (days) => {
    const person = await newPerson(server);
    return { person, ...(await makeKey(server, person, { days, description })) };
  };
  const [long, week, month, expired, disabled, unused, retiring, deleted] = await Promise.all(
    [60, 5, 20, 60, 60, 60, 60, 60].map(keyOf),
  );
  await expireKey(server, expired.tag);
  await server.cli(['user', 'disable', disabled.person.name]);
  const before = (Date.now() - 50 * DAY_MS) * 1000;
  await server.sql(`update api_key set created_at = ${before}, modified_at = ${before}, last_used_at = ${before},
    last_used_address = '192.0.2.7' where tag = '${unused.tag}';`);
  const fresh = await reissueBeside(server, retiring.person, retiring.tag);
  await deleteKey(server, deleted.person, deleted.tag);
  const maker = await newPerson(server, { roles: ['Administrator'] });
  const forSaml = await server.addSamlUser(`s-${randomBytes(4).toString('hex')}`);
  const inactive = await makeKey(server, maker, { days: 60, description, forSaml });
  const tags = Object.entries({ long, week, month, expired, disabled, unused, retiring, deleted, inactive });
  return { ...Object.fromEntries(tags.map(([kind, { tag }]) => [kind, tag])), fresh };
}

/** Somebody who is signed in and has a key: `{ person, tag, value }`. */
export async function withKey({ server, visit }, options = { description: 'nightly build' }) {
  const person = await newPerson(server);
  const key = await makeKey(server, person, options);
  await signIn(visit, person);
  return { person, ...key };
}

/** Uses the key, and waits until the pages know. */
export async function useKey({ server, visit }, value) {
  assert.equal((await verify(server, value)).status, 204);
  await until('the use is known', async () => {
    const answer = await visit.context.request.get('/profile/key');
    return !(await answer.text()).includes('Never used');
  });
}

/** What the REST API says of a key to somebody. */
export async function keyDetails(server, person, tag) {
  const credential = await login(server, person);
  const answer = await rest(server, 'GET', `/security/api-keys/${tag}`, { credential });
  assert.equal(answer.status, 200);
  return (await answer.json()).data.attributes;
}

/** Changes a key by the REST API. */
export async function editKey(server, person, tag, attributes) {
  const answer = await rest(server, 'PATCH', `/security/api-keys/${tag}`, {
    credential: await login(server, person),
    body: { data: { type: 'apiKeyUpdateRequest', attributes } },
  });
  assert.equal(answer.status, 204);
}

/** Deletes a key by the REST API. */
export async function deleteKey(server, person, tag) {
  const credential = await login(server, person);
  assert.equal((await rest(server, 'DELETE', `/security/api-keys/${tag}`, { credential })).status, 204);
}

/** Lets a key have expired a minute ago; it was made a month before. */
export async function expireKey(server, tag) {
  const end = (Date.now() - 60_000) * 1000;
  const begin = end - 30 * DAY_MS * 1000;
  await server.sql(
    `update api_key set created_at = ${begin}, modified_at = ${begin}, expires_at = ${end} where tag = '${tag}';`,
  );
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
