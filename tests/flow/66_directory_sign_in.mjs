// SPDX-License-Identifier: Apache-2.0
//
// Signing in by a real directory, and by a web server that says who it is:
// what clients say of themselves counts for nothing.
import { Portal, freePort, request, run, tree, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import { Jar } from '../lib/jar.mjs';
import { admin, base as suffix, slapd, wire } from '../lib/slapd.mjs';
import { certificates } from '../lib/vendors.mjs';
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const secret = 'between-nginx-and-us';
const arn = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/portal/50dc6c495c0c9188';
const balancer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let portal, ldap, line, dir, port, front, samlPort, saml, closed, other;
const certs = mkdtempSync(path.join(os.tmpdir(), 'cb-certs-'));
chmodSync(certs, 0o755);

const directory = (target, tls) => `{type: ldap, target: "${target}", bind: {dn: "${admin.dn}", secret: ${admin.secret}}, users: {dn: "${suffix}"}, tls: {${tls}}, signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}}`;

const config = () => `
permission: {enabled: true, defaultRole: reader, rbac: {admin: {superUsers: [{name: user:default/ingrid.solheim}]}}}
auth:
  providers:
    ldap:
      target: ldap://127.0.0.1:${line.port}
      bind: {dn: "${admin.dn}", secret: ${admin.secret}}
      users: {dn: "${suffix}", filter: "(&(objectClass=inetOrgPerson)(uid={user}))"}
      title: the harbour's directory
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}
    secure: ${directory(`ldaps://127.0.0.1:${closed} ldaps://127.0.0.1:${ldap.tlsPort}`, `ca: ${ldap.ca}`)}
    starttls: ${directory(`ldap://127.0.0.1:${ldap.port}`, `ca: ${ldap.ca}, startTls: true`)}
    untrusted: ${directory(`ldaps://127.0.0.1:${ldap.tlsPort}`, `ca: ${other.ca}`)}
    downgraded: ${directory(`ldap://127.0.0.1:${ldap.port}`, `ca: ${other.ca}, startTls: true`)}
    awsAlb:
      issuer: https://sso.example
      signer: ${arn}
      keysUrl: http://127.0.0.1:${saml.port}/keys
      allow: [loopback]
      trustEmail: true
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}
    oauth2Proxy:
      secret: ${secret}
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}, {resolver: forwardedUserMatchingUserEntityName}]}
`;

const people = `dn: ${suffix}
objectClass: dcObject
objectClass: organization
dc: example
o: Harbour

dn: uid=ingrid,${suffix}
objectClass: inetOrgPerson
uid: ingrid
cn: Ingrid Solheim
sn: Solheim
mail: ingrid.solheim@ondry.example
userPassword: keel & rudder

