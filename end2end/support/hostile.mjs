// A server of somebody else on the same machine. A page that the driver makes up would not do:
// the browser keeps such a page from the local network before our own defences are asked.
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * Starts it. To a browser `localhost` is another site than `127.0.0.1`, where ours is; its port
 * there is another origin of the same site, whose requests carry our cookie.
 */
export async function startHostile() {
  let html = '';
  const server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html' }).end(html);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return {
    origins: [`http://localhost:${port}`, `http://127.0.0.1:${port}`],
    /** Opens its page in the visit. */
    async open({ page }, origin, body) {
      html = `<!DOCTYPE html><link rel="icon" href="data:,"><title>hostile</title>${body}`;
      await page.goto(origin);
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
