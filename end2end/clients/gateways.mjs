// The examples of docs/GATEWAYS.md, as they stand there, between a client and an API.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeKey, newPerson } from '../support/people.mjs';
import { freePort, startServer } from '../support/server.mjs';
import { until } from '../support/until.mjs';

const DOCUMENT = join(import.meta.dirname, '../../docs/GATEWAYS.md');

const GATEWAYS = {
  nginx: {
    language: 'nginx',
    // The rest of a configuration that runs in a folder of its own, in the foreground.
    whole: (example, folder) => `
      daemon off; user root; pid ${folder}/pid; error_log stderr;
      events {}
      http {
        access_log off;
        client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
        uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
        ${example}
      }`,
    start: (file) => spawn('nginx', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] }),
  },
  caddy: {
    language: 'caddyfile',
    whole: (example) => `{\n\tadmin off\n\tauto_https off\n}\n${example}`,
    start: (file, folder) =>
      spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', file], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: process.env.PATH, HOME: folder },
      }),
  },
};

let server;
let api;
let seen;

before(async () => {
  server = await startServer({ LATCHKEY_TRUSTED_PROXIES: '127.0.0.1' });
  api = createServer((request, response) => {
    seen.push(request.headers);
    response.end('the answer');
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
});
after(async () => {
  api?.close();
  await server?.stop();
});

/** The example for a gateway, with the ports of this run. */
async function example(language, port) {
  const text = await readFile(DOCUMENT, 'utf8');
  const [, block] = text.match(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's'));
  return block
    .replaceAll('127.0.0.1:8080', new URL(server.url).host)
    .replaceAll('127.0.0.1:9000', `127.0.0.1:${api.address().port}`)
    .replace('listen 8000', `listen ${port}`)
    .replace(':8000', `:${port}`);
}

for (const [name, gateway] of Object.entries(GATEWAYS)) {
  test(`${name} lets valid keys through with their identity, and nothing else`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-gateway-'));
    const port = await freePort();
    const file = join(folder, 'configuration');
    await writeFile(file, gateway.whole(await example(gateway.language, port), folder));
    const child = gateway.start(file, folder);
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
    const ask = (headers) => fetch(`http://127.0.0.1:${port}/some/path?query`, { method: 'POST', headers, body: 'x' });
    try {
      seen = [];
      await until(`${name} answers`, async () => (await ask({}).catch(() => null))?.status === 401);
      const person = await newPerson(server);
      const { tag, value } = await makeKey(server, person);

      for (const headers of [{ authorization: value }, { authorization: `Bearer ${value}` }, { 'x-api-key': value }]) {
        seen = [];
        const forged = { 'x-latchkey-user': 'root', 'x-latchkey-domain': 'forged', 'x-latchkey-other': 'forged' };
        const answer = await ask({ ...headers, ...forged });
        assert.equal(answer.status, 200, log);
        assert.equal(await answer.text(), 'the answer');
        const [told] = seen;
        assert.equal(told['x-latchkey-user'], person.name);
        assert.equal(told['x-latchkey-key-tag'], tag);
        assert.equal(told['x-latchkey-domain-type'], 'unixpwd');
        assert.equal(told['x-latchkey-roles'], 'API%20Key%20Self-Service');
        // Nothing that the client said of itself, and no key.
        assert.ok(!told['x-latchkey-domain'], told['x-latchkey-domain']);
        assert.ok(!told.authorization && !told['x-api-key']);
      }

      seen = [];
      for (const headers of [{}, { authorization: `${value}x` }, { authorization: 'Basic x' }]) {
        const answer = await ask({ ...headers, 'x-latchkey-user': 'root' });
        assert.equal(answer.status, 401);
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="Latchkey"');
      }
      await server.kill();
      const down = await ask({ authorization: value });
      assert.ok(down.status >= 500, `${down.status}`);
      assert.deepEqual(seen, []);
    } finally {
      child.kill();
      await server.kill();
      await server.start();
      await rm(folder, { recursive: true, force: true });
    }
  });
}
