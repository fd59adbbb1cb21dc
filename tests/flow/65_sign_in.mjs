// SPDX-License-Identifier: Apache-2.0
//
// Signing in by a real OpenID provider: in, out, sessions, and what goes
// wrong with providers, cookies and addresses.
import { Portal, freePort, request, run, sleep, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import { Jar } from '../lib/jar.mjs';
import { oidc } from '../lib/oidc.mjs';
import { vendors } from '../lib/vendors.mjs';
import assert from 'node:assert/strict';
import path from 'node:path';

let portal, idp, shops, closed;

const verified = email => ({ email, email_verified: true });
const people = {
  ingrid: { ...verified('ingrid.solheim@ondry.example'), name: 'Ingrid at the provider', preferred_username: 'ingrid' },
  tagged: { ...verified('tomas.verel+portal@ondry.example'), preferred_username: 'tomas' },
  claimed: { email: 'ingrid.solheim@ondry.example', email_verified: false, preferred_username: 'eve' },
  stranger: { ...verified('stranger@elsewhere.example'), preferred_username: 'stranger' },
  byname: { preferred_username: 'PEOPLE\\tomas.verel' },
};

const section = (host, extra = '') => `
        clientId: callboard
        clientSecret: "a secret & more"
        metadataUrl: ${host.base}/.well-known/openid-configuration
        allow: [loopback]
        ${extra}`;

const rules = `signIn:
          resolvers:
            - {resolver: emailMatchingUserEntityProfileEmail, allowedDomains: [ondry.example]}
            - {resolver: claim, claim: preferred_username, pattern: '^PEOPLE[\\\\](.+)$', value: $1, matches: name}`;

const config = () => `
permission: {enabled: true, defaultRole: reader}
auth:
  environment: test
  experimentalExtraAllowedOrigins: ['http://*.front.example']
  providers:
    oidc:
      test:${section(idp, rules)}
      other:${section(idp)}
    strict:
      type: oidc${section(idp, 'prompt: login\n        signIn: {resolvers: [{resolver: emailLocalPartMatchingUserEntityName}]}').replace(/^ {8}/gm, '      ').replace(/^ {10}/gm, '        ')}
`;

// GitHub and GitLab, one of them as a company has it: behind a CA of its own.
// `blind` does not know that CA; `flaky` and `gone` are a provider whose
// discovery document is not there.
const more = () => `
    github:
      clientId: callboard
      clientSecret: "a secret & more"
      enterpriseInstanceUrl: ${shops.github}
      ca: ${shops.ca}
      allow: [loopback]
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}
    blind:
      type: github
      clientId: callboard
      clientSecret: "a secret & more"
      enterpriseInstanceUrl: ${shops.github}
      allow: [loopback]
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}
    gitlab:
      clientId: callboard
      clientSecret: "a secret & more"
      audience: ${shops.gitlab}
      allow: [loopback]
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}, {resolver: usernameMatchingUserEntityName}]}
    flaky:
      type: oidc
      clientId: callboard
      clientSecret: "a secret & more"
      metadataUrl: ${shops.gitlab}/.well-known/openid-configuration
      allow: [loopback]
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}
    gone:
      type: oidc
      clientId: callboard
      clientSecret: "a secret & more"
      metadataUrl: http://127.0.0.1:${closed}/.well-known/openid-configuration
      allow: [loopback]
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}
`;

const start = (back = '/catalog', id = 'oidc') => `${portal.base}/api/auth/${id}/start?return=${encodeURIComponent(back)}`;
const frame = `/api/auth/oidc/handler/frame`;
const isFrame = url => new URL(url).pathname === frame;

async function signIn(who, { back = '/catalog', jar = new Jar(), id = 'oidc' } = {}) {
  idp.person = who;
  const answer = await jar.follow(start(back, id));
  return { jar, answer };
}
// As far as the provider's answer, which was not handed on yet.
async function upToFrame(who, { jar = new Jar(), from = start() } = {}) {
  idp.person = who;
  const { next } = await jar.follow(from, { until: url => new URL(url).pathname.endsWith('/handler/frame') });
  assert.ok(next, 'the provider did not send back');
  return { jar, next };
}
const who = async jar => (await jar.ask(`${portal.base}/settings`)).body.match(/<p class="menu-who"><strong>[^]*?<span[^>]*>([^<]*)/)?.[1];
const csrf = page => page.body.match(/name="csrf" value="([^"]*)"/)[1];
const clean = (answer, what) => assert.doesNotMatch(answer.body, /secret|\.c:\d|Object\.<anonymous>|<script>alert|eyJ[A-Za-z0-9_-]{20}/, what);

