// SPDX-License-Identifier: Apache-2.0
//
// Who may do what: roles made on the pages and by the command line, and what
// people with tokens see and may do because of them.
import { Portal, request, run, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

let portal, cookie, ada, token, group, mine, all;

const admin = target => request(portal.base + target, { headers: { cookie } });
const user = (target, options = {}) => request(portal.base + target, { ...options, headers: { authorization: `Bearer ${token}`, ...options.headers } });
const list = async () => JSON.parse((await user('/api/catalog/entities/by-query?limit=500')).body);
const refOf = e => `${e.kind}:${e.metadata.namespace ?? 'default'}/${e.metadata.name}`.toLowerCase();

// Sends a form of a page with its token, as somebody with cookies.
async function send(page, fields, cookies = cookie) {
  const shown = await request(portal.base + page, { headers: { cookie: cookies } });
  const csrf = /name="csrf" value="([^"]+)"/.exec(shown.body)?.[1];
  const at = fields.at ?? page;
  delete fields.at;
  return request(portal.base + at, {
    method: 'POST',
    headers: { cookie: cookies, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrf, ...fields }).toString(),
  });
}

const authorize = (items, options = {}) => user('/api/permission/authorize', { method: 'POST', body: { items }, ...options });
const entityRead = ref => ({ id: 'r', resourceRef: ref, permission: { type: 'resource', name: 'catalog.entity.read', attributes: { action: 'read' }, resourceType: 'catalog-entity' } });
const basic = (name, action) => ({ id: name, permission: { type: 'basic', name, attributes: action ? { action } : {} } });

test('who holds no role sees nothing and may nothing', async () => {
  assert.equal((await list()).totalItems, 0);
  assert.equal((await user(`/api/catalog/entities/by-name/${mine[0].replace(/[:/]/g, '/')}`)).status, 404);
  assert.equal((await user('/api/catalog/locations')).status, 403);
  assert.equal((await user('/admin/roles')).status, 403);
  assert.deepEqual(JSON.parse((await user('/api/catalog/entity-facets?facet=kind')).body).facets.kind, []);
  assert.deepEqual(JSON.parse((await user('/api/search/query?term=booking')).body).results, []);
});

test('a role made on the pages lets a group see what is theirs', async () => {
  const made = await send('/admin/roles', { name: 'crew', description: 'Sees its own' });
  assert.equal(made.status, 303, made.body);
  assert.equal((await send('/admin/roles/crew', { act: 'member.add', member: group })).status, 303);
  assert.equal((await send('/admin/roles/crew', { act: 'permission.add', permission: 'catalog.entity.read', action: '', effect: 'allow', where: 'own' })).status, 303);
  await until('the role is on this host', 5, async () => (await list()).totalItems > 0);
  const seen = (await list()).items.map(refOf).sort();
  assert.deepEqual(seen, mine);
  const page = await admin('/admin/roles/crew');
  assert.match(page.body, /owner = \$ownerRefs/);
  assert.ok(page.body.includes(group.split('/')[1]));
});

test('every way shows the same', async () => {
  const first = mine[0], other = all.find(ref => !mine.includes(ref));
  const path = ref => ref.replace(/[:/]/g, '/');
  assert.equal((await user(`/api/catalog/entities/by-name/${path(first)}`)).status, 200);
  assert.equal((await user(`/api/catalog/entities/by-name/${path(other)}`)).status, 404);
  const refs = JSON.parse((await user('/api/catalog/entities/by-refs', { method: 'POST', body: { entityRefs: all } })).body).items;
  assert.deepEqual(refs.filter(Boolean).map(refOf).sort(), mine);
  const facets = JSON.parse((await user('/api/catalog/entity-facets?facet=kind')).body).facets.kind;
  assert.equal(facets.reduce((n, f) => n + f.count, 0), mine.length);
  const whole = JSON.parse((await user('/api/catalog/entities')).body);
  assert.deepEqual(whole.map(refOf).sort(), mine);
  const at = JSON.parse((await user(`/api/catalog/entities/by-query?limit=500&at=${new Date().toISOString()}`)).body);
  assert.deepEqual(at.items.map(refOf).sort(), mine);
  const table = await user('/catalog');
  assert.equal(table.status, 200);
  for (const ref of all) {
    const address = `/catalog/${ref.replace(/^([^:]+):([^/]+)\//, '$2/$1/')}"`;
    assert.equal(table.body.includes(address), mine.includes(ref) && table.body.includes(address), ref);
  }
  const [ns, kind, name] = [other.split(/[:/]/)[1], other.split(/[:/]/)[0], other.split(/[:/]/)[2]];
  for (const tab of ['', '/history', '/graph', '/why', '/inspect'])
    assert.equal((await user(`/catalog/${ns}/${kind}/${name}${tab}`)).status, 404, tab);
  assert.equal((await user(`/api/catalog/explain/${path(other)}`)).status, 404);
  assert.equal((await user(`/api/catalog/history/by-name/${path(other)}`)).status, 404);
});

