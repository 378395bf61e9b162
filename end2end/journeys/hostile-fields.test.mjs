// W2, W8: whatever is typed into a text field of the administrators' pages, the answer is clear,
// nothing is executed, nothing is lost and nothing is changed.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { assertFits, isAt } from '../support/page.mjs';
import { administrator, makeKey, newPerson } from '../support/people.mjs';

const SQL = "x' or 1=1; drop table api_key; --";
const HTML = '"><img src=/nowhere onerror="document.title = `owned`"><script>document.title = "owned"</script>';
const TURNED = 'exe.\u202egpj\u2066';
const EMOJI = '😀'.repeat(10_000);
const TEXTS = [SQL, HTML, TURNED, EMOJI];
/** More than the server reads in one request, where the browser sends the form by itself. */
const TOO_LARGE = 'larger than 65536 bytes';

/** Nothing of the text became anything but a text. */
async function assertStill({ page }) {
  assert.equal(await page.locator('main script, main img, dialog script, dialog img').count(), 0);
  assert.ok((await page.title()).endsWith('· Latchkey'), await page.title());
}

/** Fills the field; at most as much of it as the field takes. */
async function fill(field, text) {
  await field.fill(text);
  return field.inputValue();
}

journeys('hostile texts in every field', ({ journey, bothWays }) => {
  bothWays('searches find what is called so: nothing', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server), { description: 'still there' });
    for (const [path, title, label, answer] of [
      ['/security/api-keys', 'API keys', 'Search', 'No API key is like this.'],
      ['/users', 'Users', 'Name begins with', "No user's name begins with"],
      ['/security/api-keys/add', 'Add API key for a user', 'The name begins with', 'No user has a name that begins so.'],
    ]) {
      for (const text of TEXTS) {
        await visit.open(path);
        await isAt(page, title);
        const field = page.getByLabel(label);
        assert.ok((await fill(field, text)).length <= 256);
        const button = page.getByRole('search').getByRole('button', { name: 'Search' });
        await button.click();
        await page.getByText(answer).first().waitFor();
        await assertStill(visit);
        await assertFits(visit);
      }
    }
    await visit.open(`/security/api-keys?q=${tag}`);
    await page.locator('main .table .tag', { hasText: tag }).waitFor();
  });

  bothWays('filters of the audit trail fit nothing, and say so', async (context) => {
    const { visit, page } = context;
    await administrator(context);
    for (const label of ['User name', 'On what', 'From the address']) {
      for (const text of TEXTS) {
        await visit.open('/security/audit');
        await isAt(page, 'Audit');
        await page.getByText('Filter and export').click();
        const typed = await fill(page.getByLabel(label), text);
        assert.ok([...typed].length <= 300);
        await page.getByRole('button', { name: 'Filter' }).click();
        await page.getByText('No record fits.').waitFor();
        assert.ok((await page.getByRole('list', { name: 'Filters' }).innerText()).includes([...typed].slice(0, 5).join('')));
        await assertStill(visit);
        await assertFits(visit);
      }
    }
  });

  bothWays('new users and roles are refused at the field', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/422|413/);
    await administrator(context);
    for (const [path, title, label, button] of [
      ['/users/add', 'Add user', 'User name', 'Add user'],
      ['/roles/add', 'Add role', 'Name', 'Save'],
    ]) {
      for (const text of [SQL.repeat(5), HTML, TURNED, EMOJI]) {
        await visit.open(path);
        await isAt(page, title);
        const field = page.getByLabel(label, { exact: true });
        await fill(field, text);
        await page.getByRole('button', { name: button, exact: true }).click();
        if (text === EMOJI && !visit.javaScript) {
          await page.getByText(TOO_LARGE).waitFor();
          continue;
        }
        await page.locator('main .notice--bad').first().waitFor();
        // What was typed is not lost: all of it, or what an address holds.
        const kept = await field.inputValue();
        assert.ok(text.startsWith(kept) && kept.length >= Math.min(text.length, 1000), `${kept.length} of ${text.length}`);
        await assertStill(visit);
        await assertFits(visit);
      }
    }
    const hostile = "name like '%drop%' or name like '%img%' or name like 'exe%' or length(name) > 64";
    for (const table of ['app_user', 'role']) {
      assert.equal(await server.query(`select count(*) from ${table} where ${hostile}`), '0', table);
    }
  });

  bothWays('a role may be called anything that is a text, and is shown as that', async (context) => {
    const { visit, page } = context;
    await administrator(context);
    const end = visit.javaScript ? 'a' : 'b';
    for (const [number, text] of ["x' or 1=1; --", '<b>bold</b>', 'دور עברית 😀', '%41%00'].entries()) {
      const name = `${text} ${end}${number}`;
      await visit.open('/roles/add');
      await isAt(page, 'Add role');
      await page.getByLabel('Name', { exact: true }).fill(name);
      await page.getByLabel('What it is for').fill(HTML);
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByRole('heading', { name, exact: true }).waitFor();
      await page.getByText(HTML, { exact: true }).waitFor();
      await assertStill(visit);
      await assertFits(visit);
      await visit.open('/roles');
      await page.getByRole('link', { name, exact: true }).waitFor();
      await assertStill(visit);
    }
  });

  bothWays('a key for nobody is refused at the field', async (context) => {
    const { server, visit, page } = context;
    visit.expectProblem(/422|413/);
    const asker = await administrator(context);
    for (const label of ['User name', 'Domain, or identity provider', 'Description']) {
      for (const text of TEXTS) {
        await visit.open('/security/api-keys/add');
        await isAt(page, 'Add API key for a user');
        await page.getByLabel('User name').fill('nobody-at-all');
        await fill(page.getByLabel(label), text);
        await page.getByRole('button', { name: 'Add', exact: true }).click();
        if (text === EMOJI && !visit.javaScript) {
          await page.getByText(TOO_LARGE).waitFor();
          continue;
        }
        await page.locator('main .notice--bad').first().waitFor();
        await assertStill(visit);
        await assertFits(visit);
      }
    }
    assert.equal(await server.query(`select count(*) from api_key where issuer_name = '${asker.name}'`), '0');
  });

  bothWays('only the owner’s name lets another’s key be deleted', async (context) => {
    const { server, visit, page } = context;
    const asker = await administrator(context);
    const owner = await newPerson(server);
    const { tag } = await makeKey(server, owner);
    await visit.open(`/security/api-keys/${encodeURIComponent(tag)}/delete`);
    const dialog = page.getByRole('dialog');
    const field = dialog.getByLabel(/to go on$/);
    for (const text of [...TEXTS, ` ${owner.name}`, '.*', asker.name]) {
      await field.fill(text);
      await dialog.getByRole('button', { name: 'Delete' }).click();
      assert.ok(await field.evaluate((field) => field.validity.patternMismatch), text.slice(0, 20));
      await assertStill(visit);
    }
    assert.equal(await server.query(`select count(*) from api_key where tag = '${tag}' and deleted_at is null`), '1');
    await field.fill(owner.name);
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(`**/security/api-keys?notice=deleted&tag=${encodeURIComponent(tag)}`);
  });

  journey('only the number lets several keys be deleted', async (context) => {
    const { server, visit, page } = context;
    await administrator(context);
    const { tag } = await makeKey(server, await newPerson(server));
    await visit.open(`/security/api-keys?q=${encodeURIComponent(tag)}`);
    await page.getByRole('checkbox', { name: `Select ${tag}` }).check();
    await page.getByRole('button', { name: 'Delete…' }).click();
    const dialog = page.getByRole('dialog');
    for (const text of [...TEXTS, '01', '1.0', '1e0', '2', '']) {
      await dialog.getByLabel('Type 1 to go on').fill(text);
      const button = dialog.getByRole('button', { name: 'Delete' });
      assert.equal(await button.getAttribute('aria-disabled'), 'true', text.slice(0, 20));
      await button.click({ force: true });
      await assertStill(visit);
    }
    assert.equal(await server.query(`select count(*) from api_key where tag = '${tag}' and deleted_at is null`), '1');
  });

  bothWays('settings take numbers', async (context) => {
    const { visit, page } = context;
    visit.expectProblem(/422|413/);
    await administrator(context);
    for (const text of [SQL, HTML, TURNED, EMOJI, '-1', '1e9', '99999999999999999999']) {
      await visit.open('/settings');
      await isAt(page, 'Settings');
      await page.locator('form[action="/api/save_policy"]').evaluate((form) => (form.noValidate = true));
      await page.getByLabel('Longest validity', { exact: true }).fill(text);
      await page.getByRole('button', { name: 'Save' }).click();
      if (text === EMOJI && !visit.javaScript) {
        await page.getByText(TOO_LARGE).waitFor();
        continue;
      }
      await page.locator('main .notice--bad').first().waitFor();
      await assertStill(visit);
    }
    await visit.open('/settings');
    assert.equal(await page.getByLabel('Longest validity', { exact: true }).inputValue(), '365');
  });
});