test('the sign-in page offers the provider of the environment, and the guest door', async () => {
  const page = await request(`${portal.base}/sign-in`);
  assert.equal(page.status, 200);
  assert.match(page.body, /href="\/api\/auth\/oidc\/start\?return=\/"[^>]*>[^]*?Sign in with OpenID Connect/);
  assert.match(page.body, /Enter as guest/);
  assert.match((await request(`${portal.base}/sign-in?return=%2F%2Fevil.example`)).body, /start\?return=\/"/);
  const jar = new Jar();
  await jar.follow(`${portal.base}/sign-in?as=guest&return=/catalog`);
  assert.equal(await who(jar), 'user:default/guest');
});

test('whoever is sent to sign in comes back to where he wanted to go', async () => {
  const { jar, answer } = await signIn('ingrid', { back: '/catalog?filters=x' });
  assert.equal(answer.status, 200);
  assert.equal(answer.url, `${portal.base}/catalog?filters=x`);
  assert.equal(await who(jar), 'user:default/ingrid.solheim');
  const cookie = jar.cookies.find(c => c.name === 'callboard');
  assert.match(cookie.text, /; HttpOnly/);
  assert.match(cookie.text, /; SameSite=Lax/);
  assert.equal(jar.get('oidc-nonce'), undefined, 'the cookie of the flight is still there');
});

test('PKCE, state, nonce and scopes are asked for', async () => {
  const jar = new Jar();
  const go = await jar.ask(start());
  const asked = new URL(go.headers.location).searchParams;
  assert.equal(asked.get('code_challenge_method'), 'S256');
  assert.match(asked.get('code_challenge'), /^[A-Za-z0-9_-]{43}$/);
  assert.match(asked.get('nonce'), /^[A-Za-z0-9_-]{43}$/);
  assert.equal(asked.get('scope'), 'openid profile email');
  assert.equal(asked.get('redirect_uri'), `${portal.base}${frame}`);
  assert.equal(asked.get('prompt'), null);
  const state = Buffer.from(asked.get('state'), 'hex').toString();
  assert.match(state, /^nonce=[^&]+&env=test&flow=redirect&return=/);
  assert.match(jar.cookies.find(c => c.name === 'oidc-nonce').text, /Path=\/api\/auth\/oidc\/handler; SameSite=Lax; HttpOnly; Max-Age=600/);
});

test('a +tag, and a claim with a pattern, find their users', async () => {
  for (const name of ['tagged', 'byname']) {
    const { jar, answer } = await signIn(name);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(await who(jar), 'user:default/tomas.verel');
  }
});

test('an address that is not verified, or of a foreign domain, lets nobody in', async () => {
  for (const name of ['claimed', 'stranger']) {
    const { jar, answer } = await signIn(name);
    assert.equal(answer.status, 403);
    assert.match(answer.body, /The catalog does not know you yet/);
    assert.match(answer.body, /emailMatchingUserEntityProfileEmail/);
    clean(answer, name);
    assert.equal(jar.get('callboard'), undefined);
  }
});

test('a provider that says no is told as it is, without its words', async () => {
  const { answer, jar } = await signIn('nobody');
  assert.equal(answer.status, 403);
  assert.match(answer.body, /says no: access_denied/);
  clean(answer, 'no');
  assert.equal(jar.get('callboard'), undefined);
});

test('an answer is taken once, in the browser that asked, and as it was', async () => {
  const { jar, next } = await upToFrame('ingrid');
  const cookie = jar.header(next);
  const hex = text => Buffer.from(text).toString('hex');
  const changed = (name, value) => {
    const url = new URL(next);
    url.searchParams.set(name, value);
    return url.href;
  };
  const state = Buffer.from(new URL(next).searchParams.get('state'), 'hex').toString();
  const bad = [
    [next, ''], [next, 'oidc-nonce=x'], [next, cookie.replace(/oidc-nonce=./, 'oidc-nonce=_')], [next, cookie.replace(/(oidc-nonce=[^;]*)[^;](?=;|$)/, (all, most) => `${most}${all.endsWith('A') ? 'E' : 'A'}`)],
    [next, cookie.replace(/\.(\d+)\./, (all, at) => `.${Number(at) + 100}.`)],
    [changed('state', hex(state.replace('%2Fcatalog', '%2F%2Fevil.example'))), cookie],
    [changed('state', 'zz'), cookie], [changed('state', ''), cookie], [changed('state', 'ff'.repeat(3000)), cookie],
    [changed('code', ''), cookie],
    [changed('iss', 'http://127.0.0.1:1'), cookie],
  ];
  for (const [url, header] of bad) {
    const answer = await request(url, { headers: { cookie: header } });
    assert.ok([400, 401, 403, 503].includes(answer.status), `${answer.status} for ${url} ${header}`);
    assert.ok(!(answer.headers['set-cookie'] ?? []).some(c => c.startsWith('callboard=')), url);
    clean(answer, url);
  }
});

test('an answer that was used before is refused', async () => {
  const { jar, next } = await upToFrame('ingrid');
  const headers = { cookie: jar.header(next) };
  assert.equal((await request(next, { headers })).status, 303);
  const again = await request(next, { headers });
  assert.equal(again.status, 403);
  assert.match(again.body, /used before/);
});

test("one provider's answer is not another's", async () => {
  const { jar, next } = await upToFrame('ingrid');
  const elsewhere = next.replace('/oidc/', '/strict/');
  const answer = await request(elsewhere, { headers: { cookie: jar.header(next).replaceAll('oidc-nonce', 'strict-nonce') } });
  assert.equal(answer.status, 403);
});

test('it leads back to pages of ours only', async () => {
  for (const evil of ['//evil.example', '/\\evil.example', '\\\\evil.example', 'https://evil.example', '%2F%2Fevil.example', '/%0d%0aset-cookie:x=1', 'javascript:alert(1)']) {
    const { answer } = await signIn('ingrid', { back: evil });
    assert.equal(new URL(answer.url).origin, portal.base, evil);
    assert.equal(new URL(answer.url).host, `127.0.0.1:${portal.port}`, evil);
  }
  for (const query of ['origin=https://evil.example', 'flow=redirect&redirectUrl=https://evil.example/', `flow=redirect&redirectUrl=${encodeURIComponent(`${portal.base}@evil.example/`)}`, `origin=${encodeURIComponent(`${portal.base}.evil.example`)}`, 'origin=http://front.example', 'origin=http://x.front.example/', 'origin=http://a/.front.example'])
    assert.ok([400, 403].includes((await request(`${portal.base}/api/auth/oidc/start?env=test&${query}`)).status), query);
  assert.equal((await request(`${portal.base}/api/auth/oidc/start?env=test&origin=http://x.front.example`)).status, 302);
});

test('environments and providers that are not there', async () => {
  const status = async (target, options) => (await request(portal.base + target, options)).status;
  const xhr = { headers: { 'x-requested-with': 'XMLHttpRequest' } };
  assert.equal(await status('/api/auth/nothing/start?env=test'), 404);
  assert.equal(await status('/api/auth/nothing/refresh', xhr), 404);
  assert.equal(await status(`/api/auth/oidc/start?origin=${portal.base}`), 400);
  assert.equal(await status(`/api/auth/oidc/start?env=nope&origin=${portal.base}`), 404);
  assert.equal(await status('/api/auth/oidc/refresh?env=test'), 401);
  assert.equal(await status('/api/auth/oidc/refresh?env=test', xhr), 401);
});

// What a stock front end does: the popup's page, read as a browser would run
// it, then refresh and logout.
function posted(page) {
  const script = page.body.match(/<script>([^]*)<\/script>/)[1];
  const sent = [];
  const window = { opener: { postMessage: (message, origin) => sent.push({ message, origin }) }, close() {} };
  new Function('window', 'setTimeout', script)(window, () => {});
  return sent;
}

test("Backstage's front end signs in by a popup, refreshes and signs out", async () => {
  const from = `${portal.base}/api/auth/oidc/start?env=test&scope=openid%20profile%20email%20offline_access&origin=${encodeURIComponent(portal.base)}&flow=popup`;
  const { next } = await upToFrame('ingrid', { from });
  assert.equal(new URL(next).searchParams.get('error'), 'login_required', 'prompt=none asks nobody anything');
  idp.person = 'ingrid';
  const own = new Jar();
  await own.follow(start('/', 'oidc')); // known to the provider from here on
  own.cookies = own.cookies.filter(c => c.name !== 'callboard');
  const back = await own.follow(from);
  assert.equal(back.status, 200);
  assert.match(back.headers['content-type'], /^text\/html/);
  assert.match(back.headers['content-security-policy'], /script-src 'sha256-[A-Za-z0-9+/]{43}='/);
  assert.equal(back.headers['x-frame-options'], 'sameorigin');
  assert.equal(back.headers['cross-origin-opener-policy'], 'unsafe-none');
  const [first, second] = posted(back);
  assert.deepEqual(first, { message: { type: 'config_info', targetOrigin: portal.base }, origin: '*' });
  assert.equal(second.origin, portal.base);
  assert.equal(second.message.type, 'authorization_response');
  const session = second.message.response;
  assert.deepEqual(session.profile, { email: 'ingrid.solheim@ondry.example', displayName: 'Ingrid at the provider' });
  assert.ok(session.providerInfo.accessToken && session.providerInfo.idToken);
  assert.ok(session.providerInfo.expiresInSeconds > 0);
  const { identity } = session.backstageIdentity;
  assert.equal(identity.type, 'user');
  assert.equal(identity.userEntityRef, 'user:default/ingrid.solheim');
  assert.deepEqual(identity.ownershipEntityRefs, ['user:default/ingrid.solheim', 'group:default/ondry-line']);
  const entity = await request(`${portal.base}/api/catalog/entities/by-name/component/default/booking-desk`, { headers: { authorization: `Bearer ${session.backstageIdentity.token}` } });
  assert.equal(entity.status, 200);

  const headers = { 'x-requested-with': 'XMLHttpRequest' };
  assert.equal((await own.ask(`${portal.base}/api/auth/oidc/refresh?optional=&env=test`)).status, 401);
  const fresh = await own.ask(`${portal.base}/api/auth/oidc/refresh?optional=&env=test`, { headers });
  assert.equal(fresh.status, 200, fresh.body);
  assert.equal(JSON.parse(fresh.body).backstageIdentity.identity.userEntityRef, 'user:default/ingrid.solheim');
  const out = await own.ask(`${portal.base}/api/auth/oidc/logout?env=test`, { method: 'POST', headers });
  assert.equal(out.status, 200);
  assert.equal(out.body, '');
  assert.equal((await own.ask(`${portal.base}/api/auth/oidc/refresh?env=test`, { headers })).status, 401);
});

test('a popup is told of failures, and only the right origin', async () => {
  const jar = new Jar();
  idp.person = 'nobody';
  const back = await jar.follow(`${portal.base}/api/auth/strict/start?origin=${encodeURIComponent(portal.base)}`);
  assert.equal(back.status, 200);
  const [, second] = posted(back);
  assert.deepEqual(second.message.error, { name: 'NotAllowedError', message: 'OpenID Connect says no: access_denied' });
  assert.equal(second.origin, portal.base);
});

// Attempts are counted for five minutes; a suite has more of them.
const calm = async () => {
  const done = await run('redis-cli', ['-s', path.join(portal.status.data, 'run/redis.sock'), 'flushall']);
  assert.match(done.stdout, /OK/, done.stderr);
};

// ---- Sessions ----------------------------------------------------------------

test('signing out ends the session everywhere, and leads on to the provider', async () => {
  const { jar } = await signIn('ingrid');
  const stolen = new Jar();
  stolen.cookies = jar.cookies.map(c => ({ ...c }));
  const page = await jar.ask(`${portal.base}/settings`);
  assert.equal((await jar.post(`${portal.base}/sign-out`, {})).status, 403, 'without a token');
  const out = await jar.post(`${portal.base}/sign-out`, { csrf: csrf(page) });
  assert.equal(out.status, 303);
  assert.equal(jar.get('callboard'), undefined);
  const leaving = await jar.ask(new URL(out.headers.location, portal.base).href);
  assert.equal(leaving.status, 200);
  const [, to] = leaving.headers.refresh.match(/^0;url=(.*)$/);
  assert.ok(to.startsWith(`${idp.base}/session/end?client_id=callboard&id_token_hint=ey`), to);
  assert.match(to, /post_logout_redirect_uri=http:\/\/127\.0\.0\.1:\d+\/sign-in$/);
  // Once only.
  assert.equal((await jar.ask(leaving.url)).status, 303);
  await until('the cookie is over', 1, async () => (await stolen.ask(`${portal.base}/catalog`)).status === 302);
});

const bearer = async (jar, target = '/api/auth/v1/userinfo') => {
  const refresh = await jar.ask(`${portal.base}/api/auth/oidc/refresh?env=test`, { headers: { 'x-requested-with': 'XMLHttpRequest' } });
  assert.equal(refresh.status, 200, refresh.body);
  const { token } = JSON.parse(refresh.body).backstageIdentity;
  return async () => (await request(portal.base + target, { headers: { authorization: `Bearer ${token}` } })).status;
};

test('a front end\'s token ends with its session', async () => {
  const one = await signIn('ingrid'), two = await signIn('ingrid');
  const first = await bearer(one.jar), second = await bearer(two.jar);
  assert.deepEqual([await first(), await second()], [200, 200]);
  const out = await one.jar.post(`${portal.base}/sign-out`, { csrf: csrf(await one.jar.ask(`${portal.base}/settings`)) });
  assert.equal(out.status, 303);
  await until('the token is over', 1, async () => (await first()) === 401);
  assert.equal(await second(), 200);
});

test('all that somebody has is ended by one command', async () => {
  const one = await signIn('ingrid'), two = await signIn('ingrid'), other = await signIn('tagged');
  const token = await bearer(one.jar), theirs = await bearer(other.jar);
  const personal = (await portal.ctl('token', 'create', 'user:default/ingrid.solheim', '--name', 'laptop')).stdout.trim();
  const use = async () => (await request(`${portal.base}/api/auth/v1/userinfo`, { headers: { authorization: `Bearer ${personal}` } })).status;
  assert.deepEqual([await token(), await theirs(), await use()], [200, 200, 200]);
  const done = await portal.ctl('token', 'revoke', '--user', 'user:default/Ingrid.Solheim');
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /^user:default\/ingrid\.solheim: \d+ sessions and 1 personal tokens are ended/);
  await until('he is out', 1, async () => (await token()) === 401 && (await use()) === 401 && (await one.jar.ask(`${portal.base}/catalog`)).status === 302 && (await two.jar.ask(`${portal.base}/catalog`)).status === 302);
  assert.equal(await theirs(), 200);
  // He may come back at once.
  const again = await signIn('ingrid');
  assert.equal(await who(again.jar), 'user:default/ingrid.solheim');
  assert.equal(await (await bearer(again.jar))(), 200);
  assert.notEqual((await portal.ctl('token', 'revoke', '--user', 'group:default/x')).code, 0);
  assert.match((await portal.ctl('-o', 'json', 'audit', 'list')).stdout, /user\.expel/);
});

