import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { fact, isAt, isTold, isWrong } from '../support/page.mjs';
import { fillSignIn, makeKey, newPerson, signIn, verify } from '../support/people.mjs';

const PASSWORD = 'nine slow barges going home';
let administrator;

/** Signs an administrator in and opens a page. */
async function open(server, visit, path) {
  administrator ??= server.addUser('root', { roles: ['Administrator'] });
  await signIn(visit, await administrator);
  await visit.open(path);
}

/** The page of a user, found by its name. */
async function find(page, visit, name) {
  await page.goto(`/users?q=${name}`);
  await visit.alive();
  await page.getByRole('link', { name, exact: true }).click();
  await isAt(page, 'User');
  await visit.alive();
}

journeys('users', ({ bothWays }) => {
  bothWays('are found by what their name begins with, and the address says so', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    await open(server, visit, '/users');
    await isAt(page, 'Users');
    const field = page.getByLabel('Name begins with');
    await field.fill(person.name.toUpperCase());
    if (!visit.javaScript) await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(`**/users?q=${person.name.toUpperCase()}`);
    await page.getByText('1 user', { exact: true }).waitFor();
    await page.getByRole('row', { name: new RegExp(person.name) }).waitFor();
    await page.goBack();
    await page.waitForURL('**/users');
    await page.getByRole('link', { name: 'admin', exact: true }).waitFor();
    assert.equal(await field.inputValue(), '');

    await page.goto('/users?q=%25');
    await page.getByText('No user’s name begins with %'.replace('’', "'")).waitFor();
    await page.getByRole('link', { name: 'Show all users' }).click();
    await page.getByRole('link', { name: 'admin', exact: true }).waitFor();
  });

  bothWays('are added with a password and roles', async ({ server, visit, page, open: other }) => {
    visit.expectProblem(/422/);
    const name = `local-${visit.javaScript}`;
    await open(server, visit, '/users/add');
    await isAt(page, 'Add user');
    await page.getByLabel('User name').fill(name);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Repeat password', { exact: true }).fill('another one entirely');
    await page.getByLabel('Default Security Administrator').check();
    await page.getByRole('button', { name: 'Add user' }).click();
    await isWrong(page.getByLabel('Repeat password', { exact: true }), 'The two entries differ.');
    assert.equal(await page.getByLabel('User name').inputValue(), name);
    assert.ok(await page.getByLabel('Default Security Administrator').isChecked());
    assert.ok(!page.url().includes('herons'));
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Repeat password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Add user' }).click();
    await isTold(page, 'The user was added.');
    await isAt(page, 'User');
    assert.match(await fact(page, 'Full identity').innerText(), new RegExp(`^:${name}:unixpwd:\\d+$`));
    await page.getByRole('link', { name: 'Default Security Administrator' }).waitFor();

    const visitor = await other();
    await visitor.open('/sign-in');
    await fillSignIn(visitor.page, { name, password: PASSWORD });
    await visitor.page.waitForURL('**/profile/key');
  });

  bothWays('who sign in by SAML need a provider and no password', async ({ server, visit, page }) => {
    visit.expectProblem(/422/);
    const name = `sam-${visit.javaScript}@idp.example`;
    await open(server, visit, '/users/add');
    await page.getByRole('radio', { name: /SAML user/ }).check();
    assert.equal(await page.getByLabel('Repeat password', { exact: true }).isVisible(), false);
    await page.getByLabel('User name').fill(name);
    await page.getByRole('button', { name: 'Add user' }).click();
    await isWrong(page.getByRole('textbox', { name: 'Domain' }), 'Enter a domain without colons and slashes.');
    await page.getByRole('textbox', { name: 'Domain' }).fill('idp');
    await page.getByRole('button', { name: 'Add user' }).click();
    await isTold(page, 'The user was added.');
    assert.match(await fact(page, 'Signs in').innerText(), /^By SAML authentication/);
    assert.equal(await page.getByText('Set password').count(), 0);
  });

  bothWays('are disabled with their key, and enabled', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    const { value } = await makeKey(server, person);
    await open(server, visit, '/users');
    await find(page, visit, person.name);
    await page.getByRole('link', { name: 'Disable' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('their API key stops working at once').waitFor();
    await dialog.getByRole('button', { name: 'Disable' }).click();
    await isTold(page, 'The user was disabled.');
    assert.equal((await verify(server, value)).status, 401);
    await page.getByRole('link', { name: 'Enable' }).click();
    await dialog.getByRole('button', { name: 'Enable' }).click();
    await isTold(page, 'The user was enabled.');
    assert.equal((await verify(server, value)).status, 204);
  });

  bothWays('are given roles, and lose them', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    await open(server, visit, '/users');
    await find(page, visit, person.name);
    await page.getByLabel('Give a role').selectOption('Administrator');
    await page.getByRole('button', { name: 'Give', exact: true }).click();
    await isTold(page, 'The role was given.');
    await page.getByRole('button', { name: 'Take away Administrator' }).click();
    await isTold(page, 'The role was taken away.');
    await page.getByRole('button', { name: 'Take away Administrator' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Withdraw API Key Self-Service' }).click();
    await isTold(page, 'API Key Self-Service was withdrawn.');
    await page.getByText('withdrawn from this user').waitFor();
    await page.getByRole('button', { name: 'Give back API Key Self-Service' }).click();
    await isTold(page, 'API Key Self-Service was given back.');
  });

  bothWays('get a password that they must change', async ({ server, visit, page, open: other }) => {
    visit.expectProblem(/422/);
    const person = await newPerson(server);
    await open(server, visit, '/users');
    await find(page, visit, person.name);
    await page.getByText('Set password').first().click();
    await page.getByLabel('New password', { exact: true }).fill('short');
    await page.getByLabel('Repeat new password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Set password' }).click();
    await isWrong(page.getByLabel('New password', { exact: true }), 'This is too short');
    await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Repeat new password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Set password' }).click();
    await isTold(page, 'The password was set.');
    const visitor = await other();
    await visitor.open('/sign-in');
    await fillSignIn(visitor.page, { name: person.name, password: PASSWORD });
    await visitor.page.waitForURL('**/profile/security');
  });

  bothWays('do not change their own roles, and those without the permission see nobody', async ({ server, visit, page, open: other }) => {
    await open(server, visit, '/users');
    await find(page, visit, 'root');
    await page.getByText('These are your own roles.').waitFor();
    assert.equal(await page.getByRole('button', { name: /^(Take away|Give|Withdraw)/ }).count(), 0);
    const person = await newPerson(server);
    const visitor = await other();
    visitor.expectProblem(/403/);
    await signIn(visitor, person);
    for (const path of ['/users', '/users/1000', '/users/add']) {
      await visitor.open(path);
      await isTold(visitor.page, 'You do not have the permission for this.');
      assert.ok(!(await visitor.page.content()).includes(':admin:unixpwd'));
    }
    assert.equal(await visitor.page.getByRole('link', { name: 'Users' }).count(), 0);
  });
});
