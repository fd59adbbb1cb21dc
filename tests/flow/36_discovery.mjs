// SPDX-License-Identifier: Apache-2.0
//
// Organisations of code hosts: their repositories become locations, by
// schedule and by webhook, and nothing is lost when a host fails.
import { Portal, request, sleep, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import { codehost, kinds } from '../lib/codehosts/codehost.mjs';
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';

let portal;
const hosts = {};
const section = { github: 'github', gitlab: 'gitlab', gitea: 'gitea', bitbucketServer: 'bitbucketServer', azure: 'azureDevOps' };
const lower = kind => kind.toLowerCase();
const component = name => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: ${name}}
spec: {type: service, lifecycle: production, owner: crew}
`;
const entity = async name => {
  const answer = await portal.get(`/api/catalog/entities/by-name/component/default/${name}`);
  return answer.status === 200 ? JSON.parse(answer.body) : null;
};
const there = name => until(`${name} is there`, 40, () => entity(name));
const gone = name => until(`${name} is gone`, 40, async () => !(await entity(name)));
const ctl = async (...args) => {
  const { code, stdout, stderr } = await portal.ctl('-o', 'json', 'catalog', 'provider', ...args);
  return { code, stderr, out: stdout.trim() ? JSON.parse(stdout) : null };
};
const run = kind => ctl('run', `${section[kind]}:default`);
const state = async kind => (await ctl('list')).out.find(row => row.name === `${section[kind]}:default`);

for (const kind of kinds) {
  test(`${kind}: every page's repositories, with the filters, and their own branches`, async () => {
    const n = lower(kind);
    for (const name of ['shop', 'one', 'two', 'three']) await there(`${n}-${name}`);
    const one = await entity(`${n}-one`);
    const at = one.metadata.annotations['backstage.io/managed-by-location'];
    assert.ok(at.startsWith(`url:${hosts[kind].base}/`), at);
    if (kind !== 'bitbucketServer') assert.match(at, /trunk/);
    assert.equal(one.metadata.annotations['backstage.io/managed-by-origin-location'], at);
    // Archived, left out by a filter, a fork, empty: none of them.
    for (const name of ['old', ...(kind === 'gitea' ? [] : ['skipped']), ...(kind === 'gitlab' ? ['fork'] : [])]) assert.equal(await entity(`${n}-${name}`), null, name);
    const row = await state(kind);
    assert.equal(row.outcome, 'done', JSON.stringify(row));
  });
}

test('nothing new costs conditional requests', async () => {
  for (const kind of ['github', 'gitea', 'bitbucketServer', 'azure']) {
    const { counts } = hosts[kind], before = { ...counts };
    const { code, stderr } = await run(kind);
    assert.equal(code, 0, stderr);
    assert.equal((await state(kind)).outcome, 'unchanged', kind);
    assert.equal(counts.list, before.list, kind);
    assert.ok(counts.listSame > before.listSame, kind);
  }
});

test('a repository that comes and one that goes', async () => {
  for (const kind of kinds) {
    const n = lower(kind), host = hosts[kind];
    host.others.four = { files: { 'catalog-info.yaml': component(`${n}-four`) } };
    delete host.others.three;
    const { code, stderr } = await run(kind);
    assert.equal(code, 0, stderr);
    await there(`${n}-four`);
    await gone(`${n}-three`);
    assert.ok(await entity(`${n}-one`), 'the others stay');
  }
});

test('a dry run says what it would do, and does nothing', async () => {
  const host = hosts.github;
  host.others.five = { files: { 'catalog-info.yaml': component('github-five') } };
  const { code, out, stderr } = await ctl('run', 'github:default', '--dry-run');
  assert.equal(code, 0, stderr);
  assert.match(JSON.stringify(out), /"added"/);
  await sleep(500);
  assert.equal(await entity('github-five'), null);
  delete host.others.five;
});

