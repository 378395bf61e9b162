// W1, W4: what pages of other sites, and of other servers on this machine, can do in somebody's
// name.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { startHostile } from '../support/hostile.mjs';
import { journeys } from '../support/journeys.mjs';
import { isAt } from '../support/page.mjs';
import { keyDetails, keyTags, makeKey, newPerson, post, signIn, verify } from '../support/people.mjs';

function formTo(url, entries) {
  const inputs = Object.entries(entries).map(([name, value]) => `<input name="${name}" value="${value}">`);
  return `<form method="post" action="${url}">${inputs.join('')}<button>Win a prize</button></form>`;
}

/** Presses the hostile page's button; resolves to the status of our server's answer. */
async function press(page, url) {
  const answer = page.waitForResponse((response) => response.url() === url);
  await page.getByRole('button', { name: 'Win a prize' }).click();
  return (await answer).status();
}

let hostile;
before(async () => {
  hostile = await startHostile();
});
after(() => hostile?.stop());

journeys('other sites', ({ journey, bothWays }) => {
  bothWays('W1: a form elsewhere changes nothing', async ({ server, visit, page, open }) => {
    visit.expectProblem(/403/);
    // Not for want of a permission.
    const owner = await newPerson(server, { roles: ['Administrator'] });
    const [newcomer, stranger] = [await newPerson(server), await newPerson(server)];
    const { tag, value } = await makeKey(server, owner, { description: 'nightly build' });
    const policy = await server.cli(['policy', 'show']);
    const parts = policy.trim().split('\n').map((line) => line.split('='));
    await signIn(visit, owner);
    const other = await open();
    await signIn(other, owner);
    await visit.open('/profile/security');
    const id = await page.locator('input[name=id]').first().getAttribute('value');
    const ways = [
      ['/api/delete_key', { tag }],
      ['/api/update_key', { tag, version: 1, description: 'owned', validity: '365' }],
      ['/api/reissue_key', { tag, version: 1, description: 'owned', validity: '365' }],
      ['/api/delete_key', { tag, place: 'everybody' }],
      ['/api/create_key_for', { user_name: newcomer.name, validity: 30 }],
      ['/api/bulk_delete', { tags: tag }],
      ['/api/bulk_extend', { tags: tag, validity: 365 }],
      ['/api/save_policy', { ...Object.fromEntries(parts), max_lifetime_days: '355000' }],
      ['/api/end_session', { id }],
      ['/api/end_other_sessions', {}],
      ['/api/change_password', { current: owner.password, new: 'a stranger knows it', repeat: 'a stranger knows it' }],
      ['/api/sign_out', {}],
      ['/api/sign_in', { user_name: stranger.name, password: stranger.password }],
      ['/profile/key/reveal', {}],
    ];
    const cookies = await visit.context.cookies();
    for (const origin of hostile.origins) {
      for (const [path, entries] of ways) {
        await hostile.open(visit, origin, formTo(`${server.url}${path}`, entries));
        assert.equal(await press(page, `${server.url}${path}`), 403, `${origin} ${path}`);
      }
    }
    assert.deepEqual(await visit.context.cookies(), cookies);
    for (const each of [visit, other]) assert.equal((await post(each, '/api/key_page')).status(), 200);
    assert.equal((await verify(server, value)).status, 204);
    assert.equal((await keyDetails(server, owner, tag)).description, 'nightly build');
    assert.equal(await server.cli(['policy', 'show']), policy);

    await signIn(visit, newcomer);
    for (const origin of hostile.origins) {
      await hostile.open(visit, origin, formTo(`${server.url}/api/create_key`, { validity: 30 }));
      assert.equal(await press(page, `${server.url}/api/create_key`), 403);
    }
    assert.deepEqual(await keyTags(server, newcomer), []);
  });

  journey('W1: nobody is signed in to a stranger’s account', async ({ server, visit, page }) => {
    visit.expectProblem(/403/);
    const { name, password } = await newPerson(server);
    for (const origin of hostile.origins) {
      await hostile.open(visit, origin, formTo(`${server.url}/api/sign_in`, { user_name: name, password }));
      assert.equal(await press(page, `${server.url}/api/sign_in`), 403);
    }
    assert.deepEqual(await visit.context.cookies(), []);
    await visit.open('/profile/key');
    await isAt(page, 'Sign in');
  });

  journey('W1: a script elsewhere neither changes nor reads anything', async ({ server, visit, page }) => {
    visit.expectProblem(/403|CORS|ERR_FAILED|ERR_BLOCKED_BY_RESPONSE/);
    const person = await newPerson(server);
    const { tag } = await makeKey(server, person);
    await signIn(visit, person);
    for (const origin of hostile.origins) {
      await hostile.open(visit, origin, '');
      const got = await page.evaluate(
        async ([url, tag]) => {
          const ask = async (path, init) => {
            try {
              const answer = await fetch(`${url}${path}`, { credentials: 'include', ...init });
              return answer.type === 'opaque' ? 'opaque' : await answer.text();
            } catch {
              return 'refused';
            }
          };
          const body = new URLSearchParams({ tag });
          return [
            await ask('/api/delete_key', { method: 'POST', mode: 'no-cors', body }),
            await ask('/api/delete_key', { method: 'POST', body }),
            await ask('/api/key_page', { method: 'POST' }),
            await ask('/profile/key'),
            await ask('/profile/key', { mode: 'no-cors' }),
          ];
        },
        [server.url, tag],
      );
      for (const answer of got) assert.match(answer, /^(opaque|refused)$/, origin);
    }
    assert.deepEqual(await keyTags(server, person), [tag]);
  });

  journey('W4: no page can be framed', async ({ server, visit, page }) => {
    visit.expectProblem(/frame|X-Frame-Options|ERR_BLOCKED_BY_RESPONSE|404/i);
    const person = await newPerson(server);
    await makeKey(server, person);
    await signIn(visit, person);
    const paths = ['/sign-in', '/profile/key', '/profile/key/delete', '/profile/key/reveal', '/no-such-page'];
    for (const origin of hostile.origins) {
      const frames = paths.map((path) => `<iframe src="${server.url}${path}"></iframe>`);
      await hostile.open(visit, origin, frames.join(''));
      assert.equal(page.frames().length, 1 + paths.length);
      for (const frame of page.frames().slice(1)) {
        const text = await frame.locator('body').innerText();
        assert.doesNotMatch(text, /Latchkey|API key|Sign in/, frame.url());
      }
    }
  });

  journey('W4: another site’s window cannot be steered or read', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    await signIn(visit, person);
    await hostile.open(visit, hostile.origins[0], '');
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      page.evaluate((url) => {
        window.ours = window.open(url);
      }, `${server.url}/sign-in`),
    ]);
    await isAt(popup, 'My API key');
    assert.equal(await popup.evaluate(() => window.opener), null);
    assert.equal(await page.evaluate(() => window.ours.closed), true);
  });
});
