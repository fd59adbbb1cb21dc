// SPDX-License-Identifier: Apache-2.0
//
// run.mjs - plays recorded requests against a running catalog and compares.
//
//   node tests/contract/run.mjs --base URL --token TOKEN --fixtures DIR
//                               --host HOST:PORT [--verbose]
//
// base      of the API: http://127.0.0.1:8080/api/catalog
// fixtures  the folder whose expected/ holds what upstream answered
// host      where the catalog under test reads the fixtures from; what was
//           recorded says fixtures.test instead
//
// The catalog must hold fixtures/ours/all.yaml and be quiet.  The last line is
// `N passed, N failed`.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';

const recordedHost = 'fixtures.test';

const { values: options } = parseArgs({
  options: {
    base: { type: 'string' },
    token: { type: 'string' },
    fixtures: { type: 'string' },
    host: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
for (const name of ['base', 'token', 'fixtures', 'host'])
  if (!options[name]) {
    console.error(`run.mjs: --${name} is missing`);
    process.exit(2);
  }

// Recorded texts name another host; and the one Location that a registration
// makes is named after the address.
const sha1 = text => createHash('sha1').update(text).digest('hex');
function translate(text) {
  const name = host => `generated-${sha1(`url:http://${host}/ours/all.yaml`)}`;
  return text
    .replaceAll(name(recordedHost), name(options.host))
    .replaceAll(`//${recordedHost}/`, `//${options.host}/`);
}

const expected = name => translate(readFileSync(path.join(options.fixtures, 'expected', name), 'utf8'));

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
function ask(method, target, body) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${options.token}` };
    const text = body === undefined ? undefined : JSON.stringify(body);
    if (text !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(text);
    }
    // Characters that browsers send as they are, others do not.
    const url = options.base + target.replace(/[\[\]"<>\\^`{|} ]/g, c => encodeURIComponent(c));
    const req = http.request(url, { method, headers, agent }, res => {
      const parts = [];
      res.on('data', part => parts.push(part));
      res.on('error', reject);
      res.on('end', () => {
        const answer = Buffer.concat(parts).toString();
        let json = null;
        try {
          json = answer === '' ? null : JSON.parse(answer);
        } catch {
          json = { unparsed: answer };
        }
        resolve({ status: res.statusCode, headers: res.headers, body: json });
      });
    });
    req.on('error', reject);
    req.end(text);
  });
}

// What is made anew in each catalog, and what is nobody's contract.
function mask(value, key) {
  if (Array.isArray(value)) return value.map(item => mask(item));
  if (value && typeof value === 'object') {
    const out = {};
    for (const [name, item] of Object.entries(value)) {
      if (key === 'metadata' && (name === 'uid' || name === 'etag')) continue;
      if (key === 'error' && name !== 'name') continue;
      out[name] = mask(item, name);
    }
    return out;
  }
  if (key === 'nextCursor' || key === 'prevCursor') return '<cursor>';
  if (key === 'url' && typeof value === 'string') return decodeURIComponent(value);
  return value;
}

const sorted = list => [...list].map(item => JSON.stringify(item)).sort();

// Where upstream's order is partly by random uid, the same items will do.
function loosen(body) {
  if (Array.isArray(body)) return sorted(body);
  if (body && Array.isArray(body.items)) return { ...body, items: sorted(body.items) };
  return body;
}

function firstDifference(a, b, at = '') {
  if (isDeepStrictEqual(a, b)) return null;
  if (a && b && typeof a === 'object' && typeof b === 'object' && Array.isArray(a) === Array.isArray(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = firstDifference(a[key], b[key], `${at}.${key}`);
      if (found) return found;
    }
  }
  const show = value => String(JSON.stringify(value)).slice(0, 300);
  return `${at || 'body'}: expected ${show(a)}, got ${show(b)}`;
}

let passed = 0, failed = 0;
function report(name, wrong) {
  if (wrong) {
    failed++;
    console.log(`FAIL ${name}\n     ${wrong}`);
  } else {
    passed++;
    if (options.verbose) console.log(`ok   ${name}`);
  }
}

