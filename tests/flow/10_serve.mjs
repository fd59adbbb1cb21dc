// SPDX-License-Identifier: Apache-2.0
//
// What a person with curl and a browser gets, through real nginx.
import { Portal, request, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';

let portal, cookie;
const api = (target, options) => portal.get(`/api/catalog${target}`, options);
const page = target => request(portal.base + target, { headers: { cookie } });
const errorOf = answer => JSON.parse(answer.body).error.name;

test('an entity by name, in any letter case, with ETag and 304', async () => {
  const answer = await api('/entities/by-name/Component/Default/Booking-Desk');
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/json/);
  const entity = JSON.parse(answer.body);
  assert.equal(entity.metadata.name, 'booking-desk');
  assert.match(entity.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.ok(entity.relations.some(r => r.type === 'ownedBy'));
  const again = await api('/entities/by-name/component/default/booking-desk', { headers: { 'if-none-match': answer.headers.etag } });
  assert.equal(again.status, 304);
  assert.equal(again.body, '');
  const head = await api('/entities/by-name/component/default/booking-desk', { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.body, '');
});

test('credentials come first, then the path, then the parameters', async () => {
  assert.equal((await request(`${portal.base}/api/catalog/entities`)).status, 401);
  assert.equal((await request(`${portal.base}/api/catalog/nowhere`)).status, 401);
  const wrong = await request(`${portal.base}/api/catalog/entities`, { headers: { authorization: 'Bearer nonsense-token' } });
  assert.equal(wrong.status, 401);
  assert.equal(errorOf(wrong), 'AuthenticationError');
  assert.equal((await api('/nowhere')).status, 404);
  const unknown = await api('/entities?bogus=1');
  assert.equal(unknown.status, 400);
  assert.deepEqual(JSON.parse(unknown.body).request, { method: 'GET', url: '/entities?bogus=1' });
  assert.equal(JSON.parse(unknown.body).response.statusCode, 400);
});

test('relations point both ways', async () => {
  const entity = JSON.parse((await api('/entities/by-name/component/default/booking-desk')).body);
  const owner = entity.relations.find(r => r.type === 'ownedBy').targetRef;
  const [, kind, namespace, name] = owner.match(/^(.*?):(.*?)\/(.*)$/);
  const group = JSON.parse((await api(`/entities/by-name/${kind}/${namespace}/${name}`)).body);
  assert.ok(group.relations.some(r => r.type === 'ownerOf' && r.targetRef === 'component:default/booking-desk'));
});

test('a query is filtered, ordered and paged', async () => {
  const seen = [];
  let target = '/entities/by-query?limit=7&filter=kind=component&orderField=metadata.name,asc&fields=metadata.name';
  let total;
  for (let round = 0; round < 20; round++) {
    const body = JSON.parse((await api(target)).body);
    total ??= body.totalItems;
    seen.push(...body.items.map(item => item.metadata.name));
    if (!body.pageInfo.nextCursor) break;
    target = `/entities/by-query?limit=7&fields=metadata.name&cursor=${encodeURIComponent(body.pageInfo.nextCursor)}`;
  }
  assert.equal(seen.length, total);
  assert.deepEqual(seen, [...seen].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
});

test('a cursor that was tampered with is 400', async () => {
  const { pageInfo } = JSON.parse((await api('/entities/by-query?limit=2&filter=kind=component&orderField=metadata.name,asc')).body);
  const text = Buffer.from(pageInfo.nextCursor, 'base64').toString();
  const changed = Buffer.from(text.replace(/"totalItems":\d+/, '"totalItems":-1')).toString('base64');
  for (const cursor of ['', 'x', changed, pageInfo.nextCursor.slice(0, -8), 'A'.repeat(7000)]) {
    const answer = await api(`/entities/by-query?cursor=${encodeURIComponent(cursor)}`);
    assert.equal(answer.status, 400, cursor.slice(0, 40));
    assert.equal(errorOf(answer), 'InputError');
  }
});

test('bad input is 400 and says so', async () => {
  for (const target of ['/entities?filter==x', '/entities/by-query?limit=-1', '/entities/by-query?limit=x', '/entities?limit=0', '/entity-facets', '/entities?order=up:kind',
    '/entities/by-query?orderField=metadata.name,sideways', '/entities?fields=a[0]', '/entities?filter=kind%00=x', '/entities?filter=%c0%af'])
    assert.equal((await api(target)).status, 400, target);
  for (const body of ['', 'nul', '{', '[]', '{"entityRefs": "x"}', '{"entityRefs": [1]}', '{"entityRefs":[]} x'])
    assert.equal((await api('/entities/by-refs', { method: 'POST', body })).status, 400, body);
  const large = await api('/entities/by-refs', { method: 'POST', body: `{"entityRefs":["${'x'.repeat(1200000)}"]}` });
  assert.ok([400, 413].includes(large.status), String(large.status));
  const type = await api('/entities/by-refs', { method: 'POST', body: '{"entityRefs":[]}', headers: { 'content-type': 'text/plain' } });
  assert.equal(type.status, 400);
});

test('SQL in every place is a text like any other', async () => {
  const evil = encodeURIComponent(`'; drop table callboard.entity; --`);
  for (const target of [`/entities?filter=kind=${evil}`, `/entities/by-query?fullTextFilterTerm=${evil}`, `/entity-facets?facet=${evil}`, `/entities/by-query?orderField=${evil}`,
    `/entities/by-name/${evil}/${evil}/${evil}`, `/entities?order=asc:${evil}&limit=5`]) {
    const answer = await api(target);
    assert.ok(answer.status < 500, `${target}: ${answer.status}`);
  }
  assert.equal((await api('/entities/by-name/component/default/booking-desk')).status, 200);
});

test('facets count, and count again after a change of nothing', async () => {
  const body = JSON.parse((await api('/entity-facets?facet=kind&facet=spec.type')).body);
  const kinds = Object.fromEntries(body.facets.kind.map(f => [f.value, f.count]));
  assert.equal(kinds.Component, 30);
  assert.equal(kinds.User, 17);
});

test('an entity page holds its cards, drawn by nginx in one answer', async () => {
  const answer = await until('the cards are drawn', 10, async () => {
    const got = await page('/catalog/default/component/booking-desk');
    return got.status === 200 && !got.body.includes('data-state="loading"') && got;
  });
  for (const plugin of ['ownership', 'jenkins', 'sonarqube']) assert.ok(answer.body.includes(`data-plugin="${plugin}"`), `${plugin}\n${portal.log()}`);
  assert.ok(!answer.body.includes('<!--#'));
  assert.match(answer.headers['content-security-policy'], /default-src 'none'/);
  assert.match(answer.headers['cache-control'], /private/);
});

test('the page of an entity that is not there is a 404 page', async () => {
  const answer = await page('/catalog/default/component/none');
  assert.equal(answer.status, 404);
  assert.match(answer.headers['content-type'], /html/);
  assert.ok(answer.body.includes('</html>'));
});

test('an entity as it was: ?at=', async () => {
  const before = await api('/entities/by-name/component/default/booking-desk?at=2020-01-01T00:00:00Z');
  assert.equal(before.status, 404);
  const now = await api(`/entities/by-name/component/default/booking-desk?at=${new Date().toISOString()}`);
  assert.equal(now.status, 200);
  assert.equal((await api('/entities/by-name/component/default/booking-desk?at=yesterday')).status, 400);
});

test('writes by a cookie need the form token, guests may not change', async () => {
  const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
  assert.equal((await request(`${portal.base}/sign-out`, { method: 'POST', headers, body: 'a=b' })).status, 403);
  assert.equal((await request(`${portal.base}/sign-out`, { method: 'POST', headers: { ...headers, 'sec-fetch-site': 'cross-site' }, body: 'a=b' })).status, 403);
  const location = await request(`${portal.base}/api/catalog/locations`, { method: 'POST', headers: { cookie }, body: { type: 'url', target: 'https://example.org/x.yaml' } });
  assert.ok([401, 403].includes(location.status), String(location.status));
});

test('sign-in returns to places of ours only', async () => {
  for (const evil of ['//evil.example', 'https://evil.example', '/\\evil.example', '/%5cevil.example', '/%2f%2fevil.example', 'javascript:alert(1)', '/\t/evil.example', '\\\\evil.example']) {
    const answer = await request(`${portal.base}/sign-in?return=${encodeURIComponent(evil)}`);
    const to = new URL(answer.headers.location ?? '/', portal.base);
    assert.equal(to.host, new URL(portal.base).host, `${evil} led to ${answer.headers.location}`);
  }
});

test('methods and paths that nobody serves', async () => {
  const foo = await api('/entities', { method: 'PATCH' });
  assert.equal(foo.status, 405);
  assert.match(foo.headers.allow ?? '', /GET/);
  assert.equal((await page('/nowhere')).status, 404);
  assert.equal((await portal.get('/api/nothing/x')).status, 404);
  assert.equal((await page('/%00')).status, 400);
  assert.equal((await page('/_cards/ownership/owner?entity=component:default/booking-desk')).status, 404);
});

test('health, metrics and request ids', async () => {
  const live = await request(`${portal.base}/.backstage/health/v1/liveness`);
  assert.deepEqual(JSON.parse(live.body), { status: 'ok' });
  const ready = await request(`${portal.base}/.backstage/health/v1/readiness`);
  assert.deepEqual(JSON.parse(ready.body), { status: 'ok' });
  const metrics = await request(`${portal.base}/metrics`);
  assert.match(metrics.body, /callboard_requests_total \d+/);
  assert.match((await api('/entities?limit=1')).headers['x-request-id'] ?? '', /^[0-9a-f]{16,}/);
});

test('1,000 locations added and deleted one by one show at once', async () => {
  const n = Number(process.env.FLOW_LOCATIONS ?? 1000);
  for (let i = 0; i < n; i++) {
    const target = `https://example.org/${i}.yaml`;
    const made = await api('/locations', { method: 'POST', body: { type: 'url', target } });
    assert.equal(made.status, 201, made.body);
    const { id } = JSON.parse(made.body).location;
    if (i % 10 === 0) {
      const listed = JSON.parse((await api('/locations')).body);
      assert.ok(listed.some(row => row.data.id === id), `${target} is not listed`);
    }
    assert.equal((await api(`/locations/${id}`)).status, 200);
    assert.equal((await api(`/locations/${id}`, { method: 'DELETE' })).status, 204);
    assert.equal((await api(`/locations/${id}`)).status, 404);
  }
  assert.deepEqual(JSON.parse((await api('/locations')).body), []);
});

await suite({
  before: async () => {
    portal = await Portal.start();
    cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
  },
  after: () => portal?.stop(),
});
