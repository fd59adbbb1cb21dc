// SPDX-License-Identifier: Apache-2.0
//
// Another program's JSON Schema as an oracle: schemas and values are made by a
// seeded generator, and ajv, which Backstage judges entities with, must accept
// and refuse the very same ones as ours.
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.CALLBOARD_BUILD ?? path.join(top, 'build');
const require = createRequire(path.join(top, 'tests/node/package.json'));
const Ajv = createRequire(require.resolve('@backstage/catalog-model'))('ajv');
const COUNT = Number(process.env.ORACLE_COUNT ?? 4000);
const SEED = Number(process.env.ORACLE_SEED ?? 20261127);

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
const list = (make, least = 0, most = 3) => Array.from({ length: least + below(most - least + 1) }, make);

// --- values ---

const texts = ['', 'a', 'ab', 'abc', 'A', 'a1', '12', 'a-b', 'ä', 'äöü', '😀', '😀b', 'a\nb', ' ', 'x-a', 'a.b.c', 'aaaaaaaaaa', 'https://example.org/x', '2026-11-27', 'a b', '\u2028', 'b', 'c/d', '_', '名前'];
const names = ['a', 'b', 'c', 'x-a', 'ä', 'a/b', 'a~b', 'long-name', '1'];
const numbers = [0, 1, 2, 3, -1, 1.5, -0, 0.5, 10, 1e3, 4, 6, 2.5, 1e15];
function value(depth = 3) {
  const kind = below(depth > 0 ? 8 : 5);
  if (kind === 0) return pick(numbers);
  if (kind === 1 || kind === 2) return pick(texts);
  if (kind === 3) return pick([true, false, null]);
  if (kind === 4) return pick([[], {}, 'a', 1]);
  if (kind === 5) return list(() => value(depth - 1));
  return Object.fromEntries(list(() => [pick(names), value(depth - 1)], 0, 4));
}

// --- schemas ---

const atoms = ['a', '[]', 'b', '.', '\\d', '\\w', '\\s', '\\D', '\\W', '\\S', '[a-c]', '[^a]', '[\\d_]', '[^\\w]', '[a\\-z]', '\\u00e4', '\\u{1F600}', '[α-ω]', 'ä', '😀', '\\.', '\\n', '(?:ab)', '(a|b)', '[^]', '\\/', '-', '\\b', '\\B', '[\\s\\S]'];
const counts = ['', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,}', '*?', '+?', '{1,3}?'];
function pattern(depth = 2) {
  const parts = list(() => {
    const atom = depth > 0 && often(0.2) ? `(${pattern(depth - 1)})` : pick(atoms);
    return /^\\[bB]$/.test(atom) ? atom : atom + pick(counts);
  }, 1, 4).join('');
  const one = `${often(0.4) ? '^' : ''}${parts}${often(0.4) ? '$' : ''}`;
  return depth > 0 && often(0.15) ? `${one}|${pattern(depth - 1)}` : one;
}
const types = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];
const byName = depth => Object.fromEntries(list(() => [pick(names), schema(depth - 1)], 1, 3));
const words = [
  (s, d) => { s.type = often(0.7) ? pick(types) : [...new Set(list(() => pick(types), 1, 3))]; },
  (s, d) => { s.enum = list(() => value(1), 1, 4).filter((v, i, all) => all.findIndex(o => JSON.stringify(o) === JSON.stringify(v)) === i); },
  (s, d) => { s.const = value(1); },
  (s, d) => { s.minimum = pick(numbers); },
  (s, d) => { s.maximum = pick(numbers); },
  (s, d) => { s.exclusiveMinimum = pick(numbers); },
  (s, d) => { s.exclusiveMaximum = pick(numbers); },
  (s, d) => { s.multipleOf = pick([1, 2, 0.5, 3]); },
  (s, d) => { s.minLength = below(4); },
  (s, d) => { s.maxLength = below(4); },
  (s, d) => { s.pattern = pattern(); },
  (s, d) => { s.pattern = pattern(); },
  (s, d) => { s.minItems = below(3); },
  (s, d) => { s.maxItems = below(3); },
  (s, d) => { s.uniqueItems = often(0.8); },
  (s, d) => { s.minProperties = below(3); },
  (s, d) => { s.maxProperties = below(4); },
  (s, d) => { s.required = [...new Set(list(() => pick(names), 1, 2))]; },
  (s, d) => { if (d) s.items = often(0.7) ? schema(d - 1) : list(() => schema(d - 1), 1, 3); if (d && often(0.3)) s.additionalItems = schema(d - 1); },
  (s, d) => { if (d) s.contains = schema(d - 1); },
  (s, d) => { if (d) s.properties = byName(d); },
  (s, d) => { if (d) s.properties = byName(d); },
  (s, d) => { if (d) s.patternProperties = Object.fromEntries(list(() => [pattern(1), schema(d - 1)], 1, 2)); },
  (s, d) => { if (d) s.additionalProperties = often(0.4) ? false : schema(d - 1); },
  (s, d) => { if (d) s.propertyNames = { [pick(['pattern'])]: pattern(1) }; },
  (s, d) => { if (d) s.dependencies = { [pick(names)]: often(0.5) ? [pick(names)] : schema(d - 1) }; },
  (s, d) => { if (d) s.allOf = list(() => schema(d - 1), 1, 2); },
  (s, d) => { if (d) s.anyOf = list(() => schema(d - 1), 1, 3); },
  (s, d) => { if (d) s.oneOf = list(() => schema(d - 1), 1, 3); },
  (s, d) => { if (d) s.not = schema(d - 1); },
  (s, d) => { if (!d) return; s.if = schema(d - 1); if (often(0.7)) s.then = schema(d - 1); if (often(0.7)) s.else = schema(d - 1); },
  (s, d) => { s.$ref = pick(['#/definitions/one', '#/definitions/two', '#/definitions/a~1b']); },
  (s, d) => { s.format = 'email'; s.title = 'T'; },
];
function schema(depth = 3) {
  if (often(0.05)) return often(0.7);
  const s = {};
  for (let n = 1 + below(3); n > 0; n--) pick(words)(s, depth);
  return s;
}
// The definitions lead downwards only: a schema that leads to itself over the
// same value is no schema, and ajv does not look.
function whole() {
  const s = schema();
  if (typeof s !== 'object') return { allOf: [s] };
  const plain = () => { const d = schema(1); return JSON.parse(JSON.stringify(d, (key, v) => (key === '$ref' ? undefined : v))); };
  s.definitions = { one: plain(), two: { items: plain(), properties: { a: plain() } }, 'a/b': { properties: { a: { $ref: '#/definitions/one' } }, maxProperties: 3 } };
  return s;
}