test('changes need their permission, and hold for what it is about', async () => {
  const other = all.find(ref => !mine.includes(ref));
  const refresh = ref => user('/api/catalog/refresh', { method: 'POST', body: { entityRef: ref } });
  assert.equal((await refresh(mine[0])).status, 403);
  assert.equal((await send('/admin/roles/crew', { act: 'permission.add', permission: 'catalog.entity.refresh', action: '', effect: 'allow', where: 'own' })).status, 303);
  await until('refreshing is allowed', 5, async () => (await refresh(mine[0])).status === 200);
  assert.equal((await refresh(other)).status, 403);
  assert.equal((await user('/api/catalog/locations', { method: 'POST', body: { type: 'url', target: 'https://example.org/x.yaml' } })).status, 403);
  const said = JSON.parse((await portal.ctl('audit', 'list', '--outcome', 'refused', '-o', 'json')).stdout);
  assert.ok(said.some(row => row.actor === ada && row.action === 'catalog-refresh'), JSON.stringify(said[0]));
});

test('a read that is refused is in the audit log, once a minute', async () => {
  for (let i = 0; i < 12; i++) assert.equal((await user('/api/catalog/locations?again')).status, 403);
  assert.equal((await request(`${portal.base}/api/catalog/entities`, { headers: { authorization: 'Bearer nobody' } })).status, 401);
  const said = JSON.parse((await portal.ctl('audit', 'list', '--outcome', 'refused', '-o', 'json')).stdout);
  const rows = said.filter(row => row.actor === ada && row.object === 'GET /api/catalog/locations');
  assert.ok(rows.length >= 1 && rows.length <= 3, JSON.stringify(rows));
  assert.match(rows[0].after, /"status":403,"why":"[^"]/);
  assert.equal((await user('/admin/roles-explain')).status, 403);
  const pages = JSON.parse((await portal.ctl('audit', 'list', '--outcome', 'refused', '-o', 'json')).stdout);
  assert.match(pages.find(row => row.object === 'GET /admin/roles-explain').after, /"why":"[^"]/);
  assert.ok(said.some(row => row.actor === 'anonymous' && row.object === 'GET /api/catalog/entities'), JSON.stringify(said.slice(0, 5)));
  const metrics = (await request(`${portal.base}/metrics`)).body;
  assert.ok(Number(metrics.match(/^callboard_refusals_repeated_total (\d+)/m)[1]) >= 9, metrics.match(/^callboard_refus.*/gm)?.join('\n'));
});

test('authorize answers in a batch', async () => {
  const other = all.find(ref => !mine.includes(ref));
  const answer = await authorize([entityRead(mine[0]), { ...entityRead([mine[0], other, 'component:default/nobody']), id: 'list' }, basic('catalog.location.create', 'create')]);
  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(JSON.parse(answer.body).items, [
    { id: 'r', result: 'ALLOW' },
    { id: 'list', result: ['ALLOW', 'DENY', 'DENY'] },
    { id: 'catalog.location.create', result: 'DENY' },
  ]);
  const bad = [
    [{ ...entityRead(mine[0]), resourceRef: undefined }],
    [{ ...entityRead([]), id: 'x' }],
    [{ id: 'x', permission: { type: 'basic', name: 'a' } }],
    [{ permission: basic('a').permission }],
    [{ id: 'x', permission: { type: 'odd', name: 'a', attributes: {} } }],
    'text',
  ];
  for (const items of bad)
    assert.equal((await authorize(items)).status, 400, JSON.stringify(items));
  assert.equal((await portal.get('/api/permission/authorize', { method: 'POST', body: { items: [] } })).status, 403);
  assert.equal((await request(`${portal.base}/api/permission/authorize`, { method: 'POST', body: { items: [] } })).status, 401);
  const health = await request(`${portal.base}/api/permission/health`);
  assert.deepEqual(JSON.parse(health.body), { status: 'ok' });
});

