// SPDX-License-Identifier: Apache-2.0
//
// Moving from a running Backstage, which a small server stands in for: it
// answers the two requests in Backstage's shapes, by pages, for one token.
import { Portal } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const token = 'the-token-of-backstage';
let portal, server, base, dir, asked = [], broken = '';
const v = 'backstage.io/v1alpha1';
const ownedBy = [{ type: 'ownedBy', targetRef: 'group:default/crew', target: { kind: 'group', namespace: 'default', name: 'crew' } }];
const served = (kind, name, spec, relations = ownedBy) => ({
  apiVersion: v, kind,
  metadata: { name, namespace: 'default', uid: createHash('md5').update(name).digest('hex'), etag: 'theirs',
    annotations: { 'backstage.io/managed-by-location': `url:${base}/files/one.yaml`, 'backstage.io/managed-by-origin-location': `url:${base}/files/one.yaml` } },
  spec, relations,
});
const text = (kind, name, spec) => `apiVersion: ${v}\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${JSON.stringify(spec)}\n`;
const component = { type: 'service', lifecycle: 'production', owner: 'crew' };
const api = { type: 'openapi', lifecycle: 'production', owner: 'crew', definition: '{}' };
const generated = target => `generated-${createHash('sha1').update(`url:${target}`).digest('hex')}`;

function answer(req, res) {
  const url = new URL(req.url, base), json = (status, body) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (url.pathname === '/files/one.yaml') return res.end(`${text('Component', 'one', component)}---\n${text('API', 'one-api', api)}`);
  if (url.pathname.startsWith('/files/')) return json(404, {});
  asked.push(req.url);
  if (req.headers.authorization !== `Bearer ${token}`) return json(401, { error: { name: 'AuthenticationError', message: 'Missing credentials' } });
  if (broken) return res.end(broken);
  if (url.pathname === '/api/catalog/locations')
    return json(200, [['url', `${base}/files/one.yaml`], ['url', `${base}/files/gone.yaml`], ['file', '/srv/catalog.yaml'], ['url', 'javascript:alert(1)']]
      .map(([type, target], i) => ({ data: { id: `${i}`, type, target } })));
  const all = [
    served('Component', 'one', component),
    served('API', 'one-api', { ...api, definition: '{"openapi":"3.1.0"}' }),
    served('Location', generated(`${base}/files/one.yaml`), { type: 'url', target: `${base}/files/one.yaml` }, []),
    { ...served('Component', 'lonely', component), metadata: { name: 'lonely', namespace: 'default', annotations: { 'backstage.io/managed-by-location': 'file:/srv/catalog.yaml' } } },
    served('Component', 'here-too', component, []),
  ];
  const at = Number(url.searchParams.get('cursor') ?? 0);
  return json(200, { items: all.slice(at, at + 2), totalItems: all.length, pageInfo: at + 2 < all.length ? { nextCursor: `${at + 2}` } : {} });
}

const migrate = (...args) => portal.ctl('-o', 'json', 'migrate', '--from', base, '--wait', '5s', ...args);
const withToken = (...args) => migrate('--token-file', path.join(dir, 'token'), ...args);
const results = stdout => Object.fromEntries(JSON.parse(stdout).map(row => [row.name, row.result]));
const targets = async () => JSON.parse((await portal.get('/api/catalog/locations')).body).map(row => row.data.target);

test('a dry run registers nothing, and says what it would', async () => {
  const before = await targets();
  const done = await withToken('--dry-run');
  assert.equal(done.code, 7, done.stderr);
  const rows = results(done.stdout);
  assert.equal(rows[`${base}/files/one.yaml`], 'would be registered');
  assert.equal(rows['/srv/catalog.yaml'], 'left out');
  assert.equal(rows['component:default/one'], 'missing');
  assert.match(done.stderr, /2 locations would be registered/);
  assert.deepEqual(await targets(), before);
});

