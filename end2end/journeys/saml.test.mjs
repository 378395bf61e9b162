// Sign-in by SAML at an independent provider on another site, and the keys that follow it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { DAY_MS } from '../support/dates.mjs';
import { moveProviderClock, startProvider } from '../support/idp.mjs';
import { journeys } from '../support/journeys.mjs';
import { assertAccessible, assertFits, isAt, isTold, picture } from '../support/page.mjs';
import {
  administrator,
  makeKey,
  newPerson,
  openMenu,
  readNewKey,
  signIn,
  verify,
} from '../support/people.mjs';

const EXPIRED_MS = 2 * DAY_MS;

const newName = () => `s-${randomBytes(4).toString('hex')}`;

/** From our sign-in page to the provider and back. */
async function throughProvider(visit, provider, name, { groups, from = '/sign-in', at = 'idp' } = {}) {
  const { page } = visit;
  await visit.open(from);
  provider.person = { name, groups };
  await page.getByRole('link', { name: `Sign in with ${at}` }).click();
  if (provider.postOnly) await onward(visit, 'Sign in');
  await page.getByRole('button', { name: `Sign in as ${name}` }).click();
}

/** Passes a page between the sites, which goes on by itself where it can. */
async function onward({ javaScript, page }, what) {
  if (javaScript) return;
  const [button, link] = ['button', 'link'].map((role) => page.getByRole(role, { name: what, exact: true }));
  await button.or(link).click();
}

/** Signs out by the menu. */
async function signOutHere(page) {
  const menu = await openMenu(page);
  await menu.getByRole('button', { name: 'Sign out' }).click();
}

/** A SAML user signs in with a key: its value. */
async function withSamlKey({ server, visit, page }, provider, name, options) {
  await throughProvider(visit, provider, name, { ...options, from: '/sign-in?next=/profile/key/add' });
  await page.waitForURL(({ pathname }) => pathname === '/profile/key/add');
  await isAt(page, 'Add API key');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const value = await readNewKey(visit);
  assert.equal((await verify(server, value)).status, 204);
  return value;
}

/** Nobody is signed in here any more, and the key waits. */
async function isSignedOut({ server, visit, page }, value) {
  assert.equal((await verify(server, value)).status, 401);
  await visit.open('/profile/key');
  await page.waitForURL(({ pathname }) => pathname === '/sign-in');
}

