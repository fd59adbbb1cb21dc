// SPDX-License-Identifier: Apache-2.0
//
// Pages that change something, as a browser without scripts would use them:
// registering a location step by step, and everything odd that can be typed.
import { Portal, request, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

let portal, files, host, dir;
const target = name => `http://${host}/${name}.yaml`;
const component = (name, more = '') => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
spec:
  type: service
  lifecycle: production
  owner: crew
${more}`;
const papers = {
  '/one.yaml': component('one', `---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: one-api}
spec: {type: openapi, lifecycle: production, owner: crew, definition: "{}"}
`),
  '/half.yaml': `${component('good')}---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: no good
spec:
  type: service
`,
  '/broken.yaml': 'apiVersion: backstage.io/v1alpha1\nkind: [\n',
  '/html.yaml': '<!doctype html><title>no yaml</title>\n\t<p>: {',
  '/empty.yaml': '',
  '/template.yaml': component('filled').replace('name: filled', 'name: filled\n  description: {$text: ./missing.txt}'),
  '/described.yaml': `apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: described}
spec: {type: openapi, lifecycle: production, owner: crew, definition: {$openapi: ./described-api.yaml}}
`,
  '/described-api.yaml': "openapi: '3.0.0'\npaths: {/a: {$ref: './described-paths.json#/a'}, /b: {$ref: './described-paths.json#/a'}}\n",
  '/described-paths.json': '{"a": {"get": {"summary": "one"}}}',
  '/plain': component('plain'),
  '/taken.yaml': component('taken'),
  '/other.yaml': component('taken'),
};

const form = fields => ({ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields).toString() });
const look = (text, options) => portal.get('/catalog-import', { ...form({ target: text }), ...options });
const enrol = (text, more) => portal.get('/catalog-import/register', form({ target: text, ...more }));
const enter = async () => (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
const generated = async text => createHash('sha1').update(`url:${text}`).digest('hex');
const put = (name, text) => writeFileSync(path.join(dir, name), text);
const plain = html => html.replace(/<wbr>/g, '').replace(/<[^>]*>/g, ' ').replace(/&#39;/g, "'").replace(/&quot;/g, '"').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&').replace(/\s+/g, ' ');
const locations = async () => (await portal.json('/api/catalog/locations')).map(row => row.data.target).sort();
const audited = async action => JSON.parse((await portal.ctl('-o', 'json', 'audit', 'list')).stdout).filter(row => row.action === action);
const says = (answer, status, ...texts) => {
  assert.equal(answer.status, status, plain(answer.body).slice(0, 400));
  for (const text of texts) assert.ok(plain(answer.body).includes(text), `${text} is not in: ${plain(answer.body)}`);
};

test('a file is shown before anything is stored', async () => {
  const before = await locations();
  const answer = await look(target('one'));
  says(answer, 200, 'It can be registered', '2 entities stand there', 'component:default/one', 'api:default/one-api', 'New', target('one'));
  assert.match(answer.body, /action="\/catalog-import\/register"/);
  assert.deepEqual(await locations(), before);
});

test('registering leads to a page that links to what came', async () => {
  const answer = await enrol(target('one'), { expect: '2' });
  assert.equal(answer.status, 303);
  assert.match(answer.headers.location, /^\/catalog-import\/[0-9a-f-]{36}\?expect=2$/);
  const done = await until('both are linked', 20, async () => {
    const page = await portal.get(answer.headers.location);
    return /href="\/catalog\/default\/component\/one"/.test(page.body) && /href="\/catalog\/default\/api\/one-api"/.test(page.body) && page;
  });
  says(done, 200, 'The catalog has it', 'Entities from it');
  assert.doesNotMatch(done.body, /hx-trigger="load delay/);
  assert.ok((await locations()).includes(target('one')));
});

test('while it is read for the first time the page asks again, and has a link for who cannot', async () => {
  const id = (await portal.json('/api/catalog/locations')).find(row => row.data.target === target('one')).data.id;
  const page = await portal.get(`/catalog-import/${id}?expect=99`);
  says(page, 200, 'It is being read for the first time', 'Reload');
  assert.match(page.body, /hx-get="\/catalog-import\/[^"]*attempt=1"/);
  assert.doesNotMatch((await portal.get(`/catalog-import/${id}?expect=99&attempt=8`)).body, /hx-trigger="load delay/);
});

test('a location that is there already is said and linked, and not registered twice', async () => {
  const page = await look(target('one'));
  says(page, 200, 'This location is registered already', 'Already there');
  assert.doesNotMatch(page.body, /action="\/catalog-import\/register"/);
  assert.match(page.body, /href="\/catalog-import\/[0-9a-f-]{36}"/);
  const count = (await audited('location.add')).length;
  assert.equal((await enrol(target('one'))).status, 303);
  assert.equal((await locations()).filter(text => text === target('one')).length, 1);
  assert.equal((await audited('location.add')).length, count);
});

test('who registered it stands in the audit log', async () => {
  const rows = (await audited('location.add')).filter(row => JSON.stringify(row.after).includes(target('one')));
  assert.equal(rows.length, 1);
  assert.match(rows[0].actor, /\S/);
});

test('errors stand at their lines, with the lines around, in the words of the API', async () => {
  const page = await look(target('half'));
  says(page, 400, 'Part of it cannot be used', 'component:default/good', 'Register all the same');
  assert.match(page.body, /<mark><b>13<\/b> {2}name: no good<\/mark>/);
  assert.match(page.body, /<span><b>12<\/b>metadata:<\/span>/);
  const api = JSON.parse((await portal.get('/api/catalog/locations?dryRun=true', { method: 'POST', body: { type: 'url', target: target('half') } })).body);
  assert.ok(plain(page.body).includes(api.error.message.replace(/\s+/g, ' ')), api.error.message);
});

test('a ref that another source has is told', async () => {
  assert.equal((await enrol(target('taken'))).status, 303);
  await until('taken is there', 20, async () => (await portal.get('/api/catalog/entities/by-name/component/default/taken')).status === 200);
  says(await look(target('other')), 200, 'Kept by another source', `url:${target('taken')}`);
});

test('a description in several files is one text, and follows each of them', async () => {
  assert.equal((await enrol(target('described'))).status, 303);
  const text = () => portal.json('/api/catalog/entities/by-name/api/default/described').then(entity => entity.spec?.definition);
  const first = await until('it is there', 20, text);
  assert.deepEqual(first.replace(/["']/g, '').split('\n').slice(1, 7), ['paths:', '  /a:', '    get:', '      summary: one', '  /b:', '    $ref: #/paths/~1a']);
  papers['/described-paths.json'] = '{"a": {"get": {"summary": "two"}}}';
  assert.equal((await portal.get('/api/catalog/refresh', { method: 'POST', body: { entityRef: 'api:default/described' } })).status, 200);
  await until('the change shows', 20, async () => (await text()).includes('summary: two'));
  papers['/described-paths.json'] = '{}';
  says(await look(target('described')), 400, 'described-paths.json#/a\' leads nowhere');
});

test('an address that no file name ends is tried as a file, too', async () => {
  says(await look(`http://${host}/plain`), 200, 'It can be registered', 'component:default/plain');
});