dn: uid=nobody,${suffix}
objectClass: inetOrgPerson
uid: nobody
cn: Nobody
sn: Nobody
mail: nobody@elsewhere.example
userPassword: sails
`;

const who = async (jar, at = portal.base) => (await jar.ask(`${at}/settings`)).body.match(/<p class="menu-who"><strong>[^]*?<span[^>]*>([^<]*)/)?.[1];
const bind = (user, password, jar = new Jar(), id = 'ldap') => jar.post(`${portal.base}/sign-in/${id}`, { csrf: '', user, password, return: '/catalog' });
const calm = () => run('redis-cli', ['-s', path.join(portal.status.data, 'run/redis.sock'), 'flushall']);

test('a name and its password open a session', async () => {
  const jar = new Jar();
  const page = await jar.ask(`${portal.base}/sign-in`);
  assert.match(page.body, /Sign in with the harbour&#39;s directory|Sign in with the harbour's directory/);
  const done = await bind('ingrid', 'keel & rudder', jar);
  assert.equal(done.status, 303, done.body);
  assert.match(done.headers.location, /\/catalog$/);
  assert.equal(await who(jar), 'user:default/ingrid.solheim');
});

test('over TLS: by ldaps and StartTLS, the first host down; nobody without the right CA', async () => {
  for (const id of ['secure', 'starttls']) {
    const jar = new Jar();
    const done = await bind('ingrid', 'keel & rudder', jar, id);
    assert.equal(done.status, 303, `${id}: ${done.body.match(/role="alert"[^]*?<p>([^<]*)/)?.[1] ?? done.body}`);
    assert.equal(await who(jar), 'user:default/ingrid.solheim');
    assert.equal((await bind('ingrid', 'wrong', new Jar(), id)).status, 401);
  }
  for (const id of ['untrusted', 'downgraded']) {
    const jar = new Jar();
    const done = await bind('ingrid', 'keel & rudder', jar, id);
    assert.equal(done.status, 503, id);
    assert.equal(jar.get('callboard'), undefined);
    assert.doesNotMatch(done.body, /keel &amp;|sesame/);
  }
  await calm();
});

test('who views as somebody gets a token of his own name alone', async () => {
  const jar = new Jar();
  await jar.ask(`${portal.base}/sign-in`);
  await bind('ingrid', 'keel & rudder', jar);
  const csrf = (await jar.ask(`${portal.base}/admin/roles`)).body.match(/name="csrf" value="([^"]+)"/)[1];
  const begun = await jar.post(`${portal.base}/admin/view-as`, { csrf, as: 'user:default/tomas.verel' });
  assert.equal(begun.status, 303, begun.body);
  assert.equal(await who(jar), 'user:default/tomas.verel');
  const headers = { 'x-requested-with': 'XMLHttpRequest' };
  const refresh = await jar.ask(`${portal.base}/api/auth/ldap/refresh`, { headers });
  assert.equal(refresh.status, 200, refresh.body);
  assert.equal(JSON.parse(refresh.body).backstageIdentity.identity.userEntityRef, 'user:default/ingrid.solheim');
  assert.equal((await jar.ask(`${portal.base}/api/catalog/.backstage/auth/v1/cookie`)).status, 403);
});

test('anything else does not, and which names there are is not told', async () => {
  const said = new Set();
  for (const [user, password] of [['ingrid', 'wrong'], ['nobody-here', 'x'], ['ingrid', ''], ['', 'x'], ['*', 'keel & rudder'], ['ingrid)(uid=*', 'keel & rudder'], ['*)(|(uid=*', 'x'], ['ingrid\\', 'x']]) {
    const jar = new Jar();
    const answer = await bind(user, password, jar);
    assert.equal(answer.status, 401, `${user} ${answer.body.match(/class="note">([^<]*)/)?.[1]}`);
    assert.equal(jar.get('callboard'), undefined);
    assert.doesNotMatch(answer.body, /keel &amp; rudder|sesame/);
    said.add(answer.body.match(/role="alert"[^]*?<p>([^<]*)/)[1]);
  }
  assert.deepEqual([...said], ['Name or password is wrong.']);
});

test('whom the catalog does not know is told why', async () => {
  await calm();
  const answer = await bind('nobody', 'sails');
  assert.equal(answer.status, 403);
  assert.match(answer.body, /The catalog does not know you yet/);
});

test('a name is tried ten times in five minutes', async () => {
  await calm();
  let answer;
  for (let i = 0; i < 12 && answer?.status !== 429; i++) answer = await bind(i % 2 ? 'Ingrid' : 'ingrid', `guess ${i}`);
  assert.equal(answer.status, 429);
  assert.equal(answer.headers['retry-after'], '300');
  assert.equal((await bind('ingrid', 'keel & rudder')).status, 429);
  await calm();
});

test('a directory that is cut, slow or gone is a page that says so', async () => {
  for (const mode of ['cut', 'garbage']) {
    line.mode = mode;
    line.cutAfter = 4;
    const answer = await bind('ingrid', 'keel & rudder');
    line.mode = '';
    assert.ok([503, 401].includes(answer.status), `${mode}: ${answer.status}`);
    assert.doesNotMatch(answer.body, /sesame|keel &amp;/);
  }
  await ldap.stop();
  const answer = await bind('ingrid', 'keel & rudder');
  assert.equal(answer.status, 503);
  await ldap.start();
  await calm();
  await until('it is there again', 10, async () => (await bind('ingrid', 'keel & rudder')).status === 303);
});

// ---- The web server before us -----------------------------------------------

const ask = (target, headers = {}, jar = new Jar()) => jar.follow(`${front}${target}`, { options: { headers } });

test('nginx that asks another server who it is signs people in', async () => {
  const jar = new Jar();
  const sso = { 'x-test-user': 'ingrid', 'x-test-email': 'ingrid.solheim@ondry.example' };
  const first = await jar.ask(`${front}/sign-in?return=/catalog`, { headers: sso });
  assert.equal(first.status, 303, first.body);
  assert.equal((await jar.ask(`${front}/settings`, { headers: sso })).body.match(/<p class="menu-who"><strong>[^]*?<span[^>]*>([^<]*)/)[1], 'user:default/ingrid.solheim');
  const refresh = await jar.ask(`${front}/api/auth/oauth2Proxy/refresh`, { headers: { 'x-requested-with': 'XMLHttpRequest' } });
  assert.equal(refresh.status, 200, refresh.body);
  assert.equal(JSON.parse(refresh.body).backstageIdentity.identity.userEntityRef, 'user:default/ingrid.solheim');
  // Somebody else sits there now.
  const other = await jar.ask(`${front}/catalog`, { headers: { 'x-test-user': 'tomas.verel', 'x-test-email': '' } });
  assert.equal(other.status, 302);
});

test('whom nginx does not name nobody is', async () => {
  assert.equal((await ask('/sign-in?return=/catalog')).status, 401);
});

test('names that clients bring are not believed', async () => {
  const forged = {
    'cb-auth-user': 'ingrid', 'cb-auth-secret': secret, cb_auth_user: 'ingrid', cb_auth_secret: secret, 'x-callboard-user': 'ingrid', 'x-callboard-proxy-secret': secret,
    'x-forwarded-user': 'ingrid', 'x-forwarded-email': 'ingrid.solheim@ondry.example', 'x-auth-request-user': 'ingrid',
  };
  for (const at of [portal.base, front]) {
    const jar = new Jar();
    const page = await jar.ask(`${at}/sign-in?return=/catalog`, { headers: { ...forged, 'x-test-user': at === front ? 'tomas.verel' : 'x' } });
    const name = page.status === 303 ? await who(jar) : null;
    assert.ok(name !== 'user:default/ingrid.solheim', `${at}: ${name}`);
    const refresh = await request(`${at}/api/auth/oauth2Proxy/refresh`, { headers: { ...forged, 'x-requested-with': 'XMLHttpRequest' } });
    assert.equal(refresh.status, 401);
  }
});

test('a wrong secret names nobody, and the file is never written by us', async () => {
  writeAuth('another secret entirely');
  await reload();
  const page = await ask('/sign-in?return=/catalog', { 'x-test-user': 'ingrid' });
  assert.equal(page.status, 200);
  assert.match(page.body, /Sign in/);
  const before = (await run('cat', [path.join(dir, 'callboard-auth.conf')])).stdout;
  assert.equal((await portal.ctl('nginx', '--write', dir)).code, 0);
  assert.equal((await run('cat', [path.join(dir, 'callboard-auth.conf')])).stdout, before);
});

// ---- A load balancer that signs -------------------------------------------------

// As ALB has it: padded base64, times and signer in the header.
function assertion(claims, head = {}, key = balancer.privateKey) {
  const part = value => Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  const text = `${part({ typ: 'JWT', kid: 'one', alg: 'ES256', iss: 'https://sso.example', client: 'c', signer: arn, exp: Math.floor(Date.now() / 1000) + 120, ...head })}.${part({ iss: 'https://sso.example', ...claims })}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`;
}

test('what a load balancer signs opens a session, and only if it is right', async () => {
  const ingrid = { sub: 'i-1', email: 'ingrid.solheim@ondry.example' };
  const jar = new Jar();
  const headers = { 'x-amzn-oidc-data': assertion(ingrid) };
  const done = await jar.ask(`${portal.base}/sign-in?return=/catalog`, { headers });
  assert.equal(done.status, 303, done.body);
  assert.equal((await jar.ask(`${portal.base}/settings`, { headers })).body.match(/<p class="menu-who"><strong>[^]*?<span[^>]*>([^<]*)/)[1], 'user:default/ingrid.solheim');
  const refresh = await new Jar().ask(`${portal.base}/api/auth/awsAlb/refresh`, { headers: { ...headers, 'x-requested-with': 'XMLHttpRequest' } });
  assert.equal(JSON.parse(refresh.body).backstageIdentity.identity.userEntityRef, 'user:default/ingrid.solheim');
  // Somebody else sits there now.
  assert.equal((await jar.ask(`${portal.base}/catalog`, { headers: { 'x-amzn-oidc-data': assertion({ ...ingrid, sub: 'i-2' }) } })).status, 302);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const bad = {
    'another key': assertion(ingrid, {}, privateKey),
    'another balancer': assertion(ingrid, { signer: `${arn}0` }),
    expired: assertion(ingrid, { exp: Math.floor(Date.now() / 1000) - 90 }),
    'another issuer': assertion({ ...ingrid, iss: 'https://evil.example' }),
    'no algorithm': assertion(ingrid, { alg: 'none' }),
    'a path for a key': assertion(ingrid, { kid: '../keys/one' }),
    'a key that is not there': assertion(ingrid, { kid: 'two' }),
    words: 'nothing of the kind',
  };
  for (const [what, token] of Object.entries(bad)) {
    const other = new Jar();
    const answer = await other.ask(`${portal.base}/sign-in?return=/catalog`, { headers: { 'x-amzn-oidc-data': token } });
    assert.equal(answer.status, 401, `${what}: ${answer.body.match(/class="note">([^<]*)/)?.[1]}`);
    assert.equal(other.get('callboard'), undefined, what);
  }
  assert.ok(saml.seen.filter(url => url.startsWith('/keys/')).length <= 4, 'strangers do not make us ask');
  await calm();
});

// ---- SAML: the example of docs/sign-in.md, word for word ----------------------

const browse = (target, jar, headers = {}) => jar.follow(`http://127.0.0.1:${samlPort}${target}`, { options: { headers } });

