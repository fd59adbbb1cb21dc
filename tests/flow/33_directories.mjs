// SPDX-License-Identifier: Apache-2.0
//
// Users and groups of directories with an HTTP API, one after the other:
// pages, tokens, changes, and what each of them can do wrong.
import { Portal, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import { tenant } from '../lib/directories/graph.mjs';
import { directory } from '../lib/directories/directory.mjs';
import assert from 'node:assert/strict';

let portal;
const hosts = {};
const manual = 'schedule: {frequency: {trigger: manual}, timeout: {seconds: 20}}';

// Of each: its section, the settings of one provider, how one whose
// credential is wrong differs, names, and notes on a user and a group.
const vendors = {
  keycloak: {
    section: 'keycloakOrg',
    settings: host => `baseUrl: ${host.base}/, realm: acme, loginRealm: master, clientId: callboard, clientSecret: "keel & rudder", userQuerySize: 3, groupQuerySize: 1, allow: [loopback]`,
    wrong: text => text.replace('keel & rudder', 'adrift'),
    refused: /answered 401 to the credential: Invalid client/,
    user: person => ({
      name: person.login,
      notes: { 'keycloak.org/id': person.id, 'keycloak.org/realm': 'acme' },
      place: `url:${hosts.keycloak.base}/admin/realms/acme/users/${person.id}`,
    }),
    group: team => ({
      type: 'group', notes: { 'keycloak.org/id': team.id }, place: `url:${hosts.keycloak.base}/admin/realms/acme/groups/${team.id}`,
    }),
    memberOf: { mary: ['keycloak-captains', 'keycloak-crew'], ada: ['keycloak-crew', 'keycloak-watch'], kim: ['keycloak-watch'] },
    tokens: true,
  },
  graph: {
    section: 'microsoftGraphOrg',
    settings: host => `target: "${host.base}/v1.0", authority: "${host.base}", tenantId: ${tenant}, clientId: callboard, clientSecret: keel~rudder, allow: [loopback]`,
    wrong: text => text.replace('keel~rudder', 'adrift'),
    refused: /answered 401 to the credential: AADSTS7000215/,
    more: host => [
      ['some', `${vendors.graph.settings(host)}, user: {filter: "startswith(mail,'m')"}, group: {filter: "displayName eq 'graph-captains'"}`],
      ['captains', `${vendors.graph.settings(host)}, userGroupMember: {filter: "displayName eq 'graph-captains'"}, group: {filter: "displayName eq 'graph-captains'"}`],
    ],
    user: person => ({
      name: person.mail.replace('@', '_'),
      notes: { 'graph.microsoft.com/user-id': person.id, 'microsoft.com/email': person.mail },
      place: `msgraph:main/${person.id}`,
    }),
    group: team => ({ type: 'team', notes: { 'graph.microsoft.com/group-id': team.id }, place: `msgraph:main/${team.id}` }),
    // In the groups above theirs, too, as Backstage has it.
    memberOf: { mary: ['graph-captains', 'graph-crew', 'the_fleet'], kim: ['graph-crew', 'graph-watch', 'the_fleet'] },
    root: 'the_fleet',
    extra: 1,
    byMail: true,
    tokens: true,
    tests: [
      ['the tenant is the group above all', async () => {
        const root = await entity('group', 'the_fleet');
        assert.equal(root.spec.type, 'root');
        assert.equal(root.metadata.annotations['graph.microsoft.com/tenant-id'], tenant);
        assert.deepEqual(relations(root, 'parentOf'), ['graph-crew', 'graph-harbour']);
      }],
      ['filters, and users by way of a group', async () => {
        for (const id of ['some', 'captains']) {
          const done = await provider('run', name('graph', id), '--dry-run');
          assert.equal(done.code, 0, done.stderr);
          assert.deepEqual(JSON.parse(done.stdout).map(row => row.ref).sort(), ['group:default/graph-captains', 'group:default/the_fleet', 'user:default/mary_example.org']);
        }
      }],
      ['a next page that leads elsewhere is not followed', async () => {
        hosts.graph.astray = 'http://127.0.0.1:9/v1.0/users';
        await fails('graph', /is not below/);
        delete hosts.graph.astray;
      }],
    ],
  },
};
vendors.github = {
  section: 'githubOrg',
  suffix: '-gh', // Keycloak's users have the plain names already
  settings: host => `githubUrl: "${host.base}", orgs: [acme], pageSizes: {teams: 2, teamMembers: 2, organizationMembers: 3}`,
  integration: host => `{host: "${host.base.slice(7)}", apiBaseUrl: "${host.base}/api/v3", allow: [loopback], token: keel-token}`,
  wrong: text => text.replace('[acme]', '[nobody]'),
  refused: /Could not resolve to an Organization/,
  user: person => ({ name: person.login, notes: { 'github.com/user-login': person.login }, place: `url:${hosts.github.base}/${person.login}` }),
  group: team => ({ type: 'team', notes: { 'github.com/team-slug': `acme/${team.name}` }, place: `url:${hosts.github.base}/orgs/acme/teams/${team.name}/edit` }),
  memberOf: { 'mary-gh': ['github-captains', 'github-crew'], 'ada-gh': ['github-crew', 'github-watch'], 'kim-gh': ['github-watch'] },
  tests: [
    ['an answer in part only is a failed run', async () => {
      hosts.github.partly = true;
      await fails('github', /SAML enforcement/);
      hosts.github.partly = false;
    }],
  ],
};
const kinds = Object.keys(vendors).filter(kind => !process.env.ORG_KIND || process.env.ORG_KIND === kind);

const config = () => [...(hosts.github ? [`integrations: {github: [${vendors.github.integration(hosts.github)}]}`] : []), 'catalog:', '  providers:', ...kinds.flatMap(kind => {
  const { section, settings, wrong, more } = vendors[kind];
  const rows = { main: settings(hosts[kind]), wrong: wrong(settings(hosts[kind])), ...Object.fromEntries(more?.(hosts[kind]) ?? []) };
  return [`    ${section}:`, ...Object.entries(rows).map(([id, text]) => `      ${id}: {${text}, ${manual}}`)];
}), ''].join('\n');

const entity = async (type, name) => {
  const answer = await portal.get(`/api/catalog/entities/by-name/${type}/default/${name}`);
  return answer.status === 200 ? JSON.parse(answer.body) : null;
};
const provider = async (...args) => portal.ctl('-o', 'json', 'catalog', 'provider', ...args);
const name = (kind, id) => `${vendors[kind].section}:${id}`;
const show = async (kind, id) => {
  const rows = JSON.parse((await provider('show', name(kind, id))).stdout);
  return Array.isArray(rows) ? rows[0] : rows;
};
const goes = async (kind, id = 'main') => {
  const done = await provider('run', name(kind, id));
  assert.equal(done.code, 0, `${done.stderr} ${JSON.stringify(await show(kind, id))}`);
  return show(kind, id);
};
const fails = async (kind, pattern, id = 'main') => {
  assert.notEqual((await provider('run', name(kind, id))).code, 0);
  const row = await show(kind, id);
  assert.equal(row.outcome, 'failed');
  assert.match(row.problem, pattern);
  return row;
};
const relations = (of, type) => of.relations.filter(row => row.type === type).map(row => row.targetRef.replace('group:default/', '')).sort();
const holds = (have, want) => {
  for (const [key, value] of Object.entries(want)) assert.equal(have[key], value, key);
};

for (const kind of kinds) {
  const vendor = vendors[kind];
  const user = person => entity('user', vendor.user(person).name);

  test(`${kind}: users and groups of every page become entities`, async () => {
    const host = hosts[kind];
    const { counts } = await goes(kind);
    assert.equal(counts.added, host.people.length + host.teams.length + (vendor.extra ?? 0), JSON.stringify(counts));
    for (const person of host.people) {
      const want = vendor.user(person);
      const have = await until(`${person.login} is there`, 20, () => user(person));
      holds(have.metadata.annotations, { ...want.notes, 'backstage.io/managed-by-location': want.place, 'backstage.io/managed-by-origin-location': want.place });
      holds(have.spec.profile, { displayName: `${person.first} Rowe`, email: person.mail });
    }
    for (const team of host.teams) {
      const want = vendor.group(team);
      const have = await until(`${team.name} is there`, 20, () => entity('group', team.name));
      holds(have.metadata.annotations, { ...want.notes, 'backstage.io/managed-by-location': want.place });
      assert.equal(have.spec.type, want.type);
      assert.deepEqual(relations(have, 'childOf'), team.above ? [team.above] : vendor.root ? [vendor.root] : []);
    }
    for (const [login, groups] of Object.entries(vendor.memberOf))
      await until(`${login} belongs to ${groups}`, 20, async () => relations(await user(host.people.find(one => one.login === login)), 'memberOf').join() === groups.join());
  });

  test(`${kind}: again, and nothing is written`, async () => {
    const { counts } = await goes(kind);
    assert.equal(counts.added + counts.changed + counts.removed, 0, JSON.stringify(counts));
  });

  test(`${kind}: who changed, came and left follows`, async () => {
    const host = hosts[kind];
    host.people[1].last = 'Rowe';
    host.people[1].mail = 'tom@harbour.example';
    const [left] = host.people.splice(4, 1);
    for (const team of host.teams) team.members = team.members.filter(id => id !== left.id);
    host.people.push({ id: '00000000-0000-4000-8000-000000000009', login: `nia${vendor.suffix ?? ''}`, first: 'Nia', last: 'Rowe', mail: 'nia@example.org' });
    host.teams[2].members.push('00000000-0000-4000-8000-000000000009');
    const { counts } = await goes(kind);
    assert.equal(counts.removed, 1 + (vendor.byMail ? 1 : 0), JSON.stringify(counts));
    await until('who came is there', 20, () => user(host.people.at(-1)));
    await until('who left is gone', 20, async () => !(await user(left)));
    await until('the address shows', 20, async () => (await user(host.people[1])).spec.profile.email === 'tom@harbour.example');
  });

  test(`${kind}: a wrong credential is said, without it`, async () => {
    const row = await fails(kind, vendor.refused, 'wrong');
    assert.doesNotMatch(JSON.stringify(row) + portal.log(), /adrift|keel/);
  });

  for (const [mode, pattern] of [['401', /answered 401/], ['403', /answered 403/], ['500', /answered 500|left alone/], ['nonsense', /no JSON/], ['cut', /bytes remaining|left alone|closed|transfer/]]) {
    test(`${kind}, ${mode}: the run fails and the entities stay`, async () => {
      hosts[kind].mode = mode;
      try {
        await fails(kind, pattern);
      } finally {
        hosts[kind].mode = '';
      }
      assert.ok(await user(hosts[kind].people[0]));
      assert.ok(await entity('group', `${kind}-crew`));
    });
  }

  for (const mode of ['429', 'limit'])
    test(`${kind}, ${mode}: it waits as it is told, and goes on`, async () => {
      await until('the host is no longer left alone', 40, async () => (await provider('run', name(kind, 'main'))).code === 0);
      hosts[kind].once = mode;
      const began = Date.now();
      await goes(kind);
      assert.ok(Date.now() - began >= 900, `${Date.now() - began} ms`);
    });

  if (vendor.tokens)
    test(`${kind}: a token that was taken back is replaced`, async () => {
      const { issued } = hosts[kind];
      hosts[kind].revoke();
      await goes(kind);
      assert.equal(hosts[kind].issued, issued + 1);
      await goes(kind);
      assert.equal(hosts[kind].issued, issued + 1);
    });

  for (const [what, body] of vendor.tests ?? []) test(`${kind}: ${what}`, body);
}

await suite({
  before: async () => {
    for (const kind of kinds) {
      hosts[kind] = await directory(kind);
      for (const person of hosts[kind].people) person.login += vendors[kind].suffix ?? '';
    }
    portal = await Portal.start({ config: config() });
  },
  after: async () => {
    try {
      await portal?.stop();
    } finally {
      for (const host of Object.values(hosts)) await host.stop();
    }
  },
});
