// Writes the pictures of the documentation: every page of a demonstration, as docs/screenshots/*.png,
// and the page that shows them, docs/SCREENSHOTS.md. `cargo xtask screenshots` builds what is needed
// and runs this.
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBrowser, openVisit } from './support/browser.mjs';
import { assertFits } from './support/page.mjs';
import { fillAdd, fillSignIn, openMenu, post, signIn } from './support/people.mjs';
import { startProvider } from './support/idp.mjs';
import { startServer } from './support/server.mjs';
import { savePalettePicture } from './support/palette.mjs';
import { totp } from './support/totp.mjs';

const FOLDER = join(import.meta.dirname, '../docs/screenshots');
const GALLERY = join(import.meta.dirname, '../docs/SCREENSHOTS.md');
const PASSWORD = 'try latchkey out';
const LIST = '/security/api-keys';
/** The tallest that a picture of a page is, in pixels. */
const TALLEST = { desktop: 1100, phone: 1400 };

/** What was taken, in its order: `{ section, name, title, where }`. */
const taken = [];
let section = '';

const server = await startServer({}, { flags: ['--demo'] });
const browser = await openBrowser();
await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
try {
  await pictures();
  await writeFile(GALLERY, gallery());
} finally {
  await browser.close();
  await server.stop();
}
const sizes = await Promise.all((await readdir(FOLDER)).map(async (name) => (await stat(join(FOLDER, name))).size));
console.log(`${sizes.length} pictures, ${Math.round(sizes.reduce((all, one) => all + one) / 1024)} kB: ${FOLDER}`);

async function pictures() {
  for (const [name, take] of [
    ['Signing in', fromOutside],
    ['One’s own key', asBob],
    ['A first key', asSomebodyNew],
    ['By SAML', asSamlUser],
    ['Everybody’s keys', asAdministrator],
    ['People and roles', people],
    ['What happened', trail],
    ['Settings', settings],
    ['On a phone, and in the dark', phoneAndDark],
    ['Approval by a second person', approval],
  ]) {
    section = name;
    await take();
  }
}

