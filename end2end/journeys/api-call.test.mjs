// Every page and every dialog shows what it does as a call of the REST API.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { assertAccessible } from '../support/page.mjs';
import { administrator, makeKey, newPerson } from '../support/people.mjs';

/** Opens the one call of a place and returns it. */
async function call(place) {
  const summary = place.getByText('Show as API call');
  await summary.click();
  assert.equal(await summary.count(), 1);
  const text = place.locator('.api-call__text');
  assert.ok(await text.isVisible());
  return text.innerText();
}

journeys('the call of the REST API', ({ journey, bothWays }) => {
  bothWays('is within the question that is asked', async (context) => {
    const { server, visit, page } = context;
    const asker = await administrator(context);
    const owner = await newPerson(server);
    const { tag } = await makeKey(server, owner);
    await makeKey(server, asker);
    const key = `/security/api-keys/${encodeURIComponent(tag)}`;
    const id = /\d+$/;
    await visit.open(`/users?q=${owner.name}`);
    const user = await page.getByRole('link', { name: owner.name, exact: true }).getAttribute('href');
    assert.match(user, id);
    await server.cli(['role', 'add', `Asked ${visit.javaScript}`]);
    await visit.open('/roles');
    const role = await page.getByRole('link', { name: `Asked ${visit.javaScript}` }).getAttribute('href');
    for (const [path, expected] of [
      [`${key}/delete`, /api-keys\/lky_[\w-]{7}(=|%3D)" \\\n.*\\\n  -X DELETE$/],
      ['/profile/key/delete', /api-keys\/\$TAG" \\\n.*\\\n  -X DELETE$/],
      [`${role}/delete`, /access-control\/roles\/\d+" \\\n.*\\\n  -X DELETE$/],
      [`${user}/disable`, /^latchkey user disable NAME$/m],
      [`${user}/enable`, /^latchkey user enable NAME$/m],
    ]) {
      await visit.open(path);
      const dialog = page.getByRole('dialog');
      await dialog.waitFor();
      assert.match(await call(dialog), expected, path);
      assert.equal(await page.getByText('Show as API call').count(), 1, path);
    }
    await assertAccessible(visit);
    for (const [path, expected] of [
      [`${key}/edit`, /-X PATCH .*apiKeyUpdateRequest/s],
      [`${key}/reissue`, /-X POST .*apiKeyReissueRequest/s],
      ['/security/api-keys/add', /-X POST .*apiKeyCreationRequest.*userDomainType/s],
    ]) {
      await visit.open(path);
      assert.match(await call(page), expected, path);
    }
  });

  journey('is within the question about several keys', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server));
    for (const [action, expected] of [
      ['Delete…', /^for TAG in \$TAGS; do\n  curl .*-X DELETE\ndone$/s],
      ['Extend…', /^for TAG in \$TAGS; do\n  curl .*-X PATCH .*\ndone$/s],
    ]) {
      await visit.open(`/security/api-keys?q=${encodeURIComponent(tag)}`);
      await page.getByRole('checkbox', { name: `Select ${tag}` }).check();
      await page.getByRole('button', { name: action, exact: true }).click();
      assert.match(await call(page.getByRole('dialog')), expected);
      await assertAccessible(visit);
    }
  });
});
