// SPDX-License-Identifier: Apache-2.0
//
// Backstage's own client, every method of it, against the real server.
import { Portal, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import http from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../node/', import.meta.url));
const { CatalogClient, CATALOG_FILTER_EXISTS } = require('@backstage/catalog-client');

const desk = 'component:default/booking-desk';
const paper = name => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: ${name}}
spec: {type: service, lifecycle: experimental, owner: group:default/nobody}
`;
let portal, client, files, host, target;
const papers = { '/one.yaml': paper('paper-one'), '/two.yaml': paper('paper-two') };
const fails = (promise, status) => assert.rejects(promise, error => {
  assert.equal(error.statusCode ?? error.response?.status ?? error.cause?.statusCode, status, error.message);
  return true;
});

test('getEntities: filters, fields, order, paging', async () => {
  const all = await client.getEntities();
  assert.ok(all.items.length > 90, `${all.items.length}`);
  const some = await client.getEntities({
    filter: [{ kind: ['component', 'api'], 'spec.lifecycle': CATALOG_FILTER_EXISTS }],
    fields: ['metadata.name', 'kind'], order: { field: 'metadata.name', order: 'desc' }, limit: 5,
  });
  const names = some.items.map(item => item.metadata.name);
  assert.equal(names.length, 5);
  assert.deepEqual(names, [...names].sort().reverse());
  assert.deepEqual(Object.keys(some.items[0]).sort(), ['kind', 'metadata']);
  const next = await client.getEntities({ filter: { kind: 'component' }, limit: 5, offset: 5 });
  assert.equal(next.items.length, 5);
});

test('getEntitiesByRefs: as many answers as refs, in their order', async () => {
  const { items } = await client.getEntitiesByRefs({ entityRefs: [desk, 'component:default/nothing', desk], fields: ['metadata.name'] });
  assert.equal(items.length, 3);
  assert.equal(items[0].metadata.name, 'booking-desk');
  assert.equal(items[1], undefined);
  assert.deepEqual(items[2], items[0]);
});

test('getEntityByRef and getEntityByName; undefined for what is not there', async () => {
  assert.equal((await client.getEntityByRef(desk)).metadata.name, 'booking-desk');
  assert.equal((await client.getEntityByName({ kind: 'Component', namespace: 'default', name: 'booking-desk' })).kind, 'Component');
  assert.equal(await client.getEntityByRef('component:default/nothing'), undefined);
});

test('queryEntities: pages by cursor, there and back, text and order', async () => {
  const first = await client.queryEntities({ filter: { kind: 'component' }, limit: 7, orderFields: { field: 'metadata.name', order: 'asc' } });
  assert.equal(first.items.length, 7);
  assert.ok(first.totalItems > 14);
  const second = await client.queryEntities({ cursor: first.pageInfo.nextCursor, limit: 7 });
  assert.equal(second.items.length, 7);
  assert.ok(second.items[0].metadata.name > first.items[6].metadata.name);
  const back = await client.queryEntities({ cursor: second.pageInfo.prevCursor, limit: 7 });
  assert.deepEqual(back.items.map(i => i.metadata.uid), first.items.map(i => i.metadata.uid));
  const text = await client.queryEntities({ fullTextFilter: { term: 'DESK', fields: ['metadata.name'] } });
  assert.ok(text.items.some(item => item.metadata.name === 'booking-desk'));
});

test('queryEntities with a predicate goes by POST, its pages too', async () => {
  const query = { $all: [{ kind: 'component' }, { $not: { 'spec.lifecycle': 'experimental' } }] };
  const seen = [];
  let page = await client.queryEntities({ query, limit: 5, orderFields: [{ field: 'metadata.name', order: 'asc' }] });
  const total = page.totalItems;
  for (;;) {
    seen.push(...page.items.map(item => item.metadata.name));
    if (!page.pageInfo.nextCursor) break;
    page = await client.queryEntities({ cursor: page.pageInfo.nextCursor, limit: 5 });
  }
  assert.equal(seen.length, total);
  assert.deepEqual(seen, [...new Set(seen)].sort());
});

test('streamEntities: everything, page by page', async () => {
  const seen = new Set();
  for await (const page of client.streamEntities({ pageSize: 20 })) for (const item of page) seen.add(item.metadata.uid);
  assert.equal(seen.size, (await client.getEntities({ fields: ['metadata.uid'] })).items.length);
});

test('getEntityFacets, plain and with a predicate', async () => {
  const { facets } = await client.getEntityFacets({ facets: ['kind', 'nope'] });
  assert.ok(facets.kind.find(one => one.value === 'Component').count > 10);
  assert.deepEqual(facets.nope, []);
  const some = await client.getEntityFacets({ facets: ['spec.type'], query: { kind: 'api' } });
  assert.ok(some.facets['spec.type'].length > 0);
});

test('getEntityAncestors: up to the root', async () => {
  const { rootEntityRef, items } = await client.getEntityAncestors({ entityRef: desk });
  assert.equal(rootEntityRef, desk);
  assert.equal(items[0].entity.metadata.name, 'booking-desk');
  assert.ok(items.length >= 2);
  const known = new Set(items.map(({ entity: e }) => `${e.kind}:${e.metadata.namespace}/${e.metadata.name}`.toLowerCase()));
  for (const item of items) for (const parent of item.parentEntityRefs) assert.ok(known.has(parent), parent);
  assert.ok(items.some(item => item.parentEntityRefs.length === 0));
  await fails(client.getEntityAncestors({ entityRef: 'component:default/nothing' }), 404);
});

let location;
test('addLocation registers, refuses a second, refreshes when asked to', async () => {
  const added = await client.addLocation({ type: 'url', target: target('one') });
  location = added.location;
  assert.equal(location.target, target('one'));
  assert.deepEqual(added.entities, []);
  await fails(client.addLocation({ type: 'url', target: target('one') }), 409);
  const again = await client.addLocation({ type: 'url', target: target('one'), onConflict: 'refresh' });
  assert.equal(again.location.id, location.id);
  await until('what it brings is served', 20, () => client.getEntityByRef('component:default/paper-one'));
});

test('addLocation as a dry run reads everything and stores nothing', async () => {
  papers['/inner.yaml'] = `${paper('paper-inner')}---\n${paper('paper-last')}`;
  papers['/outer.yaml'] = `apiVersion: backstage.io/v1alpha1
