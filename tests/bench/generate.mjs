#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// generate.mjs N OUT [SEED] - an invented catalog of N entities for the bench.
//
// Writes catalog.yaml (one Location on top), files/*.yaml of at most 1,000
// documents each, and what the measuring has to know without asking a server:
//
//   names.txt      names of components in the namespace `default`
//   refs.txt       every entity's ref
//   annotated.txt  names of the components that the stand-in tools know
//   tags.txt       every tag in use
//   manifest.json  how many entities and relations must come out
//
// The same N and SEED always give the same bytes.  Targets of relations all
// exist, so that the number of relations is known exactly.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const total = Number(process.argv[2]);
const out = process.argv[3];
const seed = Number(process.argv[4] ?? 1);
if (!Number.isInteger(total) || total < 100 || total > 1000000 || !out || !Number.isInteger(seed)) {
  console.error('usage: generate.mjs N OUT [SEED]    with N from 100 to 1000000');
  process.exit(2);
}

// ---- chance: xorshift32, the same everywhere ----------------------------------
let state = (seed * 2654435761) >>> 0 || 1;
function next() {
  state ^= state << 13;
  state >>>= 0;
  state ^= state >>> 17;
  state ^= state << 5;
  state >>>= 0;
  return state / 4294967296;
}
const below = n => Math.floor(next() * n);
const of = list => list[below(list.length)];
// Some are asked for more than others: the front of the list, mostly.
const front = list => list[Math.floor(list.length * next() ** 2)];
const maybe = share => next() < share;
function some(list, least, most, choose = of) {
  const want = least + below(most - least + 1);
  const got = new Set();
  for (let tries = 0; got.size < want && tries < want * 4; tries++) got.add(choose(list));
  return [...got];
}

// ---- vocabulary -----------------------------------------------------------------
const words = text => text.trim().split(/\s+/);
const areas = words(`harvest orchard cellar pantry kitchen bakery dairy market parcel courier depot lorry rail
  harbour customs tariff voucher wallet invoice receipt bursary pension payroll roster campus library archive
  museum theatre ticket cinema stadium weather tide glacier forest beacon compass atlas meteor`);
const things = words(`keeper finder sorter mixer planner printer scanner counter feeder mapper ranker signer sender
  reader writer tracker watcher bridge switch ledger index vault mirror relay gauge queue router console portal kit`);
const prose = words(`keeps reads writes the a of for and with every night order list parcel crate route driver shelf
  slot price rate label stamp quota season weather wind delay notice contract supplier customer refund branch store
  region border permit inspection sample batch recipe oven truck trailer fuel battery charger meter reading forecast
  stock shortage surplus return claim damage repair spare part tool bench shift crew foreman holiday absence wage
  bonus tax relief letter reminder archive shelf copy original signature seal register page volume exhibit loan visit
  seat row gate scan queue minute hour second retry backlog replay snapshot export import schema topic partition`);
const tags = words(`ada c cobol elixir erlang fortran haskell lua ocaml perl php ruby rust scheme tcl zig batch
  stream grpc rest soap graphql sqlite postgres redis kafka edge core legacy pilot regulated audited offline mobile
  tier-1 tier-2 tier-3 nightly public internal`);
const first = words('Anouk Bela Ciro Dorte Emre Fenja Goran Hilde Ivo Jorun Kaspar Liv Mirko Nele Odd Petra Runa Sten Tove Ulla');
const last = words('Abend Birk Cornet Dahl Ekholm Falk Gruber Holm Isager Jelinek Korda Lund Moen Novak Orbeck Prinz Quist Rask');
const lifecycles = words('production production production experimental deprecated');
const componentTypes = words('service service service website library pipeline job');
const apiTypes = words('openapi openapi openapi grpc graphql asyncapi');
const resourceTypes = words('database database bucket topic cache cluster');
const spaces = words('north south overseas');
// What the stand-in tools of the example company answer for.
const standIns = words(`fleet/battery-forecast fleet/charge-planner fleet/hull-sensors fleet/sensor-rinse
  fleet/voyage-log fleet/watchkeeper passenger/booking-desk passenger/fare-engine passenger/gangway-gate
  passenger/gangway-scanner passenger/hold-sweeper passenger/offers-mailer passenger/pier-kit
  passenger/pocket-pier platform/keyring platform/night-haul platform/ondryctl platform/till`);

const sentence = n => {
  const text = Array.from({ length: n }, () => front(prose)).join(' ');
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
};
const capital = word => word[0].toUpperCase() + word.slice(1);
const digits = (n, width = 5) => String(n).padStart(width, '0');

// ---- how many of what -------------------------------------------------------------
const share = part => Math.max(2, Math.round(total * part));
const counts = { Group: share(0.03), User: share(0.06), Domain: share(0.01), System: share(0.05), Resource: share(0.1), API: share(0.15) };
counts.Component = total - Object.values(counts).reduce((sum, n) => sum + n, 0);

// What large companies have: one group that owns ten thousand components.
const hub = total >= 100000 ? Math.floor(counts.Component / 10000) : 0;

