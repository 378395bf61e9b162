// What goes with every page: shortcuts, the network, the end of the session.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { look } from '../support/look.mjs';
import { focused, isAnswered, isAt } from '../support/page.mjs';
import { administrator, makeKey, newPerson, openMenu, signIn } from '../support/people.mjs';
import { until } from '../support/until.mjs';

const LIST = '/security/api-keys';
const help = (page) => page.getByRole('dialog', { name: 'Keyboard shortcuts' });
const banner = (page) => page.getByText('You are offline.');
const warning = (page) => page.getByRole('alertdialog', { name: 'You will be signed out in two minutes' });
const end = (page) => page.getByRole('alertdialog', { name: 'Your session has ended' });

/** Opens a page, and waits until what goes with it is there. */
async function openAttended({ visit, page }, path) {
  await visit.open(path);
  await page.locator('.offline').waitFor({ state: 'attached' });
}

/** Ends somebody's sessions now. */
function endSession(server, { name }) {
  return server.sql(`update session set expires_at = created_at + 1
    where user_id = (select id from app_user where name = '${name}');`);
}

journeys('news of a session that has ended', ({ journey }) => {
  journey('are asked for no more', async ({ server, visit, page }) => {
    const person = await newPerson(server);
    await signIn(visit, person);
    const isNews = (request) => new URL(request.url()).pathname === '/events';
    let asked = 0;
    page.on('request', (request) => {
      if (isNews(request)) asked += 1;
    });
    await visit.open('/profile/key');
    await until('news are asked for', () => asked === 1);
    // The page closes what it was told the end of.
    const ended = page.waitForEvent('requestfailed', isNews);
    await endSession(server, person);
    // Something happens, so that the session is looked at.
    await makeKey(server, await newPerson(server));
    await ended;
    // A browser that was not told would come again after three seconds.
    await page.waitForTimeout(5_000);
    assert.equal(asked, 1);
  });
});

journeys('the keyboard’s shortcuts', ({ journey }) => {
  journey('search, add something new, and tell of themselves', async (context) => {
    const { server, page } = context;
    await administrator(context);
    await makeKey(server, await newPerson(server));
    for (const [path, title, field, added] of [
      [LIST, 'API keys', page.getByRole('searchbox', { name: 'Search' }), 'Add API key for a user'],
      ['/users', 'Users', page.getByLabel('Name begins with'), 'Add user'],
      ['/roles', 'Roles', undefined, 'Add role'],
      ['/profile/key', 'My API key', undefined, 'Add API key'],
    ]) {
      await openAttended(context, path);
      await isAt(page, title);
      await page.keyboard.press('/');
      if (field) {
        await field.and(focused(page)).waitFor();
        assert.equal(await field.inputValue(), '');
        // What is typed into a field is a text.
        await page.keyboard.type('n?/');
        assert.equal(await field.inputValue(), 'n?/');
        assert.equal(await help(page).count(), 0);
        assert.equal(new URL(page.url()).pathname, path);
        await openAttended(context, path);
      }
      await page.keyboard.press('?');
      await help(page).waitFor();
      // Within a question on top of the page there are none.
      await page.keyboard.press('n');
      await page.keyboard.press('Escape');
      await isAnswered(page);
      assert.equal(new URL(page.url()).pathname, path);
      await page.keyboard.press('Control+n').catch(() => {});
      assert.equal(new URL(page.url()).pathname, path);
      await page.keyboard.press('n');
      await isAt(page, added);
    }
  });

  journey('on the audit page the search is unfolded', async (context) => {
    const { page } = context;
    await administrator(context);
    await openAttended(context, '/security/audit');
    await isAt(page, 'Audit');
    await page.keyboard.press('/');
    await page.getByLabel('User name').and(focused(page)).waitFor();
  });

  journey('are found in the profile menu, and switched off for good', async (context) => {
    const { visit, page } = context;
    await administrator(context);
    await openAttended(context, LIST);
    const menu = await openMenu(page);
    await menu.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await help(page).getByRole('button', { name: 'Close' }).and(focused(page)).waitFor();
    await look(visit, 'shortcuts');
    const used = help(page).getByRole('checkbox', { name: 'Use keyboard shortcuts' });
    assert.ok(await used.isChecked());
    await used.uncheck();
    await help(page).getByRole('button', { name: 'Close' }).click();
    for (let round = 0; round < 2; round += 1) {
      for (const key of ['n', '/', '?']) await page.keyboard.press(key);
      assert.equal(await help(page).count(), 0);
      assert.equal(new URL(page.url()).pathname, LIST);
      assert.equal(await page.getByRole('searchbox', { name: 'Search' }).and(focused(page)).count(), 0);
      await openAttended(context, LIST);
    }
    await (await openMenu(page)).getByRole('button', { name: 'Keyboard shortcuts' }).click();
    assert.equal(await used.isChecked(), false);
    await used.check();
    await page.keyboard.press('Escape');
    await isAnswered(page);
    await page.keyboard.press('?');
    await help(page).waitFor();
  });

  journey('without JavaScript nothing tells of them', { javaScript: false }, async (context) => {
    const { visit, page } = context;
    await administrator(context);
    await visit.open(LIST);
    const menu = await openMenu(page);
    assert.equal(await menu.getByText('Keyboard shortcuts').isVisible(), false);
  });
});

