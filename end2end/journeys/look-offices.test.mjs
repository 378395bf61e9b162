// Every page and dialog about people, roles, the trail, tickets and the policy; see `look`.
import { test } from 'node:test';
import { startProvider } from '../support/idp.mjs';
import { journeys } from '../support/journeys.mjs';
import { assertAllLookedAt, look } from '../support/look.mjs';
import { isAt, isTold, isWrong } from '../support/page.mjs';
import { administrator, makeKey, newPerson, newViewer, post, signIn } from '../support/people.mjs';

const LONG = 'Nightly build of the storage team, Hamburg';
const button = (place, name) => place.getByRole('button', { name, exact: true });

/** Unfolds what a dialog is as a call of the REST API. */
async function unfoldCall(page) {
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Show as API call').click();
  await dialog.locator('.api-call__text').waitFor();
}

async function lookAtUsers(context) {
  const { server, visit, page } = context;
  const person = await newPerson(server, { roles: ['Administrator', 'Default Security Administrator'] });
  const away = await newPerson(server);
  await makeKey(server, person, { description: LONG });
  await server.cli(['user', 'disable', away.name]);
  await administrator(context);
  const find = async ({ name }) => {
    await visit.open(`/users?q=${name}`);
    const way = page.getByRole('link', { name, exact: true });
    return way.getAttribute('href');
  };
  await visit.open('/users');
  await page.getByRole('row', { name: new RegExp(away.name) }).getByText('Disabled').waitFor();
  await look(visit, '130 users');
  await visit.open('/users?q=zzz');
  await page.getByText("No user's name begins with").waitFor();
  await look(visit, '131 no users');
  await visit.open('/users?after=nonsense');
  await isTold(page, 'This address asks for something that does not exist.');
  await look(visit, '132 an address that asks for nothing');
  await visit.open('/users/add');
  await look(visit, '133 add user');
  await button(page, 'Add user').click();
  await isTold(page, 'Nothing was changed.');
  await look(visit, '134 add user refused');
  await page.getByRole('radio', { name: /SAML user/ }).check();
  await look(visit, '135 add a SAML user');

  const at = await find(person);
  await visit.open(at);
  await isAt(page, 'User');
  await look(visit, '136 user');
  await page.getByText('Set password').first().click();
  await page.getByLabel('New password', { exact: true }).fill('short');
  await page.getByLabel('Repeat new password', { exact: true }).fill('short');
  await button(page, 'Set password').click();
  await isWrong(page.getByLabel('New password', { exact: true }), 'This is too short');
  await look(visit, '137 set password refused');
  await visit.open(`${at}/disable`);
  await unfoldCall(page);
  await look(visit, '138 disable');
  await visit.open(await find(away));
  await isAt(page, 'User');
  await look(visit, '139 disabled user');
  await page.getByRole('link', { name: 'Enable' }).click();
  await unfoldCall(page);
  await look(visit, '140 enable');
}

async function lookAtRoles(context) {
  const { server, visit, page } = context;
  await administrator(context);
  await visit.open('/roles');
  await page.getByRole('row', { name: /API Key Self-Service/ }).waitFor();
  await look(visit, '150 roles');
  await visit.open('/roles/1');
  await isAt(page, 'Role');
  await look(visit, '151 built-in role');
  await visit.open('/roles/add');
  await look(visit, '152 add role');
  await page.getByLabel('Name').fill('Administrator');
  await page.getByRole('group', { name: 'Users' }).getByLabel('View').check();
  await button(page, 'Save').click();
  await isWrong(page.getByLabel('Name'), 'There is one of that name already.');
  await look(visit, '153 add role refused');
  await page.getByLabel('Name').fill('Help desk');
  await button(page, 'Save').click();
  await isTold(page, 'The role was added.');
  const { pathname } = new URL(page.url());
  await newPerson(server, { roles: ['Help desk'] });
  await visit.open(pathname);
  await page.getByRole('link', { name: 'Edit' }).waitFor();
  await look(visit, '154 role');
  await visit.open(`${pathname}/edit`);
  await page.getByLabel('Name').waitFor();
  await look(visit, '155 edit role');
  await visit.open(`${pathname}/delete`);
  await unfoldCall(page);
  await look(visit, '156 delete role');
  await button(page.getByRole('dialog'), 'Delete').click();
  await isTold(page, /still given/);
  await look(visit, '157 delete role refused');
}