test('where there is no description, there is one to begin with', async () => {
  const page = await look(`http://${host}/acme/shop`);
  says(page, 400, 'There is nothing to register', 'A catalog-info.yaml to begin with', 'name: shop', 'kind: Component');
  assert.doesNotMatch(page.body, /action="\/catalog-import\/register"/);
});

test('whatever else is typed gets a clear answer, and nothing changes', async () => {
  const cases = [
    ['', 400, 'an address is needed'],
    ['   ', 400, 'an address is needed'],
    ['catalog-info.yaml', 400, 'expected an address such as'],
    ['ftp://host.test/a.yaml', 400, 'is no http or https address'],
    ['javascript:alert(1)//://', 400, 'the target is a script'],
    ['file:///etc/passwd', 400, 'is no http or https address'],
    ['http://', 400, ''],
    [`http://${host}/a b\u0001.yaml`, 400, 'control character'],
    [`http://${host}/${'x'.repeat(100_000)}`, 400, 'bytes, expected 1 to 4096'],
    ['http://nowhere.invalid/a.yaml', 400, 'is not in backend.reading.allow'],
    ['http://169.254.169.254/latest/meta-data.yaml', 400, 'is not in backend.reading.allow'],
    ['http://127.0.0.1:1/a.yaml', 400, 'is not in backend.reading.allow'],
    [`http://user:secret@${host}/one.yaml`, 400, ''],
    ['http://unused.test:9/a.yaml', 400, 'unused.test'],
    ['http://inner.test/a.yaml', 400, 'inner.test'],
    [`http://${host}/away.yaml`, 400, ''],
    [target('missing'), 400, 'missing.yaml'],
    [target('broken'), 400, 'broken.yaml'],
    [target('html'), 400, 'html.yaml'],
    [target('empty'), 200, 'There is nothing to register'],
    [target('template'), 400, 'missing.txt'],
    [`http://${host}/%3Cscript%3Ealert(1)%3C/script%3E.yaml`, 400, ''],
    ["http://x'; drop table location; --/a.yaml", 400, ''],
  ];
  const before = [await locations(), (await portal.json('/api/catalog/entities?fields=metadata.name')).length, (await audited('location.add')).length];
  for (const [text, status, said] of cases) {
    const page = await look(text);
    assert.equal(page.status, status, `${text.slice(0, 60)}: ${page.status} ${plain(page.body).slice(0, 300)}`);
    assert.ok(plain(page.body).includes(said), `${text.slice(0, 60)}: ${plain(page.body)}`);
    assert.match(page.body, /<h1>Register existing component<\/h1>/, text.slice(0, 60));
    assert.doesNotMatch(page.body, /<script>alert/);
    assert.ok(page.body.length < 60_000, `${text.slice(0, 60)}: ${page.body.length} bytes`);
  }
  for (const [text, status] of [['', 400], ['nothing', 400], ['javascript:alert(1)//://', 400], [`http://${host}/${'x'.repeat(100_000)}`, 400]]) assert.equal((await enrol(text)).status, status, text.slice(0, 60));
  assert.deepEqual([await locations(), (await portal.json('/api/catalog/entities?fields=metadata.name')).length, (await audited('location.add')).length], before);
});

