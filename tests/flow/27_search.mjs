// SPDX-License-Identifier: Apache-2.0
//
// Entities by words: the API's shape, words and their beginnings, filters,
// pages, what is refused, and the page with and without PostgreSQL.
import { Portal, request, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { tree } from '../lib/portal.mjs';

let portal;
const folder = mkdtempSync(path.join(os.tmpdir(), 'cb-search-'));
const own = path.join(folder, 'own.yaml');
const ask = query => portal.json(`/api/search/query?${query}`);
const titles = async query => (await ask(query)).results.map(r => r.document.title);

test('a result has the shape of the contract', async () => {
  const { results } = await ask('term=fare%20engine');
  assert.deepEqual(results[0].document, {
    title: 'Fare Engine',
    text: 'Prices a crossing: islander discounts, vehicle length, season, and the rule about sheep that nobody dares to remove.',
    location: '/catalog/default/component/fare-engine',
    kind: 'Component', namespace: 'default', type: 'service', componentType: 'service', lifecycle: 'production', owner: 'booking-crew',
  });
  const { type, rank, highlight: { preTag, postTag, fields } } = results[0];
  assert.deepEqual([type, rank], ['software-catalog', 1]);
  assert.equal(fields.title, `${preTag}Fare${postTag} ${preTag}Engine${postTag}`);
  assert.deepEqual(fields, { title: fields.title, text: '', location: '', path: '' });
});

test('people are found by what they are called and reached by', async () => {
  const { results } = await ask('term=amara');
  const user = results.find(r => r.document.kind === 'User');
  assert.equal(user.document.type, 'other');
  assert.match(user.document.text, / : .*@/);
});

test('all words must be there, unfinished or as their stem', async () => {
  assert.deepEqual(await titles('term=islander+disc'), ['Fare Engine']);
  assert.deepEqual(await titles('term=islander+submarine'), []);
  assert.ok((await titles('term=pricing')).includes('Fare Engine'), 'pricing stems as prices does');
  assert.ok((await titles('term=booki')).includes('Booking Desk'));
});

test('what is named so comes first', async () => {
  assert.equal((await titles('term=booking-desk'))[0], 'Booking Desk');
  assert.equal((await titles('term=Booking+Desk'))[0], 'Booking Desk');
});

test('a slip of the finger is forgiven', async () => {
  assert.ok((await titles('term=fare+engnie')).includes('Fare Engine'));
  assert.deepEqual(await titles('term=qqqqqqqq'), []);
});

test('filters are exact, several values any of them, unknown fields nothing', async () => {
  const kinds = async query => [...new Set((await ask(`${query}&pageLimit=100`)).results.map(r => r.document.kind))].sort();
  assert.deepEqual(await kinds('term=booking&filters[kind]=API'), ['API']);
  assert.deepEqual(await kinds('term=&filters[kind][0]=API&filters[kind][1]=User'), ['API', 'User']);
  assert.deepEqual(await kinds('term=booking&filters[kind]=api'), []);
  assert.deepEqual(await kinds('term=booking&filters[nobody]=api'), []);
  assert.ok((await ask('term=&filters[type]=other&pageLimit=100')).results.every(r => r.document.type === 'other'));
  assert.ok((await ask('term=&filters[owner]=booking-crew')).results.every(r => r.document.owner === 'booking-crew'));
});

test('pages lead through everything, each entity once', async () => {
  const seen = [];
  let cursor, pages = 0, previous;
  do {
    const page = await ask(`term=&pageLimit=20${cursor ? `&pageCursor=${cursor}` : ''}`);
    seen.push(...page.results.map(r => r.document.location));
    assert.equal(page.results[0].rank, pages * 20 + 1);
    assert.equal(page.previousPageCursor, previous);
    previous = Buffer.from(String(pages)).toString('base64');
    cursor = page.nextPageCursor;
    pages++;
    assert.equal(page.numberOfResults, (await ask('term=&pageLimit=1')).numberOfResults);
  } while (cursor);
  assert.equal(new Set(seen).size, seen.length);
  assert.equal(seen.length, (await ask('term=&pageLimit=0')).numberOfResults ?? seen.length);
  assert.ok(pages > 3);
});

test('what is no search is refused by name', async () => {
  for (const [query, status, what] of [
    [`term=${'x'.repeat(101)}`, 400, /term/], ['term=a&pageLimit=101', 400, /pageLimit/], ['term=a&pageLimit=x', 400, /pageLimit/],
    ['term=a&pageCursor=%25', 400, /pageCursor/], ['term=a&pageCursor=LTE%3D', 400, /pageCursor/], ['types=nope', 400, /types/],
    ['filters[=x', 400, /filters/], [`term=${'%C3%A5'.repeat(100)}`, 200], ['term=a&engine=x', 200], ['types[0]=techdocs&term=fare', 200],
    ["term=';drop table entity;--", 200], ['term=%27%26|!():*<->', 200], ['term=%00', 400], ['term=a&pageCursor=OTk5OQ%3D%3D', 200],
  ]) {
    const answer = await portal.get(`/api/search/query?${query}`);
    assert.equal(answer.status, status, `${query}: ${answer.body}`);
    if (what) assert.match(JSON.parse(answer.body).error.message, what);
  }
  assert.equal((await request(`${portal.base}/api/search/query?term=a`)).status, 401);
  assert.deepEqual((await ask('types[0]=techdocs&term=fare')).results, []);
});

test('what changes is found anew at once', async () => {
  assert.deepEqual(await titles('term=zanzibarian'), []);
  const head = 'apiVersion: backstage.io/v1alpha1\nkind: Component\n';
  const spec = 'spec: {type: service, lifecycle: production, owner: booking-crew}\n';
  writeFileSync(own, `${head}metadata: {name: zan, description: "a zanzibarian \\u0001 thing", tags: [tagged-so]}\n${spec}---\n${head}metadata: {name: nul, description: "zero \\0 of it"}\n${spec}`);
  await until('it is found', 30, async () => (await titles('term=zanzibarian')).includes('zan'));
  assert.deepEqual(await titles('term=tagged-so'), ['zan']);
});

test('the page says the same', async () => {
  const page = async query => (await portal.get(`/search?${query}`)).body;
  assert.match(await page('q=islander'), /<mark>islander<\/mark>/);
  assert.match(await page('q=islander+disc'), />1 result</);
  assert.match(await page('q=qqqqqqqq'), /Nothing has the words/);
  assert.match(await page('q='), /What are you looking for/);
  assert.match(await page('q=fare+engnie'), /much like it/);
  assert.doesNotMatch(await page('q=%3Cscript%3Ealert(1)%3C/script%3E'), /<script>alert/);
  assert.equal((await portal.get(`/search?q=${'x'.repeat(401)}`)).status, 400);
  assert.equal((await portal.get('/search?q=a&page=0')).status, 400);
});

await suite({
  before: async () => {
    chmodSync(folder, 0o755);
    writeFileSync(own, '# nothing yet\n');
    portal = await Portal.start({ catalogs: [path.join(tree, 'examples/catalog.yaml'), own], config: 'catalog:\n  processingInterval: 1s\n' });
  },
  after: async () => { await portal?.stop(); rmSync(folder, { recursive: true }); },
});
