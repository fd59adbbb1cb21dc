// SPDX-License-Identifier: Apache-2.0
//
// vendors.mjs - GitHub (over TLS, with a certificate of the test's own CA) and
// GitLab as they answer who signs in by them, in the shapes that their
// documentation shows; and a discovery document that is not always there.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, chmodSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { run } from './portal.mjs';

// A CA, and a certificate of 127.0.0.1 that it signed: {ca, key, cert} paths.
export async function certificates(dir) {
  const at = name => path.join(dir, name);
  const openssl = async (...args) => {
    const done = await run('openssl', args);
    if (done.code !== 0) throw new Error(done.stderr);
  };
  const fresh = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(...fresh, '-x509', '-days', '2', '-subj', '/CN=CA of the test', '-keyout', at('ca.key'), '-out', at('ca.pem'));
  await openssl(...fresh, '-subj', '/CN=127.0.0.1', '-keyout', at('host.key'), '-out', at('host.csr'));
  writeFileSync(at('host.ext'), 'subjectAltName=IP:127.0.0.1\n');
  await openssl('x509', '-req', '-in', at('host.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('host.ext'), '-out', at('host.pem'));
  return { ca: at('ca.pem'), key: at('host.key'), cert: at('host.pem') };
}

const json = (res, status, body) => {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  res.end(JSON.stringify(body));
};

const form = req => new Promise(done => {
  const parts = [];
  req.on('data', part => parts.push(part));
  req.on('end', () => done(new URLSearchParams(Buffer.concat(parts).toString())));
});

// { github, gitlab (base URLs), ca, discovery ('html', 'error', or the address
//   of a document that is handed on), authorize(url, login), stop() }
// people: { octocat: { id, name, emails: [...], email, confirmed_at } }
export async function vendors({ people, client = 'callboard', secret = 'a secret & more' }) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'cb-vendors-'));
  chmodSync(dir, 0o755); // the portal may run as somebody else
  const files = await certificates(dir);
  const own = { ca: files.ca, discovery: 'html', asked: [] };
  const codes = new Map(), tokens = new Map();

  // What the browser would be sent back to after its visit there.
  own.authorize = (location, login) => {
    const asked = new URL(location).searchParams;
    const code = `code-${codes.size + 1}`;
    codes.set(code, { login, challenge: asked.get('code_challenge'), redirect: asked.get('redirect_uri') });
    return `${asked.get('redirect_uri')}?${new URLSearchParams({ code, state: asked.get('state') })}`;
  };
  // RFC 6749 and 7636: a code is good once, for who asked for it.
  const redeem = (said, prefix) => {
    const flight = codes.get(said.get('code'));
    codes.delete(said.get('code'));
    const challenge = createHash('sha256').update(said.get('code_verifier') ?? '').digest('base64url');
    if (!flight || flight.challenge !== challenge || flight.redirect !== said.get('redirect_uri')) return null;
    if (said.get('client_id') !== client || said.get('client_secret') !== secret) return null;
    const token = `${prefix}${createHash('sha256').update(said.get('code')).digest('hex')}`;
    tokens.set(token, flight.login);
    return token;
  };
  const person = req => {
    const login = tokens.get((req.headers.authorization ?? '').replace(/^Bearer /, ''));
    return login && { login, ...people[login] };
  };

  async function github(req, res, url) {
    if (url.pathname === '/login/oauth/access_token') {
      const token = redeem(await form(req), 'gho_');
      return token ? json(res, 200, { access_token: token, scope: 'read:user,user:email', token_type: 'bearer' })
        : json(res, 200, { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.', error_uri: 'https://docs.github.com/apps' });
    }
    const who = person(req);
    if (!who) return json(res, 401, { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest', status: '401' });
    if (url.pathname === '/api/v3/user')
      return json(res, 200, { login: who.login, id: who.id, node_id: 'MDQ6VXNlcjE=', avatar_url: `https://avatars.example/u/${who.id}`, gravatar_id: '', type: 'User', site_admin: false, name: who.name, company: null, email: null, bio: null });
    if (url.pathname === '/api/v3/user/emails') return json(res, 200, who.emails);
    return json(res, 404, { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' });
  }

  async function gitlab(req, res, url) {
    if (url.pathname === '/oauth/token') {
      const token = redeem(await form(req), '');
      return token ? json(res, 200, { access_token: token, token_type: 'Bearer', expires_in: 7200, refresh_token: 'f'.repeat(64), scope: 'read_user', created_at: Math.floor(Date.now() / 1000) })
        : json(res, 400, { error: 'invalid_grant', error_description: 'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.' });
    }
    const who = person(req);
    if (!who) return json(res, 401, { message: '401 Unauthorized' });
    if (url.pathname === '/api/v4/user')
      return json(res, 200, { id: who.id, username: who.login, public_email: null, name: who.name, state: 'active', locked: false, avatar_url: null, web_url: `https://gitlab.example/${who.login}`, created_at: '2020-05-23T08:00:58.000Z', bio: '', confirmed_at: who.confirmed_at, email: who.email, two_factor_enabled: true, external: false });
    return json(res, 404, { error: '404 Not Found' });
  }

  async function document(res) {
    if (own.discovery === 'html' || own.discovery === 'error') {
      res.writeHead(own.discovery === 'error' ? 500 : 200, { 'content-type': 'text/html' });
      return res.end('<html>Error: at Object.<anonymous> (/srv/idp/secret.js:1:1)</html>');
    }
    return json(res, 200, await (await fetch(own.discovery)).json());
  }

  const serve = answer => (req, res) => {
    const url = new URL(req.url, 'http://x');
    own.asked.push(url.pathname);
    Promise.resolve(url.pathname.startsWith('/.well-known/') ? document(res) : answer(req, res, url)).catch(error => json(res, 500, { message: String(error) }));
  };
  const servers = [
    https.createServer({ key: readFileSync(files.key), cert: readFileSync(files.cert) }, serve(github)),
    http.createServer(serve(gitlab)),
  ];
  for (const server of servers) await new Promise(done => server.listen(0, '127.0.0.1', done));
  own.github = `https://127.0.0.1:${servers[0].address().port}`;
  own.gitlab = `http://127.0.0.1:${servers[1].address().port}`;
  own.stop = () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    rmSync(dir, { recursive: true, force: true });
  };
  return own;
}
