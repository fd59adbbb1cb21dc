// SPDX-License-Identifier: Apache-2.0
//
// Backstage's own rules as an oracle: entities are made by a seeded generator,
// whole and damaged, and its policies, validators and parser of references must
// accept and refuse the very same ones as ours.
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.CALLBOARD_BUILD ?? path.join(top, 'build');
const model = createRequire(path.join(top, 'tests/node/package.json'))('@backstage/catalog-model');
const COUNT = Number(process.env.ORACLE_COUNT ?? 4000);
const SEED = Number(process.env.ORACLE_SEED ?? 20261127);

// --- what upstream says ---

const policy = model.EntityPolicies.allOf([
  new model.SchemaValidEntityPolicy(),
  new model.DefaultNamespaceEntityPolicy(),
  new model.NoForeignRootFieldsEntityPolicy(),
  new model.FieldFormatEntityPolicy(),
]);
const kinds = ['api', 'component', 'domain', 'group', 'location', 'resource', 'system', 'user']
  .map(kind => model[`${kind}EntityV1alpha1Validator`]);

// The fields whose references its processor of the built-in kinds reads.
const refs = {
  Component: { owner: 'Group', subcomponentOf: 'Component', providesApis: 'API', consumesApis: 'API', dependsOn: null, dependencyOf: null, system: 'System' },
  API: { owner: 'Group', system: 'System' },
  Resource: { owner: 'Group', dependsOn: null, dependencyOf: null, system: 'System' },
  System: { owner: 'Group', domain: 'Domain' },
  Domain: { owner: 'Group', subdomainOf: 'Domain' },
  User: { memberOf: 'Group' },
  Group: { parent: 'Group', children: 'Group', members: 'User' },
};

async function upstream(given) {
  try {
    const envelope = model.entityEnvelopeSchemaValidator()(given);
    const entity = await policy.enforce(envelope);
    let mine = false;
    for (const validator of kinds) mine = (await validator.check(entity)) || mine;
    if (!mine) throw new Error('no processor recognized the entity');
    for (const [field, kind] of Object.entries(refs[entity.kind] ?? {})) {
      const value = entity.spec[field];
      if (!value) continue;
      for (const one of [value].flat()) {
        model.parseEntityRef(one, { defaultKind: kind ?? undefined, defaultNamespace: entity.metadata.namespace });
      }
    }
    return 'ok';
  } catch (error) {
    return `no ${error.message}`;
  }
}

// --- the generator ---

let state = SEED;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = n => Math.floor(random() * n);
const pick = list => list[below(list.length)];
const often = share => random() < share;

const long = (n, c = 'a') => c.repeat(n);
const names = ['a', 'booking-desk', 'A.b_c-D', '9', long(63), 'x1'];
const values = [
  null, true, false, 0, 1, -1.5, '', ' ', 'a', 'A', '-a', 'a-', 'a..b', 'a_b', 'a--b', 'a/b', 'a:b', 'a:b/c', '/a', 'a/', ':a', 'a:', 'a/b/c', 'a/b:c', ':', '/',
  long(63), long(64), long(253), long(254), 'ä', '名', 'a b', 'a\n', '\t', [], {}, [''], ['a'], ['a', 1], [null], [[]], { a: 1 }, { a: 'b' }, ['component:a'], ['component:x/a', 'resource:b'],
  'yes', 'backstage.io/v1alpha1', 'backstage.io/v1beta1', 'backstage.io/v2', 'Component', 'component', 'required', 'optional', 'Optional', 'https://example.org/x', 'javascript:alert(1)', 'http://', 'mailto:a@b',
  'example.com/a', 'Example.com/a', 'ex_ample.com/a', 'a.b.c/d.e', '.a/b', 'a./b', `${long(63)}.${long(63)}/${long(63)}`, `${[long(63), long(63), long(63), long(62)].join('.')}/a`, 'c++', 'c#', 'a:b-c', 'a+b--c', 'UPPER', 'a.b',
];
const keys = ['a', 'A', 'a_b', 'a/b', 'example.com/zone', 'Example.com/zone', 'a/b/c', '', '/', 'a/', '/a', '-a', long(63), long(64), `${long(253)}/a`, 'x.y/9', 'a b', '.a', 'a.'];
const urls = ['https://example.org/x', 'mailto:a@b', 'http:', 'https://', 'nothing', '//host/x', '/x', 'x:', 'https://a b/', 'urn:a:b', 'HTTP://A/', 'https://exa mple', 'http://[::1]/', 'http://[::1', 'tel:1', 'https://ex%zz/', '1http://a', 'http://a:99999/', 'http://a:80/', 'https:example.org', 'file:///x', 'http://1.2.3.4.5/', 'http://256.1.1.1/', 'https://user@/', 'http://0x7f.1/', 'http://0x/', 'http://1..2/', 'http://a.1/', 'http://1.2.3.09/', 'http://256/', 'http://4294967296/', 'http://a.b.0x10/', 'foo://a b/', 'foo://h:x/', 'foo://', 'foo://:1', 'file://a b/', 'file://C:/x', 'http://a%41.b/', 'http://a%2fb/', 'http:////x', 'http:\\\\x', 'h t:x', 'http://a:', 'http://a:0x1/', 'http://[1::g]/', 'http://a\tb/', 'http://ä.de/', 'http://a.1.2.3.4.5.6.7.8/', 'http://.../', 'x+y-z.1:', 'ws:a', 'foo://[::1]:9/', 'foo://u@h', 'foo://u@'];
const ref = () => pick(['a', 'team-a', 'ns/team', 'group:team', 'group:ns/team', 'user:u', 'Component:A', 'x:y/z']);
const full = () => pick(['component:a', 'resource:ns/b', 'API:default/c', 'x:y']);
const list = make => Array.from({ length: below(4) }, make);
const maybe = (share, object, key, make) => { if (often(share)) object[key] = make(); };

