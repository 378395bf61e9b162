// The program from outside: start, settings, crash.
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBrowser, openVisit } from './support/browser.mjs';
import { isAt } from './support/page.mjs';
import { fillAdd, fillSignIn, makeKey, newPerson, readNewKey, signIn, verify } from './support/people.mjs';
import { startServer } from './support/server.mjs';

/** Runs with a server of its own; its files are gone afterwards. */
async function withServer(run, ...options) {
  const server = await startServer(...options);
  try {
    await run(server);
  } finally {
    await server.stop();
  }
}

test('it is ready on an empty data directory, and keeps the first password for its owner', async (context) => {
  const start = performance.now();
  await withServer(async (server) => {
    // To be read, not asserted: how long it takes is up to the machine.
    context.diagnostic(`ready after ${Math.round(performance.now() - start)} ms`);
    for (const path of ['/healthz', '/readyz']) assert.equal((await fetch(server.url + path)).status, 200);
    const password = await server.initialPassword();
    assert.ok(password.length >= 20, 'the first password is short');
    assert.ok(!server.log.includes(password), 'the first password is in the log');
    for (const name of ['initial-admin-password', 'pepper', 'audit-key', 'token-key.pem']) {
      assert.equal((await stat(join(server.dataDir, name))).mode & 0o777, 0o600, name);
    }
  });
});

test('whoever is added while it runs signs in at once', async () => {
  await withServer(async (server) => {
    const browser = await openBrowser();
    try {
      const visit = await openVisit(browser, { baseURL: server.url });
      await visit.open('/sign-in');
      await fillSignIn(visit.page, await newPerson(server, { roles: ['Administrator'] }));
      await isAt(visit.page, 'My API key');
      visit.assertNoProblems();
    } finally {
      await browser.close();
    }
  });
});

test('over TLS people sign in and add a key, with cookies that go nowhere else', async () => {
  const run = async (server) => {
    const browser = await openBrowser();
    try {
      for (const javaScript of [true, false]) {
        const person = await newPerson(server);
        // The test trusts no root of its own in the browser; the scripts in `clients` do.
        const visit = await openVisit(browser, {
          baseURL: server.tlsUrl,
          javaScript,
          context: { ignoreHTTPSErrors: true },
        });
        await visit.open('/sign-in');
        await fillSignIn(visit.page, person);
        await isAt(visit.page, 'My API key');
        const [session, ...others] = await visit.context.cookies();
        assert.deepEqual(others, []);
        assert.ok(session.name.startsWith('__Host-') && session.secure && session.httpOnly, session.name);
        await visit.open('/profile/key/add');
        await fillAdd(visit.page);
        const value = await readNewKey(visit);
        assert.equal((await verify(server, value)).status, 204);
        for (const { name, secure } of await visit.context.cookies()) {
          assert.ok(name.startsWith('__Host-') && secure, name);
        }
        visit.assertNoProblems();
      }
    } finally {
      await browser.close();
    }
  };
  await withServer(run, { LATCHKEY_TLS_SELF_SIGNED: 'true' }, { tls: true });
});

test('a key and a session survive a crash', async () => {
  await withServer(async (server) => {
    const browser = await openBrowser();
    try {
      const person = await newPerson(server);
      const { tag, value } = await makeKey(server, person);
      const visit = await openVisit(browser, { baseURL: server.url });
      await signIn(visit, person);
      await server.kill();
      await server.start();
      assert.equal((await verify(server, value)).status, 204);
      await visit.open('/profile/key');
      await visit.page.getByText(tag).first().waitFor();
      visit.assertNoProblems();
    } finally {
      await browser.close();
    }
  });
});

test('a wrong setting stops the start and is named', async () => {
  for (const [name, value] of [
    ['LATCHKEY_LISTEN', 'nowhere'],
    ['LATCHKEY_TLS_SELF_SIGNED', 'perhaps'],
    ['LATCHKEY_PUBLIC_URL', 'ftp://example'],
    ['LATCHKEY_DATABASE_URL', 'mysql://example'],
    ['LATCHKEY_SESSION_IDLE', 'soon'],
    ['LATCHKEY_TRUSTED_PROXIES', 'everybody'],
    ['LATCHKEY_NO_SUCH_SETTING', '1'],
  ]) {
    await assert.rejects(startServer({ [name]: value }), (error) => {
      assert.match(error.message, /it ended with 2/, name);
      assert.ok(error.message.includes(name), error.message);
      return true;
    });
  }
});
