import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { isAt, isTold, isWrong } from '../support/page.mjs';
import { fillSignIn, makeKey, newPerson, signIn, signOut, verify } from '../support/people.mjs';
import { until } from '../support/until.mjs';

const FRESH = 'eleven grey geese, homeward';

async function change(page, { current, fresh, repeat = fresh }) {
  await page.getByLabel('Current password', { exact: true }).fill(current);
  await page.getByLabel('New password', { exact: true }).fill(fresh);
  await page.getByLabel('Repeat new password', { exact: true }).fill(repeat);
  await page.getByRole('button', { name: 'Change password' }).click();
}

journeys('the password', ({ journey, bothWays }) => {
  bothWays('what is wrong is said at its field', async ({ server, visit, page }) => {
    visit.expectProblem(/422/);
    const { name, password: current } = await newPerson(server);
    await signIn(visit, { name, password: current });
    for (const [label, reason, entries] of [
      ['Current password', 'This is not your current password.', { current: `${current}!`, fresh: FRESH }],
      ['New password', 'at least 12 characters are needed', { current, fresh: 'Tr0ub4dor&3' }],
      ['New password', 'at most 128 characters are allowed', { current, fresh: 'x'.repeat(129) }],
      ['New password', 'among those that attackers try first', { current, fresh: 'correct horse battery staple' }],
      ['New password', 'This is your current password', { current, fresh: current }],
      ['Repeat new password', 'The two entries differ.', { current, fresh: FRESH, repeat: `${FRESH} ` }],
    ]) {
      await visit.open('/profile/security');
      await change(page, entries);
      await isWrong(page.getByLabel(label, { exact: true }), reason);
      assert.equal(await page.locator('[aria-invalid=true]').count(), 1, reason);
      if (visit.javaScript) {
        const focus = page.getByLabel(label, { exact: true }).and(page.locator(':focus'));
        await focus.waitFor();
      }
      const address = decodeURIComponent(page.url());
      for (const entry of Object.values(entries)) assert.ok(!address.includes(entry), 'a password is in the address');
    }
    // The page may still be about to ask for news, and must not do so without its session.
    await page.goto('about:blank');
    await visit.context.clearCookies();
    await signIn(visit, { name, password: current });
  });

  bothWays('changing it ends the other sessions, and the key stays', async ({ server, visit, page, open }) => {
    const person = await newPerson(server);
    const { value } = await makeKey(server, person);
    const other = await open();
    await signIn(other, person);
    await other.open('/profile/key');
    await signIn(visit, person);
    await visit.open('/profile/security');
    await change(page, { current: person.password, fresh: FRESH });
    await isTold(page, 'Your password was changed. Your other sessions have ended.');
    await page.getByRole('heading', { name: 'Sessions', exact: true }).waitFor();
    await page.getByText('This session').waitFor();
    await until('the others are gone', async () => (await page.getByRole('button', { name: /^End/ }).count()) === 0);

    await other.page.getByRole('link', { name: 'Delete' }).click();
    other.expectProblem(/401/);
    await isAt(other.page, 'Sign in');
    assert.equal(new URL(other.page.url()).searchParams.get('next'), '/profile/key/delete');
    await fillSignIn(other.page, { ...person, password: FRESH });
    await other.page.getByRole('dialog', { name: 'Delete this API key?' }).waitFor();
    assert.equal((await verify(server, value)).status, 204);
  });

  journey('a password can be looked at while one types it', async ({ visit, page }) => {
    await visit.open('/sign-in');
    const field = page.getByLabel('Password', { exact: true });
    await field.fill('something');
    assert.equal(await field.getAttribute('type'), 'password');
    await page.getByRole('button', { name: 'Show Password' }).click();
    assert.equal(await field.getAttribute('type'), 'text');
    assert.equal(await field.inputValue(), 'something');
    await page.getByRole('button', { name: 'Show Password', pressed: true }).click();
    assert.equal(await field.getAttribute('type'), 'password');
  });

  bothWays('browsers and password managers are told what the fields are', async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server));
    await visit.open('/profile/security');
    const wanted = ['current-password', 'new-password', 'new-password'];
    const fields = await page.locator('input[type=password]').all();
    assert.deepEqual(await Promise.all(fields.map((field) => field.getAttribute('autocomplete'))), wanted);
    await signOut(page);
    assert.equal(await page.getByLabel('User name').getAttribute('autocomplete'), 'username');
    assert.equal(
      await page.getByLabel('Password', { exact: true }).getAttribute('autocomplete'),
      'current-password',
    );
  });
});
