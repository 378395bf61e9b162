// Approval by a second person, by two people at their own browsers.
import assert from 'node:assert/strict';
import { journeys } from '../support/journeys.mjs';
import { fact, focused, isAnswered, isAt, isTold, isWrong } from '../support/page.mjs';
import { keyTags, newPerson, post, readNewKey, signIn, verify, withKey } from '../support/people.mjs';

const APPROVER = 'Default Multi-Person Authorization Approver';
const EVERYTHING = { create: 'true', update: 'true', delete: 'true', reissue: 'true' };
const PERIODS = { expiry_hours: '72', purge_days: '30' };

/** Two people who decide, the first of them signed in in a visit of their own; keys need approval. */
async function withApproval({ server, open }, options = {}) {
  const eve = await newPerson(server, { roles: [APPROVER] });
  const pat = await newPerson(server, { roles: [APPROVER] });
  const deciding = await open(options);
  await signIn(deciding, eve);
  await switchOn(server, { open });
  return { eve, pat, deciding };
}

/** Somebody with a key from before, signed in: `{ person, tag }`. */
async function withEarlierKey(context) {
  await context.server.sql('update approval_settings set on_create = 0, on_update = 0, on_delete = 0, on_reissue = 0');
  return withKey(context, { description: 'builds the shop' });
}

/** Switches approval on, unless it is. */
async function switchOn(server, { open }) {
  const sam = await newPerson(server, { roles: ['Default Security Administrator'] });
  const settings = await open();
  await signIn(settings, sam);
  if ((await server.query('select on_create from approval_settings')) === '0') {
    assert.equal((await post(settings, '/api/save_approval', { ...EVERYTHING, ...PERIODS })).status(), 200);
  }
  return { sam, settings };
}

const button = (page, name) => page.getByRole('button', { name, exact: true });
const link = (page, name) => page.getByRole('link', { name, exact: true });
const state = (page) => page.locator('main .card__head .chip').first();
const idOf = (page) => new URL(page.url()).pathname.split('/')[2];
const badge = ({ page }) => page.locator('.places .badge');

/** Approves or rejects the ticket that is open, as far as the dialog. */
async function decide(visit, name, { password, comment = '' }) {
  const { page } = visit;
  await link(page, name).click();
  const dialog = page.getByRole('dialog', { name: `${name} this request?` });
  await dialog.getByLabel('Comment').fill(comment);
  await dialog.getByLabel('Your password', { exact: true }).fill(password);
  await button(dialog, name).click();
  return dialog;
}