function spec(kind) {
  const s = {};
  const owned = () => { s.owner = ref(); maybe(0.3, s, 'system', ref); };
  if (kind === 'Component') {
    Object.assign(s, { type: 'service', lifecycle: 'production' }); owned();
    maybe(0.3, s, 'subcomponentOf', ref);
    for (const f of ['providesApis', 'consumesApis']) maybe(0.3, s, f, () => list(ref));
    for (const f of ['dependsOn', 'dependencyOf']) maybe(0.3, s, f, () => list(full));
  } else if (kind === 'API') {
    Object.assign(s, { type: 'openapi', lifecycle: 'x', definition: 'openapi: 3.0.0' }); owned();
  } else if (kind === 'Resource') {
    s.type = 'database'; owned();
    for (const f of ['dependsOn', 'dependencyOf']) maybe(0.3, s, f, () => list(full));
  } else if (kind === 'System') {
    s.owner = ref(); maybe(0.4, s, 'domain', ref); maybe(0.3, s, 'type', () => 'product');
  } else if (kind === 'Domain') {
    s.owner = ref(); maybe(0.4, s, 'subdomainOf', ref); maybe(0.3, s, 'type', () => 'area');
  } else if (kind === 'Group') {
    Object.assign(s, { type: 'team', children: list(ref) });
    maybe(0.4, s, 'parent', ref); maybe(0.4, s, 'members', () => list(ref));
    maybe(0.4, s, 'profile', () => ({ displayName: 'Team', email: 'a@b', picture: 'https://x/y' }));
  } else if (kind === 'User') {
    s.memberOf = list(ref);
    maybe(0.4, s, 'profile', () => ({ displayName: 'U', email: 'a@b' }));
  } else {
    maybe(0.5, s, 'type', () => pick(['url', 'file'])); maybe(0.5, s, 'target', () => './x.yaml');
    maybe(0.5, s, 'targets', () => list(() => './y.yaml')); maybe(0.3, s, 'presence', () => pick(['required', 'optional']));
  }
  maybe(0.1, s, 'extra', () => pick(values));
  return s;
}

