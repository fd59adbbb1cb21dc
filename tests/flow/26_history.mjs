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
import { Portal, until } from '../lib/portal.mjs';
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

await suite({
  before: async () => {
    folder = mkdtempSync(join(tmpdir(), 'callboard-history-'));
    chmodSync(folder, 0o755);
    put(`${component('one', 'service')}---\n${component('two', 'service')}`);
    portal = await Portal.start({ catalogs: [join(folder, 'all.yaml')], config: 'catalog:\n  processingInterval: 1s\n' });
  },
  after: async () => {
    await portal?.stop();
    rmSync(folder, { recursive: true, force: true });
  },
});
