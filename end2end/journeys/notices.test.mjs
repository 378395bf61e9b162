// Notices: what others do rings a bell and is read; webhooks are told, and what they were told is seen.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { journeys } from '../support/journeys.mjs';
import { isAt, isTold, isWrong } from '../support/page.mjs';
import { administrator, login, makeKey, newPerson, rest, signIn } from '../support/people.mjs';
import { until } from '../support/until.mjs';

/** A receiver on loopback: what it took, and its address. */
async function startReceiver() {
  const taken = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    taken.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
    response.writeHead(204).end();
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { taken, url: `http://127.0.0.1:${server.address().port}/hook`, stop: () => server.close() };
}

/** As `docs/WEBHOOKS.md` says that a receiver checks a signature. */
function isSigned({ headers, body }, secret) {
  const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['latchkey-signature']);
  const expected = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  return signature === expected && Math.abs(Date.now() / 1000 - Number(time)) < 300;
}

const bell = (page) => page.getByRole('banner').getByRole('link', { name: /^Notices/ });

journeys(
  'notices',
  ({ bothWays }) => {
    bothWays('what somebody else does rings the bell, is read, and leads to the thing', async ({ server, visit, page }) => {
      visit.expectProblem(/422/);
      const [bob, ann] = [await newPerson(server), await newPerson(server, { roles: ['Administrator'] })];
      const { tag } = await makeKey(server, bob, { description: 'nightly <b>build</b>' });
      await signIn(visit, bob);
      await visit.open('/profile/key');
      await bell(page).waitFor();
      assert.equal((await bell(page).innerText()).trim(), 'Notices');
      const credential = await login(server, ann);
      const deleted = await rest(server, 'DELETE', `/security/api-keys/${encodeURIComponent(tag)}`, { credential });
      assert.equal(deleted.status, 204);

      await visit.open('/profile/security');
      await bell(page).filter({ hasText: '1' }).click();
      await isAt(page, 'Notices');
      const notice = page.getByRole('listitem').filter({ hasText: 'Your API key was deleted' });
      await notice.getByText(`${ann.name}:unixpwd`).waitFor();
      await notice.getByText('Its description: nightly <b>build</b>').waitFor();
      await notice.getByRole('button', { name: 'Mark as read' }).click();
      await page.getByText('All are read.').waitFor();
      await bell(page).filter({ hasNotText: '1' }).waitFor();
      await page.getByText('No mail server is configured here').waitFor();

      await page.getByLabel('Mail address').fill('bob');
      await page.getByLabel('Tickets').uncheck();
      await page.getByRole('button', { name: 'Save' }).click();
      await isWrong(page.getByLabel('Mail address'), 'address');
      await page.getByLabel('Mail address').fill('bob@example.org');
      await page.getByRole('button', { name: 'Save' }).click();
      await isTold(page, 'The changes were saved.');
      await visit.open('/profile/notices');
      await page.getByLabel('Tickets').waitFor();
      assert.equal(await page.getByLabel('Mail address').inputValue(), 'bob@example.org');
      assert.equal(await page.getByLabel('Tickets').isChecked(), false);
      assert.equal(await page.getByLabel('The end of my API key').isChecked(), true);
      await page.getByRole('link', { name: 'Your API key was deleted' }).click();
      await isAt(page, 'My API key');
    });

    bothWays('a webhook is added, shows its secret, is told, tried and removed', async (context) => {
      const { server, visit, page } = context;
      visit.expectProblem(/422/);
      const receiver = await startReceiver();
      try {
        await administrator(context);
        await visit.open('/settings');
        await page.getByRole('main').getByRole('link', { name: 'Notices' }).click();
        await isAt(page, 'Notices');
        await page.getByLabel('Address', { exact: true }).fill('ftp://example.org');
        await page.getByRole('button', { name: 'Add webhook' }).click();
        await isWrong(page.getByLabel('Address', { exact: true }), 'an address');
        await page.getByLabel('Address', { exact: true }).fill(receiver.url);
        await page.getByRole('button', { name: 'Add webhook' }).click();
        await isAt(page, 'Webhook');
        const secret = await page.locator('main code', { hasText: 'lkwh_' }).innerText();
        await page.getByRole('button', { name: 'I have stored it' }).click();
        await page.locator('main code', { hasText: 'lkwh_' }).waitFor({ state: 'detached' });

        await page.getByRole('button', { name: 'Send a test' }).click();
        await isTold(page, 'It is on its way.');
        const first = await until('a test arrives', () => receiver.taken[0]);
        assert.ok(isSigned(first, secret), first.headers['latchkey-signature']);
        assert.equal(JSON.parse(first.body).kind, 'test');
        await sent(visit, 1);
        await page.getByRole('button', { name: /^Resend/ }).click();
        await isTold(page, 'It is on its way.');
        const second = await until('it arrives again', () => receiver.taken[1]);
        assert.equal(second.headers['latchkey-delivery'], first.headers['latchkey-delivery']);

        const bob = await newPerson(server);
        const { tag } = await makeKey(server, bob, {});
        const credential = await login(server, await newPerson(server, { roles: ['Administrator'] }));
        await rest(server, 'DELETE', `/security/api-keys/${encodeURIComponent(tag)}`, { credential });
        const third = await until('a deletion is told', () => receiver.taken.find(({ body }) => body.includes(tag)));
        assert.ok(isSigned(third, secret));
        assert.equal(JSON.parse(third.body).link, `${server.url}/security/api-keys/${encodeURIComponent(tag)}`);
        await sent(visit, 2);

        await page.getByRole('button', { name: 'Remove' }).click();
        await isTold(page, 'Nothing was changed.');
        await page.getByLabel('Remove this webhook for good').check();
        await page.getByRole('button', { name: 'Remove' }).click();
        await isTold(page, 'The webhook was removed.');
      } finally {
        receiver.stop();
      }
    });
  },
  {
    settings: { LATCHKEY_WEBHOOK_ALLOW_PRIVATE: '127.0.0.0/8', LATCHKEY_WEBHOOK_ALLOW_HTTP: 'true' },
    // A webhook is told of everybody's keys.
    atOnce: 1,
  },
);

/** Waits until the log of the webhook has so many deliveries that were sent, or more: all are told of everybody's keys. */
async function sent(visit, count) {
  const path = new URL(visit.page.url()).pathname;
  await until(`${count} are sent`, async () => {
    await visit.open(path);
    await visit.page.locator('tbody tr').first().waitFor();
    return (await visit.page.locator('tbody .chip--good').count()) >= count;
  });
}
