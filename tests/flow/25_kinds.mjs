// SPDX-License-Identifier: Apache-2.0
//
// Kinds that the config brings: entities that fit their schema are served,
// others are told with their line, and another schema judges them anew.
import { Portal, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

let portal;
const dir = mkdtempSync(path.join(os.tmpdir(), 'cb-kinds-'));
chmodSync(dir, 0o755);
const put = (name, text) => writeFileSync(path.join(dir, name), text);
const schema = engines => JSON.stringify({
  $schema: 'http://json-schema.org/draft-07/schema#',
  required: ['spec'],
  properties: {
    spec: {
      required: ['engine', 'owner'],
      additionalProperties: false,
      properties: {
        engine: { enum: engines },
        owner: { type: 'string' },
        ports: { items: { $ref: '#/definitions/port' } },
        name: { pattern: '^[a-z]{1,8}$' },
      },
    },
  },
  definitions: { port: { type: 'integer', minimum: 1, maximum: 65535 } },
}, null, 2);
const config = () => `catalog:
  kinds:
    - kind: Database
      apiVersions: [acme.com/v1, acme.com/v2]
      schema: database.json
    - kind: Note
      apiVersions: [acme.com/v1]
    - kind: Domain
      apiVersions: [backstage.io/v1alpha1]
      schema: {properties: {metadata: {required: [title]}}}
  rules: [{allow: [Database, Domain, Location, Note]}]
  locations: [{type: file, target: ${dir}/entities.yaml}]
`;
const database = (name, spec, version = 'acme.com/v1') => `apiVersion: ${version}
kind: Database
metadata:
  name: ${name}
spec:
${spec.map(line => `  ${line}\n`).join('')}`;
const entities = [
  database('orders', ['engine: postgres', 'owner: crew', 'ports: [5432]']),
  database('carts', ['engine: oracle', 'owner: crew'], 'acme.com/v2'),
  database('ports', ['engine: postgres', 'owner: crew', 'ports:', '  - 1', '  - 70000']),
  database('typo', ['engine: postgres', 'owner: crew', 'colour: red']),
  'apiVersion: acme.com/v1\nkind: Note\nmetadata:\n  name: anything\nspec: {a: 1}\n',
  'apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata:\n  name: bare\nspec:\n  owner: crew\n',
  'apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata:\n  name: titled\n  title: T\nspec:\n  owner: crew\n',
  database('later', ['engine: postgres', 'owner: crew'], 'acme.com/v3'),
];
const text = entities.join('---\n');
const line = needle => text.slice(0, text.indexOf(needle)).split('\n').length;
const status = async (kind, name) => (await portal.get(`/api/catalog/entities/by-name/${kind}/default/${name}`)).status;
const problems = async () => JSON.parse((await portal.ctl('-o', 'json', 'catalog', 'errors')).stdout || '[]');
const problem = pattern => until(`${pattern} is told`, 30, async () => (await problems()).find(row => pattern.test(row.problem)));
const hup = async () => process.kill((await portal.readStatus()).pids.callboard, 'SIGHUP');
const callboard = (...args) => new Promise(resolve => {
  execFile(path.join(process.env.CALLBOARD_BUILD ?? path.resolve(import.meta.dirname, '../../build'), 'callboard'), args, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
});

test('what fits is served, on its page too', async () => {
  await until('it is served', 30, async () => (await status('database', 'orders')) === 200);
  const entity = await portal.json('/api/catalog/entities/by-name/database/default/orders');
  assert.equal(entity.apiVersion, 'acme.com/v1');
  assert.deepEqual(entity.spec.ports, [5432]);
  await until('a kind without a schema takes anything', 30, async () => (await status('note', 'anything')) === 200);
  assert.equal((await portal.get('/catalog/default/database/orders')).status, 200);
});

test('what does not fit is told with its line, pointer, rule and what was expected', async () => {
  assert.match((await problem(/oracle/)).problem, new RegExp(`entities\\.yaml:${line('engine: oracle')}:3: spec\\.engine: 'oracle', expected one of "postgres", "mysql" \\(enum at /spec/engine\\)`));
  assert.match((await problem(/70000/)).problem, new RegExp(`entities\\.yaml:${line('- 70000')}:7: spec\\.ports\\.1: 70000, expected at most 65535 \\(maximum at /spec/ports/1\\)`));
  assert.match((await problem(/colour/)).problem, new RegExp(`entities\\.yaml:${line('colour')}:3: spec\\.colour: not a field that the schema knows \\(additionalProperties at /spec/colour\\)`));
  for (const name of ['carts', 'ports', 'typo', 'later']) assert.equal(await status('database', name), 404, name);
});

test('another apiVersion is nobody\'s, and says what is known', async () => {
  assert.match((await problem(/acme\.com\/v3/)).problem, /apiVersion: 'acme\.com\/v3' is not known for kind Database, expected acme\.com\/v1/);
});

test('a schema for one of the catalog\'s own kinds holds beside its rules', async () => {
  await until('the good one is served', 30, async () => (await status('domain', 'titled')) === 200);
  assert.match((await problem(/title/)).problem, /metadata\.title: missing, expected a value \(required at \/metadata\/title\)/);
  assert.equal(await status('domain', 'bare'), 404);
});

test('the explanation names whose rules they were', async () => {
  const said = JSON.parse((await portal.ctl('-o', 'json', 'catalog', 'explain', 'database:default/carts')).stdout);
  assert.equal(said.state, 'broken');
  assert.ok(said.processors.includes('CustomKindsProcessor'), said.processors.join());
  assert.match(said.errors[0].message, /enum at \/spec\/engine/);
});

test('a validation without writing judges by the schema', async () => {
  const ask = spec => portal.get('/api/catalog/validate-entity', {
    method: 'POST',
    body: { location: 'url:https://example.org/a.yaml', entity: { apiVersion: 'acme.com/v1', kind: 'Database', metadata: { name: 'x' }, spec } },
  });
  assert.equal((await ask({ engine: 'mysql', owner: 'crew' })).status, 200);
  const bad = await ask({ engine: 'mysql' });
  assert.equal(bad.status, 400);
  assert.match(bad.body, /required at \/spec\/owner/);
});

test('another schema and a HUP judge unchanged files anew', async () => {
  put('database.json', schema(['oracle']));
  await hup();
  await until('what was refused is served', 60, async () => (await status('database', 'carts')) === 200);
  await until('what was good says what is wrong now', 30, async () => (await problems()).some(row => /'postgres', expected "oracle" \(enum/.test(row.problem)));
  const kept = await portal.json('/api/catalog/entities/by-name/database/default/orders');
  assert.match(kept.status.items[0].message, /enum at \/spec\/engine/);
});

test('callboard -t says where a schema is wrong, and a HUP with it changes nothing', async () => {
  const file = path.join(dir, 'other.yaml');
  const base = `backend: {runDir: ${dir}, stateDir: ${dir}}\n`;
  const cases = [
    ['{"properties": {"spec": {"requred": ["a"]}}}', /broken\.json:1:\d+: catalog\.kinds\.0\.schema: \/properties\/spec\/requred: not a keyword that is understood here, did you mean required/],
    ['{\n  "type": "text"\n}', /broken\.json:2:4: .*\/type: expected object, array, string/],
    ['{"pattern": "(?=a)"}', /look-around, which is not supported/],
    ['{"$ref": "https://example.org/x.json"}', /\/\$ref: expected the place of a schema in this file/],
    ['{"a": ', /broken\.json:/],
    ['', /the file is empty, expected a JSON Schema/],
  ];
  for (const [broken, said] of cases) {
    put('broken.json', broken);
    put('other.yaml', `${base}catalog: {kinds: [{kind: A, apiVersions: [a/v1], schema: broken.json}]}\n`);
    const { code, stderr } = await callboard('-t', '--config', file);
    assert.equal(code, 3, `${broken}: ${stderr}`);
    assert.match(stderr, said);
  }
  for (const [kinds, said] of [
    ['[{kind: "a b", apiVersions: [a/v1]}]', /kinds\.0\.kind: expected a name of letters/],
    ['[{kind: A}]', /apiVersions: expected a list such as/],
    ['[{kind: A, apiVersions: [a/v1], schema: nowhere.json}]', /nowhere\.json: cannot be read/],
    ['[{kind: A, apiVersions: [a/v1]}, {kind: A, apiVersions: [a/v2, a/v1]}]', /catalog\.kinds\.1: A with this apiVersion stands in catalog\.kinds\.0 already/],
    ['{kind: A}', /catalog\.kinds: expected a list/],
  ]) {
    put('other.yaml', `${base}catalog: {kinds: ${kinds}}\n`);
    const { code, stderr } = await callboard('-t', '--config', file);
    assert.equal(code, 3, `${kinds}: ${stderr}`);
    assert.match(stderr, said);
  }
  const before = portal.log().length;
  put('database.json', '{"typ": "object"}');
  await hup();
  await until('the log says what stays', 15, () => /generation \d+ stays/.test(portal.log().slice(-4000)));
  assert.ok(before);
  assert.equal(await status('database', 'carts'), 200);
});

await suite({
  before: async () => {
    put('database.json', schema(['postgres', 'mysql']));
    put('entities.yaml', text);
    put('kinds.yaml', config());
    portal = await Portal.start({ config: [path.join(dir, 'kinds.yaml')] });
  },
  after: async () => { await portal?.stop(); rmSync(dir, { recursive: true, force: true }); },
});
