// SPDX-License-Identifier: Apache-2.0
//
// Pages that change something, as a browser without scripts would use them:
// registering a location step by step, and everything odd that can be typed.
import { Portal, request, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import http from 'node:http';

let portal, files, host;
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
  '/plain': component('plain'),
  '/taken.yaml': component('taken'),
  '/other.yaml': component('taken'),
};

const form = fields => ({ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields).toString() });
const look = (text, options) => portal.get('/catalog-import', { ...form({ target: text }), ...options });
const enrol = (text, more) => portal.get('/catalog-import/register', form({ target: text, ...more }));
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
  const door = await request(`${portal.base}/sign-in?return=/`);
  const cookie = door.headers['set-cookie'][0].split(';')[0];
  const guest = (path, options) => request(portal.base + path, { ...options, headers: { cookie, ...options?.headers } });
  const page = await guest('/catalog-import');
  says(page, 200, 'You cannot register here', 'Guests read');
  assert.match(page.body, /<button class="button primary" type="submit" disabled>/);
  const before = await locations();
  for (const path of ['/catalog-import', '/catalog-import/register']) assert.equal((await guest(path, form({ target: target('plain') }))).status, 403, path);
  assert.equal((await request(`${portal.base}/catalog-import/register`, form({ target: target('plain') }))).status, 401);
  assert.deepEqual(await locations(), before);
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
    portal = await Portal.start({ config: `backend: {reading: {allow: [{host: '${host}'}, {host: 'unused.test:9'}, {host: 'inner.test'}]}}\n` });
  },
  after: async () => {
    await portal?.stop();
    files?.close();
  },
});
