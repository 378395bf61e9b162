import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { assertAccessible, assertFits, isAt, isTold, isWrong } from '../support/page.mjs';
import { newPerson, signIn } from '../support/people.mjs';

let administrator;

async function open(server, visit, path) {
  administrator ??= server.addUser('root', { roles: ['Administrator'] });
  await signIn(visit, await administrator);
  await visit.open(path);
}

journeys('roles', ({ journey, bothWays }) => {
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
    await assertAccessible(visit);
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
    await assertAccessible(visit);
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

  for (const size of ['phone', 'desktop']) {
    for (const scheme of ['light', 'dark']) {
      journey(`look right on a ${size} in ${scheme}`, { size, scheme }, async ({ server, visit }) => {
        await open(server, visit, '/roles');
        for (const path of ['/roles', '/roles/1', '/roles/4', '/roles/add']) {
          await visit.open(path);
          await assertAccessible(visit);
          await assertFits(visit);
        }
      });
    }
  }
});
