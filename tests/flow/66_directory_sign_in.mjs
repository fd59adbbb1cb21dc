// SPDX-License-Identifier: Apache-2.0
//
// Signing in by a real directory, and by a web server that says who it is:
// what clients say of themselves counts for nothing.
import { Portal, freePort, request, run, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import { Jar } from '../lib/jar.mjs';
import { admin, base as suffix, slapd, wire } from '../lib/slapd.mjs';
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const secret = 'between-nginx-and-us';
let portal, ldap, line, dir, port, front;

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
const bind = (user, password, jar = new Jar()) => jar.post(`${portal.base}/sign-in/ldap`, { csrf: '', user, password, return: '/catalog' });
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
  mkdirSync(path.join(dir, 'tmp'));
  for (const one of [dir, path.join(dir, 'tmp')]) chmodSync(one, 0o777);
  assert.equal((await portal.ctl('nginx', '--write', dir)).code, 0);
  writeAuth(secret);
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
    portal = await Portal.start({ config: config() });
    await until('the people are there', 30, async () => (await portal.get('/api/catalog/entities/by-name/user/default/ingrid.solheim')).status === 200);
    await start();
  },
  after: async () => {
    if (dir) await nginx('-s', 'stop');
    await portal?.stop();
    await line?.stop();
    await ldap?.end();
    if (dir) rmSync(dir, { recursive: true, force: true });
  },
});
