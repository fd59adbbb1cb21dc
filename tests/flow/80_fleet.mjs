// SPDX-License-Identifier: Apache-2.0
//
// Two hosts on one PostgreSQL and one Redis behind a balancer that alternates;
// the second one's clock is a minute ahead.
import { Portal, freePort, load, request, run, sleep, slow, tree, until } from '../lib/portal.mjs';
import { Jar } from '../lib/jar.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

let one, two, dir, port, base, keys;

// A load balancer that signs who somebody is: both hosts let people in by it.
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const arn = 'arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/a/b';
function assertion(email) {
  const part = value => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'ES256', kid: 'one', signer: arn, iss: 'https://sso.example', exp: Math.floor(Date.now() / 1000) + 300 })}.${part({ sub: email, email, iss: 'https://sso.example' })}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
async function signIn(portal, email = 'ingrid.solheim@ondry.example') {
  const jar = new Jar();
  const headers = { 'x-amzn-oidc-data': assertion(email) };
  const done = await jar.ask(`${portal.base}/sign-in?return=/catalog`, { headers });
  assert.equal(done.status, 303, done.body.match(/class="note">([^<]*)/)?.[1]);
  return jar;
}
const entity = '/api/catalog/entities/by-name/component/default/booking-desk';
const read = async (portal, jar) => (await request(portal.base + entity, { headers: { cookie: `callboard=${jar.get('callboard')}` } })).status;
const auth = () => ({ authorization: `Bearer ${one.token}` });

async function balancer() {
  port = await freePort();
  mkdirSync(path.join(dir, 'lb'), { mode: 0o777 });
  writeFileSync(path.join(dir, 'lb.conf'), `
worker_processes 1;
pid "${dir}/lb/nginx.pid";
error_log "${dir}/lb/error.log" warn;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path "${dir}/lb/a"; proxy_temp_path "${dir}/lb/b"; fastcgi_temp_path "${dir}/lb/c";
  uwsgi_temp_path "${dir}/lb/d"; scgi_temp_path "${dir}/lb/e";
  upstream hosts { server 127.0.0.1:${one.port} max_fails=1 fail_timeout=1s; server 127.0.0.1:${two.port} max_fails=1 fail_timeout=1s; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://hosts;
      proxy_set_header Host $http_host;
      proxy_next_upstream error timeout http_502 http_503;
      proxy_connect_timeout 1s;
      add_header X-Host $upstream_addr always;
    }
  }
}
`);
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const started = await run('nginx', ['-p', dir, '-c', path.join(dir, 'lb.conf'), '-e', path.join(dir, 'lb/error.log')], { env });
  assert.equal(started.code, 0, started.stderr);
  base = `http://127.0.0.1:${port}`;
  await until('the balancer answers', 5, async () => (await request(`${base}/.backstage/health/v1/liveness`)).status === 200);
}

// What makes a clock wrong; sanitizers want to be loaded first themselves.
async function ahead() {
  if (slow > 1) return {};
  const library = path.join(dir, 'skew.so');
  const made = await run('cc', ['-shared', '-fPIC', '-o', library, path.join(tree, 'tests/lib/skew.c')]);
  assert.equal(made.code, 0, made.stderr);
  chmodSync(library, 0o755);
  return { LD_PRELOAD: library, CB_TEST_AHEAD: '60' };
}

test('the second home uses the stores it is given', async () => {
  const status = await two.readStatus();
  assert.equal(status.pids.postgres, null);
  assert.equal(status.pids.redis, null);
  assert.ok(status.pids.nginx && status.pids.callboard);
});

test('a session made on one host holds on the other, and assets too', async () => {
  const door = await request(`${one.base}/sign-in?as=guest&return=/`);
  const cookie = door.headers['set-cookie'][0].split(';')[0];
  const seen = new Set();
  for (let i = 0; i < 6; i++) {
    const answer = await request(`${base}/catalog/default/component/booking-desk`, { headers: { cookie } });
    assert.equal(answer.status, 200, `${answer.status} from ${answer.headers['x-host']}`);
    seen.add(answer.headers['x-host']);
    const css = answer.body.match(/"(\/assets\/[^"]*callboard\.css)"/)[1];
    const styles = await request(base + css);
    assert.equal(styles.status, 200);
    seen.add(styles.headers['x-host']);
  }
  assert.equal(seen.size, 2, 'the balancer did not alternate');
});