// Who is there comes first, so that everything can point at everything.
const people = {};
for (const kind of Object.keys(counts)) {
  people[kind] = Array.from({ length: counts[kind] }, (_, i) => {
    const namespace = ['Group', 'User', 'Domain'].includes(kind) || next() < 0.92 ? 'default' : of(spaces);
    const area = areas[Math.floor(next() * areas.length)];
    const name = kind === 'User' ? `${of(first)}.${of(last)}.${digits(i)}`.toLowerCase()
      : kind === 'Group' ? `team-${area}-${digits(i)}`
      : kind === 'Domain' ? `${area}-${digits(i, 4)}`
      : `${area}-${of(things)}-${digits(i)}`;
    return { kind, name, namespace, area, ref: `${kind.toLowerCase()}:${namespace}/${name}` };
  });
}

// ---- entities ---------------------------------------------------------------------
const relations = new Set();
const pairs = { ownedBy: 'ownerOf', providesApi: 'apiProvidedBy', consumesApi: 'apiConsumedBy', dependsOn: 'dependencyOf', childOf: 'parentOf', memberOf: 'hasMember', partOf: 'hasPart' };
function relate(from, type, to) {
  relations.add(`${from.ref} ${type} ${to.ref}`);
  relations.add(`${to.ref} ${pairs[type]} ${from.ref}`);
}
// As short as a reader of the file may write it.
function point(from, to, kindToo = false) {
  const place = from.namespace === to.namespace ? to.name : `${to.namespace}/${to.name}`;
  return kindToo ? `${to.kind.toLowerCase()}:${place}` : place;
}
const others = (from, kind, least, most, choose) => some(people[kind], least, most, choose).filter(to => to !== from);

function metadata(who, i) {
  const data = {
    name: who.name,
    title: who.name.split('-').slice(0, 2).map(capital).join(' ') + ` ${i}`,
    description: sentence(18 + below(34)),
    labels: { 'bench.example/area': who.area, 'bench.example/cost-centre': `cc-${digits(below(400), 4)}` },
    annotations: {
      'bench.example/runbook': `https://handbook.bench.example/runbooks/${who.area}/${who.name}`,
      'bench.example/checksum': Array.from({ length: 16 }, () => below(16).toString(16)).join(''),
      'github.com/project-slug': `bench-example/${who.name}`,
    },
    tags: some(tags, 2, 4, front),
    links: [{ url: `https://boards.bench.example/${who.area}/${who.name}?from=now-6h`, title: 'Board', icon: 'dashboard' }],
  };
  if (who.namespace !== 'default') data.namespace = who.namespace;
  return data;
}

// Each gives the spec, and says which relations follow from it.
const specs = {
  Group(who, i) {
    const spec = { type: i === 0 ? 'organization' : i < 1 + counts.Group / 10 ? 'department' : 'team', profile: { displayName: `${capital(who.area)} ${i}`, email: `${who.name}@bench.example` }, children: [] };
    if (i > 0) {
      const above = people.Group[Math.floor((i - 1) / 8)];
      spec.parent = point(who, above);
      relate(who, 'childOf', above);
    }
    return spec;
  },
  User(who) {
    const teams = others(who, 'Group', 1, 2);
    for (const team of teams) relate(who, 'memberOf', team);
    return { profile: { displayName: who.name.split('.').slice(0, 2).map(capital).join(' '), email: `${who.name}@bench.example` }, memberOf: teams.map(team => point(who, team)) };
  },
  Domain(who, i) {
    const spec = owned(who, {});
    if (i > 4 && maybe(0.3)) {
      const above = people.Domain[below(5)];
      spec.subdomainOf = point(who, above);
      relate(who, 'partOf', above);
    }
    return spec;
  },
  System(who) {
    const domain = front(people.Domain);
    relate(who, 'partOf', domain);
    return { ...owned(who, {}), domain: point(who, domain) };
  },
  Resource(who) {
    const spec = inSystem(who, owned(who, { type: of(resourceTypes) }));
    if (maybe(0.2)) spec.dependsOn = depends(who, others(who, 'Resource', 1, 2));
    return spec;
  },
  API(who) {
    return { ...inSystem(who, owned(who, { type: of(apiTypes), lifecycle: of(lifecycles) })), definition: definition(who) };
  },
  Component(who, i) {
    const spec = inSystem(who, owned(who, { type: of(componentTypes), lifecycle: of(lifecycles) }, hub && i % hub === 0 ? people.Group[1] : null));
    const provided = maybe(0.3) ? others(who, 'API', 1, 1) : [];
    const consumed = others(who, 'API', 0, 3, front);
    for (const api of provided) relate(who, 'providesApi', api);
    for (const api of consumed) relate(who, 'consumesApi', api);
    if (provided.length) spec.providesApis = provided.map(api => point(who, api));
    if (consumed.length) spec.consumesApis = consumed.map(api => point(who, api));
    const needed = [...others(who, 'Resource', 0, 2), ...others(who, 'Component', 0, 1, front)];
    if (needed.length) spec.dependsOn = depends(who, needed);
    if (i > 20 && maybe(0.06)) {
      const whole = people.Component[below(20)];
      spec.subcomponentOf = point(who, whole);
      relate(who, 'partOf', whole);
    }
    return spec;
  },
};
function owned(who, spec, by = null) {
  const owner = by ?? front(people.Group);
  relate(who, 'ownedBy', owner);
  return { ...spec, owner: point(who, owner) };
}
function inSystem(who, spec) {
  if (maybe(0.15)) return spec;
  const system = front(people.System);
  relate(who, 'partOf', system);
  return { ...spec, system: point(who, system) };
}
function depends(who, list) {
  for (const to of list) relate(who, 'dependsOn', to);
  return list.map(to => point(who, to, true));
}
function definition(who) {
  const lines = ['openapi: 3.0.3', 'info:', `  title: ${who.name}`, '  version: 1.0.0', 'paths:'];
  for (const word of some(prose.filter(w => w.length > 4), 2, 4)) {
    lines.push(`  /${who.area}/${word}:`, '    get:', `      summary: ${sentence(4)}`, '      responses:', "        '200':", '          description: Found');
  }
  return `${lines.join('\n')}\n`;
}

