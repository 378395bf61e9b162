// Everybody's keys: who sees the list, what it shows, how one finds a key in it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dateIn } from '../support/dates.mjs';
import { journeys } from '../support/journeys.mjs';
import { isAt, isTold } from '../support/page.mjs';
import {
  administrator,
  deleteKey,
  expireKey,
  fillSignIn,
  makeEveryKind,
  makeKey,
  makeManyKeys,
  newHolder,
  newPerson,
  openMenu,
  post,
  reissueBeside,
  signIn,
  verify,
} from '../support/people.mjs';
import { until } from '../support/until.mjs';

const LIST = '/security/api-keys';

const rows = (page) => page.locator('main .table tbody tr');
const row = (page, tag) => rows(page).filter({ hasText: tag });
const cell = (line, name) => line.locator(`td[data-label="${name}"]`);
const search = (page) => page.getByRole('searchbox', { name: 'Search' });
const figure = (page, name) => page.getByRole('navigation', { name: 'Figures' }).getByRole('link', { name });
const head = (page, name) => page.getByRole('columnheader').filter({ hasText: new RegExp(`^${name}$`) });
const pages = (page) => page.getByRole('navigation', { name: 'Pages' });

/** The tags in the list, in its order. */
function tagsOn(page) {
  return page.getByRole('main').locator('tbody .tag').allInnerTexts();
}

/** Waits until the list shows these keys, in whatever order, and no others. */
async function shows(page, tags) {
  const expected = [...tags].sort();
  await until(`the list shows ${expected}`, async () => {
    const shown = await tagsOn(page);
    return JSON.stringify(shown.sort()) === JSON.stringify(expected);
  }).catch(async (error) => assert.deepEqual((await tagsOn(page)).sort(), expected, error.message));
}

async function openList(visit, query = '') {
  await visit.open(`${LIST}${query}`);
  await isAt(visit.page, 'API keys');
}

/** Looks for a text as people do: while typing, or with the button. */
async function lookFor({ javaScript, page }, text) {
  const answered = javaScript && page.waitForResponse('**/api/keys_page');
  await search(page).fill(text);
  if (!javaScript) await page.getByRole('button', { name: 'Search' }).click();
  await page.waitForURL(({ searchParams }) => (searchParams.get('q') ?? '') === text);
  await answered;
}