test('addresses of the result page are checked', async () => {
  assert.equal((await portal.get('/catalog-import/no-uuid')).status, 400);
  assert.equal((await portal.get('/catalog-import/00000000-0000-4000-8000-000000000000')).status, 404);
  const id = (await portal.json('/api/catalog/locations'))[0].data.id;
  assert.equal((await portal.get(`/catalog-import/${id}?expect=many`)).status, 400);
});

test('a guest sees why not, and cannot by hand either', async () => {
  const cookie = await enter();
  const guest = (path, options) => request(portal.base + path, { ...options, headers: { cookie, ...options?.headers } });
  const page = await guest('/catalog-import');
  says(page, 200, 'You cannot register here', 'Guests read');
  assert.match(page.body, /<button class="button primary" type="submit" disabled>/);
  const before = await locations();
  for (const path of ['/catalog-import', '/catalog-import/register']) assert.equal((await guest(path, form({ target: target('plain') }))).status, 403, path);
  assert.equal((await request(`${portal.base}/catalog-import/register`, form({ target: target('plain') }))).status, 401);
  assert.deepEqual(await locations(), before);
});

// ---- What the pages of entities do -----------------------------------------

const ONE = '/catalog/default/component/one';
const gone = path => until(`${path} is gone`, 20, async () => (await portal.get(path)).status === 404);
const there = path => until(`${path} is there`, 20, async () => (await portal.get(path)).status === 200);

test('refreshing reads the source again at once', async () => {
  papers['/one.yaml'] = papers['/one.yaml'].replace('type: service', 'type: website');
  const answer = await portal.get(`${ONE}/refresh`, form({}));
  assert.equal(answer.status, 303);
  says(await portal.get(answer.headers.location), 200, 'A refresh was asked for');
  await until('the new type shows', 20, async () => /<dd>website/.test((await portal.get(ONE)).body));
  assert.equal((await portal.get('/catalog/default/component/nobody/refresh', form({}))).status, 404);
});

