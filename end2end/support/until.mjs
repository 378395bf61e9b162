import { setTimeout as pause } from 'node:timers/promises';

const WITHIN_MS = 15_000;

/** Asks again until the answer is not falsy; for what happens beside the browser. */
export async function until(what, ask, { within = WITHIN_MS } = {}) {
  const deadline = Date.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`it did not come true: ${what}`);
    await pause(100);
  }
}