kind: Location
metadata: {name: paper-tray}
spec: {type: url, targets: [./inner.yaml]}
---
${paper('paper-outer')}`;
  papers['/bad.yaml'] = paper('not a name');
  const before = (await client.getLocations()).items.length;
  const tried = await client.addLocation({ type: 'url', target: target('outer'), dryRun: true });
  assert.equal(tried.exists, false);
  assert.equal(tried.location.id, `url:${target('outer')}`);
  assert.deepEqual(tried.entities.map(e => e.metadata.name.replace(/^generated-.*/, 'generated')),
    ['generated', 'paper-outer', 'paper-tray', 'paper-last', 'paper-inner']);
  for (const entity of tried.entities) {
    assert.equal(entity.metadata.uid, undefined);
    assert.equal(entity.relations, undefined);
    assert.equal(entity.metadata.annotations['backstage.io/managed-by-origin-location'], `url:${target('outer')}`);
  }
  assert.equal((await client.addLocation({ type: 'url', target: target('one'), dryRun: true })).exists, true);
  await assert.rejects(client.addLocation({ type: 'url', target: target('bad'), dryRun: true }),
    error => /metadata\.name/.test(error.body.error.message));
  await fails(client.addLocation({ type: 'url', target: target('bad'), dryRun: true }), 400);
  await fails(client.addLocation({ type: 'url', target: target('missing'), dryRun: true }), 400);
  await fails(client.addLocation({ type: 'url', target: 'https://elsewhere.example/x.yaml', dryRun: true }), 400);
  assert.equal((await client.getLocations()).items.length, before);
  assert.equal(await client.getEntityByRef('component:default/paper-outer'), undefined);
});

test('getLocations, ById, ByRef, ByEntity; undefined for what is not there', async () => {
  assert.ok((await client.getLocations()).items.some(one => one.id === location.id));
  assert.equal((await client.getLocationById(location.id)).target, location.target);
  assert.equal((await client.getLocationByRef(`url:${location.target}`)).id, location.id);
  assert.equal((await client.getLocationByEntity('component:default/paper-one')).id, location.id);
  assert.equal(await client.getLocationById('00000000-0000-4000-8000-000000000000'), undefined);
  assert.equal(await client.getLocationByEntity(desk), undefined);
});

test('queryLocations and streamLocations', async () => {
  const more = [];
  for (let i = 0; i < 5; i++) more.push((await client.addLocation({ type: 'url', target: `${target('more')}?n=${i}` })).location);
  const page = await client.queryLocations({ query: { target: { $hasPrefix: target('MORE') } }, limit: 2 });
  assert.equal(page.items.length, 2);
  assert.equal(page.totalItems, 5);
  const rest = await client.queryLocations({ cursor: page.pageInfo.nextCursor });
  assert.equal(rest.items.length, 2);
  const seen = [];
  for await (const items of client.streamLocations({ query: { $any: more.map(one => ({ id: one.id })) } })) seen.push(...items);
  assert.deepEqual(seen.map(one => one.id), more.map(one => one.id).sort());
  await fails(client.queryLocations({ query: { color: 'red' } }), 400);
  for (const one of more) await client.removeLocationById(one.id);
});

test('updateLocation: another target under the same id', async () => {
  const moved = await client.updateLocation(location.id, { type: 'url', target: target('two') });
  assert.equal(moved.id, location.id);
  const now = await client.getLocationById(location.id);
  assert.equal(now.target, target('two'));
  assert.equal(now.entityRef, location.entityRef);
  await until('the new one is served', 20, () => client.getEntityByRef('component:default/paper-two'));
  await until('the old one is gone', 20, async () => !(await client.getEntityByRef('component:default/paper-one')));
  const other = (await client.addLocation({ type: 'url', target: target('one') })).location;
  await fails(client.updateLocation(other.id, { type: 'url', target: target('two') }), 409);
  await fails(client.updateLocation('00000000-0000-4000-8000-000000000000', { type: 'url', target: target('x') }), 404);
  await client.removeLocationById(other.id);
});

test('refreshEntity: an edited file shows at once', async () => {
  papers['/two.yaml'] = paper('paper-two').replace('lifecycle: experimental', 'lifecycle: retired');
  await client.refreshEntity('component:default/paper-two');
  await until('the edit shows', 10, async () => (await client.getEntityByRef('component:default/paper-two')).spec.lifecycle === 'retired');
  await fails(client.refreshEntity('component:default/nothing'), 404);
});

test('removeEntityByUid: it comes back while its file is there', async () => {
  const { metadata: { uid } } = await client.getEntityByRef('component:default/paper-two');
  await client.removeEntityByUid(uid);
  await until('it is there anew', 20, async () => {
    const entity = await client.getEntityByRef('component:default/paper-two');
    return entity && entity.metadata.uid !== uid;
  });
});

test('validateEntity: right, wrong, and not from an address', async () => {
  const entity = { apiVersion: 'backstage.io/v1alpha1', kind: 'Component', metadata: { name: 'trial' }, spec: { type: 'service', lifecycle: 'x', owner: 'crew' } };
  assert.deepEqual(await client.validateEntity(entity, 'url:https://h/catalog-info.yaml'), { valid: true });
  const wrong = await client.validateEntity({ ...entity, metadata: { name: 'not a name' } }, 'url:https://h/catalog-info.yaml');
  assert.equal(wrong.valid, false);
  assert.match(wrong.errors[0].message, /metadata\.name/);
  assert.equal((await client.validateEntity(entity, 'file:/etc/x')).valid, false);
  assert.equal((await client.validateEntity({ ...entity, kind: 'Nothing' }, 'url:https://h/x')).valid, false);
  const tray = targets => ({ apiVersion: 'backstage.io/v1alpha1', kind: 'Location', metadata: { name: 'tray' }, spec: { type: 'url', targets } });
  assert.deepEqual(await client.validateEntity(tray([target('inner')]), `url:${target('x')}`), { valid: true });
  const unread = await client.validateEntity(tray([target('inner'), target('missing')]), `url:${target('x')}`);
  assert.equal(unread.valid, false);
  assert.match(unread.errors[0].message, /answered 404/);
  assert.equal(await client.getEntityByRef('component:default/trial'), undefined);
});

test('analyzeLocation: a component to begin with', async () => {
  const { existingEntityFiles, generateEntities } = await client.analyzeLocation({ location: { type: 'url', target: 'https://github.com/acme/dock-cranes' } });
  assert.deepEqual(existingEntityFiles, []);
  assert.equal(generateEntities[0].entity.metadata.name, 'dock-cranes');
  assert.equal(generateEntities[0].entity.metadata.annotations['github.com/project-slug'], 'acme/dock-cranes');
  await fails(client.analyzeLocation({ location: { type: 'url', target: 'nowhere' } }), 400);
});

test('removeLocationById takes back what it brought', async () => {
  await client.removeLocationById(location.id);
  assert.equal(await client.getEntityByRef('component:default/paper-two'), undefined);
  await fails(client.removeLocationById(location.id), 404);
});

test('without a token every call is refused', async () => {
  const stranger = new CatalogClient({ discoveryApi: { getBaseUrl: async () => `${portal.base}/api/catalog` } });
  await fails(stranger.getEntities(), 401);
  await fails(stranger.addLocation({ type: 'url', target: target('one') }), 401);
});

await suite({
  before: async () => {
    files = http.createServer((req, res) => {
      const text = papers[req.url.split('?')[0]];
      res.statusCode = text ? 200 : 404;
      res.end(text);
    });
    await new Promise(resolve => files.listen(0, '127.0.0.1', resolve));
    host = `127.0.0.1:${files.address().port}`;
    target = name => `http://${host}/${name}.yaml`;
    portal = await Portal.start({ config: `backend: {reading: {allow: [{host: '${host}'}]}}\n` });
    client = new CatalogClient({
      discoveryApi: { getBaseUrl: async () => `${portal.base}/api/catalog` },
      fetchApi: { fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${portal.token}` } }) },
    });
  },
  after: async () => {
    await portal?.stop();
    files?.close();
  },
});
