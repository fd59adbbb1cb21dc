// SPDX-License-Identifier: Apache-2.0
//
// Callboard below /portal/ in the nginx that a company has: its own locations,
// error pages, headers, passwords, single sign-on and TLS server answer as
// before.
import { Portal, freePort, request, run, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { chmodSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

let portal, dir, port, tlsPort, cookie, release;

const ask = (target, options) => request(`http://127.0.0.1:${port}${target}`, options);
const bearer = () => ({ headers: { authorization: `Bearer ${portal.token}` } });
const login = { authorization: `Basic ${Buffer.from('staff:secret').toString('base64')}`, 'x-sso': 'yes' };

function askTls(target) {
  return new Promise((resolve, reject) => {
    https.get({ host: '127.0.0.1', port: tlsPort, path: target, rejectUnauthorized: false }, res => {
      let body = '';
      res.on('data', part => { body += part; });
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, body }));
    }).on('error', reject);
  });
}

async function theirNginx() {
  dir = mkdtempSync(path.join(os.tmpdir(), 'cb-nginx-'));
  chmodSync(dir, 0o755);
  port = await freePort();
  tlsPort = await freePort();
  for (const name of ['html', 'tmp', 'cb']) mkdirSync(path.join(dir, name), { mode: 0o777 });
  chmodSync(path.join(dir, 'tmp'), 0o777);
  chmodSync(path.join(dir, 'cb'), 0o777);
  writeFileSync(path.join(dir, 'html/index.html'), 'their front page');
  writeFileSync(path.join(dir, 'html/oops.html'), 'their error page');
  writeFileSync(path.join(dir, 'html/style.css'), 'their style');
  const hash = (await run('openssl', ['passwd', '-apr1', 'secret'])).stdout.trim();
  writeFileSync(path.join(dir, 'passwords'), `staff:${hash}\n`);
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=theirs.example', '-keyout', path.join(dir, 'key.pem'), '-out', path.join(dir, 'cert.pem')]);
  chmodSync(path.join(dir, 'key.pem'), 0o644);
  const { code, stderr } = await portal.ctl('nginx', '--write', path.join(dir, 'cb'));
  assert.equal(code, 0, stderr);
  writeFileSync(path.join(dir, 'nginx.conf'), `
worker_processes 1;
pid "${dir}/tmp/nginx.pid";
error_log "${dir}/tmp/error.log" info;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path "${dir}/tmp/a"; proxy_temp_path "${dir}/tmp/b"; fastcgi_temp_path "${dir}/tmp/c";
  uwsgi_temp_path "${dir}/tmp/d"; scgi_temp_path "${dir}/tmp/e";
  include "${dir}/cb/callboard-http.conf";
  server {
    listen 127.0.0.1:${port};
    server_name _;
    root "${dir}/html";
    auth_basic "staff only";
    auth_basic_user_file "${dir}/passwords";
    auth_request /sso;
    location = /sso { internal; auth_basic off; auth_request off; if ($http_x_sso = "") { return 403; } return 204; }
    add_header X-Theirs yes always;
    error_page 404 500 502 503 /oops.html;
    location / { }
    location = /open { auth_basic off; auth_request off; return 200 'their open door'; }
    location ~ \\.css$ { auth_basic off; auth_request off; return 200 'their regex'; }
    location ~* /(catalog|api)/ { auth_basic off; auth_request off; return 200 'their other regex'; }
    include "${dir}/cb/callboard-server.conf";
  }
  server {
    listen 127.0.0.1:${tlsPort} ssl;
    server_name theirs.example;
    ssl_certificate "${dir}/cert.pem";
    ssl_certificate_key "${dir}/key.pem";
    location / { return 200 'their second server'; }
  }
}
`);
  const as = await owner();
  const test = await run(as[0] ?? 'nginx', [...as.slice(1), ...(as.length ? ['nginx'] : []), '-t', '-p', dir, '-c', `${dir}/nginx.conf`, '-e', `${dir}/tmp/error.log`], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
  assert.equal(test.code, 0, test.stderr);
  const started = await run(as[0] ?? 'nginx', [...as.slice(1), ...(as.length ? ['nginx'] : []), '-p', dir, '-c', `${dir}/nginx.conf`, '-e', `${dir}/tmp/error.log`], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
  assert.equal(started.code, 0, started.stderr);
  await until('their nginx answers', 5, async () => (await ask('/open')).status === 200);
}

// nginx must run as the user whose sockets it opens.
async function owner() {
  if (process.getuid() !== 0) return [];
  const ids = (await run('stat', ['-c', '%u:%g', portal.status.data])).stdout.trim().split(':');
  return ['setpriv', `--reuid=${ids[0]}`, `--regid=${ids[1]}`, '--clear-groups', '--'];
}

test('both files pass nginx -t in a server of theirs', () => {});

test('their locations answer as before', async () => {
  assert.equal((await ask('/')).status, 401);
  const front = await ask('/', { headers: login });
  assert.equal(front.body, 'their front page');
  assert.equal(front.headers['x-theirs'], 'yes');
  assert.equal((await ask('/open')).body, 'their open door');
  assert.equal((await ask('/style.css')).body, 'their regex');
  assert.equal((await ask('/api/x')).body, 'their other regex');
  assert.equal((await ask('/nowhere', { headers: login })).body, 'their error page');
  assert.equal((await askTls('/portal/')).body, 'their second server');
});

test('webhooks get past their password, and need no token', async () => {
  // No topic of that name: ours to say, behind no door.
  const answer = await ask('/portal/api/events/http/nobody', { method: 'POST', body: '{}' });
  assert.equal(answer.status, 404, answer.body);
  assert.equal(answer.headers['x-theirs'], undefined);
});

test('bearer APIs and health get past their password', async () => {
  const answer = await ask('/portal/api/catalog/entities/by-name/component/default/booking-desk', bearer());
  assert.equal(answer.status, 200, answer.body);
  assert.equal(JSON.parse(answer.body).metadata.name, 'booking-desk');
  assert.equal((await ask('/portal/.backstage/health/v1/readiness')).status, 200);
  assert.equal((await ask('/portal/api/catalog/entities')).status, 401);
});

test('errors of ours are ours, not their error page', async () => {
  const answer = await ask('/portal/api/catalog/entities/by-name/component/default/none', bearer());
  assert.equal(answer.status, 404);
  assert.equal(JSON.parse(answer.body).error.name, 'NotFoundError');
});

test('pages keep their password and are composed below the base path', async () => {
  assert.equal((await ask('/portal/catalog')).status, 401);
  assert.equal((await ask('/portal/catalog', { headers: { authorization: login.authorization } })).status, 403, 'their auth_request is asked');
  const door = await ask('/portal/sign-in?return=/catalog', { headers: login });
  assert.ok([302, 303].includes(door.status), String(door.status));
  cookie = door.headers['set-cookie'][0].split(';')[0];
  const page = await ask('/portal/catalog/default/component/booking-desk', { headers: { ...login, cookie } });
  assert.equal(page.status, 200);
  assert.ok(page.body.includes('data-plugin="ownership"'));
  assert.ok(!page.body.includes('<!--#'), 'an include was not carried out');
  for (const [, address] of page.body.matchAll(/(?:href|src|action|hx-get)="(\/[^"]*)"/g))
    assert.ok(address.startsWith('/portal/'), `${address} leaves the base path`);
  release = page.body.match(/\/portal\/assets\/([a-z0-9]+)\//)[1];
});

test('a card does not answer from outside', async () => {
  assert.equal((await ask('/portal/_cards/ownership/owner?entity=component:default/booking-desk', { headers: { ...login, cookie } })).status, 404);
});

test('a plain /portal leads to /portal/', async () => {
  const answer = await ask('/portal', { headers: login });
  assert.equal(answer.status, 308);
  assert.ok(answer.headers.location.endsWith('/portal/'));
});

test('assets are kept for ever under their hash, and served uncached under another', async () => {
  const now = await ask(`/portal/assets/${release}/callboard.css`);
  assert.equal(now.status, 200);
  assert.match(now.headers['cache-control'], /immutable/);
  assert.match(now.headers['content-type'], /text\/css/);
  const other = await ask('/portal/assets/0123456789ab/callboard.css');
  assert.equal(other.status, 200);
  assert.equal(other.body, now.body);
  assert.equal(other.headers['cache-control'], 'no-cache');
  assert.equal((await ask(`/portal/assets/${release}/nothing.css`)).status, 404);
  assert.equal((await ask(`/portal/assets/${release}/..%2f..%2fmanifest.txt`, { headers: login })).status, 404);
});

test('security headers are there, identity headers of a client are not believed', async () => {
  const page = await ask('/portal/catalog', { headers: { ...login, cookie, 'x-forwarded-host': 'evil.example', host: 'evil.example' } });
  assert.match(page.headers['content-security-policy'], /default-src 'none'/);
  assert.equal(page.headers['x-content-type-options'], 'nosniff');
  assert.equal(page.headers['referrer-policy'], 'same-origin');
  assert.equal(page.headers['cross-origin-opener-policy'], 'same-origin');
  assert.equal(page.headers['cross-origin-resource-policy'], 'same-origin');
  assert.doesNotMatch(page.headers['content-security-policy'], /unsafe-inline|unsafe-eval/);
  assert.ok(!page.body.includes('evil.example'));
  const forged = await ask('/portal/api/catalog/entities', { headers: { 'x-callboard-user': 'user:default/admin', 'cb-card': '1', 'remote-user': 'admin' } });
  assert.equal(forged.status, 401);
});

test('pages, their cards, APIs and assets are compressed once, by whoever asks for that', async () => {
  const packed = { ...login, cookie, 'accept-encoding': 'gzip' };
  for (const [target, headers] of [['/portal/catalog/default/component/booking-desk', packed], [`/portal/assets/${release}/callboard.css`, packed],
    ['/portal/api/catalog/entities/by-query?limit=20', { ...bearer().headers, 'accept-encoding': 'gzip' }]]) {
    const plain = await ask(target, { headers: { ...headers, 'accept-encoding': undefined } });
    const answer = await new Promise((resolve, reject) => http.get(`http://127.0.0.1:${port}${target}`, { headers }, res => {
      const parts = [];
      res.on('data', part => parts.push(part));
      res.on('end', () => resolve({ headers: res.headers, body: Buffer.concat(parts) }));
    }).on('error', reject));
    assert.equal(plain.headers['content-encoding'], undefined, target);
    assert.equal(answer.headers['content-encoding'], 'gzip', target);
    assert.match(answer.headers.vary, /Accept-Encoding/i, target);
    const body = gunzipSync(answer.body).toString();
    assert.ok(answer.body.length < body.length / 2, target);
    // A page says how long ago things were: the same but for numbers.
    assert.equal(body.length > 1000 && body.slice(0, 60), plain.body.slice(0, 60), target);
    if (target.includes('component')) assert.match(body, /data-plugin="ownership"[^]*<\/html>\s*$/);
  }
});

test('metrics answer on loopback', async () => {
  const answer = await ask('/portal/metrics');
  assert.equal(answer.status, 200);
  assert.match(answer.body, /callboard_requests_total \d+/);
});

await suite({
  before: async () => {
    portal = await Portal.start({ basePath: '/portal' });
    await theirNginx();
  },
  after: async () => {
    try {
      process.kill(Number(readFileSync(path.join(dir, 'tmp/nginx.pid'), 'utf8')), 'SIGQUIT');
    } finally {
      await portal?.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
});