journeys('the list of all API keys', ({ journey, bothWays }) => {
  bothWays('shows everybody’s keys with their owner, state, end and last use', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const owner = await newPerson(server);
    const plain = await makeKey(server, owner, { description: 'nightly build', days: 60 });
    const used = await makeKey(server, await newPerson(server));
    assert.equal((await verify(server, used.value)).status, 204);
    await until('the use is known', async () => {
      const answer = await visit.context.request.get(`${LIST}/${encodeURIComponent(used.tag)}`);
      return !(await answer.text()).includes('Never used');
    });
    await visit.open('/profile/key');
    await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'API keys' }).click();
    await isAt(page, 'API keys');
    assert.equal(await page.getByRole('link', { name: 'API keys', exact: true }).getAttribute('aria-current'), 'page');
    const line = row(page, plain.tag);
    await line.waitFor();
    assert.match(await cell(line, 'API key').innerText(), /nightly build/);
    assert.match(await cell(line, 'Owner').innerText(), new RegExp(`^${owner.name}\\s+:${owner.name}:unixpwd:\\d+$`));
    assert.equal((await cell(line, 'State').innerText()).trim(), 'Active');
    assert.match(await cell(line, 'Expires').innerText(), new RegExp(`^in 60 days\\s[^]*${dateIn(60).text}$`));
    assert.equal((await cell(line, 'Last used').innerText()).trim(), 'Never used');
    assert.match(await cell(line, 'Created').innerText(), new RegExp(`^just now\\s[^]*${dateIn(0).text}$`));
    assert.match(await cell(row(page, used.tag), 'Last used').innerText(), /^just now\s[^]*127\.0\.0\.1$/);
    for (const action of ['Edit', 'Reissue', 'Delete']) {
      await line.getByRole('link', { name: `${action} ${plain.tag}` }).waitFor();
    }
    await line.getByRole('link', { name: plain.tag, exact: true }).click();
    await isAt(page, 'API key');
    await page.getByRole('region', { name: 'API key details' }).getByText('nightly build').waitFor();
  });

  bothWays('offers for a key what its state allows', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const offered = async (tag, show) => {
      await openList(visit, `?show=${show}&q=${encodeURIComponent(tag)}`);
      await row(page, tag).waitFor();
      const actions = await cell(row(page, tag), 'Actions').getByRole('link').allInnerTexts();
      return [(await cell(row(page, tag), 'State').innerText()).trim(), ...actions];
    };
    const expired = await makeKey(server, await newPerson(server));
    await expireKey(server, expired.tag);
    assert.deepEqual(await offered(expired.tag, 'expired'), ['Expired', 'Reissue', 'Delete']);

    const replaced = await newPerson(server);
    const old = await makeKey(server, replaced);
    const fresh = await reissueBeside(server, replaced, old.tag);
    assert.deepEqual(await offered(old.tag, 'retiring'), ['Retiring', 'Delete']);
    assert.match(await cell(row(page, old.tag), 'Expires').innerText(), /^in (1 hour|59 minutes)/);
    assert.deepEqual(await offered(fresh, 'active'), ['Active', 'Edit', 'Reissue', 'Delete']);

    const gone = await newPerson(server);
    const deleted = await makeKey(server, gone);
    await deleteKey(server, gone, deleted.tag);
    assert.deepEqual(await offered(deleted.tag, 'deleted'), ['Deleted']);
    await openList(visit, `?q=${encodeURIComponent(deleted.tag)}`);
    await page.getByText('No API key is like this.').waitFor();

    const stopped = await newPerson(server);
    const disabled = await makeKey(server, stopped);
    await server.cli(['user', 'disable', stopped.name]);
    const [state, ...actions] = await offered(disabled.tag, 'owner-disabled');
    assert.equal(state, 'Disabled');
    assert.ok(actions.includes('Delete'), `${actions}`);
  });

  bothWays('is searched by the beginning of a tag, the owner’s name, a word of the description', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const word = `zebra${Date.now().toString(36)}${visit.javaScript ? 'a' : 'b'}`;
    const [one, other] = await Promise.all([newPerson(server), newPerson(server)]);
    const first = await makeKey(server, one, { description: `Feeding the ${word}s, 100% "sure"` });
    const second = await makeKey(server, other, { description: `the last ${word} *` });
    await openList(visit);
    for (const [text, ...expected] of [
      [first.tag, first.tag],
      [first.tag.slice(0, 9), first.tag],
      [other.name, second.tag],
      [other.name.slice(0, -1), second.tag],
      [other.name.toUpperCase(), second.tag],
      [word, first.tag, second.tag],
      [word.toUpperCase().slice(0, -2), first.tag, second.tag],
      [`${word} feeding`, first.tag],
      [`last ${word}`, second.tag],
    ]) {
      await lookFor(visit, text);
      await shows(page, expected);
      assert.equal(await search(page).inputValue(), text);
    }
    // No character stands for others.
    for (const text of [
      '%',
      '*',
      '"',
      `${other.name.slice(0, 6)}%`,
      `${other.name.slice(0, 6)}*`,
      `p_${other.name.slice(2)}`,
      `lky_______%`,
      `" OR "1"="1`,
      `feeding NOT ${word}`,
    ]) {
      await lookFor(visit, text);
      await page.getByText('No API key is like this.').waitFor();
      assert.equal(await rows(page).count(), 0, text);
      assert.equal(await search(page).inputValue(), text);
    }
    await page.getByRole('link', { name: 'Show all API keys' }).click();
    await page.waitForURL(`**${LIST}`);
    await until('there are keys again', async () => (await rows(page).count()) > 1);
  });

  bothWays('the field says what is searched for, also after a link and Back', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const person = await newPerson(server);
    const { tag } = await makeKey(server, person);
    await openList(visit, '?show=active');
    await lookFor(visit, 'nobody');
    await page.getByRole('link', { name: 'Without the search' }).click();
    await page.waitForURL(`**${LIST}?show=active`);
    await until('nothing is searched for', async () => (await search(page).inputValue()) === '');
    await lookFor(visit, person.name);
    await shows(page, [tag]);
    await row(page, tag).getByRole('link', { name: tag, exact: true }).click();
    await isAt(page, 'API key');
    await page.goBack();
    await shows(page, [tag]);
    assert.equal(await search(page).inputValue(), person.name);
    await page.getByRole('link', { name: 'Without the search' }).click();
    await page.waitForURL(`**${LIST}?show=active`);
    await until('nothing is searched for', async () => (await search(page).inputValue()) === '');
    await page.goBack();
    await shows(page, [tag]);
    await until('it is searched for again', async () => (await search(page).inputValue()) === person.name);
  });

  journey('typing goes on while the answers come, and Back leads before the search', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const person = await newPerson(server);
    const { tag } = await makeKey(server, person);
    await visit.open('/profile/key');
    await page.getByRole('link', { name: 'API keys', exact: true }).click();
    await row(page, tag).waitFor();
    await search(page).pressSequentially(person.name, { delay: 90 });
    await page.waitForURL(`**?q=${person.name}`);
    await shows(page, [tag]);
    assert.equal(await search(page).inputValue(), person.name);
    assert.equal(await search(page).evaluate((field) => field === document.activeElement), true);
    await page.goBack();
    await isAt(page, 'My API key');
  });

  journey('what is typed while an answer is on its way is searched for, too', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const person = await newPerson(server);
    const { tag } = await makeKey(server, person);
    await makeKey(server, await newPerson(server));
    await openList(visit);
    await row(page, tag).waitFor();
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route(
      '**/api/keys_page',
      async (route) => {
        const answer = await route.fetch();
        await held;
        await route.fulfill({ response: answer });
      },
      { times: 1 },
    );
    const asked = page.waitForRequest('**/api/keys_page');
    await search(page).pressSequentially('p-');
    await asked;
    await search(page).pressSequentially(person.name.slice(2));
    release();
    await page.waitForURL(`**?q=${person.name}`);
    await shows(page, [tag]);
    assert.equal(await search(page).inputValue(), person.name);
    assert.equal(await search(page).evaluate((field) => field === document.activeElement), true);
  });

  bothWays('is sorted by the head of a column, either way', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    await makeManyKeys(server, 4);
    await openList(visit);
    const isSorted = async (name, way, read, descending) => {
      await page.locator(`th[aria-sort=${way}]`, { hasText: name }).waitFor();
      assert.equal(await page.locator('th[aria-sort=ascending], th[aria-sort=descending]').count(), 1);
      await until(`sorted by ${name}, ${way}`, async () => {
        const all = await read();
        const ordered = [...all].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        return all.length > 3 && JSON.stringify(all) === JSON.stringify(descending ? ordered.reverse() : ordered);
      });
    };
    const tags = () => tagsOn(page);
    const owners = () => page.locator('td[data-label=Owner] bdi:first-child').allInnerTexts();
    // A replaced key shows the end of its overlap.
    const instants = (name) => () =>
      rows(page).filter({ hasNotText: 'Retiring' }).locator(`td[data-label="${name}"] time`).evaluateAll((times) => times.map((time) => time.dateTime));
    await isSorted('Created', 'descending', instants('Created'), true);
    for (const [name, sort, read] of [
      ['API key', 'tag', tags],
      ['Owner', 'owner', owners],
      ['Expires', 'expires', instants('Expires')],
      ['Last used', 'last-used', instants('Last used')],
    ]) {
      await head(page, name).getByRole('link').click();
      await page.waitForURL(`**?sort=${sort}&way=up`);
      if (sort === 'last-used') continue;
      await isSorted(name, 'ascending', read, false);
      await head(page, name).getByRole('link').click();
      await page.waitForURL(`**?sort=${sort}&way=down`);
      await isSorted(name, 'descending', read, true);
    }
    await openList(visit, '?q=one');
    assert.equal(await page.locator('th[aria-sort]').count(), 0);
  });

  bothWays('what was set stays, whatever else is set', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const word = `kestrel${visit.javaScript ? 'a' : 'b'}`;
    const { tag } = await makeKey(server, await newPerson(server), { description: `a ${word} by itself` });
    const said = (query) => page.waitForURL(({ search }) => decodeURIComponent(search).replaceAll('+', ' ') === query);
    await openList(visit, '?sort=owner&way=up');
    await lookFor(visit, `${word} itself`);
    await shows(page, [tag]);
    assert.match(new URL(page.url()).search, /sort=owner&/);
    await page.getByRole('link', { name: 'Without the search' }).click();
    await said('?sort=owner&way=up');
    await page.locator('th[aria-sort=ascending]', { hasText: 'Owner' }).waitFor();
    await openList(visit, `?q=${word}`);
    await figure(page, /Active$/).click();
    await said(`?show=active&q=${word}`);
    await shows(page, [tag]);
    // The order of owners cannot be had of these.
    await openList(visit, `?q=${word}&sort=owner&way=up`);
    await figure(page, /Active$/).click();
    await said(`?show=active&q=${word}`);
  });

  journey('whoever has to sign in again comes back to what was set', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/401/);
    const person = await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server), { description: 'a hobby by itself' });
    await openList(visit, '?q=hobby%20itself');
    await shows(page, [tag]);
    await visit.context.clearCookies();
    await figure(page, /Active$/).click();
    await page.waitForURL(({ pathname }) => pathname === '/sign-in');
    await fillSignIn(page, person);
    await page.waitForURL(`**${LIST}?show=active&q=hobby%20itself`);
    await shows(page, [tag]);
  });

  bothWays('can be taken along as a file, as it is shown', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const word = `osprey${visit.javaScript ? 'a' : 'b'}`;
    const owners = await Promise.all([newPerson(server), newPerson(server), newPerson(server)]);
    const keys = await Promise.all(owners.map((owner) => makeKey(server, owner, { description: `the ${word}` })));
    await expireKey(server, keys[2].tag);
    await openList(visit, `?show=active&q=${word}`);
    await shows(page, keys.slice(0, 2).map(({ tag }) => tag));
    const lines = await rows(page).evaluateAll((all) => all.map((line) => [
      line.querySelector('.tag').textContent,
      line.querySelector('td[data-label=Owner] bdi').textContent,
    ].join()));
    const saving = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    const saved = await (await saving).path();
    const [names, ...exported] = (await readFile(saved, 'utf8')).trim().split('\r\n');
    assert.match(names, /^tag,userName,/);
    const read = exported.map((line) => line.replaceAll('"', '').split(',').slice(0, 2).join());
    assert.deepEqual(read, lines);
    await openList(visit, `?show=retiring&q=${word}`);
    await page.getByText('No API key is like this.').waitFor();
    assert.equal(await page.getByRole('link', { name: 'CSV' }).count(), 0);
  });

  bothWays('has an old address that leads to it', async (context) => {
    const { visit, page } = context;
    await administrator(context);
    await page.goto('/webui/security/api-keys');
    await isAt(page, 'API keys');
    assert.equal(new URL(page.url()).pathname, LIST);
    const answer = await visit.context.request.get('/webui/security/api-keys', { maxRedirects: 0 });
    assert.equal(answer.status(), 308);
  });

  bothWays('is not for everybody: no link, and its addresses say so plainly', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/40[34]/);
    const { tag } = await makeKey(server, await newPerson(server));
    const person = await newPerson(server);
    const own = await makeKey(server, person);
    await signIn(visit, person);
    await visit.open('/profile/key');
    await isAt(page, 'My API key');
    await page.getByRole('link', { name: 'Edit' }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'API keys' }).count(), 0);
    assert.equal(await page.getByRole('navigation', { name: 'Administration' }).count(), 0);
    await openMenu(page);
    assert.equal(await page.getByRole('link', { name: 'API keys' }).count(), 0);
    for (const query of ['', '?show=expired', `?q=${encodeURIComponent(own.tag)}`]) {
      await openList(visit, query);
      await isTold(page, 'You do not have the permission for this.');
      const text = await page.getByRole('main').innerText();
      for (const secret of [tag, own.tag]) assert.ok(!text.includes(secret), text);
      assert.equal(await page.getByRole('main').getByRole('button').count(), 0);
    }
    for (const path of ['', '/edit', '/reissue', '/delete']) {
      await visit.open(`${LIST}/${encodeURIComponent(tag)}${path}`);
      await isTold(page, 'There is nothing here, or nothing that you may see.');
      assert.equal(await page.getByRole('main').locator('form').count(), 0, path);
    }
    await visit.open(`${LIST}/add`);
    assert.equal((await post(visit, '/api/keys_page', { at: LIST })).status(), 403);
    assert.equal((await post(visit, '/api/key_of_page', { at: `${LIST}/${tag}` })).status(), 404);
    const tags = await post(visit, '/api/bulk_tags', { at: `${LIST}?sort=tag&way=up` });
    assert.ok(!(await tags.text()).includes(tag));
  });

  bothWays('offers nothing to somebody who may only look', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/403/);
    const owner = await newPerson(server);
    const { tag, value } = await makeKey(server, owner, { description: 'not to be touched' });
    await signIn(visit, await newHolder(server, 'api-keys', ['view']));
    await openList(visit);
    const line = row(page, tag);
    await line.waitFor();
    assert.deepEqual(await cell(line, 'Actions').getByRole('link').allInnerTexts(), []);
    assert.equal(await page.getByRole('main').getByRole('link', { name: 'Add', exact: true }).count(), 0);
    await line.getByRole('link', { name: tag }).click();
    await isAt(page, 'API key');
    await page.getByText('not to be touched').first().waitFor();
    assert.equal(await page.getByRole('link', { name: /^(Edit|Reissue|Delete)$/ }).count(), 0);
    for (const form of ['edit', 'reissue']) {
      await visit.open(`${LIST}/${encodeURIComponent(tag)}/${form}`);
      await isTold(page, 'This key cannot be changed now, or you do not have the permission for it.');
      assert.equal(await page.getByRole('main').locator('form').count(), 0);
    }
    await visit.open(`${LIST}/${encodeURIComponent(tag)}/delete`);
    assert.equal(await page.getByRole('dialog').count(), 0);
    const entries = { place: 'everybody', tag, version: '1', description: 'x', validity: '30' };
    for (const path of ['update_key', 'reissue_key', 'delete_key']) {
      assert.equal((await post(visit, `/api/${path}`, entries)).status(), 403, path);
    }
    assert.equal((await post(visit, '/api/create_key_for', { ...entries, user_name: owner.name })).status(), 403);
    assert.equal((await verify(server, value)).status, 204);
  });

  journey('offers nothing for several keys to somebody who may only look', async (context) => {
    const { server, visit, page } = context;
    const { tag } = await makeKey(server, await newPerson(server));
    await signIn(visit, await newHolder(server, 'api-keys', ['view']));
    await openList(visit);
    await row(page, tag).waitFor();
    assert.equal(await page.getByRole('checkbox').count(), 0);
    assert.equal(await page.getByRole('region', { name: 'Several at once' }).count(), 0);
  });

  journey('has no boxes to tick where nothing could be done with them', { javaScript: false }, async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server));
    await openList(visit);
    await row(page, tag).waitFor();
    assert.equal(await page.getByRole('checkbox').count(), 0);
    assert.equal(await page.getByRole('region', { name: 'Several at once' }).count(), 0);
  });
});

