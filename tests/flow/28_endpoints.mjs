// SPDX-License-Identifier: Apache-2.0
//
// What every endpoint that reads has in common (HEAD, ETag, gzip), and the
// ones that few ask: unprocessed entities, permissions, the API's description.
import { Portal, request, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import http from 'node:http';
import { gunzipSync } from 'node:zlib';

const C = '/api/catalog';
const desk = `${C}/entities/by-name/component/default/booking-desk`;
const paper = 'apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: paper}\nspec: {type: service, lifecycle: x, owner: crew}\n';
const post = body => ({ method: 'POST', body });
let portal, location, uid, host, broken = true;

const reads = () => [
  `${C}/entities?limit=5`, `${C}/entities?fields=kind`, `${C}/entities/by-query?limit=5`, desk, `${desk}/ancestry`, `${C}/entities/by-uid/${uid}`,
  `${C}/entity-facets?facet=kind`, `${C}/locations`, `${C}/locations/${location.id}`, `${C}/locations/by-entity/component/default/paper`,
  `${C}/explain/component/default/booking-desk`, `${C}/history/by-name/component/default/booking-desk`, '/api/search/query?term=desk',
  `${C}/entities/unprocessed/failed`, `${C}/entities/unprocessed/pending`, `${C}/openapi.json`, `${C}/.well-known/backstage/permissions/metadata`,
];

test('HEAD is GET without its body', async () => {
  for (const target of reads()) {
    const get = await portal.get(target), head = await portal.get(target, { method: 'HEAD' });
    assert.equal(get.status, 200, `${target}: ${get.body}`);
    assert.equal(head.status, 200, target);
    assert.equal(head.body, '', target);
    for (const name of ['content-type', 'content-length', 'etag', 'link']) assert.equal(head.headers[name], get.headers[name], `${target} ${name}`);
    assert.match(get.headers['content-type'], /^application\/json/, target);
  }
});

test('an answer that has not changed is 304, one that has is not', async () => {
  for (const target of reads()) {
    const get = await portal.get(target);
    assert.match(get.headers.etag ?? '', /^W\/".+"$/, target);
    assert.match(get.headers['cache-control'], /no-cache/, target);
    const again = await portal.get(target, { headers: { 'if-none-match': get.headers.etag } });
    assert.equal(again.status, 304, target);
    assert.equal(again.body, '', target);
    assert.equal(again.headers.etag, get.headers.etag, target);
    for (const other of ['"other"', 'W/"other"', `${get.headers.etag.slice(0, -1)}x"`, ''])
      assert.equal((await portal.get(target, { headers: { 'if-none-match': other } })).status, 200, `${target} ${other}`);
    assert.equal((await portal.get(target, { headers: { 'if-none-match': `"a", ${get.headers.etag}` } })).status, 304, target);
  }
  const one = await portal.get(`${C}/entities?limit=1`), two = await portal.get(`${C}/entities?limit=2`);
  assert.notEqual(one.headers.etag, two.headers.etag);
  assert.equal((await request(portal.base + desk, { headers: { 'if-none-match': (await portal.get(desk)).headers.etag } })).status, 401);
});

test('what a client can unpack is sent packed, and is the same', async () => {
  for (const target of reads()) {
    const plain = await portal.get(target);
    const packed = await new Promise((resolve, reject) => {
      http.get(portal.base + target, { headers: { authorization: `Bearer ${portal.token}`, 'accept-encoding': 'gzip' } }, res => {
        const parts = [];
        res.on('data', part => parts.push(part));
        res.on('end', () => resolve({ headers: res.headers, body: Buffer.concat(parts) }));
      }).on('error', reject);
    });
    if (plain.body.length < 1000) continue;
    assert.equal(packed.headers['content-encoding'], 'gzip', target);
    assert.match(packed.headers.vary ?? '', /accept-encoding/i, target);
    assert.equal(gunzipSync(packed.body).toString(), plain.body, target);
    assert.equal(plain.headers['content-encoding'], undefined, target);
  }
});

test('what never came in is listed with its reason, and can be taken out', async () => {
  const bad = (await portal.json(`${C}/locations`, post({ type: 'url', target: `http://${host}/tray.yaml` }))).location;
  const failed = await until('the entity that failed is listed', 20, async () => {
    const { type, entities } = await portal.json(`${C}/entities/unprocessed/failed`);
    assert.equal(type, 'failed');
    return entities.find(one => one.entity_ref === 'component:default/refused');
  });
  assert.equal(failed.unprocessed_entity.metadata.name, 'refused');
  assert.equal(failed.unprocessed_entity.spec.owner, 'crew');
  assert.equal(failed.location_key, `url:http://${host}/refused.yaml`);
  assert.match(failed.errors[0].message, /missing\.txt|404/);
  assert.match(failed.unprocessed_hash, /^[0-9a-f]+$/);
  assert.equal((await portal.get(`${C}/entities/by-uid/${failed.entity_id}`)).status, 404);
  const listed = async owner => (await portal.json(`${C}/entities/unprocessed/failed?owner=${owner}`)).entities.map(one => one.entity_ref);
  assert.deepEqual(await listed('crew'), ['component:default/refused']);
  assert.deepEqual(await listed('others'), []);
  assert.equal((await portal.json(`${C}/entities/unprocessed/pending`)).type, 'pending');
  broken = false; // it comes back well
  assert.equal((await portal.get(`${C}/entities/unprocessed/delete/${failed.entity_id}`, { method: 'DELETE' })).status, 204);
  await until('it came in', 20, async () => (await portal.get(`${C}/entities/by-name/component/default/refused`)).status === 200);
  assert.deepEqual(await listed('crew'), []);
  assert.equal((await portal.get(`${C}/entities/unprocessed/delete/nothing`, { method: 'DELETE' })).status, 204);
  assert.equal((await portal.get(`${C}/locations/${bad.id}`, { method: 'DELETE' })).status, 204);
});

test('permissions and rules are told, and conditions applied', async () => {
  const P = `${C}/.well-known/backstage/permissions`;
  const { permissions, rules } = await portal.json(`${P}/metadata`);
  assert.deepEqual(permissions.find(one => one.name === 'catalog.entity.read'), { type: 'resource', name: 'catalog.entity.read', attributes: { action: 'read' }, resourceType: 'catalog-entity' });
  assert.deepEqual(permissions.find(one => one.name === 'catalog.location.analyze'), { type: 'basic', name: 'catalog.location.analyze', attributes: {} });
  assert.deepEqual(rules.map(one => one.name), ['HAS_ANNOTATION', 'HAS_LABEL', 'HAS_METADATA', 'HAS_SPEC', 'IS_ENTITY_KIND', 'IS_ENTITY_OWNER']);
  for (const rule of rules) assert.equal(rule.paramsSchema.$schema, 'http://json-schema.org/draft-07/schema#');
  const entity = await portal.json(desk);
  const owner = entity.relations.find(one => one.type === 'ownedBy').targetRef;
  const rule = (name, params) => ({ rule: name, resourceType: 'catalog-entity', params });
  const ask = (conditions, resourceRef = 'component:default/booking-desk', resourceType = 'catalog-entity') =>
    portal.get(`${P}/apply-conditions`, post({ items: [{ id: 'x', resourceRef, resourceType, conditions }] }));
  const said = async (...args) => { const answer = await ask(...args); assert.equal(answer.status, 200, answer.body); return JSON.parse(answer.body).items[0].result; };
  const kind = (...kinds) => rule('IS_ENTITY_KIND', { kinds });
  for (const [conditions, expected] of [
    [kind('component'), 'ALLOW'], [kind('API', 'Component'), 'ALLOW'], [kind('User'), 'DENY'], [kind(), 'DENY'],
    [rule('IS_ENTITY_OWNER', { claims: [owner, 'user:default/x'] }), 'ALLOW'], [rule('IS_ENTITY_OWNER', { claims: ['user:default/x'] }), 'DENY'],
    [rule('HAS_SPEC', { key: 'type' }), 'ALLOW'], [rule('HAS_SPEC', { key: 'type', value: entity.spec.type }), 'ALLOW'], [rule('HAS_SPEC', { key: 'type', value: 'x' }), 'DENY'],
    [rule('HAS_METADATA', { key: 'name', value: 'booking-desk' }), 'ALLOW'], [rule('HAS_METADATA', { key: 'nothing' }), 'DENY'],
    [rule('HAS_ANNOTATION', { annotation: 'backstage.io/managed-by-location' }), 'ALLOW'], [rule('HAS_LABEL', { label: 'nothing' }), 'DENY'],
    [{ not: kind('User') }, 'ALLOW'], [{ allOf: [kind('Component'), kind('User')] }, 'DENY'], [{ anyOf: [kind('Component'), kind('User')] }, 'ALLOW'],
  ]) assert.equal(await said(conditions), expected, JSON.stringify(conditions));
  assert.equal(await said({ not: kind('User') }, 'component:default/nothing'), 'DENY', 'what is not there is denied');
  assert.deepEqual(await said(kind('Component'), ['component:default/booking-desk', 'component:default/nothing']), ['ALLOW', 'DENY']);
  for (const wrong of [{}, { allOf: [] }, rule('NOTHING', {}), rule('IS_ENTITY_KIND', { kinds: 'x' }), rule('IS_ENTITY_KIND', {}), rule('HAS_SPEC', { key: 7 }), rule('HAS_SPEC', { key: 'a', more: 1 }), { rule: 'HAS_SPEC', params: { key: 'a' } }])
    assert.equal((await ask(wrong)).status, 400, JSON.stringify(wrong));
  assert.equal((await ask(kind('Component'), 'component:default/booking-desk', 'other')).status, 400);
  assert.equal((await ask(kind('Component'), [])).status, 400);
  let deep = kind('Component');
  for (let i = 0; i < 20; i++) deep = { not: deep };
  assert.equal((await ask(deep)).status, 400);
  const cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
  assert.equal((await request(`${portal.base}${P}/apply-conditions`, { ...post({ items: [] }), headers: { cookie } })).status, 403, 'not for people');
});

test('the description names what is served, and only that', async () => {
  const api = await portal.json(`${C}/openapi.json`);
  assert.equal(api.openapi, '3.0.3');
  const list = api.paths[`${C}/entities`].get;
  assert.ok(list.parameters.some(one => one.name === 'filter' && one.schema.type === 'array'));
  assert.ok(api.paths[`${C}/entities/by-name/{kind}/{namespace}/{name}`].get.parameters.some(one => one.in === 'path' && one.name === 'kind' && one.required));
  assert.ok(api.paths[`${C}/locations`].post.requestBody);
  const ids = [];
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, what] of Object.entries(methods)) {
      ids.push(what.operationId);
      const answer = await request(portal.base + path.replace(/\{[^}]*\}/g, 'x'), { method: method.toUpperCase() });
      assert.equal(answer.status, 401, `${method} ${path}`);
      assert.match(answer.body, /Missing credentials|needs a credential/, `${method} ${path}`);
    }
  }
  assert.deepEqual(ids.sort(), [...new Set(ids)].sort());
});