async function lookAtAudit(context) {
  const { server, visit, page } = context;
  await makeKey(server, await newPerson(server), { description: LONG });
  await administrator(context);
  await visit.open('/security/audit');
  await page.getByText('Filter and export').click();
  await page.getByText(/^Record \d+$/).first().click();
  await page.getByText('"previousHash"').first().waitFor();
  await look(visit, '160 audit, unfolded');
  await button(page, 'Verify chain').click();
  await isTold(page, 'The audit trail is whole:');
  await look(visit, '161 audit verified');
  await visit.open('/security/audit?user=nobody-of-that-name&what=APIKEY&refused=true&from=2026-01-01');
  await page.getByText('No record fits.').waitFor();
  await look(visit, '162 no record fits');
}

async function lookAtSettings({ server, visit, page }) {
  await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
  await visit.open('/settings');
  await look(visit, '71 settings');
  await page.getByLabel('Longest validity', { exact: true }).fill('0');
  await page.getByLabel('Overlap after a reissue').fill('25');
  await page.getByRole('button', { name: 'Save' }).click();
  await isTold(page, 'Nothing was changed.');
  await look(visit, '72 settings refused');
  await signIn(visit, await newViewer(server));
  await visit.open('/settings');
  await isTold(page, 'You may look at the policy');
  await look(visit, '73 settings to look at');
  await signIn(visit, await newPerson(server));
  await visit.open('/settings');
  await isTold(page, 'You do not have the permission');
  await look(visit, '74 no permission');
}

/** The form to switch approval on, and those who need none. */
async function lookAtApproval({ server, visit, page }) {
  await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
  await visit.open('/settings/approval');
  await page.getByLabel('Adding an API key').waitFor();
  await look(visit, '77 approval');
  const exempt = page.locator('form').filter({ has: page.getByLabel('Why') });
  await exempt.getByLabel('User name').fill('nobody-of-that-name');
  await exempt.getByLabel('Why').fill('rotates every night');
  await exempt.getByRole('button').last().click();
  await isTold(page, 'Nothing was changed.');
  await look(visit, '78 approval refused');
}

/** Webhooks, and what is sent to them. */
async function lookAtNotifying({ server, visit, page }) {
  await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
  await visit.open('/settings/notices');
  await page.getByLabel('Address', { exact: true }).fill('https://hooks.example.org/latchkey');
  await page.getByRole('button', { name: 'Add webhook' }).click();
  await isAt(page, 'Webhook');
  await page.getByRole('button', { name: 'Send a test' }).click();
  await isTold(page, 'It is on its way.');
  await page.locator('tbody tr').first().waitFor();
  await look(visit, '76 webhook');
  await visit.open('/settings/notices');
  await page.getByRole('link', { name: 'https://hooks.example.org/latchkey' }).waitFor();
  await look(visit, '75 webhooks and mail');
}

async function lookAtProviders(context) {
  const { server, visit, page } = context;
  const provider = await startProvider(server);
  try {
    await administrator(context);
    await visit.open('/settings/sign-in');
    await page.getByText('What an identity provider needs to know').waitFor();
    await look(visit, '180 providers');
    await visit.open('/settings/sign-in/add');
    await page.getByLabel('Name', { exact: true }).fill('second');
    await page.getByLabel('Metadata', { exact: true }).fill('nothing');
    await button(page, 'Save').click();
    await page.locator('#metadata[aria-invalid=true]').waitFor();
    await look(visit, '181 add provider refused');
    await visit.open('/settings/sign-in');
    await page.getByRole('link', { name: 'idp', exact: true }).click();
    await isAt(page, 'Identity provider');
    await look(visit, '182 provider');
    provider.person = { name: 'somebody' };
    await button(page, 'Test sign-in').click();
    await page.getByRole('button', { name: 'Sign in as' }).click();
    await isAt(page, 'Test sign-in');
    await page.getByText('rsa-sha256').first().waitFor();
    await look(visit, '183 report');
  } finally {
    await provider.stop();
  }
}