async function check(name, body) {
  try {
    report(name, await body());
  } catch (error) {
    report(name, error.stack);
  }
}

async function playRequests() {
  for (const recorded of JSON.parse(expected('requests.json'))) {
    const { method, path: target, body } = recorded.request;
    await check(`${method} ${target}${body ? ' ' + JSON.stringify(body).slice(0, 100) : ''}`, async () => {
      const got = await ask(method, target, body);
      if (got.status !== recorded.status)
        return `status: expected ${recorded.status}, got ${got.status} ${JSON.stringify(got.body).slice(0, 300)}`;
      let want = mask(recorded.body), have = mask(got.body);
      if (recorded.ties) [want, have] = [loosen(want), loosen(have)];
      return firstDifference(want, have);
    });
  }
}

const refOf = entity =>
  `${entity.kind}:${entity.metadata.namespace ?? 'default'}/${entity.metadata.name}`.toLowerCase();

async function compareEntities(have) {
  const want = new Map(JSON.parse(expected('entities.json')).map(entity => [refOf(entity), entity]));
  for (const ref of new Set([...want.keys(), ...have.keys()]))
    await check(`entity ${ref}`, () => {
      if (!want.has(ref)) return 'upstream does not show it';
      if (!have.has(ref)) return 'it is not there';
      return firstDifference(mask(want.get(ref)), mask(have.get(ref)));
    });
}

async function compareRelations(have) {
  const told = new Set();
  for (const [ref, entity] of have)
    for (const { type, targetRef } of entity.relations ?? []) told.add([ref, type, targetRef].join('\t'));
  // A source that nobody sees cannot tell its relations.
  const want = new Set(expected('relations.tsv').split('\n').filter(line => line && have.has(line.split('\t')[0])));
  for (const line of new Set([...want, ...told]))
    await check(`relation ${line.replaceAll('\t', ' ')}`, () => {
      if (!want.has(line)) return 'upstream does not have it';
      return told.has(line) ? null : 'it is not there';
    });
}

// Every recorded search row must be found by its key and value, and by no
// entity more.
async function compareRows() {
  const rows = expected('search-rows.jsonl').split('\n').filter(Boolean).map(line => JSON.parse(line));
  const values = new Map(), keys = new Map(), originals = new Map();
  const add = (map, key, ref) => map.set(key, (map.get(key) ?? new Set()).add(ref));
  for (const row of rows) {
    add(keys, row.key, row.ref);
    if (row.value === null) continue;
    add(values, JSON.stringify([row.key, row.value]), row.ref);
    add(originals, JSON.stringify([row.key, row.original]), row.ref);
  }
  const refs = async query => {
    const got = await ask('POST', '/entities/by-query', { query, limit: 1000 });
    return got.status === 200 ? got.body.items.map(refOf).sort() : [`status ${got.status}`];
  };
  for (const [key, want] of keys)
    await check(`exists ${key}`, async () =>
      firstDifference([...want].sort(), await refs({ [key]: { $exists: true } })));
  for (const [row, want] of values) {
    const [key, value] = JSON.parse(row);
    await check(`${key} = ${value}`, async () => firstDifference([...want].sort(), await refs({ [key]: value })));
  }
  for (const key of keys.keys())
    await check(`facet ${key}`, async () => {
      const want = [...originals].map(([row, set]) => [...JSON.parse(row), set.size])
        .filter(([k]) => k === key).map(([, value, count]) => ({ value, count }))
        .sort((a, b) => (Buffer.compare(Buffer.from(a.value), Buffer.from(b.value))));
      const got = await ask('POST', '/entity-facets', { facets: [key] });
      return firstDifference({ [key]: want }, got.body.facets);
    });
}

async function main() {
  const all = await ask('GET', '/entities');
  if (all.status !== 200) throw new Error(`GET /entities: status ${all.status}`);
  const have = new Map(all.body.map(entity => [refOf(entity), entity]));
  await playRequests();
  await compareEntities(have);
  await compareRelations(have);
  await compareRows();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
  agent.destroy();
}

await main();