journeys('tickets', ({ journey, bothWays }) => {
  bothWays('a new key is asked for, approved by another, executed, and shown once', async (context) => {
    const { server, visit, page } = context;
    const { eve, deciding } = await withApproval(context);
    const bob = await newPerson(server);
    await signIn(visit, bob);
    await deciding.open('/tickets');
    await isAt(deciding.page, 'Tickets');
    const before = Number((await badge(deciding).innerText().catch(() => '')) || 0);

    await visit.open('/profile/key/add');
    await isTold(page, 'A second person has to approve this.');
    await page.getByLabel('Reason').fill('deploys <b>tonight</b>');
    await page.getByLabel('Description').fill('shop');
    await button(page, 'Request approval').click();
    await page.waitForURL('**/tickets/*?notice=requested');
    await isTold(page, 'Your request was made.');
    await isTold(page, 'somebody else has to decide');
    assert.equal(await state(page).innerText(), 'Pending');
    assert.equal(await link(page, 'Approve').count(), 0);
    const id = idOf(page);
    assert.deepEqual(await keyTags(server, bob), []);

    // The approver's page hears of it, or is opened again.
    if (visit.javaScript) {
      await deciding.page.waitForFunction(
        (before) => Number(document.querySelector('.places .badge')?.textContent ?? 0) > before,
        before,
      );
    } else {
      await deciding.open('/tickets');
    }
    const row = deciding.page.getByRole('link', { name: `${id}. Create API key` });
    await row.waitFor();
    assert.ok(Number(await badge(deciding).innerText()) > before);
    await row.click();
    await isAt(deciding.page, 'Ticket');
    assert.match(await fact(deciding.page, 'Requested by').innerText(), new RegExp(`:${bob.name}:unixpwd:\\d+`));
    assert.match(await fact(deciding.page, 'Reason').innerText(), /deploys <b>tonight<\/b>/);
    await deciding.page.getByText('Approved now, it expires').waitFor();
    await decide(deciding, 'Approve', { ...eve, comment: 'as agreed' });
    await isTold(deciding.page, 'You approved this.');
    assert.equal(await state(deciding.page).innerText(), 'Approved');
    assert.equal(await button(deciding.page, 'Execute ticket').count(), 0);

    // The requester's page hears of it, too.
    if (!visit.javaScript) await visit.open(`/tickets/${id}`);
    await button(page, 'Execute ticket').waitFor();
    await page.getByText('as agreed').waitFor();
    await button(page, 'Execute ticket').click();
    const value = await readNewKey(visit);
    assert.equal((await verify(server, value)).status, 204);
    await visit.open(`/tickets/${id}`);
    assert.equal(await state(page).innerText(), 'Executed');
    assert.ok(!(await page.content()).includes(value));
    assert.equal(await button(page, 'Execute ticket').count(), 0);
  });

  bothWays('a rejection needs a comment, a wrong password changes nothing, what was typed stays', async (context) => {
    const { server, visit, page, open } = context;
    const { person, tag } = await withEarlierKey(context);
    const { eve, deciding } = await withApproval(context);
    deciding.expectProblem(/422/);
    visit.expectProblem(/409/);
    await visit.open('/profile/key/delete');
    await page.getByRole('dialog').getByLabel('Reason').fill('not used');
    await button(page, 'Request approval').click();
    await page.waitForURL('**/tickets/*?notice=requested');
    const id = idOf(page);

    const { page: other } = deciding;
    await deciding.open(`/tickets/${id}`);
    const dialog = await decide(deciding, 'Reject', { password: 'not the password at all', comment: 'still in use' });
    const password = dialog.getByLabel('Your password', { exact: true });
    await isWrong(password, 'This is not your current password.');
    assert.equal(await dialog.getByLabel('Comment').inputValue(), 'still in use');
    if (!deciding.javaScript) assert.equal(await password.inputValue(), '');
    assert.ok(!other.url().includes('not+the'));
    assert.equal(await server.query(`select state from ticket where id = ${id}`), 'PENDING');
    await dialog.getByLabel('Comment').fill(' ');
    await password.fill(eve.password);
    await button(dialog, 'Reject').click();
    await isWrong(dialog.getByLabel('Comment'), 'Enter why.');
    await dialog.getByLabel('Comment').fill('still in use');
    await password.fill(eve.password);
    await button(dialog, 'Reject').click();
    await isTold(other, 'You rejected this.');
    assert.equal(await state(other).innerText(), 'Rejected');
    await visit.open(`/tickets/${id}`);
    await page.getByText('still in use').waitFor();
    assert.deepEqual(await keyTags(server, person), [tag]);

    // A second request waits; whatever else is asked about the key leads to it.
    await visit.open('/profile/key/edit');
    await page.getByLabel('Description').fill('another');
    await button(page, 'Request approval').click();
    await page.waitForURL('**/tickets/*?notice=requested');
    const second = idOf(page);
    const late = await open();
    await signIn(late, person);
    for (const path of ['/profile/key', '/profile/key/edit', '/profile/key/reissue', '/profile/key/delete']) {
      await late.open(path);
      const way = link(late.page, `View ticket ${second}`).first();
      await way.waitFor();
      assert.equal(await button(late.page, 'Request approval').count(), 0, path);
    }
    assert.equal((await post(visit, '/api/delete_key', { tag })).status(), 409);
    await page.getByLabel('Comment', { exact: true }).fill('please');
    await button(page, 'Add comment').click();
    await page.locator('.history').getByText('please').waitFor();
    await button(page, 'Cancel request').click();
    await isTold(page, 'The request was canceled.');
    await late.open('/profile/key/edit');
    await button(late.page, 'Request approval').waitFor();
  });

  bothWays('changing the approval settings needs a ticket once they are on, and nobody decides their own', async (context) => {
    const { server, visit, page } = context;
    const { deciding, eve } = await withApproval(context);
    const { sam, settings } = await switchOn(server, context);
    await settings.close();
    const keeper = await newPerson(server, { roles: ['Administrator'] });
    await signIn(visit, keeper);
    await visit.open('/settings/approval');
    await isAt(page, 'Approval');
    const waiting = page.getByRole('link', { name: /^View ticket/ });
    if (await waiting.count()) {
      await server.sql("update ticket set state = 'CANCELED' where subject = 'settings' and state in ('PENDING', 'APPROVED')");
      await visit.open('/settings/approval');
    }
    assert.ok(await page.getByLabel('Adding an API key').isChecked());
    const exempt = page.locator('form').filter({ has: button(page, 'Request approval') }).last();
    await exempt.getByLabel('User name').fill(sam.name);
    await exempt.getByLabel('Why').fill('rotates every night');
    await exempt.getByLabel('For').selectOption({ label: 'Reissue API key' });
    await button(exempt, 'Request approval').click();
    await page.waitForURL('**/tickets/*?notice=requested');
    await isTold(page, 'somebody else has to decide');
    const id = idOf(page);
    await page.getByText(`:${sam.name}:unixpwd:`).first().waitFor();
    await visit.open(`/tickets/${id}/approve`);
    await page.getByText('You requested this, so somebody else has to decide about it.').first().waitFor();
    assert.equal(await page.getByLabel('Your password').count(), 0);
    await visit.open('/settings/approval');
    await link(page, `View ticket ${id}`).waitFor();
    assert.equal(await button(page, 'Request approval').count(), 0);

    await deciding.open(`/tickets/${id}`);
    await decide(deciding, 'Approve', { ...eve });
    await isTold(deciding.page, 'You approved this.');
    await visit.open(`/tickets/${id}`);
    await button(page, 'Execute ticket').click();
    await isTold(page, 'executed as approved');
    await visit.open('/settings/approval');
    await page.getByText('rotates every night').first().waitFor();
  });

  bothWays('the list of everybody’s keys says which one a ticket waits about', async (context) => {
    const { server, visit, page, open } = context;
    const { tag } = await withEarlierKey(context);
    await withApproval(context);
    await visit.open('/profile/key/edit');
    await page.getByLabel('Description').fill('builds another shop');
    await button(page, 'Request approval').click();
    await page.waitForURL('**/tickets/*?notice=requested');
    const id = idOf(page);
    const root = await open();
    await signIn(root, await newPerson(server, { roles: ['Administrator'] }));
    await root.open(`/security/api-keys?q=${tag}`);
    const row = root.page.getByRole('row').filter({ hasText: tag });
    await row.getByText('Approval awaited').waitFor();
    await row.getByText('Active').waitFor();
    for (const name of ['Edit', 'Reissue', 'Delete']) {
      assert.equal(await link(row, `${name} ${tag}`).count(), 0, name);
    }
    await link(row, `View ticket ${id}`).click();
    await isAt(root.page, 'Ticket');
    assert.equal(idOf(root.page), id);
  });

  journey('a decision is made by the keyboard alone', async (context) => {
    const { visit, page } = context;
    await withEarlierKey(context);
    const { eve, deciding } = await withApproval(context);
    await visit.open('/profile/key/reissue');
    await button(page, 'Request approval').click();
    await page.waitForURL('**/tickets/*?notice=requested');
    const { page: other } = deciding;
    await deciding.open(`/tickets/${idOf(page)}`);
    await link(other, 'Approve').focus();
    await other.keyboard.press('Enter');
    const dialog = other.getByRole('dialog', { name: 'Approve this request?' });
    await dialog.waitFor();
    // Esc leads back, and the focus is not lost.
    await other.keyboard.press('Escape');
    await isAnswered(other);
    await link(other, 'Approve').focus();
    await other.keyboard.press('Enter');
    await dialog.waitFor();
    for (let presses = 0; presses < 8; presses += 1) {
      if ((await focused(other).getAttribute('id')) === 'password') break;
      await other.keyboard.press('Tab');
    }
    await other.keyboard.type(eve.password);
    await other.keyboard.press('Enter');
    await isTold(other, 'You approved this.');
  });
}, { atOnce: 1 });