journeys(
  'sign-in by SAML',
  ({ bothWays, journey }) => {
    /** One provider a journey would fight over whom it signs in: they wait for each other. */
    let turn = Promise.resolve();
    let provider;
    const withProvider = (run) => async (context) => {
      const mine = turn.then(async () => {
        provider ??= await startProvider(context.server, ['--groups-attribute', 'groups']);
        await run(context, provider);
      });
      turn = mine.catch(() => {});
      await mine;
    };
    let posts;
    /** A provider that takes posted forms alone. */
    const withPosts = (run) => async (context) => {
      posts ??= await startProvider(context.server, [], { name: 'posts', postOnly: true });
      await run(context, posts);
    };

    bothWays(
      'somebody signs in, adds a key without a date, reissues it when it has expired, and signs out',
      withProvider(async ({ server, visit, page }, provider) => {
        const name = newName();
        await throughProvider(visit, provider, name, { from: '/sign-in?next=/profile/key/add' });
        await page.waitForURL(({ pathname }) => pathname === '/profile/key/add');
        await isAt(page, 'Add API key');
        assert.equal(await page.getByRole('radio').count(), 0);
        await page.getByText('is set by your sign-in').first().waitFor();
        await page.getByLabel('Description').fill('by SAML');
        await page.getByRole('button', { name: 'Add', exact: true }).click();
        const value = await readNewKey(visit);
        assert.equal((await verify(server, value)).status, 204);
        await isAt(page, 'My API key');
        await page.locator('main').getByText(`idp:${name}:saml:`).first().waitFor();
        assert.equal(await page.getByRole('link', { name: 'Edit' }).count(), 0);

        // The clock goes on: key and session end by themselves, and the session first or with it.
        await server.moveClock(EXPIRED_MS);
        moveProviderClock(EXPIRED_MS);
        await isSignedOut({ server, visit, page }, value);
        await throughProvider(visit, provider, name);
        await page.waitForURL('**/profile/key');
        assert.equal((await verify(server, value)).status, 401);
        await page.getByRole('link', { name: 'Reissue' }).click();
        await isAt(page, 'Reissue API key');
        assert.equal(await page.getByRole('radio', { name: '30 days' }).count(), 0);
        await page.getByRole('button', { name: 'Reissue', exact: true }).click();
        const again = await readNewKey(visit);
        assert.equal((await verify(server, again)).status, 204);

        // By way of the provider, which has an answer to our wish.
        await signOutHere(page);
        await onward(visit, 'Sign out at idp');
        await page.waitForURL('**/sign-in?notice=signed-out');
        // By policy, until the next sign-in.
        await isSignedOut({ server, visit, page }, again);
        await throughProvider(visit, provider, name);
        await page.waitForURL('**/profile/key');
        assert.equal((await verify(server, again)).status, 204);
      }),
    );

    bothWays(
      'the provider signs somebody out, and their key waits for the next sign-in',
      withProvider(async (context, provider) => {
        const { server, visit, page } = context;
        const name = newName();
        const value = await withSamlKey(context, provider, name);
        await page.goto(provider.signOut, { waitUntil: 'commit' });
        await page.getByRole('heading', { name: 'Signed out everywhere' }).waitFor();
        await isSignedOut(context, value);
        await throughProvider(visit, provider, name);
        await page.waitForURL('**/profile/key');
        assert.equal((await verify(server, value)).status, 204);
      }),
    );

    bothWays(
      'at a provider without redirects, every message is posted by a page with a button',
      withPosts(async (context, provider) => {
        const { visit, page } = context;
        const name = newName();
        const value = await withSamlKey(context, provider, name, { at: 'posts' });
        await signOutHere(page);
        await onward(visit, 'Sign out at posts');
        await onward(visit, 'Submit');
        await page.waitForURL('**/sign-in?notice=signed-out');
        await isSignedOut(context, value);
        // And from there.
        await throughProvider(visit, provider, name, { at: 'posts' });
        await page.waitForURL('**/profile/key');
        await page.goto(provider.signOut, { waitUntil: 'commit' });
        await onward(visit, 'Submit');
        await onward(visit, 'Go on');
        await page.getByRole('heading', { name: 'Signed out everywhere' }).waitFor();
        await isSignedOut(context, value);
        assert.deepEqual(new Set(provider.messages), new Set(['POST /sso', 'POST /slo', 'GET /slo']));
      }),
    );

    bothWays(
      'an administrator’s key works from the first sign-in on',
      withProvider(async ({ server, visit, page }, provider) => {
        const maker = await newPerson(server, { roles: ['Administrator'] });
        const owner = await server.addSamlUser(newName());
        const { value } = await makeKey(server, maker, { forSaml: owner });
        assert.equal((await verify(server, value)).status, 401);
        await throughProvider(visit, provider, owner.name);
        await page.waitForURL('**/profile/key');
        await isAt(page, 'My API key');
        await page.getByText('Active').first().waitFor();
        assert.equal((await verify(server, value)).status, 204);
      }),
    );

    journey(
      'an answer that was changed on its way signs nobody in, and the trail says why',
      { javaScript: false },
      withProvider(async ({ server, visit, page, open }, provider) => {
        const name = newName();
        provider.answer = (text) => text.replaceAll(name, 'root');
        visit.expectProblem(/403/);
        await throughProvider(visit, provider, name);
        await page.getByRole('heading', { name: 'You could not be signed in' }).waitFor();
        provider.answer = (text) => text;
        const id = await page.locator('code').innerText();
        const admin = await open();
        await signIn(admin, await newPerson(server, { roles: ['Administrator'] }));
        await admin.open('/security/audit?what=session.sign-in');
        const trail = await admin.page.content();
        assert.ok(trail.includes('identity provider idp'), trail);
        assert.ok(id.length > 8);
      }),
    );

    bothWays(
      'an administrator adds a provider by pasting its metadata, and tries it out',
      withProvider(async (context, known) => {
        const { server, visit, page } = context;
        const other = await startProvider(server, null);
        try {
          await administrator(context);
          await visit.open('/settings/sign-in');
          await isAt(page, 'Sign-in');
          await page.getByText('What an identity provider needs to know').waitFor();
          await page.getByRole('link', { name: 'Add identity provider' }).click();
          await isAt(page, 'Add identity provider');
          const name = `second-${visit.javaScript}`;
          await page.getByLabel('Name', { exact: true }).fill(name);
          visit.expectProblem(/422/);
          await page.getByLabel('Metadata', { exact: true }).fill('nothing');
          await page.getByRole('button', { name: 'Save' }).click();
          await page.locator('#metadata[aria-invalid=true]').waitFor();
          assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), name);
          const metadata = other.metadata.replaceAll('urn:latchkey:test:idp', `urn:latchkey:test:${name}`);
          await page.getByLabel('Metadata', { exact: true }).fill(metadata);
          await page.getByRole('button', { name: 'Save' }).click();
          await isTold(page, 'The identity provider was added.');
          await isAt(page, 'Identity provider');
          await page.getByRole('main').getByText(name).first().waitFor();

          await visit.open('/settings/sign-in');
          await page.getByRole('link', { name: 'idp', exact: true }).click();
          await isAt(page, 'Identity provider');
          known.person = { name: newName() };
          await page.getByRole('button', { name: 'Test sign-in' }).click();
          // Where no script goes on by itself, the page between has a link.
          if (!visit.javaScript) await page.getByRole('link', { name: 'Test sign-in' }).click();
          await page.getByRole('button', { name: 'Sign in as' }).click();
          await isAt(page, 'Test sign-in');
          await isTold(page, 'would be signed in');
          await page.getByText('rsa-sha256').first().waitFor();
        } finally {
          await other.stop();
        }
      }),
    );

    journey(
      'the sign-in page has its buttons, in both themes and on a phone',
      { javaScript: false },
      withProvider(async ({ visit, page, open }) => {
        await visit.open('/sign-in');
        await page.getByRole('link', { name: 'Sign in with idp' }).waitFor();
        await assertAccessible(visit);
        await picture(visit, 'saml sign-in');
        const phone = await open({ scheme: 'dark', context: { viewport: { width: 320, height: 640 } } });
        await phone.open('/sign-in');
        await assertAccessible(phone);
        await assertFits(phone);
        await picture(phone, 'saml sign-in phone');
      }),
    );
  },
  { atOnce: 1 },
);