test('unregistering names all that goes, and takes it', async () => {
  says(await portal.get(`${ONE}/unregister`), 200, 'This takes back the location', target('one'), '3 entities go with it', 'one-api', 'Unregister the location');
  const answer = await portal.get(`${ONE}/unregister`, form({}));
  assert.equal(answer.status, 303);
  says(await portal.get(answer.headers.location), 200, 'The location was unregistered');
  await gone(ONE);
  await gone('/catalog/default/api/one-api');
  assert.ok(!(await locations()).includes(target('one')));
  assert.equal((await audited('location.delete')).length, 1);
  assert.equal((await portal.get(`${ONE}/unregister`, form({}))).status, 404);
});

test('what the configuration names cannot be unregistered, and it says so', async () => {
  says(await portal.get('/catalog/default/component/a0/unregister'), 200, 'This cannot be unregistered here', 'it is in the configuration');
  assert.equal((await portal.get('/catalog/default/component/a0/unregister', form({}))).status, 409);
  assert.equal((await portal.get('/catalog/default/component/a0')).status, 200);
});

test('the history page of what is gone brings it back', async () => {
  const page = await portal.get('/catalog/default/location/generated-' + (await generated(target('one'))) + '/history');
  says(page, 200, 'This is not in the catalog any more', 'Restore this version');
  const [, action] = page.body.match(/<form action="([^"]*\/history)" method="post">/);
  const version = page.body.match(/name="version" value="(\d+)"/)[1];
  for (const [bad, status] of [['', 404], ['0', 404], ['x', 404], ['999999', 404]]) assert.equal((await portal.get(action, form({ version: bad }))).status, status, bad);
  const answer = await portal.get(action, form({ version }));
  assert.equal(answer.status, 303, plain(answer.body));
  says(await portal.get(answer.headers.location), 200, 'It comes back');
  await there(ONE);
  assert.ok((await locations()).includes(target('one')));
  const again = await portal.get(action, form({ version }));
  assert.equal(again.status, 409);
  const cookie = await enter();
  assert.equal((await request(portal.base + action, { ...form({ version }), headers: { ...form({}).headers, cookie } })).status, 403);
  assert.doesNotMatch((await request(`${portal.base}/catalog/default/component/lonely-none/history`, { headers: { cookie } })).body, /Restore this version/);
});

// ---- The page for who looks after it ----------------------------------------

const admin = (list, more = '') => portal.get(`/admin/catalog?list=${list}${more}`);
const act = (what, of, list = 'errors') => portal.get('/admin/catalog', form({ act: what, of, list }));
const field = (body, name, of) => body.match(new RegExp(`name="act" value="${name}"><input type="hidden" name="of" value="(${of})"`))?.[1];

test('errors stand there with file, line and since when', async () => {
  await until('the bad name is told', 20, async () => (await admin('errors')).body.includes('no good'));
  const page = await admin('errors');
  says(page, 200, 'bad.yaml:', 'metadata.name', 'Since', 'Read again');
  says(await admin('errors', '&q=BAD.YAML'), 200, 'bad.yaml:');
  says(await admin('errors', '&q=nothing-like-it'), 200, 'Nothing fits');
  for (const bad of ['list=all', 'page=0', 'page=x', `q=${'x'.repeat(201)}`]) assert.equal((await portal.get(`/admin/catalog?${bad}`)).status, 400, bad);
});

test('a deletion that waits is confirmed there, once, and audited', async () => {
  put('many.yaml', component('a0'));
  await until('the guard holds it back', 20, async () => (await admin('waiting')).body.includes('many.yaml'));
  assert.equal((await portal.get('/catalog/default/component/a3')).status, 200);
  const ref = field((await admin('waiting')).body, 'confirm', '[^"]*');
  const answer = await act('confirm', ref, 'waiting');
  assert.equal(answer.status, 303);
  says(await portal.get(answer.headers.location), 200, 'It was confirmed');
  await until('nothing waits any more', 20, async () => /Nothing waits for you/.test((await admin('waiting')).body));
  assert.equal((await audited('location.confirm')).length, 1);
  assert.equal((await act('confirm', ref, 'waiting')).status, 409);
});

