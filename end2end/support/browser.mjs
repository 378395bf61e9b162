// Chromium, and visits with it that fail when the browser complains about anything.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const TIMEOUT_MS = 20_000;

/** Starts Chromium; end it with `close()`. */
export async function openBrowser() {
  const executablePath = process.env.LATCHKEY_TEST_CHROMIUM ?? PLACES.find(existsSync);
  if (!executablePath) throw new Error('no Chromium found; name one in LATCHKEY_TEST_CHROMIUM');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
    ],
  });
}

/**
 * Opens a page in a browser context of its own (no cookies, no storage).
 * @param {import('playwright-core').Browser} browser
 * @param {object} options
 * @param {string} options.baseURL the server's address
 * @param {boolean} [options.javaScript] whether scripts run
 * @param {'phone' | 'desktop'} [options.size]
 * @param {'light' | 'dark'} [options.scheme]
 * @param {import('playwright-core').BrowserContextOptions} [options.context] anything else
 */
export async function openVisit(
  browser,
  { baseURL, javaScript = true, size = 'desktop', scheme = 'light', context: more = {} },
) {
  const settings = {
    baseURL,
    javaScriptEnabled: javaScript,
    viewport: SIZES[size],
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    ...more,
  };
  const context = await browser.newContext(settings);
  context.setDefaultTimeout(TIMEOUT_MS);
  const label = `${size}-${scheme}${javaScript ? '' : '-without-javascript'}`;
  return new Visit(context, await context.newPage(), settings, label);
}

/** What every answer of ours must say, whatever it is: complaints when it does not. */
function* unsafeHeaders(response, baseURL) {
  const url = new URL(response.url());
  if (url.origin !== new URL(baseURL).origin) return;
  const headers = response.headers();
  const isFile = url.pathname.startsWith('/pkg/') || url.pathname === '/favicon.svg';
  // W5.
  if (!isFile && headers['cache-control'] !== 'no-store') yield `kept: ${url} may be stored`;
  // W3, W4.
  if (headers['content-type']?.startsWith('text/html')) {
    const policy = headers['content-security-policy'] ?? '';
    if (!policy.startsWith("default-src 'none'") || /unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')/.test(policy)) {
      yield `policy: ${url} has "${policy}"`;
    }
    if (!policy.includes("frame-ancestors 'none'")) yield `policy: ${url} may be framed`;
  }
}

class Visit {
  #problems = [];
  #expected = [];

  constructor(context, page, options, label) {
    this.context = context;
    this.page = page;
    this.options = options;
    this.javaScript = options.javaScriptEnabled;
    this.label = label;
    // Violations of the content security policy are console errors, too.
    context.on('console', (message) => {
      if (message.type() === 'error') this.#note(`console: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.#note(`script: ${error.error().stack ?? error.error()}`));
    context.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText;
      // The browser itself drops what a page still loads when one leaves it,
      const left = reason === 'net::ERR_ABORTED';
      // and refuses to preload a script where none may run.
      const idle = !this.javaScript && new URL(request.url()).pathname.endsWith('.js');
      if (!left && !idle) this.#note(`request: ${request.url()} ${reason}`);
    });
    context.on('response', (response) => {
      for (const complaint of unsafeHeaders(response, options.baseURL)) this.#note(complaint);
      if (response.status() >= 400) {
        this.#note(`answer: ${response.status()} to ${response.request().method()} ${response.url()}`);
      }
    });
  }

  #note(problem) {
    this.#problems.push(problem);
  }

  /** Says that the browser will rightly complain: `visit.expectProblem(/401/)`. */
  expectProblem(pattern) {
    this.#expected.push(pattern);
  }

  /** Opens an address and, where scripts run, waits until the application is alive. */
  async open(path) {
    const response = await this.page.goto(path);
    await this.alive();
    return response;
  }

  /** Waits for the mark that the browser application leaves once it is hydrated. */
  async alive() {
    if (this.javaScript) await this.page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  }

  /** Fails when the browser complained about anything that was not expected. */
  assertNoProblems() {
    const problems = this.#problems.filter((problem) => !this.#expected.some((pattern) => pattern.test(problem)));
    assert.deepEqual(problems, [], 'the browser complained');
  }

  async close() {
    await this.context.close();
  }
}
