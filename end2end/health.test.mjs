import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from './support/server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.stop());

test('a fresh server says that it is alive', async () => {
  const answer = await fetch(`${server.url}/healthz`);
  assert.equal(answer.status, 200);
});

test('the first start leaves a password for the administrator', async () => {
  assert.notEqual(await server.initialPassword(), '');
});
