// Looking at a page or dialog as people see it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertAccessible, assertFits, picture } from './page.mjs';

/** The narrowest window that everything has to fit into, and a usual one. */
const SIZES = { phone: { width: 320, height: 640 }, desktop: { width: 1280, height: 800 } };
const SCHEMES = ['light', 'dark'];
/** Without scripts the pages are the same but for a few; two of four ways to look will do. */
const STILL = ['phone light', 'desktop dark'];

/** The paths of the pages that were looked at. */
const seen = new Set();

/**
 * Looks at the page as it is now, in both sizes and themes: axe finds nothing, nothing is wider than
 * the window; and a picture of each, if wanted.
 */
export async function look(visit, name) {
  const { page } = visit;
  seen.add(new URL(page.url()).pathname);
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    await assertFits(visit);
    for (const scheme of SCHEMES) {
      if (!visit.javaScript && !STILL.includes(`${size} ${scheme}`)) continue;
      await page.emulateMedia({ colorScheme: scheme });
      Object.assign(visit.options, { viewport, colorScheme: scheme });
      await assertAccessible(visit);
      await picture(visit, name, `${size}-${scheme}${visit.javaScript ? '' : '-without-javascript'}`);
    }
  }
}

/** Fails when the site map has a page of these (a pattern for its path) that was not looked at. */
export async function assertAllLookedAt(which) {
  const map = await readFile(join(import.meta.dirname, '../../app/src/part.rs'), 'utf8');
  const [, within] = map.split('match *parts.as_slice() {');
  const [arms] = within.split('_ => return None');
  const paths = [...arms.matchAll(/\[((?:"[\w-]+"|_)(?:, (?:"[\w-]+"|_))*)\]/g)].map(([, parts]) => `/${parts.replaceAll('"', '').split(', ').join('/')}`);
  assert.ok(paths.length > 30, 'the site map reads otherwise now');
  const fits = (path) => new RegExp(`^${path.replaceAll('/_', '/[^/]+')}$`);
  const named = new Set(paths.filter((path) => !path.includes('_')));
  const isSeen = (path) => [...seen].some((one) => fits(path).test(one) && (path === one || !named.has(one)));
  const missed = paths.filter((path) => which.test(path) && !isSeen(path));
  assert.deepEqual(missed, [], 'pages that were not looked at');
}