journeys('the network', ({ journey }) => {
  journey('its absence is said, and no more once it is back', async (context) => {
    const { visit, page } = context;
    visit.expectProblem(/ERR_INTERNET_DISCONNECTED/);
    await administrator(context);
    await openAttended(context, '/profile/key/add');
    assert.equal(await banner(page).count(), 0);
    await visit.context.setOffline(true);
    await banner(page).waitFor();
    await look(visit, 'offline');
    await visit.context.setOffline(false);
    await banner(page).waitFor({ state: 'detached' });
  });
});

journeys(
  'the end of a session that nobody uses',
  ({ journey }) => {
    journey('is warned of, and staying signed in puts it off', async (context) => {
      const { server, visit, page } = context;
      const person = await newPerson(server);
      await signIn(visit, person);
      const seen = async () => {
        const number = `select last_seen_at from session join app_user u on u.id = user_id where u.name = '${person.name}'`;
        return Number(await server.query(number));
      };
      await openAttended(context, '/profile/key/add');
      await page.getByLabel('Description').fill('written before');
      const before = await seen();
      await warning(page).waitFor();
      assert.equal(await seen(), before, 'the question when it ends made it last longer');
      assert.match(await warning(page).getByRole('timer').innerText(), /[01]:\d\d|2:00/);
      await look(visit, 'session ends');
      await warning(page).getByRole('button', { name: 'Stay signed in' }).and(focused(page)).waitFor();
      await page.keyboard.press('Enter');
      await warning(page).waitFor({ state: 'detached' });
      assert.ok((await seen()) > before);
      assert.equal(await page.getByLabel('Description').inputValue(), 'written before');
      // It comes again.
      await warning(page).waitFor();
      await page.keyboard.press('Escape');
      await warning(page).waitFor({ state: 'detached' });
    });
  },
  { settings: { LATCHKEY_SESSION_IDLE: '130s' } },
);

journeys('a page that looks for news', ({ journey }) => {
  journey('does not use the session by that', async (context) => {
    const { server, visit, page } = context;
    const person = await administrator(context);
    await makeKey(server, await newPerson(server));
    await openAttended(context, LIST);
    const seen = () =>
      server.query(
        `select last_seen_at from session join app_user u on u.id = user_id where u.name = '${person.name}' and kind = 'browser'`,
      );
    await server.sql(`update session set last_seen_at = last_seen_at - 90000000;`);
    const before = await seen();
    const { tag } = await makeKey(server, await newPerson(server));
    await page.locator('main .table .tag', { hasText: tag }).waitFor();
    await page.waitForResponse('**/api/pulse');
    assert.equal(await seen(), before);
    await page.getByRole('searchbox', { name: 'Search' }).fill('somebody');
    await until('the search is a use', async () => (await seen()) !== before);
  });
});

journeys(
  'the end of a session that has lasted its time',
  ({ journey }) => {
    journey('is warned of, cannot be put off, and leaves what was typed', async (context) => {
      const { server, visit, page } = context;
      const person = await newPerson(server);
      await signIn(visit, person);
      // The warning comes as soon as it can, and stands before the page.
      await visit.open('/profile/key/add');
      await page.getByLabel('Description').fill('written before');
      await warning(page).getByText('Your session ends after its longest time').waitFor();
      assert.equal(await warning(page).getByRole('button', { name: 'Stay signed in' }).count(), 0);
      await look(visit, 'session ends for good');
      await warning(page).getByRole('button', { name: 'Close' }).click();
      await endSession(server, person);
      await end(page).waitFor();
      await look(visit, 'session ended');
      await end(page).getByRole('button', { name: 'Back to the page' }).click();
      await end(page).waitFor({ state: 'detached' });
      assert.equal(await page.getByLabel('Description').inputValue(), 'written before');
    });

    journey('the way back leads to the page', async (context) => {
      const { server, visit, page } = context;
      const person = await newPerson(server);
      await signIn(visit, person);
      await openAttended(context, '/profile/security');
      await warning(page).waitFor();
      await endSession(server, person);
      await end(page).getByRole('link', { name: 'Sign in again' }).click();
      await isAt(page, 'Sign in');
      await page.getByText('Your session has ended.').waitFor();
      assert.equal(new URL(page.url()).searchParams.get('next'), '/profile/security');
    });
  },
  { settings: { LATCHKEY_SESSION_MAX: '121s' } },
);
