import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { isAt, isTold, isWrong } from '../support/page.mjs';
import { newPerson, signIn } from '../support/people.mjs';

let administrator;

async function open(server, visit, path) {
  administrator ??= server.addUser('root', { roles: ['Administrator'] });
  await signIn(visit, await administrator);
  await visit.open(path);
}

journeys('roles', ({ bothWays }) => {
  bothWays('are told in words, with who holds them', async ({ server, visit, page }) => {
    await open(server, visit, '/roles');
    await isAt(page, 'Roles');
    await page.getByRole('row', { name: /API Key Self-Service/ }).getByText('Everybody, unless withdrawn').waitFor();
    await page.getByRole('link', { name: 'Administrator', exact: true }).click();
    await isAt(page, 'Role');
    await page.getByText('read, check and export the audit trail').waitFor();
    await page.getByRole('link', { name: 'root', exact: true }).waitFor();
    await page.getByText('This role came with the product and cannot be changed.').waitFor();
    assert.equal(await page.getByRole('link', { name: /^(Edit|Delete)$/ }).count(), 0);
  });

  bothWays('are made, changed and deleted', async ({ server, visit, page }) => {
    visit.expectProblem(/422|409/);
    const name = `Help desk ${visit.javaScript}`;
    await open(server, visit, '/roles/add');
    const users = page.getByRole('group', { name: 'Users' });
    await page.getByLabel('Name').fill('Administrator');
    await users.getByLabel('View').check();
    await users.getByLabel('Update').check();
    if (visit.javaScript) {
      await page.getByText('disable and enable users').waitFor();
      await users.getByLabel('Update').uncheck();
      await page.getByText('disable and enable users').waitFor({ state: 'detached' });
      await users.getByLabel('Update').check();
    }
    await page.getByRole('button', { name: 'Save' }).click();
    await isWrong(page.getByLabel('Name'), 'There is one of that name already.');
    assert.ok(await users.getByLabel('Update').isChecked());
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Save' }).click();
    await isTold(page, 'The role was added.');
    await page.getByText('disable and enable users').waitFor();
    await page.getByText('Nobody at present.').waitFor();

    const person = await newPerson(server, { roles: [name] });
    await page.getByRole('link', { name: 'Edit' }).click();
    await isAt(page, 'Edit role');
    await visit.alive();
    assert.ok(await users.getByLabel('View').isChecked());
    await users.getByLabel('Update').uncheck();
    await page.getByRole('button', { name: 'Save' }).click();
    await isTold(page, 'The changes were saved.');
    assert.equal(await page.getByText('disable and enable users').count(), 0);
    await page.getByRole('link', { name: person.name, exact: true }).waitFor();

    await page.getByRole('link', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await isTold(page, /still given/);
    await page.goto(`/users?q=${person.name}`);
    await page.getByRole('link', { name: person.name, exact: true }).click();
    await visit.alive();
    await page.getByRole('button', { name: `Take away ${name}` }).click();
    await isTold(page, 'The role was taken away.');
    await page.goto('/roles');
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('link', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await isTold(page, 'The role was deleted.');
    await isAt(page, 'Roles');
  });

  bothWays('that somebody else has changed meanwhile are compared before they are overwritten', async ({ server, visit, page, open: other }) => {
    visit.expectProblem(/409/);
    const name = `Night watch ${visit.javaScript}`;
    await server.cli(['role', 'add', name]);
    await open(server, visit, '/roles');
    const way = await page.getByRole('link', { name, exact: true }).getAttribute('href');
    const users = (where) => where.getByRole('group', { name: 'Users' });
    await visit.open(`${way}/edit`);
    await page.getByLabel('What it is for').fill('sleeps');
    await users(page).getByLabel('Create').check();

    const elsewhere = await other();
    await signIn(elsewhere, await administrator);
    await elsewhere.open(`${way}/edit`);
    await elsewhere.page.getByLabel('What it is for').fill('wakes');
    await users(elsewhere.page).getByLabel('View').check();
    await elsewhere.page.getByRole('button', { name: 'Save' }).click();
    await isTold(elsewhere.page, 'The changes were saved.');

    await page.getByRole('button', { name: 'Save' }).click();
    await isTold(page, 'Nothing was saved: somebody else has changed this role meanwhile.');
    const changes = page.getByRole('region', { name: 'Changed meanwhile' }).locator('.fact');
    const told = await changes.allTextContents();
    assert.deepEqual(
      told.map((text) => text.replaceAll(/\s+/g, ' ').trim()),
      ['What it is forfrom none to → wakes', 'Users: Viewfrom not granted to → granted'],
    );
    assert.equal(await page.getByLabel('What it is for').inputValue(), 'sleeps');
    assert.ok(await users(page).getByLabel('Create').isChecked());
    await users(page).getByLabel('View').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await isTold(page, 'The changes were saved.');
    await page.getByText('sleeps').waitFor();
    await page.getByText('add users').waitFor();
  });

  bothWays('of everybody is withdrawn from a domain, and given back', async ({ server, visit, page }) => {
    visit.expectProblem(/422/);
    const domain = `corp-${visit.javaScript}`;
    await open(server, visit, '/roles/4');
    await page.getByText('Withdraw it for a domain').click();
    await page.getByLabel('From').selectOption({ label: 'SAML users of the identity provider' });
    await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
    await isWrong(page.getByLabel('Domain'), 'Enter a domain without colons and slashes');
    await page.getByLabel('Domain').fill(domain);
    await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
    await isTold(page, 'API Key Self-Service was withdrawn.');
    const row = page.getByRole('listitem').filter({ hasText: `SAML users of the identity provider ${domain}` });
    await row.waitFor();
    await row.getByRole('button', { name: /^Give back to/ }).click();
    await isTold(page, 'API Key Self-Service was given back.');
    await row.waitFor({ state: 'detached' });
  });

  bothWays('grant no more than whoever makes them holds', async ({ server, visit, page, open: other }) => {
    const person = await newPerson(server, { roles: ['Default Security Administrator'] });
    await signIn(visit, person);
    await visit.open('/roles/add');
    const users = page.getByRole('group', { name: 'Users' });
    assert.ok(await users.getByLabel('View').isDisabled());
    await users.getByText('You do not hold this yourself.').first().waitFor();
    assert.ok(await page.getByRole('group', { name: 'Audit' }).getByLabel('View').isEnabled());
    const visitor = await other();
    visitor.expectProblem(/403/);
    await signIn(visitor, await newPerson(server));
    for (const path of ['/roles', '/roles/1', '/roles/add']) {
      await visitor.open(path);
      await isTold(visitor.page, 'You do not have the permission for this.');
    }
  });
});
