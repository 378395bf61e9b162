// Which columns the table of everybody's keys has, and how many rows.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { assertAccessible, assertFits, isAt } from '../support/page.mjs';
import { administrator, makeKey, newPerson, post, signIn } from '../support/people.mjs';
import { until } from '../support/until.mjs';

const LIST = '/security/api-keys';
const ALL = ['owner', 'state', 'expires', 'used', 'created', 'modified', 'issuer', 'saml'];
const STANDARD = ['API key', 'Owner', 'State', 'Expires', 'Last used', 'Created', 'Actions'];
const button = (page, name) => page.getByRole('button', { name, exact: true });

/** The names of the columns, but for the boxes that only a script offers. */
async function heads(page) {
  const names = await page.locator('main .table thead th').allTextContents();
  return names.filter((name) => name !== 'Select');
}

async function shows(page, names) {
  await until(`the columns are ${names}`, async () => JSON.stringify(await heads(page)) === JSON.stringify(names)).catch(
    async (error) => assert.deepEqual(await heads(page), names, error.message),
  );
}

async function unfold(page) {
  const field = page.getByRole('group', { name: 'Columns besides the API key' });
  if (!(await field.isVisible())) await page.getByText('Columns and rows', { exact: true }).click();
  await field.waitFor();
}

journeys('the columns of the list of all API keys', ({ journey, bothWays }) => {
  bothWays('are chosen, kept, and the standard ones again', async (context) => {
    const { server, visit, page } = context;
    const asker = await administrator(context);
    const word = `wombat${visit.javaScript ? 'a' : 'b'}`;
    const { tag } = await makeKey(server, await newPerson(server), { description: `nightly, 100% ${word}` });
    const list = `${LIST}?show=active&q=${word}`;
    await visit.open(list);
    await isAt(page, 'API keys');
    assert.deepEqual(await heads(page), STANDARD);
    await unfold(page);
    assert.equal(await button(page, 'Standard table').count(), 0, 'they are the standard ones');
    for (const name of ['State', 'Expires', 'Last used', 'Created']) {
      await page.getByRole('checkbox', { name, exact: true }).uncheck();
    }
    for (const name of ['Issuer', 'Last modified', 'SAML authentication']) {
      await page.getByRole('checkbox', { name, exact: true }).check();
    }
    await button(page, 'Apply').click();
    const chosen = ['API key', 'Owner', 'Last modified', 'Issuer', 'SAML authentication', 'Actions'];
    await shows(page, chosen);
    const { pathname, searchParams } = new URL(page.url());
    assert.deepEqual([pathname, searchParams.get('q'), searchParams.get('show')], [LIST, word, 'active']);
    const line = page.locator('main .table tbody tr').filter({ hasText: tag });
    await line.waitFor();
    assert.match(await line.locator('td[data-label="SAML authentication"]').innerText(), /^Not validated$/);
    assert.match(await line.locator('td[data-label="Issuer"]').innerText(), /unixpwd/);
    // Kept: after a reload, on other lists, after another sign-in.
    await visit.open(LIST);
    await shows(page, chosen);
    await signIn(visit, asker);
    await visit.open(`${LIST}?show=never-used`);
    await shows(page, chosen);
    await unfold(page);
    assert.equal(await page.getByRole('checkbox', { name: 'State', exact: true }).isChecked(), false);
    await button(page, 'Standard table').click();
    await shows(page, STANDARD);
    await visit.open(LIST);
    await shows(page, STANDARD);
  });

  bothWays('none at all leaves the key and what can be done', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await makeKey(server, await newPerson(server));
    await visit.open(LIST);
    await unfold(page);
    for (const box of await page.locator('#columns').getByRole('checkbox').all()) await box.uncheck();
    await button(page, 'Apply').click();
    await shows(page, ['API key', 'Actions']);
    await visit.open(LIST);
    await shows(page, ['API key', 'Actions']);
  });

  bothWays('a page is as long as was chosen', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await makeKey(server, await newPerson(server));
    const rows = (number) => page.getByRole('radio', { name: new RegExp(`^${number}\\b`) });
    await visit.open(LIST);
    await unfold(page);
    assert.ok(await rows(50).isChecked());
    const send = async (name) => {
      const answered = page.waitForResponse((answer) => answer.url().endsWith('/api/choose_columns'));
      await button(page, name).click();
      await answered;
    };
    await page.getByText('Fewest pages').click();
    await send('Apply');
    await visit.open(LIST);
    await shows(page, STANDARD);
    await unfold(page);
    assert.ok(await rows(100).isChecked());
    await send('Standard table');
    await visit.open(LIST);
    await unfold(page);
    assert.ok(await rows(50).isChecked());
  });

  journey('while others change keys, what is ticked stays ticked', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await makeKey(server, await newPerson(server));
    await visit.open(LIST);
    await unfold(page);
    const issuer = page.getByRole('checkbox', { name: 'Issuer', exact: true });
    await issuer.check();
    await page.getByText('Loads fastest').click();
    const { tag } = await makeKey(server, await newPerson(server));
    await page.locator('main .table .tag', { hasText: tag }).waitFor();
    assert.ok(await issuer.isVisible(), 'the form was folded away');
    assert.ok(await issuer.isChecked());
    assert.ok(await page.getByRole('radio', { name: /^25 / }).isChecked());
  });

  journey('all of them: on a phone nothing is cut off, and axe finds nothing', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await makeKey(server, await newPerson(server), { description: 'W'.repeat(256) });
    const form = new URLSearchParams(ALL.map((name) => ['columns[]', name])).toString();
    const answer = await visit.context.request.post('/api/choose_columns', {
      data: form,
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: visit.options.baseURL, accept: '*/*' },
    });
    assert.equal(answer.status(), 200, await answer.text());
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        await visit.open(LIST);
        await isAt(page, 'API keys');
        await unfold(page);
        await assertFits(visit);
        await assertAccessible(visit);
      }
    }
    assert.ok(await page.locator('td[data-label="Created"]').first().isVisible());
  });

  // W8, W11: the cookie and the form can say anything.
  bothWays('words that name no column, and addresses of other pages, say nothing', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await makeKey(server, await newPerson(server));
    const url = new URL(visit.options.baseURL);
    for (const value of ['<script>', "x'%20or%201=1", 'owner.owner.nobody', '%FF']) {
      await visit.context.addCookies([{ name: 'latchkey-columns', value, domain: url.hostname, path: '/' }]);
      await visit.open(LIST);
      await isAt(page, 'API keys');
      await shows(page, ['API key', ...(value.startsWith('owner') ? ['Owner'] : []), 'Actions']);
    }
    for (const at of ['//evil.example', 'x\r\nSet-Cookie: a=b', '\u202e', ' ']) {
      const answer = await post(visit, '/api/choose_columns', { standard: 'true', at }, { accept: 'text/html' });
      assert.equal(answer.status(), 302);
      assert.ok(answer.headers().location.startsWith(LIST), answer.headers().location);
      assert.equal(answer.headers()['set-cookie'].includes('a=b'), false);
    }
  });

  bothWays('a stranger chooses nothing', async ({ visit }) => {
    visit.expectProblem(/401/);
    const answer = await post(visit, '/api/choose_columns', { standard: 'true' });
    assert.equal(answer.status(), 401);
    assert.equal(answer.headers()['set-cookie'], undefined);
  });
});
