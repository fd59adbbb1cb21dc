// SPDX-License-Identifier: Apache-2.0
//
// What an administrator relies on: the audit log goes where it should, secrets
// go nowhere, and processes have given up what they do not need.
import { Portal, request, run, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

let portal, tool, dir, file, config;
const canary = name => `canary-${name}-${'x'.repeat(8)}/${name}+${process.pid}`;
const secrets = { github: canary('github'), bearer: canary('bearer'), basic: canary('basic'), header: canary('header'), hook: canary('hook'), gitlab: canary('gitlab') };
const forms = text => [text, encodeURIComponent(text), Buffer.from(text).toString('base64'), Buffer.from(text).toString('base64url'), JSON.stringify(text).slice(1, -1)];
const all = Object.values(secrets).flatMap(forms).concat(forms(`reader:${secrets.basic}`).slice(2));
function clean(where, text) {
  for (const one of all) assert.ok(!text.includes(one), `${where} shows ${one}: ...${text.slice(Math.max(0, text.indexOf(one) - 200), text.indexOf(one) + 40)}`);
}
const lines = name => readFileSync(name, 'utf8').trim().split('\n').filter(Boolean).map(line => JSON.parse(line));
const listed = async (...args) => JSON.parse((await portal.ctl('-o', 'json', 'audit', 'list', '--limit', '1000', ...args)).stdout);
const target = name => `${tool.base}/${name}/catalog-info.yaml`;
const register = name => portal.get('/api/catalog/locations', { method: 'POST', body: { type: 'url', target: target(name) } });

// ---- the audit log ----

test('the page shows who changed what, and filters', async () => {
  assert.equal((await register('one')).status, 201);
  await portal.get('/api/catalog/locations', { method: 'POST', body: { type: 'url', target: 'nonsense' } });
  const page = await portal.get('/admin/audit');
  assert.equal(page.status, 200);
  assert.match(page.body, /location\.add/);
  assert.match(page.body, /external:quickstart|external:/);
  assert.match(page.body, /href="[^"]*\/api\/audit\/events\?format=csv"/);
  const none = await portal.get('/admin/audit?actor=nobody');
  assert.equal(none.status, 200);
  assert.match(none.body, /Nothing was done/);
  const narrow = await portal.get('/admin/audit?action=location&outcome=done');
  assert.match(narrow.body, /location\.add/);
  assert.match(narrow.body, /name="action"[^>]*value="location"/);
  for (const bad of ['from=yesterdayish', 'before=x', `object=${'a'.repeat(300)}`]) assert.equal((await portal.get(`/admin/audit?${bad}`)).status, 400, bad);
});

test('a guest does not see it, and his attempts are in it', async () => {
  const cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
  assert.equal((await request(`${portal.base}/admin/audit`, { headers: { cookie } })).status, 403);
  assert.equal((await request(`${portal.base}/api/audit/events`, { headers: { cookie } })).status, 403);
  assert.equal((await request(`${portal.base}/api/audit/events`)).status, 401);
  const home = await request(`${portal.base}/`, { headers: { cookie } });
  assert.doesNotMatch(home.body, /\/admin\/audit/);
  const refused = await request(`${portal.base}/api/catalog/locations`, { method: 'POST', body: { type: 'url', target: target('guest') }, headers: { cookie } });
  assert.equal(refused.status, 403);
  await until('the refusal', 5, async () => (await listed('--outcome', 'refused')).some(row => row.object === 'POST /api/catalog/locations'));
});

test('all of it can be taken away, as JSON lines and as CSV', async () => {
  const rows = await listed();
  const ndjson = await portal.get('/api/audit/events');
  assert.equal(ndjson.status, 200, ndjson.body);
  assert.match(ndjson.headers['content-type'], /ndjson/);
  assert.match(ndjson.headers['content-disposition'], /attachment/);
  const taken = ndjson.body.trim().split('\n').map(line => JSON.parse(line));
  assert.deepEqual(taken.map(row => row.id), rows.map(row => row.id));
  const csv = await portal.get('/api/audit/events?format=csv&action=location.add');
  const [head, ...rest] = csv.body.trim().split('\r\n');
  assert.equal(head, 'id,at,actor,action,object,outcome,before,after,requestId,address,seal,hash');
  assert.equal(rest.length, (await listed('--action', 'location.add')).length);
  assert.match(rest[0], /^\d+,"\d{4}-.*","location\.add",/);
  assert.equal((await portal.get('/api/audit/events?format=xml')).status, 400);
  assert.equal((await portal.get('/api/audit/events?nonsense=1')).status, 400);
});

test('each row goes to the file once, in order, also after it was rotated', async () => {
  await register('two');
  await until('the row in the file', 10, () => lines(file).some(row => row.action === 'location.add' && String(row.after).includes('/two/')));
  renameSync(file, `${file}.1`);
  await register('three');
  await until('the row in the new file', 10, () => { try { return lines(file).some(row => String(row.after).includes('/three/')); } catch { return false; } });
  assert.equal(statSync(file).mode & 0o777, 0o640);
  const seals = [...lines(`${file}.1`), ...lines(file)].map(row => row.seal);
  assert.deepEqual(seals, seals.map((_, i) => seals[0] + i));
});

// ---- the sandbox ----

test('web processes make no IP sockets and start no programs', async () => {
  const status = JSON.parse((await portal.ctl('-o', 'json', 'status')).stdout);
  const web = status.processes.filter(p => p.kind === 'web');
  assert.ok(web.length >= 4);
  for (const process of web) {
    const proc = readFileSync(`/proc/${process.pid}/status`, 'utf8');
    assert.match(proc, /^NoNewPrivs:\t1$/m);
    assert.match(proc, /^Seccomp:\t2$/m);
    assert.match(process.sandbox, /unix sockets/);
    // A build with sanitizers keeps files and programs: see docs/hardening.md.
    if (/files/.test(process.sandbox)) assert.match(process.sandbox, /no programs/);
  }
  assert.match((await portal.ctl('status')).stdout, /unix sockets/);
});

// ---- secrets ----

test('a wrong token that resembles a secret is not told again', async () => {
  for (const one of Object.values(secrets)) {
    const answer = await request(`${portal.base}/api/catalog/entities?token=${encodeURIComponent(one)}`, { headers: { authorization: `Bearer ${one}x` } });
    assert.equal(answer.status, 401);
    clean('the answer', answer.body.replaceAll(encodeURIComponent(one), '').replaceAll(one, ''));
  }
});

test('hosts that tell back what they were told reveal nothing', async () => {
  for (const name of ['echo', 'redirect', 'yaml', 'reset']) await register(name);
  await until('errors of all', 40, async () => {
    const text = (await portal.ctl('-o', 'json', 'catalog', 'errors')).stdout;
    return ['echo', 'redirect', 'yaml', 'reset'].every(name => text.includes(`/${name}/`));
  });
  for (const name of ['echo', 'yaml']) {
    const body = { location: { type: 'url', target: target(name) } };
    clean('analyze-location', (await portal.get('/api/catalog/analyze-location', { method: 'POST', body })).body);
    clean('a dry run', (await portal.get('/api/catalog/locations?dryRun=true', { method: 'POST', body: body.location })).body);
  }
  clean('catalog errors', (await portal.ctl('-o', 'json', 'catalog', 'errors')).stdout);
  clean('the page', (await portal.get('/admin/catalog')).body);
  for (const hook of ['', 'sha256=00', `sha256=${secrets.hook}`])
    clean('a webhook', (await request(`${portal.base}/api/events/http/github`, { method: 'POST', body: { a: 1 }, headers: { 'x-hub-signature-256': hook, 'x-github-event': 'push' } })).body);
});

test('a config that is refused is shown without its secrets', async () => {
  const before = readFileSync(config, 'utf8');
  writeFileSync(config, before.replace('integrations:', 'backend.web.threads: nonsense\nbackend: {web: {threads: nonsense}}\nintegrations:'));
  const master = (await portal.readStatus()).pids.callboard;
  process.kill(master, 'SIGHUP');
  await until('the error in the log', 10, () => /has errors/.test(portal.log()));
  writeFileSync(config, before);
  clean('the log', portal.log());
});

test('nothing that was written anywhere has one', async () => {
  clean('config print', (await portal.ctl('config', 'print')).stdout);
  clean('status', (await portal.ctl('-o', 'json', 'status')).stdout);
  clean('the metrics', (await request(`${portal.base}/metrics`)).body);
  clean('the audit log', (await portal.get('/api/audit/events')).body);
  for (const log of readdirSync(path.join(portal.home, 'log'))) {
    // nginx notes addresses as they were asked for; those are the client's words.
    const text = readFileSync(path.join(portal.home, 'log', log), 'latin1').replace(/"(?:GET|POST) [^"]*"/g, '').replace(/\?token=[^ "]*/g, '');
    clean(log, text);
  }
  for (const name of ['board', 'registry.json']) clean(name, readFileSync(path.join(portal.home, 'run', name), 'latin1'));
  clean('the audit file', readFileSync(file, 'utf8'));
  const dump = await run('pg_dump', ['-h', path.join(portal.home, 'run'), '-U', 'callboard', '-d', 'callboard', '--data-only']);
  assert.equal(dump.code, 0, dump.stderr);
  clean('the database', dump.stdout);
});

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-guarded-'));
    chmodSync(dir, 0o777);
    file = path.join(dir, 'audit.log');
    config = path.join(dir, 'extra.yaml');
    tool = http.createServer((req, res) => {
      const told = JSON.stringify(req.headers);
      if (req.url.includes('/redirect/')) res.writeHead(302, { location: `http://127.0.0.1:1/?${encodeURIComponent(told)}` }).end(told);
      else if (req.url.includes('/yaml/')) res.writeHead(200, { 'content-type': 'text/yaml' }).end(`kind: ${told}\nname: [${told}`);
      else if (req.url.includes('/reset/')) res.socket.destroy();
      else res.writeHead(req.url.includes('/echo/') ? 500 : 404, told.slice(0, 60).replace(/[^ -~]/g, ''), { 'x-told': told }).end(told);
    });
    await new Promise(resolve => tool.listen(0, '127.0.0.1', resolve));
    tool.base = `http://127.0.0.1:${tool.address().port}`;
    const host = new URL(tool.base).host;
    writeFileSync(config, `audit: {sinks: {file: ${file}}}
backend:
  reading: {allow: [{host: '${host}'}]}
integrations:
  gitea: [{host: '${host}', baseUrl: '${tool.base}', username: reader, password: '${secrets.basic}', allow: [loopback]}]
  gitlab: [{host: 'gitlab.example', token: '${secrets.gitlab}'}]
  github: [{host: 'ghe.example', token: '${secrets.github}'}]
events: {http: {topics: [github]}, modules: {github: {webhookSecret: '${secrets.hook}'}}}
connections:
  one: {baseUrl: '${tool.base}', credential: {type: bearer, token: '${secrets.bearer}'}, allow: [loopback]}
  two: {baseUrl: '${tool.base}', credential: {type: header, name: X-Key, value: '${secrets.header}'}, allow: [loopback]}
`);
    portal = await Portal.start({ config: [config] });
  },
  after: async () => {
    await portal?.stop();
    tool?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  },
});