test('a form opened on one host may be sent to the other', async () => {
  const cookie = (await request(`${one.base}/sign-in?as=guest&return=/`)).headers['set-cookie'][0].split(';')[0];
  const home = await request(`${one.base}/`, { headers: { cookie } });
  const form = home.body.match(/<form[^>]*action="\/sign-out"[^]*?<\/form>/)[0];
  const field = form.match(/<input[^>]*type="hidden"[^>]*>/)[0];
  const name = field.match(/name="([^"]*)"/)[1], value = field.match(/value="([^"]*)"/)[1];
  const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded', origin: two.base };
  const without = await request(`${two.base}/sign-out`, { method: 'POST', headers, body: 'x=1' });
  assert.equal(without.status, 403);
  const sent = await request(`${two.base}/sign-out`, { method: 'POST', headers, body: new URLSearchParams({ [name]: value }).toString() });
  assert.ok([302, 303].includes(sent.status), `${sent.status} ${sent.body.slice(0, 300)}`);
});

test('a cursor of one host goes on at the other', async () => {
  const target = '/api/catalog/entities/by-query?limit=3&filter=kind=component&orderField=metadata.name,asc&fields=metadata.name';
  const first = JSON.parse((await request(one.base + target, { headers: auth() })).body);
  const rest = JSON.parse((await request(`${two.base}/api/catalog/entities/by-query?limit=3&fields=metadata.name&cursor=${encodeURIComponent(first.pageInfo.nextCursor)}`, { headers: auth() })).body);
  const all = JSON.parse((await request(`${one.base}/api/catalog/entities/by-query?limit=6&filter=kind=component&orderField=metadata.name,asc&fields=metadata.name`, { headers: auth() })).body);
  assert.deepEqual([...first.items, ...rest.items], all.items);
});

test('a location added on one host shows on both within a second', async () => {
  const made = await request(`${one.base}/api/catalog/locations`, { method: 'POST', headers: auth(), body: { type: 'url', target: 'https://example.org/fleet.yaml' } });
  assert.equal(made.status, 201, made.body);
  const { id } = JSON.parse(made.body).location;
  await until('it is listed on the other host', 1, async () => (await request(`${two.base}/api/catalog/locations/${id}`, { headers: auth() })).status === 200);
  assert.equal((await request(`${two.base}/api/catalog/locations/${id}`, { method: 'DELETE', headers: auth() })).status, 204);
  assert.equal((await until('it is gone on the first', 1, async () => {
    const answer = await request(`${one.base}/api/catalog/locations/${id}`, { headers: auth() });
    return answer.status === 404 && answer;
  })).status, 404);
});

test('a plugin switched on one host is switched on both within a second', async () => {
  const state = async portal => JSON.parse((await portal.ctl('-o', 'json', 'plugin', 'list')).stdout).find(p => p.name === 'sonarqube').state;
  const card = async portal => (await request(`${portal.base}/fragments/sonarqube/quality?entity=component:default/booking-desk`, { headers: auth() })).body;
  const before = await card(two);
  await one.ctl('plugin', 'disable', 'sonarqube');
  await until('it is off on the other host', 1, async () => (await card(two)) !== before);
  assert.equal(await state(two), 'off');
  await one.ctl('plugin', 'enable', 'sonarqube');
  await until('it is on again on the other host', 1, async () => (await state(two)) === 'running');
});

test('warm on the second host fetches nothing that the first has warmed', async () => {
  const first = await one.warm();
  assert.equal(first.code, 0, first.stdout + first.stderr);
  const second = await two.warm();
  assert.equal(second.code, 0, second.stdout + second.stderr);
  assert.match(second.stdout, /\b0 fetched\b/, second.stdout);
});

test('sessions of each host hold on the other, whose clock is a minute off, and end on both', async () => {
  const clock = async portal => Date.parse((await request(`${portal.base}/.backstage/health/v1/liveness`)).headers.date);
  if (slow === 1) assert.ok(Math.abs(await clock(two) - await clock(one) - 60000) <= 2000, 'its clock is not ahead');
  for (const [here, there] of [[one, two], [two, one]]) {
    const jar = await signIn(here);
    assert.deepEqual([await read(here, jar), await read(there, jar)], [200, 200]);
    const refresh = await jar.ask(`${here.base}/api/auth/awsAlb/refresh`, { headers: { 'x-requested-with': 'XMLHttpRequest' } });
    const { token } = JSON.parse(refresh.body).backstageIdentity;
    // (Another base URL is another issuer: there it would be a stranger's.)
    assert.equal((await request(here.base + entity, { headers: { authorization: `Bearer ${token}` } })).status, 200);
    // Ended there, over here within a second; with its tokens.
    const csrf = (await jar.ask(`${there.base}/settings`)).body.match(/name="csrf" value="([^"]*)"/)[1];
    assert.equal((await jar.post(`${there.base}/sign-out`, { csrf })).status, 303);
    jar.cookies = [];
    await until('the token is over', 1, async () => (await request(here.base + entity, { headers: { authorization: `Bearer ${token}` } })).status === 401);
  }
});