test('sessions are listed, and one of them can be ended from another', async () => {
  const one = await signIn('ingrid'), two = await signIn('ingrid');
  const page = await one.jar.ask(`${portal.base}/settings`, { headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0' } });
  assert.equal(page.status, 200);
  const rows = [...page.body.matchAll(/<li class="session">[^]*?<\/li>/g)].map(m => m[0]);
  assert.ok(rows.length >= 2, `${rows.length} sessions`);
  assert.equal(rows.filter(row => row.includes('This one')).length, 1);
  const others = rows.filter(row => !row.includes('This one'));
  const wrong = await one.jar.post(`${portal.base}/settings/sessions/end`, { csrf: csrf(page), session: '0'.repeat(64) });
  assert.equal(wrong.status, 404);
  for (const row of others) {
    const done = await one.jar.post(`${portal.base}/settings/sessions/end`, { csrf: csrf(page), session: row.match(/name="session" value="([0-9a-f]{64})"/)[1] });
    assert.equal(done.status, 303);
  }
  await until('the other is out', 1, async () => (await two.jar.ask(`${portal.base}/catalog`)).status === 302);
  assert.equal(await who(one.jar), 'user:default/ingrid.solheim');
});

test("nobody ends another's session", async () => {
  const ingrid = await signIn('ingrid'), tomas = await signIn('tagged');
  const page = await ingrid.jar.ask(`${portal.base}/settings`);
  await signIn('ingrid');
  const row = (await ingrid.jar.ask(`${portal.base}/settings`)).body.match(/name="session" value="([0-9a-f]{64})"/)[1];
  const theirs = await tomas.jar.ask(`${portal.base}/settings`);
  assert.equal((await tomas.jar.post(`${portal.base}/settings/sessions/end`, { csrf: csrf(theirs), session: row })).status, 404);
  assert.equal((await tomas.jar.post(`${portal.base}/settings/sessions/end`, { csrf: csrf(page), session: row })).status, 403, "another session's token");
});

test('signing in again ends the session that this browser had', async () => {
  const { jar } = await signIn('ingrid');
  const old = jar.get('callboard');
  jar.cookies = jar.cookies.filter(c => c.name === 'callboard'); // nobody to the provider
  await signIn('ingrid', { jar });
  assert.notEqual(jar.get('callboard'), old);
  await until('the old one is over', 1, async () => (await request(`${portal.base}/catalog`, { headers: { cookie: `callboard=${old}` } })).status === 302);
});

test('cookies that were changed are nobody', async () => {
  const { jar } = await signIn('ingrid');
  const parts = jar.get('callboard').split('.');
  const b64 = text => Buffer.from(text).toString('base64url');
  for (const [at, value] of [[0, 'v1'], [1, 'x'], [2, b64('user:default/tomas.verel')], [3, 'strict'], [4, 'xxxx'], [5, '1'], [6, String(Date.now())], [7, 'A'.repeat(43)], [7, '']]) {
    const cookie = `callboard=${parts.map((part, i) => (i === at ? value : part)).join('.')}`;
    assert.equal((await request(`${portal.base}/catalog`, { headers: { cookie } })).status, 302, cookie);
  }
  for (const cookie of ['callboard=', 'callboard=....', `callboard=${'a.'.repeat(5000)}`, 'callboard=v2.a.b.c.d.e.f.g.h'])
    assert.ok([302, 400].includes((await request(`${portal.base}/catalog`, { headers: { cookie } })).status), cookie.slice(0, 40));
});

test('the audit knows who came and went', async () => {
  const rows = (await portal.ctl('-o', 'json', 'audit', 'list')).stdout;
  assert.match(rows, /session\.open/);
  assert.match(rows, /session\.end/);
  assert.doesNotMatch(rows, /eyJ|a secret & more/);
  const refused = JSON.parse((await portal.ctl('-o', 'json', 'audit', 'list', '--outcome', 'refused')).stdout);
  assert.ok(refused.some(row => row.action === 'auth-frame' && /"why":"[^"]/.test(row.after)), JSON.stringify(refused.slice(0, 3)));
});

// ---- Providers that misbehave ------------------------------------------------

for (const [mode, where, status] of [['error', '/token', 502], ['garbage', '/token', 502], ['empty', '/token', 401], ['slow', '/token', 504], ['error', '/me', 502], ['garbage', '/me', 502], ['empty', '/me', 401]])
  test(`${where} answers ${mode}: a page says so, and the portal is well`, async () => {
    await calm();
    const { jar, next } = await upToFrame('ingrid');
    Object.assign(idp, { mode, where });
    try {
      const answer = await jar.ask(next);
      assert.ok([status, 503].includes(answer.status), `${answer.status}: ${answer.body.match(/class="note">([^<]*)/)?.[1]}`);
      clean(answer, mode);
      assert.equal(jar.get('callboard'), undefined);
      assert.equal((await request(`${portal.base}/sign-in`)).status, 200);
    } finally {
      idp.mode = '';
    }
    await until('the provider is no longer left alone', 70, async () => {
      await sleep(500);
      return (await signIn('ingrid')).answer.status === 200;
    });
  });

test('a provider whose discovery is away or odd is a page that says so, until it is back', async () => {
  const jar = new Jar();
  const rows = [['gone', '', 503], ['flaky', 'html', 502], ['flaky', 'error', 502]];
  for (const [id, discovery, status] of rows) {
    shops.discovery = discovery;
    const answer = await jar.ask(start('/catalog', id));
    assert.equal(answer.status, status, `${id} ${discovery}`);
    assert.match(answer.body, /Signing in does not work right now/);
    assert.match(answer.body, /href="[^"]*\/sign-in/, 'a way back');
    clean(answer, id);
    // Backstage's front end gets its own form of it.
    const api = await jar.ask(`${portal.base}/api/auth/${id}/start?origin=${encodeURIComponent(portal.base)}`);
    assert.ok([status, 503].includes(api.status), `${api.status}`);
    clean(api, id);
  }
  shops.discovery = `${idp.base}/.well-known/openid-configuration`;
  await until('it works again', 70, async () => (await signIn('ingrid', { id: 'flaky' })).answer.status === 200);
});