journeys('the figures above the list', ({ bothWays }) => {
  let made;
  /** A key of every kind; made once. */
  const kinds = (server) => (made ??= makeKinds(server));
  const makeKinds = async (server) => {
    const kinds = await makeEveryKind(server);
    const { long, week, month, expired, disabled, unused, retiring, fresh, inactive } = kinds;
    return {
      active: [long, week, month, unused, fresh],
      'expiring-7': [week],
      'expiring-30': [week, month],
      expired: [expired],
      inactive: [inactive],
      // A retiring key ends by itself.
      'never-used': [long, week, month, expired, disabled, fresh, inactive],
      'unused-45': [unused],
      'owner-disabled': [disabled],
      retiring: [retiring],
      deleted: [kinds.deleted],
      all: [long, week, month, expired, disabled, unused, retiring, fresh, inactive],
    };
  };
  const FIGURES = {
    Active: 'active',
    'Expiring in 7 days': 'expiring-7',
    'Expiring in 30 days': 'expiring-30',
    Expired: 'expired',
    Inactive: 'inactive',
    'Never used': 'never-used',
    'Unused for 45 days': 'unused-45',
    'Owner disabled': 'owner-disabled',
  };

  bothWays('count the keys of a kind and lead to them; Back leads back', async (context) => {
    const { server, visit, page } = context;
    const keys = await kinds(server);
    await administrator(context);
    await openList(visit);
    await shows(page, keys.all);
    for (const [name, slice] of Object.entries(FIGURES)) {
      const wanted = figure(page, new RegExp(`^${keys[slice].length}\\s*${name}$`));
      await wanted.click();
      await page.waitForURL(`**${LIST}?show=${slice}`);
      await shows(page, keys[slice]);
      await page.locator('.tile[aria-current=true]').filter({ hasText: name }).waitFor();
      assert.equal(await page.locator('[aria-current=true]').count(), 1);
      const count = keys[slice].length === 1 ? '1 key' : `${keys[slice].length} keys`;
      assert.equal((await pages(page).getByRole('status').innerText()).trim(), count);
    }
    const chips = page.getByRole('navigation', { name: 'Which API keys' });
    for (const [name, slice] of [
      ['Retiring', 'retiring'],
      ['Deleted', 'deleted'],
    ]) {
      await chips.getByRole('link', { name }).click();
      await page.waitForURL(`**${LIST}?show=${slice}`);
      await shows(page, keys[slice]);
    }
    await page.goBack();
    await shows(page, keys.retiring);
    await page.goBack();
    await shows(page, keys['owner-disabled']);
    await page.goForward();
    await shows(page, keys.retiring);
    await chips.getByRole('link', { name: 'All' }).click();
    await shows(page, keys.all);
  });

  bothWays('a search stays within the kind that is shown', async (context) => {
    const { server, visit, page } = context;
    const keys = await kinds(server);
    await administrator(context);
    await openList(visit, '?show=expired');
    await shows(page, keys.expired);
    await lookFor(visit, keys.active[0].slice(0, 10));
    await page.getByText('No API key is like this.').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('show'), 'expired');
    await lookFor(visit, keys.expired[0].slice(0, 10));
    await shows(page, keys.expired);
    await page.getByRole('link', { name: 'Without the search' }).click();
    await page.waitForURL(`**${LIST}?show=expired`);
    await shows(page, keys.expired);
  });

  bothWays('the picture of the coming ends has a table', async (context) => {
    const { server, visit, page } = context;
    await kinds(server);
    await administrator(context);
    await openList(visit);
    const picture = page.getByRole('region', { name: 'Expiring in the coming 90 days' });
    // One bar for each of these days at least; the first of the path is the earliest.
    const bars = (await picture.locator('svg path').getAttribute('d')).match(/M(\d+)\.5 40v-(\d+)/g);
    for (const days of [5, 20]) assert.ok(bars.some((bar) => bar.startsWith(`M${days}.5 40v-`)), `${days}: ${bars}`);
    assert.ok(bars.some((bar) => bar.endsWith('v-40')), 'the tallest fills the picture');
    await picture.getByText('As a table').click();
    await picture.getByRole('row').filter({ hasText: dateIn(5).text }).getByRole('cell', { name: '1', exact: true }).waitFor();
    await picture.getByRole('row').filter({ hasText: dateIn(20).text }).getByRole('cell', { name: '1', exact: true }).waitFor();
  });
}, { atOnce: 1 });