test('what was ended stays so with both stores away, and the others go on', async () => {
  const kept = await signIn(one), ended = await signIn(two);
  const old = ended.get('callboard');
  assert.deepEqual([await read(two, kept), await read(two, ended)], [200, 200]);
  const csrf = (await ended.ask(`${one.base}/settings`)).body.match(/name="csrf" value="([^"]*)"/)[1];
  assert.equal((await ended.post(`${one.base}/sign-out`, { csrf })).status, 303);
  ended.cookies = [{ name: 'callboard', value: old, host: '127.0.0.1', path: '/' }];
  await until('the other host has heard of it', 1, async () => (await read(two, ended)) === 401);
  const { postgres, redis } = one.status.pids;
  const children = (await run('ps', ['-o', 'pid=', '--ppid', String(postgres)])).stdout.split('\n').map(Number).filter(Boolean);
  const stores = [postgres, redis, ...children];
  const signal = name => stores.forEach(pid => { try { process.kill(pid, name); } catch { /* it ended by itself */ } });
  signal('SIGSTOP');
  try {
    for (const portal of [one, two]) {
      assert.equal(await read(portal, ended), 401);
      assert.equal(await read(portal, kept), 200);
      const jar = new Jar();
      const refused = await jar.ask(`${portal.base}/sign-in?return=/catalog`, { headers: { 'x-amzn-oidc-data': assertion('ingrid.solheim@ondry.example') } });
      assert.equal(refused.status, 503, 'signing in needs PostgreSQL');
      assert.equal(jar.get('callboard'), undefined);
    }
  } finally {
    signal('SIGCONT');
  }
  await until('signing in works again', 30, async () => {
    await sleep(200);
    return signIn(two).then(() => true, () => false);
  });
});

test('one host stopped under load costs no GET', async () => {
  const end = Date.now() + 6000;
  const master = (await two.readStatus()).pids.callboard;
  const stopped = (async () => { await sleep(1500); process.kill(master, 'SIGTERM'); })();
  const result = await load({
    lanes: 6,
    next: () => Date.now() > end ? null : { url: `${base}/api/catalog/entities/by-name/component/default/booking-desk`, headers: auth() },
    check: answer => answer.status === 200 ? null : `status ${answer.status} from ${answer.headers['x-host']}`,
  });
  await stopped;
  console.log(`     ${result.sent} requests, ${result.failed} failed`);
  assert.equal(result.failed, 0, result.failures.join('\n'));
  assert.ok(result.sent > 500);
});

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-fleet-'));
    chmodSync(dir, 0o755);
    keys = http.createServer((req, res) => res.end(pair.publicKey.export({ type: 'spki', format: 'pem' })));
    await new Promise(done => keys.listen(0, '127.0.0.1', done));
    const people = path.join(dir, 'people.yaml');
    writeFileSync(people, `permission: {defaultRole: reader}
auth:
  providers:
    awsAlb:
      issuer: https://sso.example
      signer: ${arn}
      keysUrl: http://127.0.0.1:${keys.address().port}/keys
      allow: [loopback]
      trustEmail: true
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}
`);
    one = await Portal.start({ config: [people] });
    const data = one.status.data;
    const shared = path.join(dir, 'shared.yaml');
    writeFileSync(shared, `backend:
  database: {client: pg, connection: 'host=${data}/run user=callboard dbname=callboard'}
  cache: {store: redis, connection: 'unix:${data}/run/redis.sock'}
`);
    // One fleet knows one token.
    const home = path.join(dir, 'two');
    mkdirSync(home);
    writeFileSync(path.join(home, 'token'), one.token, { mode: 0o600 });
    two = await Portal.start({ home, config: [shared, people], env: await ahead() });
    await balancer();
  },
  after: async () => {
    try {
      process.kill(Number(readFileSync(path.join(dir, 'lb/nginx.pid'), 'utf8')), 'SIGQUIT');
    } catch { /* it never started */ }
    await two?.stop();
    await one?.stop();
    keys?.close();
    rmSync(dir, { recursive: true, force: true });
  },
});