// What GitHub and GitLab answer in their documented shapes.
const visits = [
  ['github', 'octocat', 'user:default/ingrid.solheim'],
  ['github', 'unverified', 403],
  ['gitlab', 'octocat', 'user:default/ingrid.solheim'],
  ['gitlab', 'tomas.verel', 'user:default/tomas.verel'],
  ['gitlab', 'unverified', 403],
];
for (const [id, login, result] of visits)
  test(`${id} signs in ${login}: ${result}`, async () => {
    const jar = new Jar();
    const go = await jar.ask(start('/catalog', id));
    assert.equal(go.status, 302, go.body);
    const asked = new URL(go.headers.location);
    assert.equal(asked.origin, id === 'github' ? shops.github : shops.gitlab);
    assert.equal(asked.searchParams.get('scope'), id === 'github' ? 'read:user user:email' : 'read_user');
    const back = shops.authorize(go.headers.location, login);
    const answer = await jar.ask(back);
    clean(answer, login);
    assert.equal(answer.status, typeof result === 'number' ? result : 303, answer.body);
    if (typeof result === 'string') assert.equal(await who(jar), result);
    // A code that is spent, as each of them says it.
    const twice = await jar.ask(back.replace(/code=code-/, 'code=x-'));
    assert.ok([401, 403].includes(twice.status), `${twice.status}`);
    clean(twice, 'twice');
  });

