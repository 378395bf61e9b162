// Scripts as people have them for NetBackup, over TLS on a port of its own. Each has a new account.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newPerson } from '../support/people.mjs';
import { startServer } from '../support/server.mjs';

const PYTHON = process.env.LATCHKEY_TEST_PYTHON ?? 'python3';
const SCRIPTS = [
  ['bash', 'curl.sh'],
  [PYTHON, 'requests_client.py'],
  [PYTHON, 'urllib_client.py'],
  ['perl', 'lwp_client.pl'],
  ['perl', 'tiny_client.pl'],
];

// Nothing of this machine's: its proxies and roots are not for a server that was just started.
const ENVIRONMENT = { PATH: process.env.PATH, LANG: 'C.UTF-8', HOME: '/nonexistent' };

let server;
let root;

before(async () => {
  server = await startServer({ LATCHKEY_TLS_SELF_SIGNED: 'true' }, { tls: true });
  root = join(server.dataDir, 'root-of-the-server.pem');
  await writeFile(root, await server.cli(['cacert']));
});
after(() => server?.stop());

for (const [program, script] of SCRIPTS) {
  test(`${script} logs in, creates, lists, updates, reissues, uses, deletes and logs out`, async () => {
    const person = await newPerson(server);
    const { hostname, port } = new URL(server.tlsUrl);
    const args = [join(import.meta.dirname, script), hostname, port, root, person.name];
    const child = spawn(program, args, { env: ENVIRONMENT });
    let told = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (told += text));
    }
    child.stdin.end(`${person.password}\n`);
    const [code] = await once(child, 'close');
    assert.equal(code, 0, told);
    assert.match(told, /all is well\n$/);
  });
}
