// SPDX-License-Identifier: Apache-2.0
//
// Users and groups of a real directory: slapd, through the engine's schedule
// and by hand; what changes, what goes, and a directory that fails.
import { Portal, sleep, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import { admin, base, slapd, wire } from '../lib/slapd.mjs';
import assert from 'node:assert/strict';

let portal, directory, line;

// --- the directory ---

const person = (name, unit, more = '') => `dn: uid=${name},ou=${unit},${base}
objectClass: inetOrgPerson
uid: ${name}
cn: ${name[0].toUpperCase()}${name.slice(1)} Rowe
sn: Rowe
mail: ${name.replace(/[^a-z0-9]/g, '')}@example.org
${more}
`;
const unit = name => `dn: ou=${name},${base}\nobjectClass: organizationalUnit\nou: ${name}\n\n`;
const group = (name, members, more = '') => `dn: cn=${name},ou=groups,${base}
objectClass: groupOfNames
cn: ${name}
${members.map(member => `member: ${member}`).join('\n')}
${more}
`;
const dn = name => `uid=${name},ou=people,${base}`;
const many = Array.from({ length: 20 }, (_, i) => `hand${i}`);
const ldif = [
  `dn: ${base}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n`,
  `dn: cn=limited,${base}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: limited\nuserPassword: half\n\n`,
  ...['people', 'groups', 'hands', 'guests'].map(unit),
  person('mary', 'people', 'description: Harbour master\nl: Quay 4\n'), person('tom', 'people'), person('ada', 'people'), person('o neill!', 'people'),
  person('zoë', 'people'),
  ...many.map(name => person(name, 'hands')), person('guest', 'guests'),
  group('captains', [dn('mary')], 'description: They decide\n'),
  group('crew', [dn('MARY'), dn('tom'), `cn=captains,ou=groups,${base}`]),
  `dn: cn=watch,ou=groups,${base}\nobjectClass: posixGroup\ncn: watch\ngidNumber: 7\nmemberUid: ada\n\n`,
].join('');

// --- the portal's side ---

const section = (id, target, users, groups, more = '', bind = admin) => `      ${id}:
        target: ${target}
        bind: {dn: "${bind.dn}", secret: ${bind.secret}}
        users: ${users}
${groups ? `        groups: ${groups}\n` : ''}${more}`;
const manual = '        schedule: {frequency: {trigger: manual}, timeout: {seconds: 5}}\n';
const config = () => `catalog:
  providers:
    ldapOrg:
${section('main', `ldap://127.0.0.1:${line.port}`,
    `{dn: "ou=people,${base}", options: {filter: "(objectClass=inetOrgPerson)", paged: {pageSize: 2}}, map: {description: description}, set: {metadata.labels.desk: harbour, spec.profile.displayName: Nobody}}`,
    `[{dn: "ou=groups,${base}", options: {filter: "(objectClass=groupOfNames)"}, set: {spec.type: team}}, {dn: "ou=groups,${base}", options: {filter: "(objectClass=posixGroup)"}, map: {members: memberUid}}]`,
    '        schedule: {frequency: {seconds: 2}, timeout: {seconds: 4}, initialDelay: {seconds: 0}}\n')}${section('hands', `ldap://127.0.0.1:${directory.port}`, `{dn: "ou=hands,${base}"}`, '', manual)}${section('secure', `ldaps://127.0.0.1:${directory.tlsPort}`, `{dn: "ou=guests,${base}"}`, '', `        tls: {ca: ${directory.ca}}\n${manual}`)}${section('starttls', `ldap://127.0.0.1:${directory.port}`, `{dn: "ou=guests,${base}"}`, '', `        tls: {startTls: true, rejectUnauthorized: false}\n${manual}`)}${section('untrusted', `ldaps://127.0.0.1:${directory.tlsPort}`, `{dn: "ou=guests,${base}"}`, '', manual)}${section('wrong', `ldap://127.0.0.1:${directory.port}`, `{dn: "ou=guests,${base}"}`, '', manual, { dn: admin.dn, secret: 'guess-work' })}${section('nowhere', `ldap://127.0.0.1:${directory.port}`, `{dn: "ou=nowhere,${base}"}`, '', manual)}${section('filter', `ldap://127.0.0.1:${directory.port}`, `{dn: "ou=guests,${base}", options: {filter: "(uid=*"}}`, '', manual)}${section('limited', `ldap://127.0.0.1:${directory.port}`, `{dn: "ou=hands,${base}"}`, '', manual, { dn: `cn=limited,${base}`, secret: 'half' })}`;

const entity = async (kind, name) => {
  const answer = await portal.get(`/api/catalog/entities/by-name/${kind}/default/${name}`);
  return answer.status === 200 ? JSON.parse(answer.body) : null;
};
const provider = async (...args) => {
  const done = await portal.ctl('-o', 'json', 'catalog', 'provider', ...args);
  return { ...done, rows: done.stdout ? JSON.parse(done.stdout) : [] };
};
const show = async name => {
  const done = await provider('show', `ldapOrg:${name}`);
  return Array.isArray(done.rows) ? done.rows[0] : done.rows;
};
const people = async query => (await portal.json(`/api/catalog/entities?filter=kind=user${query}&fields=metadata.name`)).map(row => row.metadata.name).sort();
const hands = () => people(',metadata.annotations.backstage.io/managed-by-location');
const relations = (of, type) => of.relations.filter(row => row.type === type).map(row => row.targetRef).sort();

test('users and groups of the directory become entities', async () => {
  const mary = await until('mary is there', 30, () => entity('user', 'mary'));
  const notes = mary.metadata.annotations;
  assert.equal(notes['backstage.io/ldap-rdn'], 'mary');
  assert.equal(notes['backstage.io/ldap-dn'], dn('mary'));
  assert.match(notes['backstage.io/ldap-uuid'], /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  assert.equal(notes['backstage.io/managed-by-location'], `ldap://main/${encodeURIComponent(dn('mary'))}`);
  assert.equal(notes['backstage.io/managed-by-origin-location'], notes['backstage.io/managed-by-location']);
  assert.deepEqual(mary.spec.profile, { displayName: 'Mary Rowe', email: 'mary@example.org' });
  assert.equal(mary.metadata.description, 'Harbour master');
  assert.equal(mary.metadata.labels.desk, 'harbour');
  assert.deepEqual(relations(mary, 'memberOf'), ['group:default/captains', 'group:default/crew']);
  const captains = await entity('group', 'captains');
  assert.equal(captains.spec.type, 'team');
  assert.equal(captains.metadata.description, 'They decide');
  assert.deepEqual(relations(captains, 'childOf'), ['group:default/crew']);
  assert.deepEqual(relations(await entity('user', 'ada'), 'memberOf'), ['group:default/watch']);
  assert.equal((await entity('group', 'watch')).spec.type, 'unknown');
});

