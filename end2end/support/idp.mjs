// An independent identity provider (npm samlp), on a site of its own: Latchkey is at 127.0.0.1,
// this at localhost. Two ports of one host would be one site, and hide faults.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);
const samlp = require('samlp');
const SessionParticipants = require('samlp/lib/sessionParticipants');
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

/** How much the clock of all providers here is ahead of the machine's, in milliseconds. */
let ahead = 0;
require('moment').now = () => Date.now() + ahead;
const utils = require('samlp/lib/utils');
utils.generateInstant = () => utils.formatXmlDateTime(new Date(Date.now() + ahead));

/** Moves the clock of all providers here, as `moveClock` of a server moves that one's. */
export function moveProviderClock(milliseconds) {
  ahead += milliseconds;
}

/** Says of somebody what it is told to say. */
function mapper(person) {
  return {
    metadata: [],
    getClaims: () => ({ mail: `${person.name}@corp.example`, ...(person.groups && { groups: person.groups }) }),
    getNameIdentifier: () => ({
      nameIdentifier: person.name,
      nameIdentifierFormat: PERSISTENT,
    }),
  };
}

/** Keeps what samlp has to remember of a sign-out on its way. */
class Store {
  #kept = new Map();

  save(request, data, done) {
    const handle = randomUUID();
    this.#kept.set(handle, data);
    done(null, handle);
  }

  load(request, handle, ...rest) {
    const done = rest.pop();
    const found = this.#kept.get(handle);
    if (rest[0]?.destroy) this.#kept.delete(handle);
    done(null, found);
  }

  update(request, handle, data, done) {
    this.#kept.set(handle, data);
    done(null);
  }
}

/** What samlp expects of a request and a response: it was written for express. */
async function expressLike(request, response) {
  const url = new URL(request.url, 'http://localhost');
  let body = '';
  for await (const piece of request.setEncoding('utf8')) body += piece;
  request.query = Object.fromEntries(url.searchParams);
  request.body = Object.fromEntries(new URLSearchParams(body));
  response.set = (name, value) => response.setHeader(name, value);
  response.redirect = (to) => response.writeHead(302, { location: to }).end();
  response.send = (text) => response.end(String(text));
  return url.pathname;
}

/** How Latchkey signs, and where it wants to be told of sign-outs. */
async function serviceOf(server) {
  const metadata = await (await fetch(`${server.url}/netbackup/sso/saml2/metadata`)).text();
  return {
    serviceProviderId: /entityID="([^"]+)"/.exec(metadata)[1],
    cert: /X509Certificate>([^<]+)</.exec(metadata)[1].replaceAll(/\s/g, ''),
    serviceProviderLogoutURL: `${server.url}/netbackup/sso/saml2/slo`,
  };
}

/**
 * Starts a provider that signs in whoever `provider.person` is, and makes it known to the server
 * under that name. At `provider.signOut` whoever signed in last signs out.
 * @param {{ name?: string, postOnly?: boolean }} [options] `postOnly`: it takes and sends messages
 *   by posted forms alone
 */
export async function startProvider(server, args = [], { name = 'idp', postOnly = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-idp-'));
  const [keyFile, certFile, metadataFile] = ['key.pem', 'cert.pem', 'metadata.xml'].map((name) => join(folder, name));
  const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '60', '-subj', '/CN=idp'];
  await promisify(execFile)('openssl', [...make, '-keyout', keyFile, '-out', certFile]);
  const [key, cert] = await Promise.all([keyFile, certFile].map((file) => readFile(file, 'utf8')));
  const provider = { person: undefined, answer: (response) => response, postOnly, messages: [] };
  const consumer = `${server.url}/netbackup/sso/saml2/acs`;
  const issuer = `urn:latchkey:test:${name}`;
  const service = await serviceOf(server);
  const store = new Store();
  let signedIn = new SessionParticipants();
  const signIn = (request, response, failed) => {
    const sessionIndex = `_${randomUUID()}`;
    samlp.auth({
      issuer,
      key,
      cert,
      sessionIndex,
      destination: consumer,
      recipient: consumer,
      profileMapper: mapper,
      lifetimeInSeconds: 300,
      getUserFromRequest: () => provider.person,
      getPostURL: (audience, dom, req, callback) => callback(null, consumer),
      responseHandler: (text, options) => {
        const { person } = provider;
        const binding = postOnly ? POST : REDIRECT;
        const participant = { ...service, nameId: person.name, nameIdFormat: PERSISTENT, sessionIndex, binding };
        signedIn = new SessionParticipants([participant]);
        const relay = request.query.RelayState ?? request.body.RelayState ?? '';
        const fields = { SAMLResponse: Buffer.from(provider.answer(String(text))).toString('base64'), RelayState: relay };
        provider.latest = fields;
        const inputs = Object.entries(fields).map(([field, value]) => `<input type="hidden" name="${field}" value="${value}">`);
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(`<!doctype html><html lang="en"><title>Identity provider</title><form method="post"
          action="${options.postUrl}">${inputs.join('')}<button id="go">Sign in as ${person.name}</button></form>`);
      },
    })(request, response, failed);
  };
  const signOut = (request, response, failed) => {
    // What it says when it is done with a sign-out of its own is a status.
    const { send } = response;
    response.send = (text) => {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      send(text === 200 ? '<!doctype html><html lang="en"><title>Identity provider</title><h1>Signed out everywhere</h1>' : text);
    };
    samlp.logout({
      issuer,
      key,
      cert,
      store,
      sessionParticipants: signedIn,
      destination: service.serviceProviderLogoutURL,
      deflate: true,
      protocolBinding: postOnly ? POST : REDIRECT,
      signatureAlgorithm: 'rsa-sha256',
      digestAlgorithm: 'sha256',
    })(request, response, failed);
  };
  const http = createServer(async (request, response) => {
    const path = await expressLike(request, response);
    const route = { '/sso': signIn, '/slo': signOut }[path];
    if (!route) return response.writeHead(204).end();
    provider.messages.push(`${request.method} ${path}`);
    route(request, response, (error) => {
      response.statusCode = 400;
      response.end(String(error));
    });
  });
  http.listen(0, '127.0.0.1');
  // One that all journeys share must not keep the tests from ending.
  http.unref();
  await once(http, 'listening');
  provider.url = `http://localhost:${http.address().port}`;
  const bare = cert.replaceAll(/-----[^-]+-----|\s/g, '');
  provider.signOut = `${provider.url}/slo`;
  const services = (service, path) =>
    (postOnly ? [POST] : [REDIRECT, POST])
      .map((binding) => `<${service} Binding="${binding}" Location="${provider.url}${path}"/>`)
      .join('');
  provider.metadata = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${issuer}">
    <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
    <X509Certificate>${bare}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
    ${services('SingleLogoutService', '/slo')}
    ${services('SingleSignOnService', '/sso')}
    </IDPSSODescriptor></EntityDescriptor>`;
  await writeFile(metadataFile, provider.metadata);
  if (args) await server.cli(['provider', 'add', name, metadataFile, ...args]);
  provider.stop = async () => {
    http.closeAllConnections();
    http.close();
    await rm(folder, { recursive: true, force: true });
  };
  return provider;
}