test('a provider behind a private CA needs its `ca`', async () => {
  const jar = new Jar();
  const go = await jar.ask(start('/catalog', 'blind'));
  const answer = await jar.ask(shops.authorize(go.headers.location, 'octocat'));
  assert.equal(answer.status, 503);
  assert.match(answer.body, /certificate/);
  clean(answer, 'blind');
});

test('keys that are rotated are found, and a stranger does not make us ask', async () => {
  await signIn('ingrid');
  const before = idp.asked['/jwks'];
  idp.rotate('second');
  const { answer } = await signIn('ingrid');
  assert.equal(answer.status, 200, answer.body.match(/class="note">([^<]*)/)?.[1]);
  assert.equal(idp.asked['/jwks'], before + 1);
  idp.rotate('third');
  assert.equal((await signIn('ingrid')).answer.status, 401, 'asked again within 30 s');
  assert.equal(idp.asked['/jwks'], before + 1);
  idp.rotate('second');
  assert.equal((await signIn('ingrid')).answer.status, 200);
});

test('ID tokens that are not right let nobody in', async () => {
  await calm();
  const part = value => Buffer.from(JSON.stringify(value)).toString('base64url');
  const open = token => token.split('.').slice(0, 2).map(p => JSON.parse(Buffer.from(p, 'base64url')));
  const forged = {
    'no signature': ([h, p]) => `${part({ ...h, alg: 'none' })}.${part(p)}.`,
    'HS256 by the secret': ([h, p]) => `${part({ ...h, alg: 'HS256' })}.${part(p)}.${'A'.repeat(43)}`,
    'another payload': ([h, p], token) => `${part(h)}.${part({ ...p, sub: 'tagged' })}.${token.split('.')[2]}`,
    'an unknown key': ([h, p], token) => `${part({ ...h, kid: 'nobody' })}.${part(p)}.${token.split('.')[2]}`,
    'a key of its own': ([h, p], token) => `${part({ ...h, jwk: { kty: 'oct', k: 'AAAA' }, kid: undefined, jku: 'http://127.0.0.1:1/' })}.${part(p)}.${token.split('.')[2]}`,
    'no token at all': () => 'not.a.token',
    'a megabyte': ([h, p]) => `${part(h)}.${part({ ...p, x: 'y'.repeat(300000) })}.AAAA`,
  };
  for (const [what, forge] of Object.entries(forged)) {
    const { jar, next } = await upToFrame('ingrid');
    idp.tamper = (path, body) => {
      if (path !== '/token') return body;
      const said = JSON.parse(body);
      said.id_token = forge(open(said.id_token), said.id_token);
      return JSON.stringify(said);
    };
    const answer = await jar.ask(next);
    idp.tamper = null;
    assert.ok([401, 502].includes(answer.status), `${what}: ${answer.status}`);
    clean(answer, what);
    assert.equal(jar.get('callboard'), undefined, what);
  }
});