/** The page that shows the pictures, two beside each other. */
function gallery() {
  const lines = ['# Every page', '', 'Taken from the demonstration by `cargo xtask screenshots`, which writes this page, too.'];
  for (const name of new Set(taken.map(({ section }) => section))) {
    const all = taken.filter(({ section }) => section === name);
    lines.push('', `## ${name}`, '', '| | |', '| --- | --- |');
    for (let place = 0; place < all.length; place += 2) {
      const cells = all.slice(place, place + 2).map(({ name, title, where }) => `${title}<br>\`${where}\`<br>![${title}](screenshots/${name}.png)`);
      lines.push(`| ${cells.join(' | ')} ${cells.length === 1 ? '| ' : ''}|`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Somebody's window. */
async function open(name, options = {}) {
  const visit = await openVisit(browser, { baseURL: server.url, ...options });
  if (name) await signIn(visit, { name, password: PASSWORD });
  return visit;
}

/** Takes a picture of the page as it is: whole up to a height, or what is seen behind a question. */
async function take(visit, name) {
  const { page } = visit;
  await page.evaluate(() => document.activeElement?.closest?.('dialog') || document.activeElement?.blur());
  await assertFits(visit);
  const asked = (await page.locator('dialog:modal').count()) > 0;
  const { width, height } = page.viewportSize();
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  const most = TALLEST[width < 600 ? 'phone' : 'desktop'];
  const clip = { x: 0, y: 0, width, height: asked ? height : Math.min(Math.max(whole, 400), most) };
  const picture = await page.screenshot({ fullPage: !asked, clip });
  await savePalettePicture(browser, picture, join(FOLDER, `${name}.png`));
  const title = (await page.title()).replace(/ · Latchkey$/, '');
  taken.push({ section, name, title, where: addressOf(page.url()) });
}

/** Where a page is, without what stands for one thing among many. */
function addressOf(url) {
  const { pathname } = new URL(url);
  return pathname.replace(/lky_[^/]+/, '{tag}').replace(/(?<=\/)\d+(?=\/|$)/, '{id}');
}

async function show(visit, path, name, prepare = async () => {}) {
  await visit.open(path);
  await visit.page.getByRole('heading', { level: 1 }).waitFor();
  await prepare(visit.page);
  await take(visit, name);
}

async function fromOutside() {
  const visit = await open();
  await show(visit, '/sign-in', 'sign-in');
  await server.addUser('fiona', { password: PASSWORD });
  const own = await open('fiona');
  await show(own, '/profile/security', 'second-factor', async (page) => {
    await page.getByRole('button', { name: 'Set up second factor' }).click();
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    await page.getByRole('img', { name: /QR code/ }).scrollIntoViewIfNeeded();
  });
  await own.page.getByLabel('Code', { exact: true }).fill(totp(await own.page.locator('.qr__text').innerText()));
  await own.page.getByRole('button', { name: 'Confirm' }).click();
  await own.page.getByText('The second factor is set up.').waitFor();
  await own.close();
  await visit.open('/sign-in');
  await fillSignIn(visit.page, { name: 'fiona', password: PASSWORD });
  await visit.page.getByRole('heading', { name: 'Enter your code' }).waitFor();
  await take(visit, 'sign-in-code');
  await visit.close();
}

/** One's own key. */
async function asBob() {
  const visit = await open('bob');
  await show(visit, '/profile/key', 'my-api-key');
  await show(visit, '/profile/key', 'profile-menu', openMenu);
  await show(visit, '/profile/key/edit', 'edit', async (page) => {
    await page.getByLabel('Description').fill('CI: builds of the shop and of the warehouse');
    await page.getByRole('radio', { name: '90 days' }).check();
  });
  await show(visit, '/profile/key/reissue', 'reissue');
  await show(visit, '/profile/key/delete', 'delete', (page) => page.getByRole('dialog').waitFor());
  await show(visit, '/profile/security', 'password-and-sessions');
  await show(visit, '/profile/notices', 'notices');
  await visit.close();
}

/** A first key, from its form to the moment when it is shown. */
async function asSomebodyNew() {
  const visit = await open('petra');
  const { page } = visit;
  await show(visit, '/profile/key', 'no-key-yet');
  await show(visit, '/profile/key/add', 'add');
  await fillAdd(page, { description: 'Deployment of the website', validity: '60 days' });
  await page.getByRole('dialog', { name: 'Copy your API key' }).waitFor();
  await take(visit, 'reveal');
  await visit.close();
}

async function asSamlUser() {
  const visit = await open();
  const session = await server.samlSession('clara.meyer@example.org', 'example-idp');
  await visit.context.addCookies([{ name: 'latchkey', value: session, url: server.url }]);
  await show(visit, '/profile/key/reissue', 'reissue-by-saml');
  await visit.close();
}

/** Everybody's keys, and what belongs to looking after them. */
async function asAdministrator() {
  const visit = await open('olivia');
  const { page } = visit;
  await show(visit, LIST, 'api-keys');
  const columns = page.getByRole('group', { name: 'Columns besides the API key' });
  await show(visit, LIST, 'columns', async () => {
    await page.getByText('Columns and rows', { exact: true }).click();
    await columns.waitFor();
  });
  await show(visit, `${LIST}?show=active&sort=expires&way=up`, 'several', async () => {
    const boxes = page.locator('main .table').getByRole('checkbox');
    for (const place of [0, 1, 2]) await boxes.nth(place).check();
    await page.getByRole('button', { name: 'Extend…' }).click();
    await page.getByRole('dialog').waitFor();
  });
  await running(visit);
  await show(visit, `${LIST}/add`, 'add-for-a-user', async () => {
    await page.getByLabel('The name begins with').pressSequentially('ca');
    await page.locator('.found').getByRole('link').first().waitFor();
  });
  await visit.open(`${LIST}?q=bob`);
  const bobs = await page.locator('main .table .tag').first().innerText();
  const key = `${LIST}/${encodeURIComponent(bobs)}`;
  await show(visit, key, 'api-key');
  await show(visit, `${key}/edit`, 'edit-for-another', (page) => page.getByLabel('Description').waitFor());
  await show(visit, `${key}/reissue`, 'reissue-for-another', (page) => page.getByLabel('Description').waitFor());
  await show(visit, `${key}/delete`, 'delete-for-another', (page) => page.getByRole('dialog').waitFor());
  await show(visit, LIST, 'shortcuts', async () => {
    await page.locator('.offline').waitFor({ state: 'attached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
  });
  await visit.close();
}

/** Several keys that are being extended: as far as it has come when a step does not end. */
async function running(visit) {
  const { page } = visit;
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await visit.open(`${LIST}?show=expiring-30`);
  const boxes = page.locator('main .table').getByRole('checkbox');
  for (const place of [0, 1, 2]) await boxes.nth(place).check();
  await page.route('**/api/bulk_extend', (route) => held.then(() => route.continue()), { times: 1 });
  await page.getByRole('button', { name: 'Extend…' }).click();
  await page.getByRole('dialog').getByLabel('Type 3 to go on').fill('3');
  await page.getByRole('dialog').getByRole('button', { name: 'Extend' }).click();
  await page.getByRole('progressbar').waitFor();
  await take(visit, 'several-running');
  release();
  await page.getByText(/Finished\.$/).waitFor();
  await take(visit, 'several-done');
}

async function people() {
  const visit = await open('olivia');
  const { page } = visit;
  await show(visit, '/users', 'users');
  await page.getByRole('link', { name: 'hannah', exact: true }).click();
  await page.getByRole('heading', { name: 'hannah' }).waitFor();
  await take(visit, 'user');
  await page.getByRole('link', { name: 'Disable', exact: true }).click();
  await page.getByRole('dialog').waitFor();
  await take(visit, 'disable-user');
  await show(visit, '/users/add', 'add-user');
  await show(visit, '/roles', 'roles');
  await page.getByRole('link', { name: 'Help Desk', exact: true }).click();
  await page.getByRole('link', { name: 'Edit', exact: true }).waitFor();
  await take(visit, 'role');
  const role = new URL(page.url()).pathname;
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await page.getByRole('heading', { name: 'Edit role', level: 1 }).waitFor();
  await page.getByLabel('Name', { exact: true }).waitFor();
  await take(visit, 'edit-role');
  await show(visit, '/roles/add', 'add-role', (page) => page.getByLabel('Name', { exact: true }).waitFor());
  await show(visit, `${role}/delete`, 'delete-role', (page) => page.getByRole('dialog').waitFor());
  await show(visit, '/roles/4', 'self-service', (page) => page.getByText('Withdraw it for a domain').click());
  await visit.close();
}

async function trail() {
  const visit = await open('olivia');
  const { page } = visit;
  await show(visit, '/security/audit?what=APIKEY', 'audit', async () => {
    await page.getByRole('button', { name: 'Verify chain' }).click();
    await page.getByText('The audit trail is whole').waitFor();
  });
  await show(visit, '/security/audit', 'audit-filter', async () => {
    await page.getByText('Filter and export').click();
    await page.getByText(/^Record \d+$/).first().click();
  });
  await visit.close();
}

async function settings() {
  const visit = await open('olivia');
  const { page } = visit;
  await show(visit, '/settings', 'settings');
  const provider = await startProvider(server);
  try {
    await show(visit, '/settings/sign-in', 'providers', (page) => page.getByText('What an identity provider needs').waitFor());
    await show(visit, '/settings/sign-in/add', 'add-provider', (page) => page.getByLabel('Name', { exact: true }).waitFor());
    await visit.open('/settings/sign-in');
    await page.getByRole('link', { name: 'idp', exact: true }).click();
    await page.getByRole('heading', { name: 'Identity provider', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Test sign-in' }).waitFor();
    await take(visit, 'provider');
    provider.person = { name: 'clara.meyer@example.org' };
    await page.getByRole('button', { name: 'Test sign-in' }).click();
    await page.getByRole('button', { name: 'Sign in as' }).click();
    await page.getByText('rsa-sha256').first().waitFor();
    await take(visit, 'test-sign-in');
  } finally {
    await provider.stop();
  }
  await visit.open('/settings/notices');
  await page.getByLabel('Address', { exact: true }).fill('https://hooks.example.org/latchkey');
  await page.getByRole('button', { name: 'Add webhook' }).click();
  await page.getByRole('heading', { name: 'Webhook', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Send a test' }).waitFor();
  await take(visit, 'webhook');
  await show(visit, '/settings/notices', 'webhooks-and-mail', (page) => page.getByRole('link', { name: /hooks\.example/ }).waitFor());
  await visit.close();
}

/** A request, from its form to its decision; last, since from then on keys need approval. */
async function approval() {
  for (const name of ['erika', 'jonas']) {
    await server.addUser(name, { password: PASSWORD, roles: ['Default Multi-Person Authorization Approver'] });
  }
  const settings = await open('olivia');
  const ticked = { create: 'true', update: 'true', delete: 'true', reissue: 'true' };
  await post(settings, '/api/save_approval', { ...ticked, expiry_hours: '72', purge_days: '30' });
  await show(settings, '/settings/approval', 'approval');
  const asking = await open('bob');
  await show(asking, '/profile/key/reissue', 'request-approval', async (page) => {
    await page.getByLabel('Reason').fill('The old value was seen in a build log.');
  });
  await asking.page.getByRole('button', { name: 'Request approval' }).click();
  await asking.page.waitForURL('**/tickets/*?notice=requested');
  const ticket = new URL(asking.page.url()).pathname;
  const deciding = await open('erika');
  await show(deciding, '/tickets', 'tickets');
  await show(deciding, ticket, 'ticket');
  await show(deciding, `${ticket}/approve`, 'ticket-decision', (page) => page.getByRole('dialog').waitFor());
  await show(deciding, `${ticket}/reject`, 'ticket-rejection', (page) => page.getByRole('dialog').waitFor());
  const phone = await open('erika', { size: 'phone', scheme: 'dark' });
  await show(phone, ticket, 'ticket-phone-dark');
  for (const visit of [settings, asking, deciding, phone]) await visit.close();
}

async function phoneAndDark() {
  const dark = await open('olivia', { scheme: 'dark' });
  await show(dark, LIST, 'api-keys-dark');
  await show(dark, '/security/audit', 'audit-dark');
  await dark.close();
  const phone = await open('olivia', { size: 'phone' });
  await show(phone, LIST, 'api-keys-phone');
  await show(phone, '/users', 'users-phone');
  await show(phone, '/roles', 'roles-phone');
  await show(phone, '/settings', 'settings-phone');
  await phone.close();
  const own = await open('bob', { size: 'phone' });
  await show(own, '/profile/key', 'my-api-key-phone');
  await show(own, '/profile/security', 'password-and-sessions-phone');
  await own.close();
  const night = await open('bob', { size: 'phone', scheme: 'dark' });
  await show(night, '/profile/key', 'my-api-key-phone-dark');
  await show(night, '/profile/notices', 'notices-phone-dark');
  await night.close();
}
