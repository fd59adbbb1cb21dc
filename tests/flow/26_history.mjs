// SPDX-License-Identifier: Apache-2.0
//
// The catalog as it was: every read of the API and every page of the catalog takes ?at=, and answers what it answered then.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import assert from 'node:assert/strict';
import { Portal, request, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';

const run = promisify(execFile);
let portal;
let folder;
let then;

const sql = async (text) => {
  const { stdout } = await run('psql', ['-qAt', '-h', join(portal.status.data, 'run'), '-U', 'callboard', '-d', 'callboard', '-c', text]);
  return stdout.trim().split('\n');
};

const component = (name, type) =>
  `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${name}\nspec:\n  type: ${type}\n  lifecycle: production\n  owner: team\n`;
const put = (text) => writeFileSync(join(folder, 'all.yaml'), text);
const at = (path) => `${path}${path.includes('?') ? '&' : '?'}at=${encodeURIComponent(then)}`;
const read = async (path, options) => {
  const answer = await portal.get(path, options);
  assert.equal(answer.status, 200, `${path}: ${answer.body}`);
  return answer;
};
const json = async (path, options) => JSON.parse((await read(path, options)).body);

const api = '/api/catalog';
// What is asked now and then; etags of the whole and request ids are no part of it.
const questions = [
  `${api}/entities?filter=kind=component`,
  `${api}/entities?limit=1&order=asc:metadata.name&filter=kind=component`,
  `${api}/entities/by-query?filter=kind=component&orderField=metadata.name,desc`,
  `${api}/entities/by-query?fullTextFilterTerm=on&fullTextFilterFields=metadata.name&totalItems=include`,
  `${api}/entity-facets?facet=spec.type&facet=kind&filter=kind=component`,
  `${api}/entities/by-name/component/default/one`,
];
const refs = { method: 'POST', body: { entityRefs: ['component:default/one', 'component:default/two', 'component:default/three'] } };
const before = new Map();

test('what changes since then leaves the answers of then as they were', async () => {
  await until('two components', 60, async () =>
    (await json(`${api}/entities?filter=kind=component`)).length === 2);
  for (const question of questions) before.set(question, (await read(question)).body);
  before.set('refs', (await read(`${api}/entities/by-refs`, refs)).body);
  await sleep(20);
  then = new Date().toISOString();
  await sleep(20);
  put(`${component('one', 'website')}---\n${component('three', 'service')}`);
  await until('one changed, two gone, three there', 60, async () => {
    const items = await json(`${api}/entities?filter=kind=component`);
    return items.length === 2 && items.some((item) => item.metadata.name === 'three');
  });
  for (const question of questions) {
    assert.equal((await read(at(question))).body, before.get(question), question);
    assert.notEqual((await read(question)).body, before.get(question), question);
  }
  assert.equal((await read(at(`${api}/entities/by-refs`), refs)).body, before.get('refs'));
});

test('a cursor stays at its moment', async () => {
  const first = await json(at(`${api}/entities/by-query?filter=kind=component&limit=1&orderField=metadata.name`));
  assert.equal(first.totalItems, 2);
  const next = encodeURIComponent(first.pageInfo.nextCursor);
  const second = await json(`${api}/entities/by-query?limit=1&cursor=${next}`);
  assert.equal(second.items[0].metadata.name, 'two');
  const other = await portal.get(`${api}/entities/by-query?cursor=${next}&at=2h`);
  assert.equal(other.status, 400);
  assert.match(other.body, /another moment/);
});

test('times as people type them; what is none says so', async () => {
  for (const time of ['2026-01-31', '2026-01-31 12:00', '2026-01-31T12:00:00+02:00', '3d ago', '90m']) {
    const answer = await portal.get(`${api}/entities?at=${encodeURIComponent(time)}`);
    assert.equal(answer.status, 200, `${time}: ${answer.body}`);
    assert.equal(answer.body, '[]', time);
  }
  for (const time of ['yesterday', '2026-02-30', '9999-01-01', "1'; drop table entity"]) {
    const answer = await portal.get(`${api}/entities?at=${encodeURIComponent(time)}`);
    assert.equal(answer.status, 400, `${time}: ${answer.body}`);
    assert.match(answer.body, /at: /);
  }
});

test('pages say which time they show, and their links stay there', async () => {
  const table = (await read(at('/catalog?kind=component'))).body;
  assert.match(table, /The catalog as it was at/);
  assert.match(table, /\/catalog\/default\/component\/two\?at=/);
  assert.doesNotMatch(table, /component\/three/);
  const gone = (await read(at('/catalog/default/component/two'))).body;
  assert.match(gone, /The catalog as it was at/);
  assert.match(gone, /\/two\/inspect\?at=/);
  assert.match(gone, /href="[^"]*\/catalog\/default\/component\/two">Back to now/);
  assert.doesNotMatch(gone, /_cards\//);
  assert.match((await read(at('/'))).body, /The catalog as it was at/);
  assert.equal((await portal.get('/catalog/default/component/two')).status, 404);
  assert.doesNotMatch((await read('/catalog')).body, /as it was at/);
});

test('every version says where it is from, why, and by whom', async () => {
  const rows = await sql(
    "select cause || ' ' || actor || ' ' || (source like '%all.yaml%') from callboard.entity_history where ref = 'component:default/two' order by number");
  assert.deepEqual(rows, ['added service:engine true', 'location.read service:engine true']);
});

const versions = (name) => `${api}/history/by-name/component/default/${name}`;

test('the versions of an entity, one of them, and what it changed', async () => {
  const { items, entityRef, pageInfo } = await json(versions('one'));
  assert.equal(entityRef, 'component:default/one');
  assert.deepEqual(items.map((v) => [v.cause, v.current, v.deleted]), [['changed', true, false], ['added', false, false]]);
  assert.deepEqual(pageInfo, {});
  const first = await json(`${versions('one')}?limit=1`);
  assert.equal(first.items.length, 1);
  const older = await json(`${versions('one')}?before=${first.pageInfo.before}`);
  assert.deepEqual(older.items.map((v) => v.version), [items[1].version]);
  const old = await json(`${versions('one')}/${items[1].version}`);
  assert.equal(old.entity.spec.type, 'service');
  const then = await json(`${api}/entities/by-name/component/default/one?at=${encodeURIComponent(old.from)}`);
  assert.deepEqual(then, old.entity);
  const { diff, from } = await json(`${versions('one')}/${items[0].version}/diff`);
  assert.equal(from.version, items[1].version);
  assert.match(diff, /^-  type: service\n\+  type: website$/m);
  const back = await json(`${versions('one')}/${items[1].version}/diff?with=${items[0].version}`);
  assert.match(back.diff, /^-  type: website\n\+  type: service$/m);
  const begun = await json(`${versions('one')}/${items[1].version}/diff`);
  assert.equal(begun.from, null);
  assert.match(begun.diff, /^\+kind: Component$/m);
});

test('what is asked wrongly of versions is told', async () => {
  for (const [path, status, says] of [
    [versions('nobody'), 404, /nobody/], [`${versions('one')}/99999`, 404, /99999/], [`${versions('one')}/x`, 400, /no version/],
    [`${versions('one')}?limit=0`, 400, /limit/], [`${versions('one')}?deep=1`, 400, /Unknown query parameter/],
    [`${versions('one')}/99999/diff?with=-3`, 404, /99999/]]) {
    const answer = await portal.get(path);
    assert.equal(answer.status, status, `${path}: ${answer.body}`);
    assert.match(answer.body, says);
  }
  assert.equal((await request(`${portal.base}${versions('one')}`)).status, 401);
});

test('the page of the versions, also of what is no more', async () => {
  const page = (await read('/catalog/default/component/one/history')).body;
  assert.match(page, /<del>- {3}type: service<\/del>/);
  assert.match(page, /<ins>\+ {3}type: website<\/ins>/);
  assert.match(page, /\/one\?at=/);
  const { items } = await json(versions('one'));
  const both = (await read(`/catalog/default/component/one/history?from=${items[0].version}&to=${items[1].version}`)).body;
  assert.match(both, /<del>- {3}type: website<\/del>/);
  const gone = (await read('/catalog/default/component/two/history')).body;
  assert.match(gone, /not in the catalog any more/);
  assert.match(gone, /the configuration or a provider brought it in/);
  assert.doesNotMatch(gone, /name="version"/);
  assert.equal((await portal.get('/catalog/default/component/nobody/history')).status, 404);
  assert.equal((await portal.get('/catalog/default/component/one/history?from=x&to=1')).status, 400);
});

test('what somebody registered is restored, by API and command', async () => {
  const ref = 'component:default/by-hand';
  writeFileSync(join(folder, 'hand.yaml'), component('by-hand', 'tool'));
  const added = await portal.ctl('catalog', 'add', '--type', 'file', join(folder, 'hand.yaml'));
  assert.equal(added.code, 0, added.stderr);
  await until('it is there', 60, async () => (await portal.get(`${api}/entities/by-name/component/default/by-hand`)).status === 200);
  const [place] = JSON.parse((await portal.ctl('-o', 'json', 'catalog', 'list')).stdout);
  assert.equal((await portal.ctl('catalog', 'delete', place.id)).code, 0);
  await until('it is gone', 60, async () => (await portal.get(`${api}/entities/by-name/component/default/by-hand`)).status === 404);
  const { items } = await json(versions('by-hand'));
  assert.deepEqual(items.map((v) => v.cause), ['location.delete', 'added']);
  assert.match((await read('/catalog/default/component/by-hand/history')).body, /Any version can be restored/);
  const address = `${versions('by-hand')}/${items[1].version}/restore`;
  assert.equal((await request(`${portal.base}${address}`, { method: 'POST' })).status, 401);
  assert.equal((await portal.get(address, { method: 'POST' })).status, 204);
  await until('it is back', 60, async () => (await portal.get(`${api}/entities/by-name/component/default/by-hand`)).status === 200);
  assert.equal((await portal.get(address, { method: 'POST' })).status, 409);

  const shown = await portal.ctl('catalog', 'history', ref);
  assert.match(shown.stdout, /restored.*\n.*location\.delete.*\n.*added/);
  const diff = await portal.ctl('catalog', 'history', ref, '--diff', '--limit', '1');
  assert.match(diff.stdout, /^version \d+ .* restored by external:quickstart/m);
  assert.match(diff.stdout, /^\+ {2}name: by-hand$/m);
  assert.match(diff.stdout, /older ones/);
  const again = await portal.ctl('catalog', 'restore', ref, '--version', String(items[1].version));
  assert.equal(again.code, 1);
  assert.match(again.stderr, /in the catalog/);
});

test('versions older than the retention go, what is served stays', async () => {
  await sql("update callboard.entity_history set valid_from = valid_from - interval '40 days', valid_to = valid_to - interval '40 days' where ref = 'component:default/one'");
  await until('the old version is forgotten', 90, async () => (await json(versions('one'))).items.length === 1);
  assert.equal((await portal.get(`${api}/entities/by-name/component/default/one`)).status, 200);
  const early = await portal.get(`${api}/entities?at=35d`);
  assert.equal(early.status, 400);
  assert.match(early.body, /before what is kept/);
});

await suite({
  before: async () => {
    folder = mkdtempSync(join(tmpdir(), 'callboard-history-'));
    chmodSync(folder, 0o755);
    put(`${component('one', 'service')}---\n${component('two', 'service')}`);
    portal = await Portal.start({ catalogs: [join(folder, 'all.yaml')], config: 'catalog:\n  processingInterval: 1s\n  history:\n    retention: 30d\n' });
  },
  after: async () => {
    await portal?.stop();
    rmSync(folder, { recursive: true, force: true });
  },
});
