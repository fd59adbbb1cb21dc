// SPDX-License-Identifier: Apache-2.0
//
// Repositories that do not describe themselves: inferred, confirmed by a
// person on the page or for a whole organisation by the command, replaced
// when they describe themselves, and deleted.
import { Portal, request, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import { codehost, kinds } from '../lib/codehosts/codehost.mjs';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';

let portal;
const hosts = {};
const component = (name, more = '') => `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ${name}}\nspec: {type: service, lifecycle: production, owner: crew}\n${more}`;
const form = fields => ({ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields).toString() });
const confirm = fields => portal.get('/catalog-import/confirm', form(fields));
const entity = async name => {
  const answer = await portal.get(`/api/catalog/entities/by-name/component/default/${name}`);
  return answer.status === 200 ? JSON.parse(answer.body) : null;
};
const there = name => until(`${name} is there`, 20, () => entity(name));
const gone = name => until(`${name} is gone`, 60, async () => !(await entity(name)));
const plain = html => html.replace(/<wbr>/g, '').replace(/<[^>]*>/g, ' ').replace(/&#39;/g, "'").replace(/&quot;/g, '"').replace(/\s+/g, ' ');
const says = (answer, status, ...texts) => {
  assert.equal(answer.status, status, plain(answer.body).slice(0, 400));
  for (const text of texts) assert.ok(plain(answer.body).includes(text), `${text} is not in: ${plain(answer.body)}`);
};
const audited = async action => JSON.parse((await portal.ctl('-o', 'json', 'audit', 'list', '--action', action)).stdout);
const locations = async () => (await portal.json('/api/catalog/locations')).map(row => row.data.target).sort();
const orgs = { github: 'acme', gitlab: 'acme/deep', gitea: 'acme', bitbucketServer: 'projects/ACME', azure: 'acme/shop' };
const bring = async (kind, ...args) => {
  const { code, stdout, stderr } = await portal.ctl('-o', 'json', 'catalog', 'import', '--org', `${hosts[kind].base}/${orgs[kind]}`, ...args);
  return { code, stderr, rows: stdout.trim() ? JSON.parse(stdout) : [] };
};
const of = (rows, name) => rows.filter(row => row.repository.endsWith(`/${name}`));
const value = (body, id) => body.match(new RegExp(`id="${id}"[^>]* value="([^"]*)"`))?.[1];
const repo = name => `${hosts.github.base}/acme/${name}`;

test('the page shows the inferred component, each field with what it was seen in', async () => {
  const page = await portal.get('/catalog-import', form({ target: repo('bare') }));
  says(page, 200, 'What it seems to be', 'Inferred from: Dockerfile', 'Inferred from: CODEOWNERS, line 1', 'Nobody says it yet: nothing in a repository says it', 'Confirm and add', 'A catalog-info.yaml to begin with');
  assert.deepEqual(['name', 'owner', 'type', 'lifecycle', 'system'].map(id => value(page.body, id)), ['bare', 'crew', 'service', 'unknown', '']);
  assert.match(page.body, /action="\/catalog-import\/confirm"/);
  assert.equal(await entity('bare'), null);
});

test('what a person changes is said by the person, the rest says that it was inferred', async () => {
  const answer = await confirm({ target: repo('bare'), name: 'bare', owner: 'group:default/navy', type: 'service', lifecycle: 'production', system: 'harbour' });
  assert.equal(answer.status, 303, plain(answer.body));
  assert.equal(answer.headers.location, '/catalog-import/confirmed/default/component/bare');
  const one = await there('bare'), notes = one.metadata.annotations;
  assert.deepEqual(one.spec, { type: 'service', lifecycle: 'production', owner: 'group:default/navy', system: 'harbour' });
  assert.equal(notes['backstage.io/managed-by-location'], `url:${repo('bare')}`);
  assert.equal(notes['backstage.io/managed-by-origin-location'], `url:${repo('bare')}`);
  assert.match(notes['callboard.io/inferred-from'], /^metadata\.name: the repository's name; .*spec\.type: Dockerfile/);
  assert.doesNotMatch(notes['callboard.io/inferred-from'], /spec\.(owner|lifecycle|system)/);
  assert.ok(notes['callboard.io/confirmed-by']);
  says(await portal.get(answer.headers.location), 200, 'The catalog has it');
  const [row] = await audited('entity.confirm');
  assert.equal(row.object, 'component:default/bare');
  assert.equal(row.actor, notes['callboard.io/confirmed-by']);
  const history = JSON.parse((await portal.ctl('-o', 'json', 'catalog', 'history', 'component:default/bare')).stdout);
  assert.deepEqual([history[0].cause, history[0].actor], ['confirmed', row.actor]);
});

test('confirmed again it is changed, under another name refused, and the page says that it is there', async () => {
  says(await portal.get('/catalog-import', form({ target: repo('bare') })), 200, 'The catalog has it already');
  says(await confirm({ target: repo('bare'), name: 'another', owner: 'crew', type: 'service', lifecycle: 'production' }), 409, 'It was not stored', 'is in the catalog already, as component:default/bare');
  assert.equal((await confirm({ target: repo('bare'), name: 'bare', owner: 'crew', type: 'library', lifecycle: 'production' })).status, 303);
  await until('the change shows', 20, async () => (await entity('bare')).spec.type === 'library');
  const { spec } = await entity('bare');
  assert.equal(spec.system, undefined);
});

test('what cannot be stored is said beside what was typed', async () => {
  const cases = [
    [{ name: 'no good' }, 400, 'metadata.name'],
    [{ name: '' }, 400, 'name'],
    [{ name: 'x'.repeat(64) }, 400, 'metadata.name'],
    [{ owner: '' }, 400, 'spec.owner'],
    [{ name: 'taken' }, 409, "'component:default/taken' is in the catalog already"],
  ];
  for (const [typed, status, text] of cases) {
    const answer = await confirm({ target: repo('plain'), name: 'fine', owner: 'crew', type: 'service', lifecycle: 'production', system: '', ...typed });
    says(answer, status, 'It was not stored', text);
    if (typed.name) assert.equal(value(answer.body, 'name'), typed.name);
  }
  for (const [target, status, text] of [['', 400, 'an address is needed'], [repo('nowhere'), 404, '404'], [`http://127.0.0.1:${portal.port}/x`, 400, 'is no repository of a code host'], [repo('known'), 409, 'the repository describes itself']])
    says(await confirm({ target, name: 'fine', owner: 'crew', type: 'service', lifecycle: 'production' }), status, text);
  assert.equal(await entity('fine'), null);
});

test('without a token or a session nothing is stored', async () => {
  const answer = await request(`${portal.base}/catalog-import/confirm`, form({ target: repo('plain'), name: 'fine', owner: 'crew', type: 'service', lifecycle: 'x' }));
  assert.ok([303, 401, 403].includes(answer.status), String(answer.status));
  assert.ok(!(answer.headers.location ?? '').includes('confirmed'));
  assert.equal(await entity('fine'), null);
});

test('it is deleted as what somebody registered is', async () => {
  says(await portal.get('/catalog/default/component/bare/unregister'), 200, 'This entity was inferred from its repository', 'Delete the entity');
  assert.equal((await portal.get('/catalog/default/component/bare/unregister', form({}))).status, 303);
  await gone('bare');
});

test('it goes when its repository describes itself, also under another name', async () => {
  for (const name of ['bare', 'plain'])
    assert.equal((await confirm({ target: repo(name), name, owner: 'crew', type: 'service', lifecycle: 'x' })).status, 303);
  const { uid } = (await there('bare')).metadata;
  await there('plain');
  hosts.github.others.bare.files['catalog-info.yaml'] = component('bare');
  hosts.github.others.plain.files['catalog-info.yaml'] = component('renamed');
  for (const name of ['bare', 'plain'])
    assert.equal((await portal.ctl('catalog', 'add', `${repo(name)}/blob/main/catalog-info.yaml`)).code, 0);
  await there('renamed');
  await gone('plain');
  const one = await until('its file has it', 20, async () => {
    const now = await entity('bare');
    return now.metadata.annotations['backstage.io/managed-by-location'].endsWith('/catalog-info.yaml') && now;
  });
  assert.equal(one.metadata.uid, uid);
  assert.equal(one.metadata.annotations['callboard.io/inferred-from'], undefined);
  const explained = async () => (await portal.ctl('-o', 'json', 'catalog', 'explain', 'component:default/bare')).stdout;
  await until('nobody holds it besides', 60, async () => !/"inferred"/.test(await explained()));
  const history = JSON.parse((await portal.ctl('-o', 'json', 'catalog', 'history', 'component:default/plain')).stdout);
  assert.equal(history[0].cause, 'described');
});

for (const kind of kinds) {
  const n = kind.toLowerCase();
  test(`${kind}: a dry run says of each repository what would come of it`, async () => {
    const before = await locations();
    const { code, rows, stderr } = await bring(kind, '--dry-run');
    assert.equal(code, 7, `${stderr} ${JSON.stringify(rows)}`);
    assert.deepEqual(of(rows, `${n}-known`).map(row => row.result), ['would be registered'], JSON.stringify(rows));
    const [bare] = of(rows, `${n}-svc`);
    assert.deepEqual([bare.result, bare.what], ['would be stored', `component:default/${n}-svc`]);
    assert.match(bare.note, /spec\.type: Dockerfile/);
    assert.deepEqual(of(rows, `${n}-old`).map(row => [row.result, row.note]), [['skipped', 'it is archived']]);
    if (kind !== 'bitbucketServer') assert.equal(of(rows, `${n}-none`)[0].result, 'skipped');
    const [nobody] = of(rows, `${n}-nobody`);
    assert.equal(nobody.result, 'left out');
    assert.match(nobody.note, /--owner/);
    assert.deepEqual(await locations(), before);
    assert.equal(await entity(`${n}-svc`), null);
  });
}

test('with --yes it is done, and the second time nothing', async () => {
  const { code, rows, stderr } = await bring('gitlab', '--yes', '--owner', 'group:default/navy');
  // Two repositories whose names become one: one of them.
  assert.equal(code, 7, stderr);
  assert.equal(of(rows, 'gitlab-svc')[0].result, 'stored');
  assert.equal(of(rows, 'gitlab-known')[0].result, 'registered');
  assert.equal((await there('gitlab-nobody')).spec.owner, 'group:default/navy');
  const svc = await there('gitlab-svc');
  assert.equal(svc.spec.owner, 'crew');
  await there('gitlab-known');
  assert.match(svc.metadata.annotations['callboard.io/confirmed-by'], /^unix:/);
  assert.equal((await there('gitlab-odd-name')).metadata.annotations['backstage.io/managed-by-location'], `url:${hosts.gitlab.base}/acme/deep/gitlab-odd-_name`);
  assert.match(of(rows, 'gitlab-odd-name')[0].note, /another repository of this run/);
  const again = await bring('gitlab', '--yes', '--owner', 'group:default/navy');
  assert.deepEqual([...new Set(again.rows.map(row => row.result))].sort(), ['confirmed before', 'left out', 'registered before', 'skipped']);
  assert.match(of(again.rows, 'gitlab-odd-name')[0].note, /is in the catalog already/);
});

test('--match takes some of them, and nobody on a pipe is asked', async () => {
  const { code, rows } = await bring('github', '--dry-run', '--match', '*-svc');
  assert.deepEqual([code, rows.map(row => row.what)], [0, ['component:default/github-svc']]);
  const asked = await bring('github');
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /--dry-run or --yes/);
  assert.equal((await bring('github', '--dry-run', '--yes')).code, 2);
  const none = await bring('github', '--yes', '--match', 'nothing-*');
  assert.deepEqual([none.code, none.rows], [0, []]);
});

test('on a terminal somebody is asked, and no is no', async () => {
  const asked = answer => new Promise(resolve => {
    const child = spawn('script', ['-qec', `${portal.home}/bin/callboardctl catalog import --org ${hosts.github.base}/acme --match '*-svc'`, '/dev/null']);
    let text = '', sent = false;
    const take = part => {
      text += part;
      if (!sent && text.includes('[y/N]')) sent = child.stdin.write(`${answer}\n`) || true;
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('close', code => resolve({ code, text }));
  });
  const no = await asked('n');
  assert.equal(no.code, 1, no.text);
  assert.match(no.text, /would be stored +component:default\/github-svc/);
  assert.match(no.text, /Register 0 locations and store 1 inferred components\?.*nothing was stored/s);
  assert.equal(await entity('github-svc'), null);
  const yes = await asked('y');
  assert.equal(yes.code, 0, yes.text);
  await there('github-svc');
});

const wrong = [
  ['an address that no integration has', () => ['--org', 'https://elsewhere.test/acme'], 1, /no entry of integrations has the host elsewhere\.test/],
  ['a repository instead of an organisation', () => ['--org', `${hosts.github.base}/acme/shop`], 1, /is no organisation of github, expected https:\/\/HOST\/ORGANIZATION/],
  ['no address', () => ['--org', 'acme'], 1, /expected an http or https address/],
  ['an unknown organisation', () => ['--org', `${hosts.github.base}/nobody`], 1, /answered 404/],
  ['nothing', () => [], 2, /takes --org URL/],
];
for (const [what, args, code, pattern] of wrong)
  test(`${what} is refused`, async () => {
    const answer = await portal.ctl('catalog', 'import', '--yes', ...args());
    assert.equal(answer.code, code, answer.stderr);
    assert.match(answer.stderr, pattern);
  });

for (const [mode, kind, code, pattern] of [['401', 'gitea', 5, /answered 401|refused/], ['list-cut', 'bitbucketServer', 4, /remaining|cut|closed/], ['list-odd', 'azure', 1, /no list|no tree|object/], ['limit', 'github', 4, /limit is spent|asked to wait/]])
  test(`${kind}, ${mode}: said, and nothing is stored`, async () => {
    const before = await locations();
    hosts[kind].mode = mode;
    const answer = await bring(kind, '--yes', '--owner', 'crew');
    hosts[kind].mode = '';
    assert.equal(answer.code, code, answer.stderr);
    assert.match(answer.stderr, pattern);
    assert.equal(answer.rows.length, 0);
    assert.deepEqual(await locations(), before);
    assert.equal(await entity(`${kind.toLowerCase()}-nobody`), null);
  });

test('an organisation without repositories is no failure', async () => {
  const host = hosts.gitea, { files, others } = host;
  Object.assign(host, { files: null, others: {} });
  const { code, rows, stderr } = await bring('gitea', '--yes');
  Object.assign(host, { files, others });
  assert.deepEqual([code, rows], [0, []], stderr);
});

await suite({
  before: async () => {
    for (const kind of kinds) {
      const host = hosts[kind] = await codehost(kind);
      const n = kind.toLowerCase();
      const code = { Dockerfile: 'FROM scratch\n', CODEOWNERS: '* @acme/crew\n', 'docs/openapi.yaml': 'openapi: 3.0.0\n' };
      host.files = code;
      host.others = {
        [`${n}-svc`]: { files: code, description: 'A service', topics: ['portal'] },
        [`${n}-known`]: { files: { 'catalog-info.yaml': component(`${n}-known`) } },
        [`${n}-old`]: { files: code, archived: true },
        [`${n}-nobody`]: { files: { 'package.json': '{}' } },
        ...(kind === 'gitlab' ? { 'gitlab-odd-_name': { files: code }, 'gitlab-odd-name': { files: code } } : {}),
        ...(kind === 'github' ? { bare: { files: { ...code } }, plain: { files: { ...code } }, known: { files: { 'catalog-info.yaml': component('known'), 'taken.yaml': component('taken') } } } : {}),
      };
      if (kind !== 'bitbucketServer') host.others[`${n}-none`] = { empty: true, files: {} };
    }
    const at = kind => `host: '127.0.0.1:${hosts[kind].port}', allow: [loopback]`;
    portal = await Portal.start({
      config: `integrations:
  github: [{${at('github')}, apiBaseUrl: '${hosts.github.base}/api/v3', token: secret-github}]
  gitlab: [{${at('gitlab')}, apiBaseUrl: '${hosts.gitlab.base}/api/v4', token: secret-gitlab}]
  gitea: [{${at('gitea')}, baseUrl: '${hosts.gitea.base}', password: secret-gitea}]
  bitbucketServer: [{${at('bitbucketServer')}, apiBaseUrl: '${hosts.bitbucketServer.base}/rest/api/1.0', username: reader, password: secret-bitbucket}]
  azure: [{${at('azure')}, apiBaseUrl: '${hosts.azure.base}', credentials: [{personalAccessToken: secret-azure, organizations: [acme]}]}]
catalog:
  processingInterval: 1s
  locations:
    - {type: url, target: '${repo('known')}/blob/main/taken.yaml'}
`,
    });
  },
  after: async () => {
    await portal?.stop();
    for (const host of Object.values(hosts)) await host.stop();
  },
});
