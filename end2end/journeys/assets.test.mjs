import assert from 'node:assert/strict';
import { get } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { journeys } from '../support/journeys.mjs';
import { until } from '../support/until.mjs';

/** The files as they lie on the wire: nothing is unpacked. */
function fetchRaw(url, headers = {}) {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
      answer.on('error', reject);
    }).on('error', reject);
  });
}

/** What the page names: the addresses of its style sheet, scripts and WebAssembly. */
async function named(server) {
  const html = (await fetchRaw(`${server.url}/sign-in`)).body.toString();
  const links = [...html.matchAll(/<link\b[^>]*>/g)].map(([link]) => link);
  const of = (rel, ending) => {
    const found = links.filter((link) => link.includes(`rel="${rel}"`) && link.includes(`${ending}"`));
    assert.equal(found.length, 1, `${rel} ${ending}: ${links}`);
    return found[0].match(/href="([^"]+)"/)[1];
  };
  return { css: of('stylesheet', '.css'), js: of('modulepreload', 'latchkey.js'), parts: of('modulepreload', 'parts.js'), wasm: of('preload', '.wasm') };
}

const TYPES = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  parts: 'text/javascript; charset=utf-8',
  wasm: 'application/wasm',
};

journeys('the files of the browser application', ({ journey }) => {
  journey('are named by the page, by the same build', async ({ server }) => {
    const paths = await named(server);
    const folders = new Set(Object.values(paths).map((path) => path.replace(/[^/]+$/, '')));
    assert.equal(folders.size, 1);
    assert.match([...folders][0], /^\/pkg\/[0-9a-f]{12}\/$/);
  });

  journey('are small on the wire and never asked for twice', async ({ server }) => {
    for (const [kind, path] of Object.entries(await named(server))) {
      const whole = await fetchRaw(server.url + path);
      assert.equal(whole.headers['content-encoding'], undefined);
      for (const [accepted, encoding, unpack] of [
        ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
        ['gzip', 'gzip', gunzipSync],
      ]) {
        const answer = await fetchRaw(server.url + path, { 'accept-encoding': accepted });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['content-encoding'], encoding);
        assert.equal(answer.headers['content-type'], TYPES[kind]);
        assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
        assert.equal(answer.headers.vary, 'accept-encoding');
        assert.equal(answer.headers['x-content-type-options'], 'nosniff');
        assert.ok(unpack(answer.body).equals(whole.body), `${path} ${encoding}`);
        const again = await fetchRaw(server.url + path, {
          'accept-encoding': accepted,
          'if-none-match': answer.headers.etag,
        });
        assert.equal(again.status, 304);
        assert.equal(again.body.length, 0);
      }
    }
  });

  journey('have one address each', async ({ server }) => {
    const { js } = await named(server);
    for (const path of [`${js}.br`, `${js}.gz`, js.replace(/[0-9a-f]{12}/, '000000000000'), '/pkg/../build', '/pkg/', '/build']) {
      assert.equal((await fetchRaw(server.url + path)).status, 404, path);
    }
  });

  journey('are each loaded once by a page, and nothing else is', async ({ server, visit }) => {
    const asked = [];
    visit.context.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await visit.open('/sign-in');
    await visit.page.waitForLoadState('networkidle');
    const files = Object.values(await named(server));
    // What will probably be wanted next is loaded ahead.
    const ahead = files[0].replace(/[^/]+$/, 'split_forms.wasm');
    await until('the forms are here', () => asked.includes(ahead));
    // With them comes the question whether a session ends; nobody is signed in here.
    const left = '/api/session_left';
    await until('it is asked', () => asked.includes(left));
    // A Chromium without windows asks for no icon.
    const aside = [left, '/favicon.svg'];
    const others = asked.filter((path) => !aside.includes(path) && !/\/chunk_\w+\.wasm$/.test(path));
    assert.deepEqual([...new Set(others)].sort(), [ahead, ...files, '/sign-in'].sort());
    for (const path of asked.filter((path) => path.startsWith('/pkg/'))) {
      assert.equal(asked.filter((one) => one === path).length, 1, path);
    }
  });

  journey('are not asked for again when the page is loaded anew', async ({ visit, page, server }) => {
    const ahead = page.waitForResponse('**/split_forms.wasm');
    await visit.open('/sign-in');
    await ahead;
    await page.waitForLoadState('networkidle');
    const before = server.log.match(/pkg/g)?.length;
    const again = page.waitForResponse('**/split_forms.wasm');
    await page.reload();
    await visit.alive();
    await again;
    assert.equal(server.log.match(/pkg/g)?.length, before, 'what cannot change was asked for again');
  });
}, { atOnce: 1 });