test('SAML: the documented nginx asks a server that speaks it, and signs people in', async () => {
  const jar = new Jar();
  saml.person = { user: 'ingrid', email: 'ingrid.solheim@ondry.example' };
  const page = await browse('/catalog?filters=x', jar);
  assert.equal(page.status, 200, page.body);
  assert.equal(new URL(page.url).pathname, '/catalog');
  assert.ok(saml.seen.some(url => url.startsWith('/saml/login?ReturnTo=http://127.0.0.1')), saml.seen.join(' '));
  assert.equal((await jar.ask(`http://127.0.0.1:${samlPort}/settings`)).body.match(/<p class="menu-who"><strong>[^]*?<span[^>]*>([^<]*)/)[1], 'user:default/ingrid.solheim');
  // APIs go on with tokens, without SAML.
  const api = await request(`http://127.0.0.1:${samlPort}/api/catalog/entities?limit=1`, { headers: { authorization: `Bearer ${portal.token}` } });
  assert.equal(api.status, 200);
  assert.equal((await request(`http://127.0.0.1:${samlPort}/api/catalog/entities`)).status, 401);
});

test('SAML: names from the outside reach nobody', async () => {
  const forged = { 'x-saml-user': 'ingrid', 'x-saml-email': 'ingrid.solheim@ondry.example', 'x-auth-request-user': 'ingrid', 'cb-auth-user': 'ingrid', 'cb-auth-secret': secret, cb_auth_user: 'ingrid', cb_auth_secret: secret };
  // Nobody is signed in there: he is sent to sign in.
  const first = await new Jar().ask(`http://127.0.0.1:${samlPort}/catalog`, { headers: forged });
  assert.equal(first.status, 302);
  assert.match(first.headers.location, /\/saml\/login\?ReturnTo=/);
  // Somebody else is: he stays that one.
  const jar = new Jar();
  saml.person = { user: 'tomas.verel', email: 'nobody@elsewhere.example' };
  await browse('/catalog', jar);
  assert.equal((await jar.ask(`http://127.0.0.1:${samlPort}/settings`, { headers: forged })).body.match(/<p class="menu-who"><strong>[^]*?<span[^>]*>([^<]*)/)[1], 'user:default/tomas.verel');
  // The check itself is nobody's to ask.
  assert.equal((await request(`http://127.0.0.1:${samlPort}/saml-check`)).status, 404);
  // The server that speaks SAML is away: nobody comes in, and nobody is let in.
  saml.person = null;
  saml.down = true;
  assert.equal((await new Jar().ask(`http://127.0.0.1:${samlPort}/catalog`, { headers: forged })).status, 500);
  saml.down = false;
});

