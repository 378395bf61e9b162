// Ten thousand keys are deleted in the browser, with a stop and a reload on the way, while somebody
// else goes on working. No journey, for it takes minutes: run it by hand against a release build,
//
//     cd end2end && LATCHKEY_BIN=../target/release/latchkey node ten-thousand.mjs
//
// It fails when the progress does not move, when a stop does not hold, when work is lost by a
// reload, or when a key has no record; it prints what the other person's requests took meanwhile.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { openBrowser, openVisit } from './support/browser.mjs';
import { administrator, login, makeManyKeys, newPerson, rest } from './support/people.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/until.mjs';

const KEYS = 10_000;
const WORD = 'beaver';
/** How often the other person asks, and how many times for a median. */
const PAUSE_MS = 50;
const ASKED = 200;
const HOUR_MS = 3_600_000;

const server = await startServer();
const browser = await openBrowser();
try {
  await tenThousand();
} finally {
  await browser.close();
  await server.stop();
}

/** What one request of somebody else takes, in milliseconds. */
async function ask(credential) {
  const begin = performance.now();
  const answer = await rest(server, 'GET', '/user-sessions', { credential });
  assert.equal(answer.status, 200);
  return performance.now() - begin;
}

/** Asks until told to stop; resolves to the median. */
async function askOn(other, goesOn) {
  const took = [];
  while (goesOn(took.length)) {
    took.push(await ask(other));
    await pause(PAUSE_MS);
  }
  took.sort((a, b) => a - b);
  return { median: took[took.length >> 1], worst: took.at(-1), asked: took.length };
}

async function tenThousand() {
  const other = await login(server, await newPerson(server));
  for (let begun = 0; begun < KEYS; begun += 1000) {
    await makeManyKeys(server, 1000, { name: `${WORD}-${begun / 1000}`, word: WORD });
  }
  const alone = await askOn(other, (asked) => asked < ASKED);

  const visit = await openVisit(browser, { baseURL: server.url });
  const { page } = visit;
  await administrator({ server, visit });
  await visit.open('/security/api-keys');
  const button = (name) => page.getByRole('button', { name, exact: true });
  await page.getByRole('button', { name: /^Select all that match/ }).click();
  await button('Delete…').click();
  const dialog = page.getByRole('dialog');
  const asked = await dialog.getByRole('heading').innerText();
  const all = Number(asked.replaceAll(/\D/g, ''));
  assert.match(asked, /^Delete .+ API keys\?$/);
  assert.equal(all, KEYS, asked);
  let over = false;
  const meanwhile = askOn(other, () => !over);
  // What failed first is told.
  meanwhile.catch(() => {});
  await dialog.getByRole('textbox').fill(`${all}`);
  const begin = performance.now();
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();

  const bar = page.getByRole('progressbar', { name: 'Progress' });
  const said = page.locator('.bulk__run').getByRole('status');
  const done = async () => Number((await bar.getAttribute('value')) ?? 0);
  const seen = new Set();
  await until('two thousand are deleted', async () => {
    const now = await done();
    seen.add(now);
    return now > 2000;
  }, { within: HOUR_MS });
  assert.ok(seen.size >= 10, `the progress was seen at ${[...seen]}`);
  await button('Stop').click();
  await said.filter({ hasText: 'Stopped.' }).waitFor();
  // The step that was under way still comes to its end.
  await pause(2000);
  const stopped = await said.innerText();
  await pause(2000);
  assert.equal(await said.innerText(), stopped, 'it went on after Stop');
  await page.reload();
  await visit.alive();
  await button('Go on').click();
  await said.filter({ hasText: 'Finished.' }).waitFor({ timeout: HOUR_MS });
  const seconds = (performance.now() - begin) / 1000;
  over = true;

  const lines = (await server.cli(['audit', 'export'])).trim().split('\n');
  const records = lines.map((line) => JSON.parse(line)).filter((record) => record.action === 'key.delete');
  assert.equal(new Set(records.map((record) => record.object)).size, KEYS);
  assert.equal(records.length, KEYS);
  console.log(`${KEYS} keys: ${seconds.toFixed(0)} s, ${(KEYS / seconds).toFixed(0)} a second; stopped at: ${stopped}`);
  const { median, worst, asked: times } = await meanwhile;
  console.log(`somebody else’s request, in ms: alone ${alone.median.toFixed(1)} (worst ${alone.worst.toFixed(0)}), `
    + `meanwhile ${median.toFixed(1)} (worst ${worst.toFixed(0)}, ${times} requests): ${(median / alone.median).toFixed(1)} times`);
  visit.assertNoProblems();
}
