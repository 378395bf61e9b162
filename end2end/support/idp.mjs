// An independent identity provider (npm samlp), on a site of its own: Latchkey is at 127.0.0.1,
// this at localhost. Two ports of one host would be one site, and hide faults.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const samlp = createRequire(import.meta.url)('samlp');
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';

/** Says of somebody what it is told to say. */
function mapper(person) {
  return {
    metadata: [],
    getClaims: () => ({ mail: `${person.name}@corp.example`, ...(person.groups && { groups: person.groups }) }),
    getNameIdentifier: () => ({
      nameIdentifier: person.name,
      nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    }),
  };
}

/**
 * Starts a provider that signs in whoever `provider.person` is, and makes it known to the server
 * under the name `idp`.
 */
export async function startProvider(server, args = []) {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-idp-'));
  const [keyFile, certFile, metadataFile] = ['key.pem', 'cert.pem', 'metadata.xml'].map((name) => join(folder, name));
  const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=idp'];
  await promisify(execFile)('openssl', [...make, '-keyout', keyFile, '-out', certFile]);
  const [key, cert] = await Promise.all([keyFile, certFile].map((file) => readFile(file, 'utf8')));
  const provider = { person: undefined, answer: (response) => response };
  const consumer = `${server.url}/netbackup/sso/saml2/acs`;
  const http = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname !== '/sso') return response.writeHead(204).end();
    request.query = Object.fromEntries(url.searchParams);
    response.set = (name, value) => response.setHeader(name, value);
    response.send = (body) => response.end(String(body));
    samlp.auth({
      issuer: 'urn:latchkey:test:idp',
      key,
      cert,
      destination: consumer,
      recipient: consumer,
      profileMapper: mapper,
      lifetimeInSeconds: 300,
      getUserFromRequest: () => provider.person,
      getPostURL: (audience, dom, req, callback) => callback(null, consumer),
      responseHandler: (text, options) => {
        const relay = request.query.RelayState ?? '';
        const fields = { SAMLResponse: Buffer.from(provider.answer(String(text))).toString('base64'), RelayState: relay };
        provider.latest = fields;
        const inputs = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(`<!doctype html><html lang="en"><title>Identity provider</title><form method="post"
          action="${options.postUrl}">${inputs.join('')}<button id="go">Sign in as ${provider.person.name}</button></form>`);
      },
    })(request, response, (error) => {
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
  provider.metadata = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:latchkey:test:idp">
    <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
    <X509Certificate>${bare}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
    <SingleSignOnService Binding="${REDIRECT}" Location="${provider.url}/sso"/>
    <SingleSignOnService Binding="${POST}" Location="${provider.url}/sso"/>
    </IDPSSODescriptor></EntityDescriptor>`;
  await writeFile(metadataFile, provider.metadata);
  if (args) await server.cli(['provider', 'add', 'idp', metadataFile, ...args]);
  provider.stop = async () => {
    http.closeAllConnections();
    http.close();
    await rm(folder, { recursive: true, force: true });
  };
  return provider;
}