test("another's userinfo is not taken", async () => {
  const { jar, next } = await upToFrame('ingrid');
  idp.tamper = (path, body) => (path === '/me' ? JSON.stringify({ ...JSON.parse(body), sub: 'tagged' }) : body);
  const answer = await jar.ask(next);
  idp.tamper = null;
  assert.equal(answer.status, 401);
});

test('a provider that is away is said, the guest door and sessions go on', async () => {
  const { jar } = await signIn('ingrid').catch(() => ({ jar: new Jar() }));
  await idp.down();
  try {
    const fresh = await portal.get('/sign-in');
    assert.equal(fresh.status, 200);
    const guest = new Jar();
    assert.equal((await guest.follow(`${portal.base}/sign-in?as=guest&return=/catalog`)).status, 200);
    if (jar.get('callboard')) assert.equal((await jar.ask(`${portal.base}/catalog`)).status, 200);
  } finally {
    await idp.up();
  }
});

test('too many attempts are told when to come again', async () => {
  let answer;
  for (let i = 0; i < 200 && answer?.status !== 429; i++) answer = await request(`${portal.base}/api/auth/oidc/handler/frame?state=00`);
  assert.equal(answer.status, 429);
  assert.ok(Number(answer.headers['retry-after']) > 0);
  await calm();
});

