// What is asked of every page, whatever it is about.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

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
  return (await new AxeBuilder({ page }).analyze()).violations;
}

/**
 * axe is a script itself and waits for timers, which stand still where scripts are off:
 * looks at a copy of the page, without its scripts, where they are on.
 */
async function analyseCopy({ context, page, options }) {
  const html = (await page.content())
    .replace(/<script\b[^>]*>.*?<\/script>/gis, '')
    .replace(/<(\/?)noscript\b[^>]*>/gi, '<$1div>');
  const copy = await context.browser().newContext({ ...options, javaScriptEnabled: true });
  try {
    const shown = await copy.newPage();
    await shown.route(page.url(), (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await shown.goto(page.url());
    return await analyse(shown);
  } finally {
    await copy.close();
  }
}

/** Fails when the page is wider than its window, as on a phone. */
export async function assertFits({ page }) {
  const [content, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  assert.ok(content <= window, `the page is ${content} px wide in a window of ${window} px`);
}

/** Saves the whole page as end2end/screenshots/NAME-SIZE-SCHEME.png. */
export async function screenshot(visit, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  const file = `${name.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}-${visit.label}.png`;
  await visit.page.screenshot({ path: join(SCREENSHOTS, file), fullPage: true });
}
