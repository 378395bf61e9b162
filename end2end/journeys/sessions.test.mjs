import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { isAt, isTold } from '../support/page.mjs';
import { login, makeKey, newPerson, openMenu, post, rest, signIn, signOut } from '../support/people.mjs';

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

/** Whether the visit still has a session. */
async function isSignedIn(visit) {
  const answer = await post(visit, '/api/key_page');
  assert.ok([200, 401].includes(answer.status()));
  return answer.status() === 200;
}

journeys('sessions', ({ journey, bothWays }) => {
  bothWays('are listed and ended, one by one or all others at once', async ({ server, visit, page, open }) => {
    const person = await newPerson(server);
    const others = [];
    for (const userAgent of [FIREFOX, SAFARI]) {
      const other = await open({ context: { userAgent } });
      await signIn(other, person);
      others.push(other);
    }
    const [firefox, safari] = others;
    const token = await login(server, person);
    await signIn(visit, person);
    await visit.open('/profile/security');

    const rows = page.getByRole('listitem').filter({ has: page.getByText('Last seen') });
    assert.equal(await rows.count(), 4);
    const own = rows.filter({ hasText: 'This session' });
    assert.match(await own.innerText(), /^Chrome on Linux/);
    assert.match(await own.innerText(), /127\.0\.0\.1/);
    assert.equal(await own.getByRole('button').count(), 0);
    for (const name of ['Firefox on Windows', 'Safari on iOS', 'REST API token']) {
      await rows.filter({ hasText: name }).waitFor();
    }

    await page.getByRole('button', { name: 'End the session Firefox on Windows, 127.0.0.1' }).click();
    await isTold(page, 'The session has ended.');
    await rows.filter({ hasText: 'Firefox' }).waitFor({ state: 'detached' });
    assert.equal(await rows.count(), 3);
    assert.deepEqual([await isSignedIn(firefox), await isSignedIn(safari)], [false, true]);

    await page.getByRole('button', { name: 'End all others' }).click();
    await isTold(page, 'All your other sessions have ended.');
    await rows.filter({ hasText: 'Safari' }).waitFor({ state: 'detached' });
    assert.equal(await rows.count(), 1);
    assert.equal(await page.getByRole('button', { name: 'End all others' }).count(), 0);
    assert.deepEqual([await isSignedIn(safari), await isSignedIn(visit)], [false, true]);
    const answer = await rest(server, 'GET', '/security/api-keys', { credential: token });
    assert.equal(answer.status, 401);
  });

  bothWays('after signing out the back button shows nothing of one’s own', async ({ server, visit, page }) => {
    visit.expectProblem(/401/);
    const person = await newPerson(server);
    const { tag } = await makeKey(server, person, { description: 'nightly build' });
    await signIn(visit, person);
    await visit.open('/profile/security');
    await visit.open('/profile/key');
    await page.getByText(tag).first().waitFor();
    const cookies = await visit.context.cookies();
    await signOut(page);
    await isTold(page, 'You have signed out.');
    assert.deepEqual(await visit.context.cookies(), []);
    for (let steps = 0; steps < 2; steps += 1) {
      await page.goBack();
      await isAt(page, 'Sign in');
      const shown = await page.content();
      for (const own of [tag, 'nightly build', person.name]) assert.ok(!shown.includes(own), own);
      assert.equal(await page.getByRole('button', { name: /profile menu/ }).count(), 0);
    }
    // The cookie itself is dead, too.
    await visit.context.addCookies(cookies);
    assert.equal(await isSignedIn(visit), false);
  });

  bothWays('signing in anew ends the session that was there', async ({ server, visit, open }) => {
    const person = await newPerson(server);
    await signIn(visit, person);
    const former = await visit.context.cookies();
    await signIn(visit, person);
    assert.notDeepEqual(await visit.context.cookies(), former);
    const thief = await open();
    await thief.context.addCookies(former);
    assert.equal(await isSignedIn(thief), false);
    assert.equal(await isSignedIn(visit), true);
  });

  journey('a session that ended elsewhere leads to the sign-in page and back', async ({ server, visit, page }) => {
    visit.expectProblem(/401/);
    const person = await newPerson(server);
    await signIn(visit, person);
    await visit.open('/profile/key');
    const former = await visit.context.cookies();
    await signIn(visit, person);
    await visit.context.clearCookies();
    await visit.context.addCookies(former);
    const menu = await openMenu(page);
    await menu.getByRole('link', { name: 'Add API key' }).click();
    await isAt(page, 'Sign in');
    await isTold(page, 'Your session has ended. Sign in again to go on where you were.');
    assert.equal(new URL(page.url()).searchParams.get('next'), '/profile/key/add');
    assert.equal(await page.getByRole('button', { name: /profile menu/ }).count(), 0);
  });
});
