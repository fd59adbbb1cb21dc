// SPDX-License-Identifier: Apache-2.0
//
// Files become entities; what is wrong with a file is said with its place and
// disturbs nothing else.
import { Portal, request, sleep, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

let portal, cookie, dir;
const put = (name, text) => {
  writeFileSync(path.join(dir, `${name}.new`), text);
  renameSync(path.join(dir, `${name}.new`), path.join(dir, name));
};
const component = (name, more = '') => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
${more}spec:
  type: service
  lifecycle: production
  owner: crew
`;
const byName = name => portal.get(`/api/catalog/entities/by-name/component/default/${name}`);
const seen = name => until(`${name} is served`, 30, async () => (await byName(name)).status === 200 && JSON.parse((await byName(name)).body));
const errors = async () => JSON.parse((await portal.ctl('-o', 'json', 'catalog', 'errors')).stdout || '[]');
const trouble = (what, pattern) => until(what, 30, async () => (await errors()).find(row => pattern.test(row.problem) || pattern.test(row.source)));

test('relative targets, globs and several documents in a file', async () => {
  for (const name of ['one', 'two', 'three']) await seen(name);
});

test('an edited file shows, a removed document goes', async () => {
  put('a.yaml', component('one', '  title: Edited\n'));
  await until('the edit shows', 30, async () => JSON.parse((await byName('one')).body).metadata.title === 'Edited');
  await until('the removed one is gone', 30, async () => (await byName('two')).status === 404);
});

test('one bad document hides nothing else; it is named with file and line', async () => {
  put('a.yaml', `${component('one', '  title: Still here\n')}---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: bad name\nspec:\n  type: service\n  lifecycle: production\n  owner: crew\n---\n${component('four')}`);
  await seen('four');
  assert.equal(JSON.parse((await byName('one')).body).metadata.title, 'Still here');
  const row = await trouble('the bad name is reported', /bad name|metadata\.name/);
  assert.match(`${row.source} ${row.problem}`, /a\.yaml/);
  assert.match(`${row.source} ${row.problem}`, /\b1[0-9]\b/);
});

test('a file that does not parse keeps what it brought', async () => {
  put('a.yaml', 'kind: [unclosed\n  - what: {\n');
  await trouble('the file is reported', /a\.yaml/);
  await sleep(1500);
  assert.equal((await byName('one')).status, 200);
  assert.equal((await byName('four')).status, 200);
  const admin = await request(`${portal.base}/admin`, { headers: { cookie } });
  assert.equal(admin.status, 200);
  assert.match(admin.body, /a\.yaml/);
  put('a.yaml', component('one') + '---\n' + component('four'));
  await until('the trouble is over', 30, async () => !(await errors()).some(row => /a\.yaml/.test(`${row.source} ${row.problem}`)));
});

test('an unknown kind, a missing owner, a missing target: each is said', async () => {
  put('b.yaml', 'apiVersion: backstage.io/v1alpha1\nkind: Gadget\nmetadata:\n  name: g\n---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: nobody\nspec:\n  type: service\n  lifecycle: production\n---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: lost\nspec:\n  targets: [./missing.yaml]\n');
  await trouble('the unknown kind is said', /gadget/i);
  await trouble('the missing owner is said', /owner/);
  await trouble('the missing target is said', /missing\.yaml/);
  assert.equal((await byName('one')).status, 200);
});

test('a target does not lead out of its folder', async () => {
  symlinkSync('/etc/passwd', path.join(dir, 'out.yaml'));
  put('b.yaml', 'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: escape\nspec:\n  targets: [./out.yaml, ../../../../etc/passwd]\n');
  await trouble('the link is refused', /out\.yaml.*outside|outside/);
  const all = (await portal.get('/api/catalog/entities')).body;
  assert.ok(!all.includes('root:'));
});

test('an alias bomb costs nothing and says why', async () => {
  let bomb = 'a0: &a0 [x,x,x,x,x,x,x,x,x]\n';
  for (let i = 1; i < 10; i++) bomb += `a${i}: &a${i} [${Array(9).fill(`*a${i - 1}`).join(',')}]\n`;
  put('b.yaml', bomb);
  await trouble('the bomb is reported', /nodes|too many|alias/i);
  assert.equal((await byName('one')).status, 200);
});

test('history has every version', async () => {
  const first = Date.now();
  put('a.yaml', component('one', '  title: First\n') + '---\n' + component('four'));
  await until('first', 30, async () => JSON.parse((await byName('one')).body).metadata.title === 'First');
  const at = new Date().toISOString();
  await sleep(50);
  put('a.yaml', component('one', '  title: Second\n') + '---\n' + component('four'));
  await until('second', 30, async () => JSON.parse((await byName('one')).body).metadata.title === 'Second');
  const then = await portal.get(`/api/catalog/entities/by-name/component/default/one?at=${at}`);
  assert.equal(then.status, 200, then.body);
  assert.equal(JSON.parse(then.body).metadata.title, 'First');
  const page = await request(`${portal.base}/catalog/default/component/one?at=${at}`, { headers: { cookie } });
  assert.equal(page.status, 200);
  assert.match(page.body, /First/);
  assert.ok(first < Date.now());
});

test('a file that suddenly brings nothing deletes nothing', async () => {
  let text = '';
  for (let i = 0; i < 10; i++) text += `${component(`many-${i}`)}---\n`;
  put('c.yaml', text);
  await seen('many-9');
  put('c.yaml', '# nothing left\n');
  await trouble('the guard says so', /c\.yaml|nothing|20/);
  await sleep(1500);
  assert.equal((await byName('many-0')).status, 200);
});

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-catalog-'));
    chmodSync(dir, 0o755);
    mkdirSync(path.join(dir, 'deep/er'), { recursive: true });
    writeFileSync(path.join(dir, 'all.yaml'), 'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: all\nspec:\n  targets:\n    - ./?.yaml\n    - ./deep/**/*.yaml\n');
    put('a.yaml', `${component('one')}---\n${component('two')}`);
    put('b.yaml', component('b'));
    put('c.yaml', component('c'));
    put('deep/er/d.yaml', component('three'));
    portal = await Portal.start({ catalogs: [path.join(dir, 'all.yaml')], config: 'catalog:\n  processingInterval: 1s\n' });
    cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
  },
  after: async () => {
    await portal?.stop();
    rmSync(dir, { recursive: true, force: true });
  },
});
