import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { isAt, isTold } from '../support/page.mjs';
import { makeKey, newPerson, signIn } from '../support/people.mjs';

let administrator;

async function open(server, visit, path) {
  administrator ??= server.addUser('root', { roles: ['Administrator'] });
  await signIn(visit, await administrator);
  await visit.open(path);
}

journeys('audit', ({ journey, bothWays }) => {
  bothWays('tells what happened, narrowed by the address', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    const { tag } = await makeKey(server, person, { description: 'nightly build' });
    await open(server, visit, '/security/audit');
    await isAt(page, 'Audit');
    await page.getByText(`API key ${tag} was created.`).waitFor();
    await page.getByText('Filter and export').click();
    await page.getByLabel('User name').fill(person.name);
    await page.getByLabel('What happened').selectOption('API key added');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.waitForURL(/user=p-/);
    await page.getByText('1 record', { exact: true }).waitFor();
    const record = page.getByRole('listitem').filter({ hasText: 'was created.' });
    await record.getByText('nightly build').first().waitFor();
    await record.getByText(/^Record \d+$/).click();
    await record.getByText('"previousHash"').waitFor();
    await page.getByRole('link', { name: /API key added/ }).click();
    await page.getByText(/^A sign-in succeeded/).first().waitFor();
    await page.goto(`/security/audit?user=${person.name}&refused=true`);
    await page.getByText('No record fits.').waitFor();
  });

  bothWays('is checked, and says what was found', async ({ server, visit, page }) => {
    await open(server, visit, '/security/audit');
    await page.getByRole('button', { name: 'Verify chain' }).click();
    await isTold(page, 'The audit trail is whole:');
  });

  bothWays('is taken along as a file', async ({ server, visit, page }) => {
    await open(server, visit, '/security/audit?what=user.create');
    await page.getByText('Filter and export').click();
    const waiting = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export as CSV' }).click();
    const download = await waiting;
    assert.equal(download.suggestedFilename(), 'latchkey-audit.csv');
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().trimEnd().split('\r\n');
    assert.match(lines[0], /^chain,id,recordedAt,action/);
    assert.ok(lines.length > 1 && lines.slice(1).every((line) => line.includes('"user.create"')));
  });

  bothWays('is taken along signed', async ({ server, visit, page }) => {
    await open(server, visit, '/security/audit?what=user.create');
    await page.getByText('Filter and export').click();
    const waiting = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export signed' }).click();
    const download = await waiting;
    assert.equal(download.suggestedFilename(), 'latchkey-audit-signed.jsonl');
    const found = await server.cli(['audit', 'check-export', await download.path()]);
    assert.match(found, /^records: \d+, exported: .* UTC\na part of the trail: \{"what":\{"action":"user.create"\}\}\nThe file is as it was exported\.\n$/);
  });

  bothWays('is for those with the permission', async ({ server, visit, page }) => {
    visit.expectProblem(/403/);
    await signIn(visit, await newPerson(server));
    await visit.open('/security/audit');
    await isTold(page, 'You do not have the permission for this.');
    await page.goto('/security/audit/export?format=csv');
    await page.getByText('You do not have the permission for this.').waitFor();
  });

  journey('is printed without what can be pressed', async ({ server, visit, page }) => {
    await open(server, visit, '/security/audit');
    await page.getByText('Filter and export').waitFor();
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.getByRole('button', { name: 'Verify chain' }).isVisible(), false);
  });
});