test('locations are registered, and each entity is said to be the same or not', async () => {
  asked = [];
  const done = await withToken();
  assert.equal(done.code, 7, done.stderr);
  const rows = JSON.parse(done.stdout), by = results(done.stdout);
  assert.equal(by[`${base}/files/one.yaml`], 'registered');
  assert.equal(by[`${base}/files/gone.yaml`], 'registered');
  assert.equal(by['javascript:alert(1)'], 'left out');
  assert.match(rows.find(row => row.name === '/srv/catalog.yaml').note, /type file belongs into catalog\.locations/);
  assert.equal(by['component:default/one'], 'same');
  assert.equal(by[`location:default/${generated(`${base}/files/one.yaml`)}`], 'same');
  const differs = rows.find(row => row.name === 'api:default/one-api');
  assert.equal(differs.result, 'differs');
  assert.deepEqual(differs.differences, [{ path: 'spec.definition', there: '{"openapi":"3.1.0"}', here: '{}' }]);
  assert.deepEqual(rows.find(row => row.name === 'component:default/lonely'), { name: 'component:default/lonely', result: 'missing', note: 'file:/srv/catalog.yaml' });
  assert.equal(by['component:default/here'], 'only here');
  assert.equal(rows.find(row => row.name === 'component:default/here-too').note, 'relations');
  assert.match(done.stderr, /2 locations registered; of their entities 2 are the same here, 2 differ, 1 are missing/);
  assert.equal(asked.filter(url => url.includes('/by-query')).length, 3);
  const { stdout } = await portal.ctl('-o', 'json', 'audit', 'list', '--action', 'location.add');
  assert.ok(JSON.parse(stdout).some(row => JSON.stringify(row).includes('/files/one.yaml')), stdout);
});

test('again: nothing is registered twice, and only differences are told when asked', async () => {
  const before = await targets();
  const done = await withToken('--differences');
  assert.equal(done.code, 7);
  const by = results(done.stdout);
  assert.equal(by[`${base}/files/one.yaml`], 'registered before');
  assert.equal(by['component:default/one'], undefined);
  assert.equal(by['api:default/one-api'], 'differs');
  assert.deepEqual(await targets(), before);
});

test('what goes wrong is one line and its exit code', async () => {
  const before = await targets();
  const says = async (done, code, what) => {
    const { code: got, stdout, stderr } = await done;
    assert.equal(got, code, stderr);
    assert.equal(stdout, '');
    assert.match(stderr.trim(), what);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.ok(!stderr.includes(token), stderr);
  };
  await says(migrate('--token', 'wrong'), 5, /401/);
  await says(portal.ctl('migrate', '--from', 'http://127.0.0.1:1'), 4, /127\.0\.0\.1:1/);
  await says(portal.ctl('migrate', '--from', 'no address'), 1, /baseUrl/);
  await says(portal.ctl('migrate'), 2, /--from URL/);
  await says(migrate('--token-file', path.join(dir, 'none')), 1, /token file .*none/);
  await says(portal.ctl('migrate', '--from', base, '--wait', 'soon'), 2, /--wait 'soon'/);
  for (const [body, what] of [['<html>', /not JSON/], ['{"a":1}', /expected a list/]]) {
    broken = body;
    await says(withToken(), 1, what);
  }
  broken = '';
  assert.deepEqual(await targets(), before);
});

await suite({
  before: async () => {
    server = http.createServer(answer);
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${server.address().port}`;
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-migrate-'));
    chmodSync(dir, 0o755);
    writeFileSync(path.join(dir, 'token'), `${token}\n`);
    writeFileSync(path.join(dir, 'here.yaml'), `${text('Component', 'here', component)}---\n${text('Component', 'here-too', component)}`);
    for (const name of ['token', 'here.yaml']) chmodSync(path.join(dir, name), 0o644);
    portal = await Portal.start({ config: `backend: {reading: {allow: [{host: '127.0.0.1:${server.address().port}'}]}}
catalog:
  processingInterval: 1s
  locations: [{type: file, target: ${path.join(dir, 'here.yaml')}}]
` });
  },
  after: async () => {
    await portal?.stop();
    server?.close();
    if (dir) rmSync(dir, { recursive: true });
  },
});