// A plugin's token for /api/permission on behalf of ada, as stock backends make
// one, by the fleet's own key.
async function behalf(target = 'permission') {
  const { stdout } = await run('psql', ['-qAt', '-h', join(portal.status.data, 'run'), '-U', 'callboard', '-d', 'callboard', '-c', 'select jwk from callboard.token_key order by made_at limit 1']);
  const jwk = JSON.parse(stdout);
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const b64 = value => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1000), exp = iat + 600;
  const token = (typ, claims) => {
    const text = `${b64({ typ, alg: 'ES256', kid: jwk.kid })}.${b64(claims)}`;
    return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const obo = token('vnd.backstage.limited-user', { sub: ada, iat, exp });
  return token('vnd.backstage.plugin', { sub: 'todo', aud: target, iat, exp, obo });
}

test('a plugin that acts for somebody is told the condition', async () => {
  const headers = { authorization: `Bearer ${await behalf()}` };
  const whole = entityRead(undefined);
  const answer = await request(`${portal.base}/api/permission/authorize`, { method: 'POST', headers, body: { items: [whole, { ...entityRead(mine[0]), id: 'one' }, basic('catalog.location.create', 'create')] } });
  assert.equal(answer.status, 200, answer.body);
  const [some, one, never] = JSON.parse(answer.body).items;
  assert.equal(some.result, 'CONDITIONAL', answer.body);
  assert.deepEqual(some, {
    id: 'r', result: 'CONDITIONAL', pluginId: 'catalog', resourceType: 'catalog-entity',
    conditions: some.conditions,
  });
  assert.match(JSON.stringify(some.conditions), /"rule":"IS_ENTITY_OWNER","resourceType":"catalog-entity"|"resourceType":"catalog-entity".*IS_ENTITY_OWNER/);
  assert.ok(JSON.stringify(some.conditions).includes(ada), 'its words are filled in');
  assert.deepEqual([one.result, never.result], ['ALLOW', 'DENY']);
  // What the catalog makes of the condition is what ada sees.
  const claims = JSON.stringify(some.conditions).match(/"claims":(\[[^\]]*\])/)[1];
  assert.ok(JSON.parse(claims).includes(group));
  // One for another plugin is no credential here, and without the plugin there is no condition.
  assert.equal((await request(`${portal.base}/api/permission/authorize`, { method: 'POST', headers: { authorization: `Bearer ${await behalf('catalog')}` }, body: { items: [] } })).status, 401);
  assert.equal((await authorize([whole])).status, 400);
});

