// One Latchkey of its own for a file of journeys: fresh data, a free port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROGRAM = resolve(process.env.LATCHKEY_BIN ?? join(import.meta.dirname, '../../target/debug/latchkey'));
const STAGE = resolve(process.env.LATCHKEY_TEST_STAGE ?? join(import.meta.dirname, '../../target/debug/examples/stage'));
const READY_WITHIN_MS = 60_000;

/**
 * Starts a server and waits until it is ready.
 * @param {Record<string, string>} [settings] further LATCHKEY_* variables
 * @param {{ tls?: boolean, flags?: string[] }} [options] whether it also listens with TLS, at
 *   `tlsUrl`, where people then go; flags of `latchkey serve`
 */
export async function startServer(settings = {}, { tls = false, flags = [] } = {}) {
  const port = await freePort();
  const tlsUrl = tls ? `https://localhost:${await freePort()}` : undefined;
  const plain = `127.0.0.1:${port}`;
  const dataDir = await mkdtemp(join(tmpdir(), 'latchkey-e2e-'));
  const url = `http://127.0.0.1:${port}`;
  const env = environment({
    LATCHKEY_LISTEN: tls ? `${plain},${tlsUrl.replace('localhost', '127.0.0.1')}` : plain,
    LATCHKEY_DATA_DIR: dataDir,
    LATCHKEY_PUBLIC_URL: tlsUrl ?? url,
    // All journeys come from one address.
    LATCHKEY_REQUESTS_PER_SECOND: '100000',
    LATCHKEY_REQUEST_BURST: '100000',
    LATCHKEY_FAILURES_PER_MINUTE: '100000',
    // The log goes into a failed journey's report; backtraces would fill it.
    RUST_BACKTRACE: '0',
    NO_COLOR: '1',
    ...settings,
  });
  const server = new Server(url, dataDir, env, flags);
  server.tlsUrl = tlsUrl;
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class Server {
  #env;
  #flags;
  #process;
  #log = '';
  #ahead = 0;

  constructor(url, dataDir, env, flags) {
    this.#flags = flags;
    this.url = url;
    this.dataDir = dataDir;
    this.#env = env;
  }

  /** Everything that the server has logged. */
  get log() {
    return this.#log;
  }

  /** Starts the process, at first or again on the same data. */
  async start() {
    const child = spawn(PROGRAM, ['serve', ...this.#flags], {
      cwd: this.dataDir,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.#log += text));
    }
    let ended;
    child.once('error', (error) => (ended = error.message));
    child.once('exit', (code, signal) => (ended ??= `it ended with ${code ?? signal}`));
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await isReady(this.url))) {
      if (!ended && Date.now() > deadline) ended = 'it took too long';
      if (ended) throw new Error(`${PROGRAM} did not get ready: ${ended}\n${this.#log}`);
      await sleep(50);
    }
  }

  /** Ends the process at once, as a crash would; the data stays for `start`. */
  async kill() {
    const child = this.#process;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async stop() {
    await this.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** The password that the first start made for `admin`. */
  async initialPassword() {
    return (await readFile(join(this.dataDir, 'initial-admin-password'), 'utf8')).trim();
  }

  /** Adds a user of the identity provider `idp`, who has no password here; resolves to `{ name }`. */
  async addSamlUser(name) {
    await this.cli(['user', 'add', name, '--domain-type', 'saml', '--domain', 'idp']);
    return { name };
  }

  /** The session cookie of a SAML user, as a validated assertion will give it. */
  async samlSession(name, provider = 'idp') {
    return (await this.#run(STAGE, [this.dataDir, 'saml-session', provider, name])).trim();
  }

  /** Moves the server's clock forward by so many milliseconds; only builds for tests can (`service::clock`). */
  async moveClock(milliseconds) {
    this.#ahead += milliseconds;
    const file = join(this.dataDir, 'test-clock');
    // In one piece: the server reads it whenever it looks at the time.
    await writeFile(`${file}.new`, String(this.#ahead));
    await rename(`${file}.new`, file);
  }

  /** Changes the database beside the server: what no journey can wait for, or do by any door. */
  async sql(statements) {
    await this.#run('sqlite3', ['-bail', join(this.dataDir, 'latchkey.db')], `.timeout 5000\n${statements}\n`);
  }

  /** What the database answers to one question. */
  async query(statement) {
    return (await this.#run('sqlite3', ['-bail', join(this.dataDir, 'latchkey.db')], `.timeout 5000\n${statement};\n`)).trim();
  }

  /** Runs `latchkey ARGUMENTS…` with the server's settings; resolves to its output. */
  async cli(args, input = '') {
    return this.#run(PROGRAM, args, input);
  }

  async #run(program, args, input = '') {
    const child = spawn(program, args, { cwd: this.dataDir, env: this.#env });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (complaint += text));
    // A program that refuses its arguments ends before it reads.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${output}${complaint}`);
    return output;
  }

  /** Adds a local account; resolves to what is needed to sign in with it. */
  async addUser(name, { password = 'four quiet herons at dawn', roles = [] } = {}) {
    const wanted = roles.flatMap((role) => ['--role', role]);
    await this.cli(['user', 'add', name, '--password-stdin', ...wanted], `${password}\n`);
    return { name, password };
  }
}

/** What the caller's environment says about Latchkey must not reach the server. */
function environment(settings) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('LATCHKEY_'));
  return { ...Object.fromEntries(inherited), ...settings };
}

async function isReady(url) {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