// ---- YAML ---------------------------------------------------------------------------
// A JSON text is a YAML scalar, so plain words alone go without quotes.
const plain = /^[A-Za-z][A-Za-z0-9 ._/-]*$/;
const scalar = value => (typeof value === 'string' && plain.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value) && !value.endsWith(' ') ? value : JSON.stringify(value));
const key = name => (plain.test(name) ? name : JSON.stringify(name));
function yaml(value, indent = '') {
  let text = '';
  for (const [name, member] of Object.entries(value)) {
    if (Array.isArray(member) && member.length && typeof member[0] === 'object') {
      text += `${indent}${key(name)}:\n`;
      for (const row of member) text += `${indent}  - ${yaml(row, `${indent}    `).trimStart()}`;
    } else if (Array.isArray(member)) {
      text += `${indent}${key(name)}: [${member.map(scalar).join(', ')}]\n`;
    } else if (member && typeof member === 'object') {
      text += `${indent}${key(name)}:\n${yaml(member, `${indent}  `)}`;
    } else if (typeof member === 'string' && member.includes('\n')) {
      text += `${indent}${key(name)}: |\n${member.replace(/^(?=.)/gm, `${indent}  `)}`;
    } else {
      text += `${indent}${key(name)}: ${scalar(member)}\n`;
    }
  }
  return text;
}

// ---- files --------------------------------------------------------------------------
mkdirSync(path.join(out, 'files'), { recursive: true });
const perFile = 1000;
const files = [];
const annotated = [];
let bytes = 0;
let batch = [];
function flush() {
  if (!batch.length) return;
  const name = `files/${digits(files.length, 4)}.yaml`;
  const text = batch.join('---\n');
  writeFileSync(path.join(out, name), text);
  bytes += Buffer.byteLength(text);
  files.push(`./${name}`);
  batch = [];
}
for (const kind of Object.keys(counts)) {
  people[kind].forEach((who, i) => {
    const data = metadata(who, i);
    if (kind === 'Component' && who.namespace === 'default' && annotated.length < standIns.length) {
      const job = standIns[annotated.length];
      data.annotations['jenkins.io/job-full-name'] = job;
      data.annotations['sonarqube.org/project-key'] = `line.ondry.${job.replace('/', ':')}`;
      annotated.push(who.name);
    }
    batch.push(yaml({ apiVersion: 'backstage.io/v1alpha1', kind, metadata: data, spec: specs[kind](who, i) }));
    if (batch.length === perFile) flush();
  });
}
flush();
writeFileSync(path.join(out, 'catalog.yaml'), `${yaml({ apiVersion: 'backstage.io/v1alpha1', kind: 'Location', metadata: { name: 'bench' } })}spec:\n  targets:\n${files.map(name => `    - ${name}\n`).join('')}`);

const everybody = Object.values(people).flat();
const lines = list => `${list.join('\n')}\n`;
writeFileSync(path.join(out, 'names.txt'), lines(people.Component.filter(c => c.namespace === 'default').map(c => c.name)));
writeFileSync(path.join(out, 'refs.txt'), lines(everybody.map(who => who.ref)));
writeFileSync(path.join(out, 'annotated.txt'), lines(annotated));
writeFileSync(path.join(out, 'tags.txt'), lines(tags));
const byType = {};
for (const relation of relations) byType[relation.split(' ')[1]] = (byType[relation.split(' ')[1]] ?? 0) + 1;
const manifest = { seed, entities: everybody.length, kinds: counts, relations: relations.size, relationTypes: byType, files: files.length, bytes };
writeFileSync(path.join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
console.log(`${manifest.entities} entities, ${manifest.relations} relations, ${files.length} files, ${bytes} bytes`);
