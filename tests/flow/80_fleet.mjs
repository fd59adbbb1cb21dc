// SPDX-License-Identifier: Apache-2.0
//
// Two hosts on one PostgreSQL and one Redis behind a balancer that alternates.
import { Portal, freePort, load, request, run, sleep, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

let one, two, dir, port, base;
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

test('the second home uses the stores it is given', async () => {
  const status = await two.readStatus();
  assert.equal(status.pids.postgres, null);
  assert.equal(status.pids.redis, null);
  assert.ok(status.pids.nginx && status.pids.callboard);
});

test('a session made on one host holds on the other, and assets too', async () => {
  const door = await request(`${one.base}/sign-in?return=/`);
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
  const cookie = (await request(`${one.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
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
    one = await Portal.start();
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
    two = await Portal.start({ home, config: [shared] });
    await balancer();
  },
  after: async () => {
    try {
      process.kill(Number(readFileSync(path.join(dir, 'lb/nginx.pid'), 'utf8')), 'SIGQUIT');
    } catch { /* it never started */ }
    await two?.stop();
    await one?.stop();
    rmSync(dir, { recursive: true, force: true });
  },
});
