import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { focused, isAt, isTold } from '../support/page.mjs';
import { fillSignIn, newPerson, post, signIn, signOut } from '../support/people.mjs';

const WRONG = 'not the right password at all';
const HOSTILE = [
  'https://evil.example/profile/key',
  '//evil.example/profile/key',
  '/\\evil.example',
  '/profile//evil.example',
  '/profile/..//evil.example',
  '/profile/key\r\nSet-Cookie: a=b',
  'javascript:alert(1)',
  'profile/key',
  '/api/sign_out',
];

journeys('sign in', ({ journey, bothWays }) => {
  bothWays('W12: an unknown name and a wrong password get the same answer', async ({ server, visit, page }) => {
    visit.expectProblem(/401/);
    const person = await newPerson(server);
    const answers = [];
    for (const name of [person.name, 'nobody-of-that-name', `${person.name}\u202e`, 'x'.repeat(300)]) {
      await visit.open('/sign-in');
      await fillSignIn(page, { name, password: WRONG });
      await isTold(page, 'The user name or the password is not right.');
      answers.push(await page.locator('main').innerText());
      assert.ok(!page.url().includes(encodeURIComponent(name)), 'the name stands in the address');
      assert.doesNotMatch(decodeURIComponent(page.url()), /not the right|not\+the\+right/);
    }
    assert.deepEqual(new Set(answers).size, 1, answers.join('\n---\n'));
    assert.deepEqual(await visit.context.cookies(), []);
  });

  journey('the focus starts on the name, and goes to what went wrong', async ({ visit, page }) => {
    visit.expectProblem(/401/);
    await visit.open('/sign-in');
    assert.equal(await focused(page).getAttribute('name'), 'user_name');
    await fillSignIn(page, { name: 'nobody', password: WRONG });
    await page.locator('.notice--bad:focus, [aria-invalid=true]:focus').waitFor();
    assert.equal(await page.getByLabel('User name').inputValue(), 'nobody');
  });

  bothWays('leads back to the page that was asked for', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    for (const path of ['/profile/security', '/profile/key/add', '/profile/key?notice=deleted']) {
      await visit.open(path);
      await isAt(page, 'Sign in');
      await fillSignIn(page, person);
      await page.waitForURL(`${server.url}${path}`);
      await signOut(page);
      await isTold(page, 'You have signed out.');
    }
  });

  bothWays('W11: never leads to another site', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    for (const next of HOSTILE) {
      await visit.open(`/sign-in?next=${encodeURIComponent(next)}`);
      assert.equal(await page.locator('input[name=next]').inputValue(), '', next);
      const form = { user_name: person.name, password: person.password, next };
      const answer = await post(visit, '/api/sign_in', form, { accept: 'text/html' });
      assert.equal(answer.status(), 302, next);
      assert.equal(answer.headers().location, '/profile/key', next);
      await visit.context.clearCookies();
    }
    await visit.open(`/sign-in?next=${encodeURIComponent(HOSTILE[0])}`);
    await fillSignIn(page, person);
    await page.waitForURL(`${server.url}/profile/key`);
  });

  journey('the session cookie is out of reach of scripts and other sites', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    const [cookie, ...others] = await visit.context.cookies();
    assert.deepEqual(others, []);
    const { value, ...flags } = cookie;
    assert.deepEqual(flags, {
      name: 'latchkey',
      domain: '127.0.0.1',
      path: '/',
      expires: -1,
      httpOnly: true,
      secure: false,
      sameSite: 'Lax',
    });
    await visit.open('/profile/key');
    assert.equal(await page.evaluate(() => document.cookie), '');
    assert.ok(!(await page.content()).includes(value));
    assert.ok(!server.log.includes(value));
  });
});
