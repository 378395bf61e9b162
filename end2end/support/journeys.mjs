// How a file of journeys is written:
//
//     journeys('sign in', ({ journey }) => {
//       journey('leads to the keys', async ({ server, visit, page }) => { … });
//       journey('works without JavaScript', { javaScript: false }, async ({ … }) => { … });
//     });
//
// All journeys under a title share a server and a browser; each has a visit of its own,
// `open()` makes further ones, and it fails when the browser complained on the way.
// `{ todo: 'what is missing' }` marks one that is known to fail.
import { after, before, describe, test } from 'node:test';
import { openBrowser, openVisit } from './browser.mjs';
import { screenshot } from './page.mjs';
import { startServer } from './server.mjs';

const TIMEOUT_MS = 120_000;

/** @param {number} [options.atOnce] 1 where journeys read the clipboard, which they share */
export function journeys(title, define, { settings, atOnce = 2 } = {}) {
  describe(title, { concurrency: atOnce }, () => {
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

    const journey = (name, ...rest) => {
      const run = rest.pop();
      const { todo = false, ...options } = rest.pop() ?? {};
      test(name, { timeout: TIMEOUT_MS, todo }, async () => {
        const visits = [];
        const open = async (more = {}) => {
          const visit = await openVisit(browser, { baseURL: server.url, ...options, ...more });
          visits.push(visit);
          return visit;
        };
        try {
          const visit = await open();
          await run({ server, visit, page: visit.page, open });
          for (const each of visits) each.assertNoProblems();
        } catch (error) {
          for (const [number, each] of visits.entries()) {
            await screenshot(each, `failed ${title} ${name} ${number}`).catch(() => {});
          }
          const places = visits.map(({ page }) => page.url()).join(' ');
          throw new Error(`${error.message}\nat ${places}\n${endOfLog(server)}`, { cause: error });
        } finally {
          for (const each of visits) await each.close();
        }
      });
    };
    /** The same journey with and without JavaScript. */
    const bothWays = (name, run) => {
      journey(name, { javaScript: true }, run);
      journey(`${name}, without JavaScript`, { javaScript: false }, run);
    };
    define({ journey, bothWays });
  });
}

/** What a failed journey's report says of the server. */
function endOfLog(server) {
  const lines = server.log.split('\n').filter((line) => !line.includes('/pkg/'));
  return `the server's log ends with:\n${lines.slice(-12).join('\n')}`;
}
