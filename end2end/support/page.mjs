// What is asked of every page, whatever it is about.
import axe from 'axe-core';
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './until.mjs';

const SCREENSHOTS = join(import.meta.dirname, '../screenshots');

/** Fails on any violation that axe finds in the page as it is now. */
export async function assertAccessible(visit) {
  const violations = visit.javaScript ? await analyse(visit.page) : await analyseCopy(visit);
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}\n${node.failureSummary}`),
  );
  assert.deepEqual(found, [], 'axe found violations');
}

async function analyse(page) {
  // It stays in the page: to look once more takes two thirds of the time then.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations);
}

/**
 * axe is a script itself and waits for timers, which stand still where scripts are off:
 * looks at a copy of the page, without its scripts, where they are on.
 */
async function analyseCopy({ context, page, options }) {
  const html = (await page.content())
    .replace(/<script\b[^>]*>.*?<\/script>/gis, '')
    .replace(/<(\/?)noscript\b[^>]*>/gi, '<$1div>');
  const shown = await context.browser().newPage({ ...options, javaScriptEnabled: true });
  try {
    await shown.route(page.url(), (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await shown.goto(page.url());
    return await analyse(shown);
  } finally {
    await shown.close();
  }
}

/** Fails when the page, what stands on top of it or a table in it is wider than there is room, as on a phone. */
export async function assertFits({ page }) {
  const { wide, window } = await page.evaluate(() => {
    const window = document.documentElement.clientWidth;
    const tops = document.querySelectorAll('html, dialog[open], [popover]:popover-open, .table-box');
    const isWide = (top) => top.scrollWidth > top.clientWidth || top.getBoundingClientRect().right > window;
    return { window, wide: [...tops].filter(isWide).map((top) => `${top.localName}: ${top.scrollWidth} px`) };
  });
  assert.deepEqual(wide, [], `wider than a window of ${window} px`);
}

/** Keeps the WebAssembly on its way until the returned function is called. */
export async function holdApplication(page) {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route('**/*.wasm', async (route) => {
    await released;
    // A page that was left waits no more.
    await route.continue().catch(() => {});
  });
  return release;
}

/** Waits until the page is the one of that title. */
export async function isAt(page, title) {
  await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
  assert.equal(await page.title(), `${title} · Latchkey`);
}

/** Waits until a sentence stands among the notices. */
export async function isTold(page, sentence) {
  await page.locator('.notice').filter({ hasText: sentence }).first().waitFor();
}

/**
 * Waits until no question stands on the page. A dialog that was closed has no role any more, but is
 * there, and in the way of the next one, until it has heard of it.
 */
export async function isAnswered(page) {
  await until('no question is left', async () => (await page.locator('dialog').count()) === 0);
}

/** What the page says of a thing: the text beside the name. */
export function fact(page, name) {
  const term = page.getByRole('term').filter({ hasText: new RegExp(`^${name}$`) });
  return term.locator('xpath=following-sibling::dd');
}

/** Fails unless the field is marked as wrong, and the reason is linked to it. */
export async function isWrong(field, reason) {
  const page = field.page();
  await page.locator('.field__error').filter({ hasText: reason }).waitFor();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  const ids = (await field.getAttribute('aria-describedby')).split(' ');
  const texts = await Promise.all(ids.map((id) => page.locator(`[id="${id}"]`).innerText()));
  assert.ok(texts.some((text) => text.includes(reason)), `"${reason}" is not linked: ${texts}`);
}

/** The element that has the focus. */
export function focused(page) {
  return page.locator(':focus');
}

/** As `screenshot`, where pictures of what was looked at are wanted (`LATCHKEY_TEST_PICTURES=1`). */
export async function picture(visit, name, label) {
  if (process.env.LATCHKEY_TEST_PICTURES) await screenshot(visit, name, label);
}

/** Saves the page as end2end/screenshots/NAME-SIZE-SCHEME.png: whole, or what is seen of it behind a dialog. */
export async function screenshot(visit, name, label = visit.label) {
  await mkdir(SCREENSHOTS, { recursive: true });
  const file = `${name.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}-${label}.png`;
  const fullPage = (await visit.page.locator('dialog:modal').count()) === 0;
  await visit.page.screenshot({ path: join(SCREENSHOTS, file), fullPage });
}