test('a permission may have several conditions, and any as JSON', async () => {
  const made = await send('/admin/roles', { name: 'picky' });
  assert.equal(made.status, 303, made.body);
  const at = '/admin/roles/picky';
  const put = fields => send(at, { act: 'permission.add', permission: 'catalog.entity.delete', action: '', effect: 'allow', ...fields });
  assert.equal((await put({ where: 'kind', key: 'Component', where2: 'label', key2: 'tier', value2: 'gold', not2: 'yes', where4: 'tag', key4: 'java', join: 'anyOf' })).status, 303);
  assert.equal((await put({ where: '', where3: 'spec', key3: 'type', value3: 'service', join: 'allOf' })).status, 303);
  assert.equal((await put({ where: 'own', condition: '{"allOf": [{"not": {"anyOf": [{"rule": "HAS_SPEC", "resourceType": "catalog-entity", "params": {"key": "lifecycle"}}]}}]}' })).status, 303);
  const [role] = JSON.parse((await portal.ctl('policy', 'show', 'picky', '-o', 'json')).stdout);
  const rule = (name, params) => ({ rule: name, resourceType: 'catalog-entity', params });
  assert.deepEqual(role.permissions.map(p => p.condition), [
    { anyOf: [rule('IS_ENTITY_KIND', { kinds: ['Component'] }), { not: rule('HAS_LABEL', { label: 'tier', value: 'gold' }) }, rule('HAS_METADATA', { key: 'tags', value: 'java' })] },
    rule('HAS_SPEC', { key: 'type', value: 'service' }),
    { allOf: [{ not: { anyOf: [rule('HAS_SPEC', { key: 'lifecycle' })] } }] },
  ]);
  assert.match((await admin(at)).body, /kind = Component or not[^<]*label tier = gold/);
  for (const [fields, says] of [
    [{ where: 'kind', key: 'A', where2: 'odd' }, /where2: &#39;odd&#39; is none|where2: 'odd' is none/], [{ where: 'kind', key: 'A', where2: 'label' }, /condition 2 needs/],
    [{ where: 'kind', key: 'A', join: 'xor' }, /join/], [{ condition: '{"rule": ' }, /./], [{ condition: '[1]' }, /expected an object/], [{ condition: '{"rule": "X"}' }, /a rule that the catalog has/],
  ]) {
    const bad = await put(fields);
    assert.equal(bad.status, 400, JSON.stringify(fields));
    assert.match(bad.body, says);
  }
});

test('a decision is explained on the page and by the command', async () => {
  const query = new URLSearchParams({ user: ada, permission: 'catalog.entity.read', ref: mine[0] });
  const page = await admin(`/admin/roles-explain?${query}`);
  assert.equal(page.status, 200, page.body);
  assert.match(page.body, /Yes, this is allowed/);
  assert.ok(page.body.includes(`${ada} › ${group}`));
  const said = await portal.ctl('policy', 'explain', ada, 'catalog.location.create');
  assert.equal(said.code, 0, said.stderr);
  assert.match(said.stdout, /^DENY/);
  const why = JSON.parse((await portal.ctl('policy', 'explain', ada, 'catalog.entity.read', mine[0], '-o', 'json')).stdout)[0];
  assert.equal(why.result, 'ALLOW');
  assert.deepEqual(why.grants[0].by, [ada, group]);
  assert.equal((await admin('/admin/roles-explain?user=nobody&permission=x')).status, 400);
});

test('who views as somebody sees what he sees, and changes nothing', async () => {
  assert.equal((await send('/admin/roles', { at: '/admin/view-as', as: 'group:default/x' })).status, 400);
  const begun = await send('/admin/roles', { at: '/admin/view-as', as: ada });
  assert.equal(begun.status, 303, begun.body);
  const set = begun.headers['set-cookie'].find(c => c.startsWith('callboard-view='));
  assert.match(set, /HttpOnly; SameSite=Strict/);
  const both = `${cookie}; ${set.split(';')[0]}`;
  const home = await request(`${portal.base}/catalog`, { headers: { cookie: both } });
  assert.match(home.body, /You view the portal as/);
  assert.ok(!home.body.includes('/admin/roles"'));
  const seen = await request(`${portal.base}/api/catalog/entities`, { headers: { cookie: both } });
  assert.deepEqual(JSON.parse(seen.body).map(refOf).sort(), mine);
  const [kind, ns, name] = mine[0].split(/[:/]/);
  const csrf = /name="csrf" value="([^"]+)"/.exec(home.body)[1];
  const form = (at, cookies) => request(portal.base + at, { method: 'POST', headers: { cookie: cookies, 'content-type': 'application/x-www-form-urlencoded' }, body: `csrf=${csrf}` });
  assert.equal((await form(`/catalog/${ns}/${kind}/${name}/refresh`, both)).status, 403);
  // Somebody else's cookie, or a changed one, counts for nothing.
  const odd = both.replace(/callboard-view=v1\.[^.]+/, `callboard-view=v1.${Buffer.from('user:default/x').toString('base64url')}`);
  assert.ok(!(await request(`${portal.base}/catalog`, { headers: { cookie: odd } })).body.includes('You view the portal as'));
  const out = await form('/admin/view-as/end', both);
  assert.equal(out.status, 303);
  assert.match(out.headers['set-cookie'].join(), /callboard-view=; .*Max-Age=0/);
  const said = JSON.parse((await portal.ctl('audit', 'list', '--action', 'policy.view-as', '-o', 'json')).stdout);
  assert.equal(said[0].object, ada);
});

