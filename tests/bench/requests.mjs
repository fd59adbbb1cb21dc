#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// requests.mjs CATALOG OUT - what the bench asks, one file a case.
//
// CATALOG is what generate.mjs wrote.  A line is a path below the portal, or a
// path, a tab and a JSON body that is sent by POST.  Lists whose name ends in
// `-new` hold no request twice: an answer that is kept is of no use to them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const [catalog, out] = process.argv.slice(2);
if (!catalog || !out) {
  console.error('usage: requests.mjs CATALOG OUT');
  process.exit(2);
}
const list = name => readFileSync(path.join(catalog, name), 'utf8').trim().split('\n');
const names = list('names.txt'), refs = list('refs.txt'), annotated = list('annotated.txt'), tags = list('tags.txt');
const api = '/api/catalog';

// A fixed order that is no order: steps through the list by a number that
// shares no factor with its length.
function shuffled(rows) {
  const gcd = (a, b) => (b ? gcd(b, a % b) : a);
  let step = Math.floor(rows.length * 0.618) || 1;
  while (gcd(step, rows.length) !== 1) step++;
  return rows.map((_, i) => rows[(i * step) % rows.length]);
}
const cases = {};
const search = (target, parameters) => `${api}/${target}?${parameters.map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&')}`;

cases['by-name'] = shuffled(names).map(name => `${api}/entities/by-name/component/default/${name}`);

const spread = shuffled(refs);
cases['by-refs-50'] = Array.from({ length: Math.max(1, Math.min(200, Math.floor(refs.length / 50))) }, (_, i) =>
  `${api}/entities/by-refs\t${JSON.stringify({ entityRefs: spread.slice(i * 50, i * 50 + 50) })}`);

cases['query'] = [search('entities/by-query', [['filter', 'kind=component'], ['limit', 20], ['orderField', 'metadata.name,asc']])];

// Filters that no request had before.  Half of them are narrow (two conditions
// at once: some tens of components), half are wide (any of three: a thousand
// and more).
const conditions = [...['service', 'website', 'library', 'pipeline', 'job'].map(type => `spec.type=${type}`),
  ...['production', 'experimental', 'deprecated'].map(cycle => `spec.lifecycle=${cycle}`), ...tags.map(tag => `metadata.tags=${tag}`)];
function triples(list) {
  const found = [];
  for (let a = 0; a < list.length; a++)
    for (let b = a + 1; b < list.length; b++)
      for (let c = b + 1; c < list.length; c++) found.push([list[a], list[b], list[c]]);
  return found;
}
const most = 40000;
const orders = ['metadata.name,asc', 'metadata.title,desc', 'spec.type,asc', 'metadata.name,desc', 'spec.lifecycle,desc', 'metadata.title,asc'];
const ordered = (filters, limits) => shuffled(filters.flatMap(filter => orders.flatMap(order => limits.map(limit =>
  search('entities/by-query', [...filter, ['limit', limit], ['orderField', order]]))))).slice(0, most / 2);
const pairs = conditions.flatMap((one, i) => conditions.slice(i + 1).filter(two => two.startsWith('metadata') || two.split('=')[0] !== one.split('=')[0]).map(two => [one, two]));
const narrow = ordered(pairs.map(both => [['filter', `kind=component,${both.join(',')}`]]), [20, 19, 18, 17]);
const wide = ordered(triples(conditions).map(any => any.map(one => ['filter', `kind=component,${one}`])), [20]);
const turns = (one, other) => one.flatMap((row, i) => (i < other.length ? [row, other[i]] : [row]));
cases['query-new'] = turns(wide, narrow);

// What the catalog page asks at each key that is pressed.
const typed = new Set();
for (const name of shuffled(names)) for (let n = 2; n <= name.length; n++) typed.add(name.slice(0, n));
cases['text-new'] = shuffled([...typed]).map(term => search('entities/by-query', [['filter', 'kind=component'], ['limit', 20], ['orderField', 'metadata.name,asc'], ['fullTextFilterTerm', term], ['fullTextFilterFields', 'metadata.name,metadata.title']]));

cases['facets'] = [search('entity-facets', [['facet', 'kind'], ['facet', 'spec.type']])];
const anyKind = ['component', 'api', 'resource'].flatMap(kind => [`kind=${kind}`, ...conditions.slice(5).map(one => `kind=${kind},${one}`)]);
cases['facets-new'] = shuffled(triples(anyKind)).slice(0, most).map(any =>
  search('entity-facets', [...any.map(one => ['filter', one]), ['facet', 'kind'], ['facet', 'spec.type']]));

const hub = refs.filter(ref => ref.startsWith('group:'))[1];
cases['hub'] = [`${api}/entities/by-name/${hub.replace(/[:/]/g, '/')}`];
cases['entity-page'] = annotated.map(name => `/catalog/default/component/${name}`);
cases['catalog-page'] = ['/catalog'];
cases['liveness'] = ['/.backstage/health/v1/liveness'];

mkdirSync(out, { recursive: true });
for (const [name, rows] of Object.entries(cases)) writeFileSync(path.join(out, `${name}.txt`), `${rows.join('\n')}\n`);