journeys('a list without keys', ({ bothWays }) => {
  bothWays('says so, and otherwise than one in which nothing was found', async (context) => {
    const { visit, page } = context;
    await administrator(context);
    await openList(visit);
    await page.getByText('There are no API keys yet.').waitFor();
    assert.equal(await page.getByRole('table').count(), 0);
    await page.getByRole('link', { name: 'Add', exact: true }).waitFor();
    for (const query of ['?q=nobody', '?show=expired', '?show=deleted&q=nobody']) {
      await openList(visit, query);
      await page.getByText('No API key is like this.').waitFor();
      assert.equal(await page.getByText('There are no API keys yet.').count(), 0);
    }
    await page.getByRole('link', { name: 'Show all API keys' }).click();
    await page.getByText('There are no API keys yet.').waitFor();
  });
});

journeys('a search that very many match', ({ bothWays }) => {
  let made;
  const make = async (server) => {
    await makeManyKeys(server, 1_050, { word: 'narwhal' });
    const [last] = await makeManyKeys(server, 1, { word: 'narwhals' });
    await expireKey(server, last);
    return last;
  };

  bothWays('leads on where none is found among the first', async (context) => {
    const { server, visit, page } = context;
    const last = await (made ??= make(server));
    await administrator(context);
    await openList(visit, '?show=expired&q=narwhal');
    await page.getByText('None among those that were looked at.').waitFor();
    assert.equal((await pages(page).getByRole('status').innerText()).trim(), 'An unknown number of keys');
    assert.equal(await page.getByText('No API key is like this.').count(), 0);
    await pages(page).getByRole('link', { name: 'Look further' }).click();
    await shows(page, [last]);
  });
}, { atOnce: 1 });