test('what comes later answers 404, and the past of an ancestry is refused', async () => {
  const cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
  for (const path of ['/docs', '/docs/default/component/booking-desk', '/create', '/api-docs'])
    assert.equal((await request(portal.base + path, { headers: { cookie } })).status, 404, path);
  const home = (await request(`${portal.base}/catalog`, { headers: { cookie } })).body;
  for (const path of ['/docs', '/create', '/api-docs']) assert.ok(!home.includes(`href="${path}"`), path);
  const answer = await portal.get(`${desk}/ancestry?at=1h`);
  assert.equal(answer.status, 400);
  assert.match(answer.body, /parameter 'at'/);
});

await suite({
  before: async () => {
    const texts = {
      '/paper.yaml': () => paper,
      '/tray.yaml': () => 'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: tray}\nspec: {targets: [./refused.yaml]}\n',
      '/refused.yaml': () => paper.replace('name: paper', 'name: refused, description: {$text: ./missing.txt}'),
      '/missing.txt': () => (broken ? null : 'here'),
    };
    const files = http.createServer((req, res) => {
      const text = texts[req.url]?.();
      res.statusCode = text ? 200 : 404;
      res.end(text ?? '');
    });
    await new Promise(resolve => files.listen(0, '127.0.0.1', resolve));
    files.unref();
    host = `127.0.0.1:${files.address().port}`;
    portal = await Portal.start({ config: `backend: {reading: {allow: [{host: '${host}'}]}}\n` });
    location = (await portal.json(`${C}/locations`, post({ type: 'url', target: `http://${host}/paper.yaml` }))).location;
    await until('the registered one is served', 20, async () => (await portal.get(`${C}/entities/by-name/component/default/paper`)).status === 200);
    uid = (await portal.json(desk)).metadata.uid;
  },
  after: async () => { await portal?.stop(); },
});
