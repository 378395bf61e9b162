// A server of somebody else on the same machine. A page that the driver makes up would not do:
// the browser keeps such a page from the local network before our own defences are asked.
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * Starts it. To a browser `localhost` is another site than `127.0.0.1`, where ours is; its port
 * there is another origin of the same site, whose requests carry our cookie.
 */
export async function startHostile() {
  const pages = [];
  const server = createServer((request, answer) => {
    const number = Number(new URL(request.url, 'http://localhost').searchParams.get('page'));
    answer.writeHead(200, { 'content-type': 'text/html' }).end(pages[number]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return {
    origins: [`http://localhost:${port}`, `http://127.0.0.1:${port}`],
    /** Opens a page of its own in the visit. */
    async open({ page }, origin, body) {
      const number = pages.push(`<!DOCTYPE html><link rel="icon" href="data:,"><title>hostile</title>${body}`) - 1;
      await page.goto(`${origin}/?page=${number}`);
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