test('a card that one may not see is not in the page, and says so alone', async () => {
  const [kind, ns, name] = mine.find(ref => ref.startsWith('component:')).split(/[:/]/);
  const page = await user(`/catalog/${ns}/${kind}/${name}`);
  assert.equal(page.status, 200);
  assert.ok(!page.body.includes('data-plugin="ownership"'));
  const card = await user(`/fragments/ownership/owner?entity=${kind}:${ns}/${name}`);
  assert.ok([403, 404].includes(card.status), String(card.status));
});

test('a policy file of RBAC is imported, with its errors at their lines', async () => {
  const file = join(portal.home, 'rbac.csv');
  writeFileSync(file, 'p, role:default/ops, catalog.location.read, read, allow\nq, nonsense\ng, ada, role:default/ops\n');
  const bad = await portal.ctl('policy', 'import', file);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /^2: a line begins with p or g, not 'q'$/m);
  assert.match(bad.stderr, /^3: 'ada' is no member/m);
  writeFileSync(file, `p, role:default/ops, catalog.location.read, read, allow\ng, ${ada}, role:default/ops\n`);
  assert.match((await portal.ctl('policy', 'import', file, '--dry-run')).stdout, /2 members and permissions would be new/);
  assert.equal((await user('/api/catalog/locations')).status, 403);
  assert.match((await portal.ctl('policy', 'import', file)).stdout, /2 members and permissions are new/);
  await until('the import holds', 5, async () => (await user('/api/catalog/locations')).status === 200);
  assert.match((await portal.ctl('policy', 'list')).stdout, /ops +database/);
  assert.match((await portal.ctl('policy', 'show', 'ops')).stdout, /catalog\.location\.read/);
  // The file of conditions beside it; a document that is wrong keeps both out.
  const yaml = join(portal.home, 'conditions.yaml');
  const document = 'result: CONDITIONAL\nroleEntityRef: role:default/ops\npluginId: catalog\nresourceType: catalog-entity\npermissionMapping: [update, delete]\nconditions: {rule: IS_ENTITY_KIND, resourceType: catalog-entity, params: {kinds: [API]}}\n';
  writeFileSync(file, 'p, role:default/ops, catalog.location.analyze, read, allow\n');
  writeFileSync(yaml, `${document}---\nresult: MAYBE\n`);
  const half = await portal.ctl('policy', 'import', file, yaml);
  assert.equal(half.code, 1);
  assert.match(half.stderr, /conditions\.yaml:\n7: result: expected CONDITIONAL/);
  assert.ok(!(await portal.ctl('policy', 'show', 'ops')).stdout.includes('analyze'));
  writeFileSync(yaml, document);
  assert.match((await portal.ctl('policy', 'import', file, yaml)).stdout, /^1 roles, 3 members and permissions are new/);
  const [role] = JSON.parse((await portal.ctl('policy', 'show', 'ops', '-o', 'json')).stdout);
  assert.deepEqual(role.permissions.filter(p => p.condition).map(p => [p.permission, p.action]), [['catalog-entity', 'delete'], ['catalog-entity', 'update']]);
});

test('a role that is deleted takes what it gave', async () => {
  assert.equal((await send('/admin/roles/crew', { act: 'delete' })).status, 303);
  await until('nothing is seen any more', 5, async () => (await list()).totalItems === 0);
  assert.equal((await send('/admin/roles', { name: 'not a name' })).status, 400);
});

await suite({
  before: async () => {
    portal = await Portal.start({ config: 'permission:\n  rbac:\n    admin:\n      superUsers: [{name: user:default/guest}]\n' });
    cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
    const entities = await portal.json('/api/catalog/entities');
    all = entities.map(refOf);
    const owned = (e, refs) => (e.relations ?? []).some(r => r.type === 'ownedBy' && refs.includes(r.targetRef));
    for (const one of entities.filter(e => e.kind === 'User')) {
      ada = refOf(one);
      const groups = (one.relations ?? []).filter(r => r.type === 'memberOf').map(r => r.targetRef);
      mine = entities.filter(e => owned(e, [ada, ...groups])).map(refOf).sort();
      group = groups[0];
      if (mine.some(ref => ref.startsWith('component:')) && group)
        break;
    }
    const made = await portal.ctl('token', 'create', ada, '--name', 'flow');
    assert.equal(made.code, 0, made.stderr);
    token = made.stdout.trim().split(/\s+/).at(-1);
  },
  after: async () => { await portal?.stop(); },
});