// Stands for Apache with mod_auth_mellon: a check that answers 401 or who it
// is, and a login that comes back with a cookie.
async function mellon() {
  const own = { person: null, down: false, seen: [] };
  const sessions = new Map();
  const server = http.createServer((req, res) => {
    const url = new URL(req.url, 'http://x');
    own.seen.push(req.url);
    if (own.down) return req.socket.destroy();
    if (url.pathname === '/keys/one') return res.end(balancer.publicKey.export({ type: 'spki', format: 'pem' }));
    const who = sessions.get(req.headers.cookie?.match(/mellon-cookie=([^;]+)/)?.[1]);
    if (url.pathname === '/saml-check') {
      if (!who) return res.writeHead(401).end();
      return res.writeHead(200, { 'x-saml-user': who.user, 'x-saml-email': who.email }).end();
    }
    if (url.pathname === '/saml/login' && own.person) {
      const id = randomBytes(8).toString('hex');
      sessions.set(id, own.person);
      return res.writeHead(303, { location: url.searchParams.get('ReturnTo'), 'set-cookie': `mellon-cookie=${id}; Path=/; HttpOnly` }).end();
    }
    return res.writeHead(404).end();
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  own.port = server.address().port;
  own.stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return own;
}

// The two nginx blocks of the section, with the test's port and secret.
function documented() {
  const text = readFileSync(path.join(tree, 'docs/sign-in.md'), 'utf8').split('**SAML**')[1];
  const [auth, server] = [...text.matchAll(/```nginx\n([^]*?)```/g)].map(m => m[1].replaceAll('127.0.0.1:8081', `127.0.0.1:${saml.port}`).replace('<16 characters or more>', secret));
  assert.match(auth, /CB_AUTH_SECRET/);
  assert.match(server, /saml-check/);
  return { auth, server };
}

function writeAuth(value) {
  writeFileSync(path.join(dir, 'callboard-auth.conf'), `
auth_request /sso;
auth_request_set $sso_user $upstream_http_x_user;
auth_request_set $sso_email $upstream_http_x_email;
fastcgi_param CB_AUTH_SECRET "${value}";
fastcgi_param CB_AUTH_USER $sso_user;
fastcgi_param CB_AUTH_EMAIL $sso_email;
`);
}

async function as() {
  if (process.getuid() !== 0) return [];
  const ids = (await run('stat', ['-c', '%u:%g', portal.status.data])).stdout.trim().split(':');
  return ['setpriv', `--reuid=${ids[0]}`, `--regid=${ids[1]}`, '--clear-groups', '--'];
}

async function nginx(...args) {
  const words = [...(await as()), 'nginx', '-p', dir, '-c', `${dir}/nginx.conf`, '-e', `${dir}/tmp/error.log`, ...args];
  return run(words[0], words.slice(1), { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
}

async function reload() {
  await nginx('-s', 'stop');
  await until('nginx is gone', 5, async () => (await run('cat', [`${dir}/tmp/nginx.pid`])).code !== 0);
  const done = await nginx();
  assert.equal(done.code, 0, done.stderr);
}

async function start() {
  dir = mkdtempSync(path.join(os.tmpdir(), 'cb-front-'));
  port = await freePort();
  front = `http://127.0.0.1:${port}`;
  samlPort = await freePort();
  for (const one of ['tmp', 'saml']) mkdirSync(path.join(dir, one));
  for (const one of ['', 'tmp', 'saml']) chmodSync(path.join(dir, one), 0o777);
  for (const one of ['', 'saml']) assert.equal((await portal.ctl('nginx', '--write', path.join(dir, one))).code, 0);
  writeAuth(secret);
  const example = documented();
  writeFileSync(path.join(dir, 'saml/callboard-auth.conf'), example.auth);
  // Both servers are in one nginx here, and each has a file of its own.
  const served = path.join(dir, 'saml/callboard-server.conf');
  const text = readFileSync(served, 'utf8');
  assert.match(text, /include "?callboard-auth\*\.conf/);
  writeFileSync(served, text.replace(/include "?callboard-auth\*\.conf"?/g, `include "${dir}/saml/callboard-auth*.conf"`));
  writeFileSync(path.join(dir, 'nginx.conf'), `
worker_processes 1;
pid "${dir}/tmp/nginx.pid";
error_log "${dir}/tmp/error.log" info;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path "${dir}/tmp/a"; proxy_temp_path "${dir}/tmp/b"; fastcgi_temp_path "${dir}/tmp/c";
  uwsgi_temp_path "${dir}/tmp/d"; scgi_temp_path "${dir}/tmp/e";
  include "${dir}/callboard-http.conf";
  server {
    listen 127.0.0.1:${port};
    server_name _;
    # Stands for oauth2-proxy's /oauth2/auth: 202 and the name, or 401.
    location = /sso {
      internal; auth_request off;
      proxy_pass http://127.0.0.1:${port}/.sso;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }
    location = /.sso {
      auth_request off;
      add_header X-User $http_x_test_user always; add_header X-Email $http_x_test_email always;
      if ($http_x_test_user = "") { return 401; }
      return 202;
    }
    include "${dir}/callboard-server.conf";
  }
  server {
    listen 127.0.0.1:${samlPort};
    server_name _;
    ${example.server}
    include "${dir}/saml/callboard-server.conf";
  }
}
`);
  const done = await nginx();
  assert.equal(done.code, 0, done.stderr);
}

await suite({
  before: async () => {
    ldap = await slapd();
    await ldap.start();
    await ldap.add(people);
    line = await wire(ldap.port);
    other = await certificates(certs);
    closed = await freePort();
    saml = await mellon();
    portal = await Portal.start({ config: config() });
    await until('the people are there', 30, async () => (await portal.get('/api/catalog/entities/by-name/user/default/ingrid.solheim')).status === 200);
    await start();
  },
  after: async () => {
    if (dir) await nginx('-s', 'stop');
    await portal?.stop();
    await line?.stop();
    saml?.stop();
    rmSync(certs, { recursive: true, force: true });
    await ldap?.end();
    if (dir) rmSync(dir, { recursive: true, force: true });
  },
});