test('a name that is no entity name is made one', async () => {
  assert.equal((await entity('user', 'o_neill')).metadata.annotations['backstage.io/ldap-rdn'], 'o neill!');
  assert.equal((await entity('user', 'zo')).metadata.annotations['backstage.io/ldap-rdn'], 'zoë');
});

test('what has not changed is not written again', async () => {
  const before = await entity('user', 'tom');
  const { began } = await show('main');
  const row = await until('it has run again', 20, async () => {
    const now = await show('main');
    return now.began > began && now.outcome === 'done' && now;
  });
  assert.equal(row.counts.changed + row.counts.added + row.counts.removed, 0, JSON.stringify(row));
  assert.ok(row.counts.unchanged >= 8, JSON.stringify(row));
  assert.equal((await entity('user', 'tom')).metadata.etag, before.metadata.etag);
});

test('changed and removed users follow at the next run', async () => {
  await directory.change(`dn: ${dn('tom')}\nchangetype: modify\nreplace: mail\nmail: tom@harbour.example\n\ndn: ${dn('zoë')}\nchangetype: delete\n\ndn: cn=captains,ou=groups,${base}\nchangetype: modify\nadd: member\nmember: ${dn('tom')}\n\n`);
  await until('the address shows', 20, async () => (await entity('user', 'tom')).spec.profile.email === 'tom@harbour.example');
  await until('who left is gone', 20, async () => !(await entity('user', 'zo')));
  await until('tom is a captain', 20, async () => relations(await entity('user', 'tom'), 'memberOf').includes('group:default/captains'));
});

test('a dry run says what it would do and writes nothing', async () => {
  const done = await provider('run', 'ldapOrg:hands', '--dry-run');
  assert.equal(done.code, 0, done.stderr);
  assert.equal(done.rows.length, many.length);
  assert.deepEqual(done.rows[0], { change: 'added', ref: 'user:default/hand0' });
  assert.match(done.stderr, /20 seen: 20 would be added/);
  assert.equal(await entity('user', 'hand0'), null);
});

test('a run by hand does it, and says what it did', async () => {
  const done = await provider('run', 'ldapOrg:hands');
  assert.equal(done.code, 0, done.stderr);
  assert.equal((await show('hands')).counts.added, many.length);
  await until('they are there', 20, () => entity('user', 'hand19'));
});