const modes = [['401', /answered 401|refused/], ['404', /answered 404/], ['500', /answered 500|left alone/], ['limit', /limit is spent|asked to wait/], ['list-cut', /remaining|cut|closed/], ['list-odd', /no list|no tree|object/]];
for (const [mode, pattern] of modes) {
  test(`${mode}: said, and nothing is lost`, async () => {
    // One host each: a limit and a closed breaker take their time.
    const kind = { 401: 'gitlab', 404: 'gitea', 500: 'azure', limit: 'github', 'list-cut': 'bitbucketServer', 'list-odd': 'gitlab' }[mode];
    const host = hosts[kind], n = lower(kind);
    host.others.more = { files: { 'catalog-info.yaml': component(`${n}-more`) } };
    host.mode = mode;
    await run(kind);
    const row = await until(`${mode} is said`, 20, async () => {
      const now = await state(kind);
      return now.outcome === 'failed' && now;
    });
    assert.match(row.problem, pattern);
    assert.ok(!JSON.stringify(row).includes('secret-'));
    for (const name of ['shop', 'one', 'two', 'four']) assert.ok(await entity(`${n}-${name}`), name);
    host.mode = '';
    await until('it is well again', 60, async () => {
      await run(kind);
      return (await state(kind)).outcome !== 'failed';
    });
    await there(`${n}-more`);
    delete host.others.more;
  });
}

test('a list that is suddenly short waits for somebody', async () => {
  const host = hosts.bitbucketServer, kept = host.others;
  host.others = {};
  await run('bitbucketServer');
  assert.equal((await state('bitbucketServer')).outcome, 'waits');
  assert.ok(await entity('bitbucketserver-one'));
  host.others = kept;
  await run('bitbucketServer');
  assert.ok(await entity('bitbucketserver-one'));
});