async function lookAtTickets({ server, visit, page, open }) {
  const roles = ['Default Multi-Person Authorization Approver'];
  const [eve] = await Promise.all([newPerson(server, { roles }), newPerson(server, { roles })]);
  const bob = await newPerson(server);
  const { tag } = await makeKey(server, bob, { description: LONG });
  const keeper = await open();
  await signIn(keeper, await newPerson(server, { roles: ['Administrator'] }));
  const everything = { create: 'true', update: 'true', delete: 'true', reissue: 'true', expiry_hours: '72', purge_days: '30' };
  const answer = await post(keeper, '/api/save_approval', everything);
  if (answer.status() !== 200) throw new Error(await answer.text());
  await signIn(visit, bob);
  await visit.open('/profile/key/edit');
  await page.getByLabel('Reason').fill('It was seen in a log of the build machine, and has to be replaced today.');
  await page.getByLabel('Description').fill('Weekly build');
  await look(visit, '190 edit that takes approval');
  await button(page, 'Request approval').click();
  await page.waitForURL('**/tickets/*?notice=requested');
  await isTold(page, 'Your request was made.');
  const { pathname } = new URL(page.url());
  await look(visit, '191 own ticket');
  await keeper.open(`/security/api-keys/${encodeURIComponent(tag)}`);
  await keeper.page.getByRole('link', { name: /^View ticket/ }).first().waitFor();
  await look(keeper, '192 key of another that a ticket waits about');
  await visit.open('/tickets?show=own');
  await page.getByRole('table').waitFor();
  await look(visit, '193 own tickets');

  await signIn(visit, eve);
  await visit.open('/tickets');
  await page.getByRole('table').waitFor();
  await look(visit, '194 tickets');
  await visit.open(pathname);
  await page.getByRole('link', { name: 'Approve' }).waitFor();
  await look(visit, '195 ticket to decide about');
  await visit.open(`${pathname}/approve`);
  await page.locator('dialog:modal').waitFor();
  await look(visit, '196 approve');
  await visit.open(`${pathname}/reject`);
  await page.locator('dialog:modal').waitFor();
  await look(visit, '197 reject');
  await page.getByLabel('Comment').fill('It is still in use.');
  await page.getByLabel('Your password', { exact: true }).fill('not the right one');
  await button(page.getByRole('dialog'), 'Reject').click();
  await isWrong(page.getByLabel('Your password', { exact: true }), 'This is not your current password.');
  await look(visit, '198 reject refused');
  await page.getByLabel('Your password', { exact: true }).fill(eve.password);
  await button(page.getByRole('dialog'), 'Reject').click();
  await isTold(page, 'You rejected this.');
  await look(visit, '199 rejected');
}

/** A journey during which the server rightly refuses something. */
const refusing = (run) => async (context) => {
  context.visit.expectProblem(/403|409|422/);
  await run(context);
};

journeys('look at people and roles', ({ journey }) => {
  journey('users', refusing(lookAtUsers));
  journey('roles', refusing(lookAtRoles));
});

journeys('look at what happened and what is set', ({ journey }) => {
  journey('audit', lookAtAudit);
  journey('settings', refusing(lookAtSettings));
  journey('settings without JavaScript', { javaScript: false }, async ({ server, visit, page }) => {
    await signIn(visit, await newPerson(server, { roles: ['Administrator'] }));
    await visit.open('/settings');
    await look(visit, '71 settings');
    await page.getByLabel('Overlap after a reissue').fill('25');
    await page.getByRole('button', { name: 'Save' }).click();
    await isTold(page, 'Nothing was changed.');
    await look(visit, '72 settings refused');
  });
  journey('approval', refusing(lookAtApproval));
  journey('webhooks', lookAtNotifying);
  journey('identity providers', refusing(lookAtProviders));
});

journeys('look at tickets', ({ journey }) => {
  journey('from the request to the decision', refusing(lookAtTickets));
});

test('no page about people, roles, the trail, tickets and the policy was left out', () =>
  assertAllLookedAt(/^\/(users|roles|security\/audit|settings|tickets)/));
