import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { assertAccessible, assertFits, isAt, isTold, isWrong } from '../support/page.mjs';
import { administrator, fillSignIn, newPerson, signIn, signOut } from '../support/people.mjs';
import { totp } from '../support/totp.mjs';

/** Sets a factor up on the page; returns its secret and a recovery code. */
async function setUp({ visit, page }) {
  await visit.open('/profile/security');
  await page.getByRole('button', { name: 'Set up second factor' }).click();
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  const secret = await page.locator('.qr__text').innerText();
  assert.match(secret, /^[A-Z2-7]{32}$/);
  const codes = await page.locator('.codes code').allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  await page.getByLabel('Code', { exact: true }).fill(totp(secret));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await isTold(page, 'The second factor is set up.');
  // The page is read anew; then the secret is not shown any more.
  for (const shown of ['.qr', '.codes']) await page.locator(shown).waitFor({ state: 'detached' });
  return { secret, code: codes[0] };
}

async function fillCode(page, code) {
  await isAt(page, 'Enter your code');
  await page.getByLabel('Code', { exact: true }).fill(code);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

journeys('the second factor', ({ journey, bothWays }) => {
  bothWays('is set up, asked for at sign-in, and removed', async ({ server, visit, page }) => {
    visit.expectProblem(/401|422/);
    const person = await newPerson(server);
    await signIn(visit, person);
    const { secret, code } = await setUp({ visit, page });
    await visit.context.clearCookies();

    await visit.open('/profile/key/add');
    await fillSignIn(page, person);
    await fillCode(page, '000000');
    await isTold(page, 'The code is not right');
    // The code that confirmed it was used up.
    await fillCode(page, totp(secret, 1));
    // The address before has this one in it.
    await isAt(page, 'Add API key');
    const cookies = await visit.context.cookies();
    assert.deepEqual(cookies.map(({ name }) => name), ['latchkey']);

    await visit.open('/profile/security');
    await page.getByText('You have 10 recovery codes left.').waitFor();
    await page.getByLabel('Code', { exact: true }).fill('000000');
    await page.getByRole('button', { name: 'Remove second factor' }).click();
    await isWrong(page.getByLabel('Code', { exact: true }), 'a code that is valid now');
    await page.getByLabel('Code', { exact: true }).fill(code.toUpperCase());
    await page.getByRole('button', { name: 'Remove second factor' }).click();
    await isTold(page, 'The second factor was removed.');
    await page.getByRole('button', { name: 'Set up second factor' }).waitFor();
  });

  journey('a recovery code signs in once', async ({ server, visit, page }) => {
    visit.expectProblem(/401/);
    const person = await newPerson(server);
    await signIn(visit, person);
    const { code } = await setUp({ visit, page });
    for (const again of [false, true]) {
      await visit.context.clearCookies();
      await visit.open('/sign-in');
      await fillSignIn(page, person);
      await fillCode(page, code);
      if (again) await isTold(page, 'The code is not right');
      else await page.waitForURL('**/profile/key');
    }
  });

  bothWays('that is lost is reset by an administrator', async ({ server, visit, page, open }) => {
    const person = await newPerson(server);
    await signIn(visit, person);
    await setUp({ visit, page });
    const root = await open();
    await administrator({ server, visit: root });
    await root.open(`/users?q=${person.name}`);
    await root.page.getByRole('link', { name: person.name, exact: true }).click();
    await isAt(root.page, 'User');
    await root.alive();
    await root.page.getByText('Reset second factor').first().click();
    await assertAccessible(root);
    await root.page.getByRole('button', { name: 'Reset second factor' }).click();
    await isTold(root.page, 'The second factor was reset.');
    // There is none left to reset.
    await root.page.getByText('Reset second factor').first().waitFor({ state: 'detached' });
    assert.match(await server.cli(['audit', 'export', '--format', 'csv']), /second-factor/);
    // The session has ended, and the password alone is enough again.
    await visit.open('/profile/key');
    await isAt(page, 'Sign in');
    await fillSignIn(page, person);
    await page.waitForURL('**/profile/key');
  });

  journey('the description of the REST API and the call of a sign-in are accessible', async ({ server, visit, page, open }) => {
    const person = await newPerson(server);
    for (const options of [{ scheme: 'dark' }, { context: { viewport: { width: 320, height: 700 } } }]) {
      const other = await open(options);
      await signIn(other, person);
      await other.page.goto('/api-docs');
      await other.page.getByText('/netbackup/security/api-keys/{tag}/reissue').first().click();
      await assertAccessible(other);
      await assertFits(other);
    }
    await visit.open('/sign-in');
    await page.getByText('Show as API call').click();
    await page.getByText('$LATCHKEY_SERVER/netbackup/login').waitFor();
    await assertAccessible(visit);
  });
});

// One at a time: each changes the policy for everybody.
journeys('a required second factor', ({ bothWays }) => {
  bothWays('is set up before anything else', async ({ server, visit, page, open }) => {
    visit.expectProblem(/403/);
    const person = await newPerson(server);
    await server.sql('update policy set second_factor_required = 1');
    await visit.open('/sign-in');
    await fillSignIn(page, person);
    await isTold(page, 'A second factor is required here.');
    await visit.open('/profile/key');
    await page.waitForURL('**/profile/security');
    await setUp({ visit, page });
    await visit.open('/profile/key');
    await isAt(page, 'My API key');
    await signOut(page);
    await server.sql('update policy set second_factor_required = 0');
    const root = await open();
    await administrator({ server, visit: root });
    await root.open('/settings');
    await root.page.getByLabel(/Require a second factor/).check();
    root.expectProblem(/403/);
    await root.page.getByRole('button', { name: 'Save' }).click();
    // It holds at once, also for whoever switched it on.
    await root.page.waitForURL('**/profile/security');
    assert.match(await server.cli(['policy', 'show']), /^second_factor_required=true$/m);
    await server.sql('update policy set second_factor_required = 0');
  });
}, { atOnce: 1 });