// --- the comparison ---

test(`${COUNT} values are judged as ajv judges them`, () => {
  const pairs = [], theirs = [];
  while (pairs.length < COUNT) {
    const one = whole();
    let validate;
    try {
      // Its strict mode refuses schemas that draft-07 allows; formats are
      // theirs to check and ours to pass over.
      validate = new Ajv({ strict: false, validateFormats: false, logger: false }).compile(one);
    } catch (error) {
      if (!/pattern|regular expression/i.test(error.message)) throw error;
      pairs.push({ schema: one, value: null });
      theirs.push('bad');
      continue;
    }
    for (let n = 0; n < 8; n++) {
      const v = value();
      pairs.push({ schema: one, value: v });
      theirs.push(validate(v) ? 'ok' : 'no');
    }
  }
  execFileSync('make', ['-s', 'tests/json/schema_oracle'], { cwd: build, stdio: ['ignore', 'ignore', 'inherit'] });
  const ours = execFileSync(path.join(build, 'tests/json/schema_oracle'), {
    input: `${pairs.map(pair => JSON.stringify(pair)).join('\n')}\n`, maxBuffer: 1 << 28,
  }).toString().trimEnd().split('\n');
  assert.equal(ours.length, pairs.length);
  const share = verdict => theirs.filter(one => one === verdict).length / pairs.length;
  assert.ok(share('ok') > 0.15 && share('no') > 0.15 && share('bad') < 0.3, `ok ${share('ok')}, no ${share('no')}, bad ${share('bad')}: the generator has lost its measure`);
  const differ = pairs.map((pair, i) => ({ pair, ours: ours[i], theirs: theirs[i] })).filter(row => row.ours.split(' ')[0] !== row.theirs);
  for (const row of differ.slice(0, 15)) console.log(`${JSON.stringify(row.pair)}\n  ours   ${row.ours}\n  theirs ${row.theirs}`);
  assert.equal(differ.length, 0, `${differ.length} of ${pairs.length} differ (seed ${SEED})`);
});

await suite();