test('more than a fifth waits for a confirmation, which lets it go', async () => {
  const gone = many.slice(0, 8);
  await directory.change(gone.map(name => `dn: uid=${name},ou=hands,${base}\nchangetype: delete\n\n`).join(''));
  const held = await provider('run', 'ldapOrg:hands');
  assert.equal(held.code, 7, held.stderr);
  const row = await show('hands');
  assert.equal(row.outcome, 'waits');
  assert.match(row.problem, /8 of the 20 entities/);
  await sleep(500);
  for (const name of gone) assert.ok(await entity('user', name), name);
  const done = await provider('run', 'ldapOrg:hands', '--confirm');
  assert.equal(done.code, 0, done.stderr);
  for (const name of gone) await until(`${name} is gone`, 20, async () => !(await entity('user', name)));
  assert.ok(await entity('user', 'hand8'));
  assert.equal((await show('hands')).counts.removed, 8);
});

test('an empty answer deletes nobody', async () => {
  const rest = many.slice(8);
  await directory.change(rest.map(name => `dn: uid=${name},ou=hands,${base}\nchangetype: delete\n\n`).join(''));
  assert.equal((await provider('run', 'ldapOrg:hands')).code, 7);
  await sleep(500);
  assert.ok(await entity('user', 'hand8'));
  await directory.add(rest.map(name => person(name, 'hands')).join(''));
  assert.equal((await provider('run', 'ldapOrg:hands')).code, 0);
  assert.equal((await show('hands')).outcome, 'done');
});

test('TLS: by ldaps, by StartTLS, and not without a certificate to trust', async () => {
  assert.equal((await provider('run', 'ldapOrg:secure')).code, 0, JSON.stringify(await show('secure')));
  await until('the guest is there', 20, () => entity('user', 'guest'));
  const second = await provider('run', 'ldapOrg:starttls');
  assert.equal(second.code, 0, second.stderr);
  // The same user of another provider stays the first one's.
  assert.equal((await show('starttls')).counts.taken, 1);
  assert.match((await entity('user', 'guest')).metadata.annotations['backstage.io/managed-by-location'], /^ldap:\/\/secure\//);
  assert.notEqual((await provider('run', 'ldapOrg:untrusted')).code, 0);
  assert.match((await show('untrusted')).problem, /ldaps:\/\/127\.0\.0\.1:\d+: .*certificate is not trusted/);
});

for (const [name, pattern] of [['wrong', /bind: Invalid credentials/], ['nowhere', /searching ou=nowhere.*No such object/], ['filter', /Bad search filter/], ['limited', /(Size|Administrative) limit exceeded/]]) {
  test(`${name}: failed, and said`, async () => {
    const before = await hands();
    assert.notEqual((await provider('run', `ldapOrg:${name}`)).code, 0);
    const row = await show(name);
    assert.equal(row.outcome, 'failed');
    assert.match(row.problem, pattern);
    assert.doesNotMatch(JSON.stringify(row) + portal.log(), /guess-work/);
    assert.deepEqual(await hands(), before);
  });
}

for (const [mode, pattern] of [['cut', /contact LDAP server|Decoding|Local error/], ['garbage', /LDAP|Decoding/], ['slow', /Timed out|took longer/]]) {
  test(`a directory that is ${mode}: the entities stay, and it is well again by itself`, async () => {
    line.mode = mode;
    const row = await until('it fails', 30, async () => {
      const now = await show('main');
      return now.outcome === 'failed' && pattern.test(now.problem) && now;
    });
    assert.ok(row.failures > 0);
    assert.ok(await entity('user', 'mary'));
    assert.ok(await entity('group', 'crew'));
    line.mode = '';
    await until('it is well again', 30, async () => (await show('main')).outcome === 'done');
  });
}

test('slapd stopped: the entities stay, show and list say it, and it is over by itself', async () => {
  await directory.stop();
  await until('it fails', 30, async () => /contact LDAP server/.test((await show('main')).problem));
  const listed = (await provider('list')).rows.find(row => row.name === 'ldapOrg:main');
  assert.equal(listed.outcome, 'failed');
  for (const name of ['mary', 'tom', 'ada', 'guest', 'hand9']) assert.ok(await entity('user', name), name);
  await directory.start();
  await until('it is well again', 30, async () => (await show('main')).outcome === 'done');
});

test('a provider that leaves the config takes its entities along', async () => {
  const text = config().replace(/ {6}secure:[\s\S]*?(?= {6}starttls:)/, '');
  await portal.reconfigure(text);
  await until('the guest is gone', 40, async () => !(await entity('user', 'guest')));
  assert.notEqual((await provider('show', 'ldapOrg:secure')).code, 0);
  assert.ok(await entity('user', 'mary'));
});

await suite({
  before: async () => {
    directory = await slapd();
    await directory.start();
    await directory.add(ldif);
    line = await wire(directory.port);
    portal = await Portal.start({ config: config() });
  },
  after: async () => {
    try {
      await portal?.stop();
    } finally {
      await line?.stop();
      await directory?.end();
    }
  },
});