test('a personal token is made in the settings, shown once, and revoked there', async () => {
  const { jar } = await signIn('ingrid', { back: '/settings' });
  const page = async () => jar.ask(`${portal.base}/settings`);
  const form = { csrf: csrf(await page()) };
  const made = await jar.post(`${portal.base}/settings/tokens/create`, { ...form, name: 'The <CI>', days: '7', scope: 'read', plugins: 'catalog' });
  assert.equal(made.status, 200);
  assert.match(made.headers['cache-control'], /no-store/);
  const token = made.body.match(/value="(cbp_[A-Za-z0-9_-]{43})"/)[1];
  const use = (target, options) => request(portal.base + target, { ...options, headers: { authorization: `Bearer ${token}` } });
  const entity = '/api/catalog/entities/by-name/user/default/ingrid.solheim';
  assert.equal((await use(entity)).status, 200, 'at once, on the host that made it');
  assert.equal((await use('/api/search/query?term=desk')).status, 403);
  // It is no session: it makes no other token.
  assert.equal((await use('/settings/tokens/create', { method: 'POST', body: 'name=x' })).status, 403);
  const listed = await page();
  assert.match(listed.body, /The &lt;CI&gt;/);
  assert.ok(!listed.body.includes(token));
  const bad = await jar.post(`${portal.base}/settings/tokens/create`, { ...form, name: '', days: '7', scope: 'read' });
  assert.equal(bad.status, 400);
  assert.match(bad.body, /role="alert">name: expected/);
  assert.equal((await jar.post(`${portal.base}/settings/tokens/create`, { name: 'forged' })).status, 403);
  const id = listed.body.match(/name="token" value="([^"]*)"/)[1];
  await jar.post(`${portal.base}/settings/tokens/revoke`, { ...form, token: id });
  await until('it is revoked', 2, async () => (await use(entity)).status === 401);
});

