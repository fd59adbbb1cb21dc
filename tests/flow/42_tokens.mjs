// SPDX-License-Identifier: Apache-2.0
//
// Tokens through the real portal: those that stock clients bring, services
// from elsewhere with an issuer of their own, and personal ones.
import { Portal, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(new URL('../node/', import.meta.url));
const { CatalogClient } = require('@backstage/catalog-client');

const desk = 'component:default/booking-desk';
const byName = '/api/catalog/entities/by-name/component/default/booking-desk';
const secret = 'canary-0123456789-legacy-secret';
const restricted = 'canary-restricted-token';
const b64 = value => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const claims = token => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
const header = token => JSON.parse(Buffer.from(token.split('.')[0], 'base64url'));
const now = () => Math.floor(Date.now() / 1000);
let portal, issuer;

// An issuer: keys in a set, tokens signed by the newest.
class Issuer {
  static async start() {
    const one = new Issuer();
    one.keys = [];
    one.asked = 0;
    one.down = false;
    one.add();
    one.server = http.createServer((req, res) => {
      one.asked++;
      if (one.down) return res.destroy();
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ keys: one.keys.map(key => key.jwk) }));
    });
    await new Promise(resolve => one.server.listen(0, '127.0.0.1', resolve));
    one.url = `http://127.0.0.1:${one.server.address().port}`;
    return one;
  }

  add() {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const kid = `key-${this.keys.length + 1}`;
    this.keys.push({ kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' } });
  }

  token(more = {}, head = {}) {
    const key = this.keys.at(-1);
    const text = `${b64({ alg: 'RS256', kid: key.kid, ...head })}.${b64({ iss: this.url, aud: 'callboard', sub: 'robot', exp: now() + 600, ...more })}`;
    return `${text}.${sign('sha256', Buffer.from(text), key.privateKey).toString('base64url')}`;
  }
}

const legacy = (more = {}) => {
  const text = `${b64({ alg: 'HS256' })}.${b64({ sub: 'backstage-server', exp: now() + 600, ...more })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};
const as = token => ({ headers: { authorization: token ? `Bearer ${token}` : undefined } });
const status = async (token, target = byName, options = {}) => (await portal.get(target, { ...options, ...as(token) })).status;
const guestToken = async () => (await portal.json('/api/auth/guest/refresh', as())).backstageIdentity.token;
const client = token => ({
  read: () => new CatalogClient({ discoveryApi: { getBaseUrl: async id => `${portal.base}/api/${id}` } }).getEntityByRef(desk, { token }),
});
const verifies = async token => {
  const { keys } = await portal.json('/api/auth/.well-known/jwks.json', as());
  const key = keys.find(one => one.kid === header(token).kid);
  const [head, body, signature] = token.split('.');
  return verify('sha256', Buffer.from(`${head}.${body}`), { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
};

test('the keys and what there is to discover are public', async () => {
  const set = await portal.json('/api/auth/.well-known/jwks.json', as());
  assert.ok(set.keys.length >= 1);
  for (const key of set.keys) {
    assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    assert.equal(key.alg, 'ES256');
  }
  assert.deepEqual(await portal.json('/api/catalog/.backstage/auth/v1/jwks.json', as()), set);
  assert.equal((await portal.get('/api/nothing/.backstage/auth/v1/jwks.json')).status, 404);
  const found = await portal.json('/api/auth/.well-known/openid-configuration', as());
  assert.equal(found.issuer, `${portal.url.replace(/\/$/, '')}/api/auth`);
  assert.equal(found.jwks_uri, `${found.issuer}/.well-known/jwks.json`);
});

test('a guest gets a token in the form that stock frontends read', async () => {
  for (const method of ['GET', 'POST']) {
    const answer = await portal.get('/api/auth/guest/refresh', { method, headers: { authorization: undefined, 'x-requested-with': 'XMLHttpRequest' } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const session = JSON.parse(answer.body);
    assert.deepEqual(Object.keys(session), ['profile', 'backstageIdentity']);
    assert.deepEqual(session.profile, {});
    const { token, expiresInSeconds, identity } = session.backstageIdentity;
    assert.ok(expiresInSeconds > 3590 && expiresInSeconds <= 3600);
    assert.equal(identity.type, 'user');
    assert.equal(identity.userEntityRef, 'user:development/guest');
    assert.ok(identity.ownershipEntityRefs.includes('user:development/guest'));
    assert.deepEqual(Object.keys(header(token)), ['typ', 'alg', 'kid']);
    assert.ok(await verifies(token));
  }
  assert.equal((await portal.get('/api/auth/guest/start?env=development', as())).status, 501);
  assert.equal((await portal.get('/api/auth/guest/handler/frame', as())).status, 501);
});

test('the limited token is put together as stock backends do it', async () => {
  const token = await guestToken();
  const { sub, iat, exp, uip } = claims(token);
  const limited = `${b64({ typ: 'vnd.backstage.limited-user', alg: 'ES256', kid: header(token).kid })}.${b64({ sub, iat, exp })}.${uip}`;
  assert.ok(await verifies(limited));
  // As a bearer token it is nothing, and as a cookie nothing where no cookie is allowed.
  assert.equal(await status(limited), 401);
  assert.equal((await portal.get(byName, { headers: { authorization: undefined, cookie: `backstage-auth=${limited}` } })).status, 401);
});

test('the cookie: given, left as it is, taken back', async () => {
  const token = await guestToken();
  const at = '/api/catalog/.backstage/auth/v1/cookie';
  const first = await portal.get(at, as(token));
  assert.equal(first.status, 200);
  assert.deepEqual(JSON.parse(first.body), { expiresAt: new Date(claims(token).exp * 1000).toISOString() });
  const [cookie] = first.headers['set-cookie'];
  const host = new URL(portal.url).hostname;
  const how = host === 'localhost' ? 'Secure; Priority=High; SameSite=None' : 'Priority=High; SameSite=Lax';
  const expires = new Date(claims(token).exp * 1000).toUTCString();
  const value = cookie.match(/^backstage-auth=([^;]+)/)[1];
  assert.equal(cookie, `backstage-auth=${value}; Domain=${host}; Path=/; Expires=${expires}; HttpOnly; ${how}`);
  assert.equal(header(value).typ, 'vnd.backstage.limited-user');
  assert.ok(await verifies(value));
  const again = await portal.get(at, { headers: { ...as(token).headers, cookie: `backstage-auth=${value}` } });
  assert.equal(again.headers['set-cookie'], undefined);
  assert.equal(again.body, first.body);
  const gone = await portal.get(at, { method: 'DELETE', ...as(token) });
  assert.equal(gone.status, 204);
  assert.match(gone.headers['set-cookie'][0], /^backstage-auth=; .*Expires=Thu, 01 Jan 1970 00:00:00 GMT/);
  assert.equal(await status(undefined, at), 401);
  assert.equal(await status(undefined, at, { method: 'DELETE' }), 401);
  assert.equal(await status(portal.token, at), 403);
});

test('who a token is of', async () => {
  const told = await portal.json('/api/auth/v1/userinfo', as(await guestToken()));
  assert.equal(told.claims.sub, 'user:development/guest');
  assert.ok(told.claims.ent.includes('user:development/guest'));
  assert.equal(await status(portal.token, '/api/auth/v1/userinfo'), 400);
  assert.equal(await status(undefined, '/api/auth/v1/userinfo'), 401);
});

test("Backstage's own client reads with tokens of each kind", async () => {
  const made = await portal.ctl('token', 'create', 'user:default/guest', '--name', 'reads');
  assert.equal(made.code, 0, made.stderr);
  const tokens = { static: portal.token, user: await guestToken(), legacy: legacy(), jwks: issuer.token(), restricted, personal: made.stdout.trim() };
  for (const [kind, token] of Object.entries(tokens)) {
    // Twice: the second time it is remembered.
    for (let i = 0; i < 2; i++) {
      const entity = await client(token).read().catch(error => assert.fail(`${kind}: ${error.message}`));
      assert.equal(entity?.metadata.name, 'booking-desk', kind);
    }
  }
});

test('access is restricted to what the config names', async () => {
  for (const token of [restricted, issuer.token()]) {
    assert.equal(await status(token), 200);
    assert.equal(await status(token, '/api/search/query?term=desk'), 403);
    assert.equal(await status(token, '/catalog'), 403);
  }
  assert.equal(await status(portal.token, '/api/search/query?term=desk'), 200);
});

test('bad tokens are 401, and nothing of them is told', async () => {
  const good = issuer.token();
  const [head, body, signature] = good.split('.');
  const pem = issuer.keys[0].publicKey.export({ type: 'spki', format: 'pem' });
  const confused = `${b64({ alg: 'HS256', kid: 'key-1' })}.${body}`;
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const inside = `${b64({ alg: 'RS256', kid: 'key-1', jwk: other.publicKey.export({ format: 'jwk' }), jku: `${issuer.url}/evil` })}.${body}`;
  const user = await guestToken();
  const bad = {
    none: `${b64({ alg: 'none', kid: 'key-1' })}.${body}.`,
    confused: `${confused}.${createHmac('sha256', pem).update(confused).digest('base64url')}`,
    inside: `${inside}.${sign('sha256', Buffer.from(inside), other.privateKey).toString('base64url')}`,
    issuer: issuer.token({ iss: 'https://evil.example' }),
    audience: issuer.token({ aud: 'elsewhere' }),
    expired: issuer.token({ exp: now() - 120 }),
    early: issuer.token({ nbf: now() + 3600 }),
    unending: issuer.token({ exp: undefined }),
    kid: issuer.token({}, { kid: 'key-9' }),
    crit: issuer.token({}, { crit: ['exp'] }),
    flipped: `${head}.${body}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`,
    cut: good.slice(0, -40),
    twice: `${good}.${signature}`,
    typ: `${b64({ ...header(user), typ: 'vnd.backstage.plugin' })}.${user.split('.').slice(1).join('.')}`,
    unsigned: `${user.split('.').slice(0, 2).join('.')}.`,
    personal: 'cbp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    words: 'nothing of the kind',
  };
  for (const [what, token] of Object.entries(bad)) {
    const answer = await portal.get(byName, as(token));
    assert.equal(answer.status, 401, what);
    assert.equal(JSON.parse(answer.body).error.message, 'Illegal token', what);
  }
  const { asked } = issuer;
  for (let i = 0; i < 20; i++) await status(issuer.token({}, { kid: `key-${i}x` }));
  assert.ok(issuer.asked - asked <= 2, 'unknown keys of one process make one request');
  // Times that two hosts may differ by.
  assert.equal(await status(issuer.token({ exp: now() - 30 })), 200);
  assert.equal(await status(issuer.token({ nbf: now() + 30 })), 200);
  // A megabyte ends at nginx already.
  const large = await portal.get(byName, as('a'.repeat(1 << 20))).catch(() => ({ status: 400 }));
  assert.ok([400, 414, 431].includes(large.status), `${large.status}`);
});

test('an issuer that is down lets known keys go on', async () => {
  issuer.down = true;
  for (let i = 0; i < 10; i++) assert.equal(await status(issuer.token({ sub: `robot-${i}` })), 200);
  // A generation that begins meanwhile has the keys of before.
  const before = await portal.pids('callboard: web');
  process.kill((await portal.readStatus()).pids.callboard, 'SIGHUP');
  await until('others serve', 20, async () => {
    const pids = await portal.pids('callboard: web');
    return pids.length && !pids.some(pid => before.includes(pid));
  });
  assert.equal(await status(issuer.token({ sub: 'after' })), 200);
  assert.equal(await status(issuer.token({ sub: 'after' }, { kid: 'key-9' })), 401);
  issuer.down = false;
});

test('a personal token: within its scope, until it is revoked, on every host in a second', async () => {
  const made = await portal.ctl('token', 'create', 'user:default/guest', '--name', 'CI of the desk', '--days', '7', '--plugin', 'catalog', '-o', 'json');
  assert.equal(made.code, 0, made.stderr);
  const [row] = JSON.parse(made.stdout);
  assert.match(row.token, /^cbp_[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(row.scope, [{ plugin: 'catalog' }]);
  await until('it is followed', 2, async () => (await status(row.token)) === 200);
  assert.equal(await status(row.token, '/api/search/query?term=desk'), 403);
  const listed = JSON.parse((await portal.ctl('token', 'list', '-o', 'json')).stdout);
  const mine = listed.find(one => one.id === row.id);
  assert.equal(mine.name, 'CI of the desk');
  assert.equal(mine.token, undefined);
  await until('its use is noted', 5, async () => {
    const rows = JSON.parse((await portal.ctl('token', 'list', '-o', 'json')).stdout);
    return rows.find(one => one.id === row.id).used === new Date().toISOString().slice(0, 10);
  });
  const began = Date.now();
  assert.equal((await portal.ctl('token', 'revoke', row.id)).code, 0);
  await until('it is revoked', 2, async () => (await status(row.token)) === 401);
  assert.ok(Date.now() - began < 2000);
  assert.equal((await portal.ctl('token', 'revoke', row.id)).code, 1);
  const log = JSON.parse((await portal.ctl('audit', 'list', '--object', row.id, '-o', 'json')).stdout);
  assert.deepEqual(log.map(one => one.action).sort(), ['token.create', 'token.revoke']);
  for (const [args, says] of [
    [['component:default/x', '--name', 'x'], /expected a user/],
    [['user:default/guest', '--name', ''], /name: expected/],
    [['user:default/guest'], /--name/],
    [['user:default/guest', '--name', 'x', '--days', '1000'], /--days: expected 1 to/],
    [['user:default/guest', '--name', 'x', '--action', 'write'], /expected create, read/],
  ]) {
    const refused = await portal.ctl('token', 'create', ...args);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, says);
  }
});

test('no secret, token or key is in a log, the audit log or an answer', async () => {
  const token = await guestToken();
  await status(legacy());
  const tokens = [secret, Buffer.from(secret).toString('base64'), restricted, portal.token, token, token.split('.')[2], '"d":"'];
  const folder = path.join(portal.home, 'log');
  const logs = readdirSync(folder).map(name => [name, readFileSync(path.join(folder, name), 'utf8')]);
  const audit = (await portal.ctl('audit', 'list', '--limit', '1000', '-o', 'json')).stdout;
  for (const [name, text] of [...logs, ['audit', audit]])
    for (const one of tokens) assert.ok(!text.includes(one), `${name} holds ${one.slice(0, 8)}`);
  assert.match(audit, /"key.rotate"/);
});

await suite({
  before: async () => {
    issuer = await Issuer.start();
    portal = await Portal.start();
    await portal.reconfigure(`auth: {guest: true}
permission: {defaultRole: guest}
backend:
  auth:
    externalAccess:
      - {type: static, options: {token: ${portal.token}, subject: quickstart}}
      - {type: static, options: {token: ${restricted}, subject: reader}, accessRestrictions: [{plugin: catalog}]}
      - {type: legacy, options: {secret: ${Buffer.from(secret).toString('base64')}, subject: old}}
      - type: jwks
        options: {url: '${issuer.url}/keys', issuer: '${issuer.url}', audience: callboard, subjectPrefix: idp, allow: [loopback]}
        accessRestrictions: [{plugin: catalog, permissionAttribute: {action: read}}]
`);
    await until('the catalog is there', 60, async () => (await status(portal.token)) === 200);
  },
  after: async () => {
    await portal?.stop();
    issuer?.server.close();
  },
});