journeys('a long list', ({ bothWays, journey }) => {
  let made;
  const many = (server) => (made ??= makeManyKeys(server, 120, { name: 'many', word: 'walrus' }));

  bothWays('has pages, each with an address that others can open', async (context) => {
    const { server, visit, page, open } = context;
    const tags = await many(server);
    await administrator(context);
    const seen = [];
    for (const query of ['?sort=owner&way=up', '?q=walrus']) {
      await openList(visit, query);
      await page.getByText('120 keys', { exact: true }).first().waitFor();
      const all = [];
      for (const length of [50, 50, 20]) {
        await until(`a page of ${length}`, async () => {
          const shown = await tagsOn(page);
          return shown.length === length && !all.includes(shown[0]);
        });
        all.push(...(await tagsOn(page)));
        seen.push(page.url());
        if (length === 50) await pages(page).getByRole('link', { name: 'Next' }).click();
      }
      assert.deepEqual([...all].sort(), [...tags].sort());
      if (query.includes('sort')) assert.deepEqual(all, tags);
      assert.equal(await pages(page).getByRole('link', { name: 'Next' }).count(), 0);
      await pages(page).getByRole('link', { name: 'Previous' }).click();
      await shows(page, all.slice(50, 100));
      await pages(page).getByRole('link', { name: 'Previous' }).click();
      await shows(page, all.slice(0, 50));
      assert.equal(await pages(page).getByRole('link', { name: 'Previous' }).count(), 0);
      await page.goBack();
      await shows(page, all.slice(50, 100));

      const other = await open();
      await signIn(other, await newPerson(server, { roles: ['Administrator'] }));
      await other.open(seen.at(-2));
      await shows(other.page, all.slice(50, 100));
    }
  });

  journey('an address that was tampered with is refused in words', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/4\d\d/);
    await many(server);
    await administrator(context);
    const place = 'must be a place that came with a page of the same list.';
    for (const [query, wrong] of [
      ['?after=nonsense', `In it, “after” ${place}`],
      ['?show=everything', 'In it, “show” must be one of all, active, expiring-7,'],
      ['?sort=secret', 'In it, “sort” must be one of expires, created,'],
      [`?q=${'x'.repeat(200)}`, 'In it, “q” is wrong: This is too long: at most'],
      ['?before=%00', `In it, “before” ${place}`],
    ]) {
      await openList(visit, query);
      await isTold(page, `This address asks for something that does not exist. ${wrong}`);
      assert.equal(await rows(page).count(), 0, query);
      assert.doesNotMatch(await page.getByRole('main').innerText(), /on our side|Nothing was changed/, query);
    }
    await page.getByRole('link', { name: 'Show the whole list' }).click();
    await page.getByText('120 keys', { exact: true }).first().waitFor();
  });
}, { atOnce: 1 });