await suite({
  before: async () => {
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    idp = await oidc({ people, redirects: ['oidc', 'strict', 'flaky'].map(id => `${base}/api/auth/${id}/handler/frame`), logouts: [`${base}/sign-in`] });
    closed = await freePort();
    shops = await vendors({
      people: {
        octocat: { id: 583231, name: 'Ingrid', emails: [{ email: 'octo@users.noreply.example', verified: true, primary: false, visibility: null }, { email: 'ingrid.solheim@ondry.example', verified: true, primary: true, visibility: 'private' }], email: 'ingrid.solheim@ondry.example', confirmed_at: '2012-05-23T09:05:22Z' },
        unverified: { id: 2, name: 'Eve', emails: [{ email: 'ingrid.solheim@ondry.example', verified: false, primary: true, visibility: null }], email: 'ingrid.solheim@ondry.example', confirmed_at: null },
        'tomas.verel': { id: 3, name: 'Tomas', emails: [], email: 'tomas@elsewhere.example', confirmed_at: '2012-05-23T09:05:22Z' },
      },
    });
    portal = await Portal.start({ port, config: config() + more() });
    await until('the people are there', 30, async () => (await portal.get('/api/catalog/entities/by-name/user/default/ingrid.solheim')).status === 200);
  },
  after: async () => {
    await portal?.stop();
    await idp?.stop();
    shops?.stop();
  },
});