function whole() {
  const kind = pick(['Component', 'API', 'Resource', 'System', 'Domain', 'Group', 'User', 'Location']);
  const metadata = { name: pick(names) };
  maybe(0.3, metadata, 'namespace', () => pick(['default', 'ns', 'a--b', '9']));
  maybe(0.2, metadata, 'title', () => 'Title'); maybe(0.2, metadata, 'description', () => pick(['', 'text']));
  maybe(0.2, metadata, 'uid', () => 'u'); maybe(0.2, metadata, 'etag', () => 'e');
  maybe(0.4, metadata, 'labels', () => ({ 'example.com/zone': 'a', b: '' }));
  maybe(0.4, metadata, 'annotations', () => ({ 'example.com/x': 'any: thing\n', y: '' }));
  maybe(0.4, metadata, 'tags', () => list(() => pick(['c', 'c++', 'a:b', 'a-b', 'c#'])));
  maybe(0.4, metadata, 'links', () => list(() => ({ url: 'https://example.org', title: 'T', icon: 'i', type: 't' })));
  maybe(0.1, metadata, 'other', () => pick(values));
  return { apiVersion: pick(['backstage.io/v1alpha1', 'backstage.io/v1beta1']), kind, metadata, spec: spec(kind) };
}

// Every place of a value, as the object or list that holds it and its key.
function places(value, found = []) {
  for (const key of Object.keys(value)) {
    found.push([value, key]);
    if (value[key] && typeof value[key] === 'object') places(value[key], found);
  }
  return found;
}

const damages = [
  entity => { const [holder, key] = pick(places(entity)); holder[key] = structuredClone(pick(values)); },
  entity => { const [holder, key] = pick(places(entity)); if (Array.isArray(holder)) holder.splice(Number(key), 1); else delete holder[key]; },
  entity => { entity[pick(['relations', 'status', 'extra', 'Kind', 'spec2'])] = structuredClone(pick(values)); },
  entity => { entity.metadata = { ...entity.metadata, labels: { [pick(keys)]: pick(values) } }; },
  entity => { entity.metadata = { ...entity.metadata, annotations: { [pick(keys)]: pick(values) } }; },
  entity => { entity.metadata = { ...entity.metadata, tags: [structuredClone(pick(values))] }; },
  entity => { entity.metadata = { ...entity.metadata, links: [{ url: pick([...urls, ...values]), title: pick(['T', ' ', '', 1]), icon: pick(['i', '\t', 'x']) }] }; },
  entity => { entity.metadata = { ...entity.metadata, [pick(['name', 'namespace', 'title', 'uid', 'etag', 'description'])]: structuredClone(pick(values)) }; },
  entity => { entity[pick(['apiVersion', 'kind'])] = structuredClone(pick(values)); },
  entity => { const s = entity.spec; if (s && typeof s === 'object' && Object.keys(s).length) s[pick(Object.keys(s))] = structuredClone(pick(values)); },
  entity => { const s = entity.spec; if (s && typeof s === 'object') s[pick(['owner', 'system', 'dependsOn', 'dependencyOf', 'members', 'parent', 'profile', 'presence', 'targets'])] = structuredClone(pick(values)); },
];

function make() {
  const entity = whole();
  if (often(0.25)) return entity;
  for (let n = 1 + below(2); n > 0; n--) pick(damages)(entity);
  return entity;
}

// --- the comparison ---

test(`${COUNT} entities are judged as Backstage judges them`, async () => {
  const entities = Array.from({ length: COUNT }, make);
  const theirs = [];
  for (const entity of entities) theirs.push(await upstream(structuredClone(entity)));
  execFileSync('make', ['-s', 'tests/catalog/oracle'], { cwd: build, stdio: ['ignore', 'ignore', 'inherit'] });
  const ours = execFileSync(path.join(build, 'tests/catalog/oracle'), {
    input: `${entities.map(entity => JSON.stringify(entity)).join('\n')}\n`, maxBuffer: 1 << 28,
  }).toString().trimEnd().split('\n');
  assert.equal(ours.length, COUNT);
  const accepted = theirs.filter(verdict => verdict === 'ok').length;
  assert.ok(accepted > COUNT / 5 && accepted < COUNT * 4 / 5, `${accepted} of ${COUNT} accepted: the generator has lost its measure`);
  const differ = [];
  for (let i = 0; i < COUNT; i++) {
    if ((ours[i] === 'ok') !== (theirs[i] === 'ok')) differ.push({ entity: JSON.stringify(entities[i]), ours: ours[i], theirs: theirs[i] });
  }
  for (const one of differ.slice(0, 20)) console.log(`${one.entity}\n  ours   ${one.ours}\n  theirs ${one.theirs}`);
  assert.equal(differ.length, 0, `${differ.length} of ${COUNT} differ (seed ${SEED})`);
});

await suite();
