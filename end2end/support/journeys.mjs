// How a file of journeys is written:
//
//     journeys('sign in', ({ journey }) => {
//       journey('leads to the keys', async ({ server, visit, page }) => { … });
//       journey('works without JavaScript', { javaScript: false }, async ({ … }) => { … });
//     });
//
// All journeys of a file share a server and a browser; each has a visit of its own
// and fails when the browser complained on the way.
import { after, before, describe, test } from 'node:test';
import { openBrowser, openVisit } from './browser.mjs';
import { screenshot } from './page.mjs';
import { startServer } from './server.mjs';

const TIMEOUT_MS = 60_000;

export function journeys(title, define, { settings } = {}) {
  describe(title, () => {
    let server;
    let browser;
    before(async () => {
      server = await startServer(settings);
      browser = await openBrowser();
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    const open = (options = {}) => openVisit(browser, { baseURL: server.url, ...options });
    const journey = (name, ...rest) => {
      const run = rest.pop();
      const options = rest.pop() ?? {};
      test(name, { timeout: TIMEOUT_MS }, async () => {
        const visit = await open(options);
        try {
          await run({ server, browser, visit, page: visit.page, open });
          visit.assertNoProblems();
        } catch (error) {
          await screenshot(visit, `failed ${title} ${name}`).catch(() => {});
          const log = server.log.slice(-4000);
          throw new Error(`${error.message}\nthe server's log ends with:\n${log}`, { cause: error });
        } finally {
          await visit.close();
        }
      });
    };
    /** The same journey with and without JavaScript. */
    const bothWays = (name, run) => {
      journey(name, { javaScript: true }, run);
      journey(`${name}, without JavaScript`, { javaScript: false }, run);
    };
    define({ journey, bothWays, open });
  });
}