test('what is no longer brought in is an orphan, and deleted there', async () => {
  const page = await until('the orphans are listed', 20, async () => {
    const answer = await admin('orphans', '&q=component:default/a3');
    return field(answer.body, 'delete', '[0-9a-f-]{36}') && answer;
  });
  const uid = field(page.body, 'delete', '[0-9a-f-]{36}');
  await until('its own page knows it, too', 20, async () => plain((await portal.get('/catalog/default/component/a3/unregister')).body).includes('Nothing brings this entity in any more'));
  assert.equal((await act('delete', uid, 'orphans')).status, 303);
  await gone('/catalog/default/component/a3');
  assert.equal((await act('delete', uid, 'orphans')).status, 404);
  assert.equal((await portal.get('/catalog/default/component/a4/unregister', form({}))).status, 303);
  await gone('/catalog/default/component/a4');
});

test('locations say where they are from and how they are', async () => {
  says(await admin('locations'), 200, 'Registered', 'Configuration', 'Good', 'Has errors', target('one'), 'Looked at again');
  const ref = field((await admin('locations', '&q=taken.yaml')).body, 'refresh', '[^"]*');
  assert.equal((await act('refresh', ref, 'locations')).status, 303);
});

test('providers say when they ran and what came of it, and run by hand', async () => {
  await until('it has run', 20, async () => plain((await admin('providers')).body).includes('Failed'));
  says(await admin('providers'), 200, 'github:acme', 'Next run', 'Run now');
  const before = (await audited('provider.run')).length;
  assert.equal((await act('run', 'github:acme', 'providers')).status, 303);
  assert.equal((await audited('provider.run')).length, before + 1);
  assert.equal((await act('run', 'github:none', 'providers')).status, 404);
  assert.equal((await audited('provider.run')).length, before + 1);
});

test('odd requests to it change nothing, and a guest may only look', async () => {
  const rows = async () => JSON.parse((await portal.ctl('-o', 'json', 'audit', 'list')).stdout).filter(row => row.outcome === 'done').map(row => `${row.action} ${row.object}`);
  const before = await rows();
  for (const [what, of, status] of [['', 'x', 400], ['burn', 'x', 400], ['confirm', '', 400], ['confirm', 'no ref', 400], ['confirm', 'location:default/none', 404], ['refresh', 'component:default/none', 404],
    ['delete', 'no-uuid', 404], ['delete', '00000000-0000-4000-8000-000000000000', 404], ['run', "'; drop table job; --", 404]]) assert.equal((await act(what, of)).status, status, `${what} ${of}`);
  assert.equal((await portal.get('/admin/catalog', form({ act: 'run', of: 'github:acme', list: 'none' }))).status, 400);
  const cookie = await enter();
  const page = await request(`${portal.base}/admin/catalog?list=locations`, { headers: { cookie } });
  says(page, 200, 'Guests read');
  assert.doesNotMatch(page.body, /name="act"/);
  assert.equal((await request(`${portal.base}/admin/catalog`, { ...form({ act: 'run', of: 'github:acme' }), headers: { ...form({}).headers, cookie } })).status, 403);
  assert.deepEqual(await rows(), before);
});

await suite({
  before: async () => {
    files = http.createServer((req, res) => {
      if (req.url === '/away.yaml') return res.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
      const text = papers[req.url.split('?')[0]];
      res.statusCode = text === undefined ? 404 : 200;
      res.end(text);
    });
    await new Promise(resolve => files.listen(0, '127.0.0.1', resolve));
    host = `127.0.0.1:${files.address().port}`;
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-import-'));
    chmodSync(dir, 0o755);
    put('many.yaml', [0, 1, 2, 3, 4, 5].map(n => component(`a${n}`)).join('---\n'));
    put('bad.yaml', `${component('fine')}---\n${component('no good')}---\nkind: [\n`);
    const roots = ['many', 'bad'].map(name => `{type: file, target: ${path.join(dir, `${name}.yaml`)}}`);
    portal = await Portal.start({ config: `backend: {reading: {allow: [{host: '${host}'}, {host: 'unused.test:9'}, {host: 'inner.test'}]}}
catalog:
  orphanStrategy: keep
  processingInterval: 1s
  locations: [${roots.join(', ')}]
  providers: {github: {acme: {organization: acme, host: ghe.invalid, schedule: {frequency: {hours: 1}, timeout: {minutes: 1}}}}}
integrations: {github: [{host: ghe.invalid, apiBaseUrl: 'https://ghe.invalid/api/v3'}]}
` });
  },
  after: async () => {
    await portal?.stop();
    files?.close();
    if (dir) rmSync(dir, { recursive: true });
  },
});
