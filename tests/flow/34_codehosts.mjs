// SPDX-License-Identifier: Apache-2.0
//
// Catalogs of code hosts, each through its API: read, followed, and kept when
// the host fails.
import { Portal, sleep, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import { codehost, kinds } from '../lib/codehosts/codehost.mjs';
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';

let portal, byApp;
const hosts = {};
const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs1', format: 'pem' } });
const component = (name, title) => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
  title: ${title}
spec:
  type: service
  lifecycle: production
  owner: crew
`;
const byName = name => portal.get(`/api/catalog/entities/by-name/component/default/${name}`);
const entity = async name => {
  const answer = await byName(name);
  return answer.status === 200 ? JSON.parse(answer.body) : null;
};
const errors = async () => JSON.parse((await portal.ctl('-o', 'json', 'catalog', 'errors')).stdout || '[]');
const trouble = (what, pattern) => until(what, 40, async () => (await errors()).find(row => pattern.test(`${row.source} ${row.problem}`)));
const lower = kind => kind.toLowerCase();

for (const kind of kinds) {
  test(`${kind}: a file, what it names beside it and in the root, and a pattern`, async () => {
    for (const name of ['beside', 'root', 'one', 'two', 'three'])
      await until(`${name} of ${kind}`, 40, () => entity(`${lower(kind)}-${name}`));
    const root = await entity(`${lower(kind)}-root`);
    const from = root.metadata.annotations['backstage.io/managed-by-location'];
    assert.ok(from.startsWith(`url:${hosts[kind].base}/`), from);
    assert.match(from, /root\.yaml/);
    assert.equal((await byName(`${lower(kind)}-hidden`)).status, 404);
  });
}

const analyze = target => portal.json('/api/catalog/analyze-location', { method: 'POST', body: { location: { type: 'url', target } } });
const pages = { github: 'acme/shop', gitlab: 'acme/deep/shop', gitea: 'acme/shop.git', bitbucketServer: 'projects/ACME/repos/shop', azure: 'acme/shop/_git/code' };

test('a repository without a catalog file is proposed, each field with its reason', async () => {
  for (const kind of kinds) {
    const all = await analyze(`${hosts[kind].base}/${pages[kind]}`);
    const { existingEntityFiles, generateEntities } = all;
    assert.deepEqual(existingEntityFiles, [], `${kind}: ${JSON.stringify(all)}`);
    assert.deepEqual(generateEntities.map(one => one.entity.kind), ['Component', 'API'], JSON.stringify(generateEntities));
    const [{ entity, fields }, api] = generateEntities;
    assert.equal(entity.spec.type, 'service');
    assert.equal(entity.spec.owner, 'crew');
    assert.deepEqual(entity.spec.providesApis, [api.entity.metadata.name]);
    const of = name => fields.find(field => field.field === name);
    assert.deepEqual([of('spec.owner').state, of('spec.owner').value, of('spec.owner').description], ['analysisSuggestedValue', 'crew', 'CODEOWNERS, line 2']);
    assert.equal(of('spec.type').description, 'Dockerfile');
    assert.equal(of('spec.lifecycle').state, 'needsUserInput');
    assert.match(entity.metadata.annotations['callboard.io/inferred-from'], /spec\.owner: CODEOWNERS, line 2/);
    assert.equal(api.entity.spec.definition.$text, './docs/openapi.yaml');
  }
});

test('one that has them shows what is in them', async () => {
  hosts.github.others.known = { files: { 'catalog-info.yaml': component('known', 'Known') } };
  const { existingEntityFiles: [file], generateEntities } = await analyze(`${hosts.github.base}/acme/known`);
  assert.deepEqual([file.isRegistered, file.entity.metadata.name, generateEntities.length], [false, 'known', 0]);
  assert.equal(file.location.target, `${hosts.github.base}/acme/known/blob/main/catalog-info.yaml`);
  const answer = await portal.get('/api/catalog/analyze-location', { method: 'POST', body: { location: { type: 'url', target: `${hosts.github.base}/acme/none` } } });
  assert.equal(answer.status, 404, answer.body);
});

test('what has not changed is not sent again; an edit shows', async () => {
  for (const kind of kinds) {
    const host = hosts[kind];
    const { full, same } = host.counts;
    await until(`${kind} is asked again`, 40, async () => host.counts.same > same + 1);
    assert.equal(host.counts.full, full, kind);
    host.files['teams/a/one.yaml'] = component(`${lower(kind)}-one`, 'Edited');
  }
  for (const kind of kinds)
    await until(`the edit on ${kind} shows`, 40, async () => (await entity(`${lower(kind)}-one`)).metadata.title === 'Edited');
});

for (const [mode, pattern] of [['401', /answered 401/], ['500', /answered 500|left alone/], ['404', /answered 404/], ['private', /169\.254/], ['cut', /100 bytes remaining/]]) {
  test(`gitlab, ${mode}: said, and nothing is lost`, async () => {
    const host = hosts.gitlab;
    host.mode = mode;
    if (mode === 'cut') host.files['all.yaml'] += '# more\n';
    await trouble(`${mode} is said`, new RegExp(`127\\.0\\.0\\.1:${host.port}`));
    const said = (await errors()).filter(row => `${row.source} ${row.problem}`.includes(String(host.port))).map(row => `${row.source} ${row.problem}`).join('\n');
    assert.match(said, pattern);
    assert.ok(!said.includes('secret-'), said);
    await sleep(1500);
    for (const name of ['beside', 'root', 'one', 'two', 'three']) assert.equal((await byName(`gitlab-${name}`)).status, 200, name);
    host.mode = '';
    await until('the trouble is over', 90, async () => !(await errors()).some(row => `${row.source} ${row.problem}`.includes(String(host.port))));
  });
}

test('a tree that is not whole is no answer', async () => {
  hosts.github.mode = 'truncated';
  delete hosts.github.files['teams/b/two.yaml'];
  await trouble('it is said', /too large to be listed whole/);
  await sleep(1500);
  assert.equal((await byName('github-two')).status, 200);
  hosts.github.mode = '';
  await until('what is gone goes', 60, async () => (await byName('github-two')).status === 404);
});

test('a spent limit is obeyed', async () => {
  const host = hosts.github;
  host.mode = 'limit';
  await trouble('it is said', /limit is spent|asked to wait/);
  const { refused } = host.counts;
  await sleep(1000);
  assert.ok(host.counts.refused <= refused + 1, `${host.counts.refused - refused} requests within a second`);
  assert.equal((await byName('github-one')).status, 200);
  host.mode = '';
});

test('a GitHub App signs for a token and keeps it; one that is taken back or ends is bought anew', async () => {
  await until('it is read', 40, () => entity('by-app'));
  const { same, tokens } = byApp.counts;
  await until('it is read again', 40, () => byApp.counts.same > same + 1);
  assert.equal(byApp.counts.tokens, tokens);
  byApp.app.token = 'another';
  await until('a new one is bought', 40, () => byApp.counts.tokens === tokens + 1);
  // Five minutes are the margin; this one is good for a second.
  byApp.app.life = 301;
  byApp.app.token = 'another';
  await until('short ones are bought again', 40, () => byApp.counts.tokens > tokens + 3);
  byApp.app.life = 3600;
});

test('a suspended installation and a wrong key are said, and lose nothing', async () => {
  const said = async pattern => {
    await trouble('it is said', pattern);
    assert.equal((await byName('by-app')).status, 200);
  };
  byApp.app.suspended = true;
  byApp.app.token = 'another';
  await said(/the App 4711 is suspended at acme/);
  byApp.app.suspended = false;
  const { publicKey } = byApp.app;
  byApp.app.publicKey = pair().publicKey;
  byApp.app.token = 'another';
  await said(new RegExp(`127\\.0\\.0\\.1:${byApp.port}.*answered 401`));
  byApp.app.publicKey = publicKey;
  await until('it is over', 60, async () => !(await errors()).some(row => `${row.source} ${row.problem}`.includes(String(byApp.port))));
});

test('who names no owner has the one of CODEOWNERS, and follows it', async () => {
  for (const kind of ['gitea', 'bitbucketServer', 'azure', 'gitlab']) {
    const host = hosts[kind], name = `${lower(kind)}-owned`;
    host.files['teams/owned.yaml'] = component(name, 'Owned').replace('  owner: crew\n', '');
    await until(`${name} is there`, 60, async () => (await entity(name))?.spec.owner === 'crew');
    host.files.CODEOWNERS = '* @acme/harbour\n';
    await until(`${name} has another`, 60, async () => (await entity(name)).spec.owner === 'harbour');
  }
});

await suite({
  before: async () => {
    for (const kind of kinds) {
      const host = hosts[kind] = await codehost(kind);
      const n = lower(kind);
      host.files = {
        'all.yaml': `apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: ${n}-all\nspec:\n  targets: [./sub/more.yaml]\n`,
        'sub/more.yaml': `apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: ${n}-more\nspec:\n  targets: [./beside.yaml, /root.yaml]\n`,
        'sub/beside.yaml': component(`${n}-beside`, 'Beside'),
        'root.yaml': component(`${n}-root`, 'Root'),
        'teams/a/one.yaml': component(`${n}-one`, 'One'),
        'teams/b/two.yaml': component(`${n}-two`, 'Two'),
        'teams/three.yaml': component(`${n}-three`, 'Three'),
        CODEOWNERS: '# all of it\n* @acme/crew\n/docs @ann\n',
        Dockerfile: 'FROM scratch\n',
        'docs/openapi.yaml': 'openapi: 3.0.0\n',
        'teams/.x/hidden.yaml': component(`${n}-hidden`, 'Hidden'),
      };
    }
    const keys = pair();
    byApp = await codehost('github');
    byApp.app = { id: 4711, publicKey: keys.publicKey };
    byApp.files = { 'app.yaml': component('by-app', 'By App') };
    const key = JSON.stringify(keys.privateKey);
    const at = kind => `host: '127.0.0.1:${hosts[kind].port}', allow: [loopback]`;
    const locations = kinds.flatMap(kind => ['all.yaml', 'teams/**/*.yaml'].map(file => `    - {type: url, target: '${hosts[kind].url(file)}'}\n`)).join('');
    portal = await Portal.start({
      config: `integrations:
  github: [{${at('github')}, apiBaseUrl: '${hosts.github.base}/api/v3', token: secret-github}, {host: '127.0.0.1:${byApp.port}', allow: [loopback], apiBaseUrl: '${byApp.base}/api/v3', apps: [{appId: 4711, allowedInstallationOwners: [Acme], clientId: Iv1, clientSecret: x, webhookSecret: x, privateKey: ${key}}]}]
  gitlab: [{${at('gitlab')}, apiBaseUrl: '${hosts.gitlab.base}/api/v4', token: secret-gitlab}]
  gitea: [{${at('gitea')}, baseUrl: '${hosts.gitea.base}', password: secret-gitea}]
  bitbucketServer: [{${at('bitbucketServer')}, apiBaseUrl: '${hosts.bitbucketServer.base}/rest/api/1.0', username: reader, password: secret-bitbucket}]
  azure: [{${at('azure')}, apiBaseUrl: '${hosts.azure.base}', credentials: [{personalAccessToken: secret-azure, organizations: [acme]}]}]
catalog:
  processingInterval: 1s
  locations:
    - {type: url, target: '${byApp.url('app.yaml')}'}
${locations}`,
    });
  },
  after: async () => {
    await portal?.stop();
    for (const host of [...Object.values(hosts), ...(byApp ? [byApp] : [])]) await host.stop();
  },
});