test('validateLocationsExist: only what is there, and only what was pushed is looked for', async () => {
  const host = hosts.github;
  await until('it ran', 40, async () => (await ctl('list')).out.find(row => row.name === 'github:checked')?.outcome === 'done');
  const preview = async () => JSON.stringify((await ctl('run', 'github:checked', '--dry-run')).out);
  assert.doesNotMatch(await preview(), /problem|failed/);
  const before = { ...host.counts };
  host.others.bare.description = 'another text';
  await ctl('run', 'github:checked');
  assert.equal(host.counts.full, before.full, 'nobody pushed: no file is looked for');
  host.others.bare.files['other.yaml'] = component('github-bare');
  host.others.bare.pushed = '2026-02-02T00:00:00Z';
  const body = JSON.stringify({ ref: 'refs/heads/main', repository: { html_url: `${host.base}/acme/bare` }, commits: [{ added: ['other.yaml'], modified: [], removed: [] }] });
  const answer = await request(`${portal.base}/api/events/http/github`, { method: 'POST', body, headers: { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${createHmac('sha256', 'hook').update(body).digest('hex')}` } });
  assert.equal(answer.status, 202);
  await there('github-bare');
});

test('a repository that is made is there in a moment', async () => {
  const host = hosts.github;
  host.others.fresh = { files: { 'catalog-info.yaml': component('github-fresh') } };
  const body = JSON.stringify({ action: 'created', organization: { login: 'acme' }, repository: { html_url: `${host.base}/acme/fresh` } });
  await request(`${portal.base}/api/events/http/github`, { method: 'POST', body, headers: { 'x-github-event': 'repository', 'x-hub-signature-256': `sha256=${createHmac('sha256', 'hook').update(body).digest('hex')}` } });
  await until('github-fresh is there', 10, () => entity('github-fresh'));
});

const preview = async id => {
  const { code, out, stderr } = await ctl('run', `gitlab:${id}`, '--dry-run');
  assert.equal(code, 0, stderr);
  return { stderr, refs: out.map(row => row.ref).sort() };
};
const ref = (name, branch = 'main') => `location:default/generated-${createHash('sha1').update(`url:${hosts.gitlab.base}/acme/deep/${name}/-/blob/${branch}/catalog-info.yaml`).digest('hex')}`;

test('gitlab: a whole host is listed by keyset, where numbered pages end', async () => {
  const { refs } = await preview('all');
  const all = Object.entries(hosts.gitlab.others).filter(([, repo]) => repo.files['catalog-info.yaml'] && !repo.archived && !repo.headless && !repo.empty);
  assert.ok(all.length > 4, 'more than the end of numbered pages');
  assert.deepEqual(refs, [ref('shop'), ...all.map(([name, repo]) => ref(name, repo.branch))].sort());
});

test('gitlab: topics, patterns of groups, and a branch where none is told', async () => {
  assert.deepEqual((await preview('topical')).refs, [ref('two')]);
  assert.deepEqual((await preview('grouped')).refs, (await preview('all')).refs);
  assert.deepEqual((await preview('elsewhere')).refs, []);
  const fallen = await preview('fallen');
  assert.deepEqual(fallen.refs, [ref('headless', 'trunk')]);
  assert.match(fallen.stderr, /gitlab\.fallen\.membership is not served: all projects that the token may list count/);
  assert.match(fallen.stderr, /gitlab\.fallen\.orgEnabled is not served/);
  assert.doesNotMatch(fallen.stderr, /useSearch/);
});

await suite({
  before: async () => {
    for (const kind of kinds) {
      const host = hosts[kind] = await codehost(kind);
      const n = lower(kind);
      const repo = (name, more = {}) => ({ files: { 'catalog-info.yaml': component(`${n}-${name}`) }, ...more });
      host.files = { 'catalog-info.yaml': component(`${n}-shop`) };
      host.others = {
        one: repo('one', { branch: kind === 'bitbucketServer' ? 'main' : 'trunk' }), two: repo('two', { topics: ['portal'] }), three: repo('three'),
        old: repo('old', { archived: true }), 'zz-skipped': repo('skipped'), fork: repo('fork', { fork: true }), bare: { files: {} },
      };
      if (kind === 'gitlab') {
        host.others.two.topics = ['portal', 'Core'];
        host.others.headless = repo('headless', { branch: 'trunk', headless: true });
      }
      if (kind !== 'bitbucketServer') host.others.none = { empty: true, files: {} };
    }
    const at = kind => `host: '127.0.0.1:${hosts[kind].port}', allow: [loopback]`;
    const name = kind => `host: '127.0.0.1:${hosts[kind].port}'`;
    const soon = 'schedule: {frequency: {hours: 1}, timeout: {seconds: 20}, initialDelay: {seconds: 0}}';
    const manual = 'schedule: {frequency: {trigger: manual}, timeout: {seconds: 20}}';
    portal = await Portal.start({
      config: `integrations:
  github: [{${at('github')}, apiBaseUrl: '${hosts.github.base}/api/v3', token: secret-github}]
  gitlab: [{${at('gitlab')}, apiBaseUrl: '${hosts.gitlab.base}/api/v4', token: secret-gitlab}]
  gitea: [{${at('gitea')}, baseUrl: '${hosts.gitea.base}', password: secret-gitea}]
  bitbucketServer: [{${at('bitbucketServer')}, apiBaseUrl: '${hosts.bitbucketServer.base}/rest/api/1.0', username: reader, password: secret-bitbucket}]
  azure: [{${at('azure')}, apiBaseUrl: '${hosts.azure.base}', credentials: [{personalAccessToken: secret-azure, organizations: [acme]}]}]
events: {modules: {github: {webhookSecret: hook}}}
catalog:
  processingInterval: 1h
  providers:
    github:
      default: {organization: acme, ${name('github')}, filters: {repository: '[^z].*', topic: {exclude: [hidden]}}, ${soon}}
      checked: {organization: acme, ${name('github')}, catalogPath: other.yaml, validateLocationsExist: true, ${soon}}
    gitlab:
      all: {${name('gitlab')}, ${manual}}
      topical: {${name('gitlab')}, topics: 'portal, core', ${manual}}
      grouped: {${name('gitlab')}, groupPattern: ['^none$', '^acme$'], ${manual}}
      elsewhere: {${name('gitlab')}, groupPattern: '^deep', ${manual}}
      fallen: {${name('gitlab')}, projectPattern: headless, fallbackBranch: trunk, membership: true, orgEnabled: true, useSearch: false, ${manual}}
      default: {${name('gitlab')}, group: acme/deep, projectPattern: '/[^z][^/]*$', skipForkedRepos: true, ${soon}}
    gitea:
      default: {${name('gitea')}, organization: acme, ${soon}}
    bitbucketServer:
      default: {${name('bitbucketServer')}, filters: {projectKey: '^ACME$', repoSlug: '^[^z]', skipArchivedRepos: true}, ${soon}}
    azureDevOps:
      default: {${name('azure')}, organization: acme, project: shop, repository: '[!z]*', ${soon}}
`,
    });
  },
  after: async () => {
    await portal?.stop();
    for (const host of Object.values(hosts)) await host.stop();
  },
});
