// SPDX-License-Identifier: Apache-2.0
//
// engines.mjs [ENTITIES] [KILLS] [ENGINES]: an engine that is killed at random
// moments, and several at once, leave the catalog that one undisturbed engine
// makes, to the byte.  About ten minutes for 10,000 entities and 200 kills.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, chmodSync, chownSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Portal, run, sleep, tree, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';

const [entities = 10000, kills = 200, engines = 10] = process.argv.slice(2).map(Number);
const build = process.env.CALLBOARD_BUILD ?? path.join(tree, 'build');
let dir, folder, portal, truth, random = 20261127;

const chance = () => (random = (random * 1103515245 + 12345) % 2147483648) / 2147483648;

async function generate(n) {
  const { code, stderr } = await run('node', [path.join(tree, 'tests/bench/generate.mjs'), String(n), folder]);
  assert.equal(code, 0, stderr);
}

// Another catalog: every description differs, and every tenth document is
// missing (of the first file, which holds what all refer to, none).
async function vary(mark) {
  await generate(entities);
  for (const file of readdirSync(path.join(folder, 'files'))) {
    const name = path.join(folder, 'files', file);
    const documents = readFileSync(name, 'utf8').split(/^---$/m);
    writeFileSync(name, documents.filter((_, i) => file === '0000.yaml' || i % 10 !== mark % 10)
      .map(text => text.replace(/description: /g, `description: ${mark} `)).join('---'));
  }
}

async function sql(text) {
  const { code, stdout, stderr } = await run('psql', ['-qAt', '-h', path.join(portal.status.data, 'run'), '-U', 'callboard', '-d', 'callboard', '-c', text]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

const look = () => sql("update callboard.node set due_at = clock_timestamp() where due_at is not null; notify callboard_work");
const busy = async () => (await sql('select (select count(*) from callboard.node where due_at <= clock_timestamp()) + (select count(*) from callboard.stitch)')) !== '0';

async function settle() {
  let quiet = 0;
  await until('nothing is left to do', 600, async () => {
    quiet = await busy() ? 0 : quiet + 1;
    await sleep(100);
    return quiet > 20;
  });
}

// Of every entity what is served, without what is random.
async function served() {
  const all = await portal.json('/api/catalog/entities', { timeout: 300000 });
  return new Map(all.map(entity => {
    delete entity.metadata.uid;
    return [`${entity.kind}:${entity.metadata.namespace}/${entity.metadata.name}`.toLowerCase(), JSON.stringify(entity)];
  }));
}

async function sameAs(expected) {
  const wrong = [];
  await until('the copy is level', 60, async () => (await served()).size === expected.size);
  const now = await served();
  for (const [ref, json] of expected) if (now.get(ref) !== json) wrong.push(`${ref}\n     now      ${now.get(ref)}\n     expected ${json}`);
  assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${expected.size} differ`);
  assert.equal(now.size, expected.size);
}

async function nothingDoubled() {
  assert.equal(await sql('select count(*) from (select 1 from callboard.entity group by lower(ref) having count(*) > 1) x'), '0');
  assert.equal(await sql('select count(*) from (select 1 from callboard.relation group by origin, type, source, target having count(*) > 1) x'), '0');
  assert.equal(await sql('select count(*) from callboard.entity e where (select count(*) from callboard.entity_history h where h.id = e.id and h.valid_to is null) <> 1'), '0');
  assert.equal(await sql("select deadlocks from pg_stat_database where datname = current_database()"), '0');
}

const fresh = async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'catalog.yaml'), 'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: bench}\nspec: {targets: []}\n');
  portal = await Portal.start({ catalogs: [path.join(folder, 'catalog.yaml')], config: 'catalog:\n  processingInterval: 1h\n  orphanStrategy: delete\n' });
};

test(`one engine, undisturbed, ingests ${entities}`, async () => {
  await fresh();
  const began = Date.now();
  await generate(entities);
  await look();
  await settle();
  truth = await served();
  console.log(`     ${truth.size} entities in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  assert.ok(truth.size >= entities);
  await portal.stop();
});

test(`an engine that is killed ${kills} times makes the same`, async () => {
  await fresh();
  let done = 0, amid = 0, ingests = 0, last = 0;
  const began = Date.now();
  while (done < kills) {
    // One ingest may be over sooner: then all of it is another catalog, and
    // another again.
    if (!await busy()) {
      await vary(ingests);
      ingests++;
      await look();
    }
    // Who dies within a second five times is started ever later: most live
    // longer.
    await sleep(chance() < 0.25 ? chance() * 900 : 1050 + chance() * 900);
    const pid = (await portal.pids('callboard: engine'))[0];
    if (!pid || pid === last) continue;
    if (await busy()) amid++;
    process.kill(pid, 'SIGKILL');
    last = pid;
    done++;
  }
  await generate(entities);
  await look();
  await settle();
  console.log(`     ${done} kills, ${amid} amid work, ${ingests} catalogs, ${((Date.now() - began) / 1000).toFixed(0)} s`);
  assert.ok(amid >= kills / 2, `only ${amid} kills hit work`);
  await sameAs(truth);
  await nothingDoubled();
});

// A host more, of engines alone: nobody asks its web processes.
async function host(n, owner) {
  const home = path.join(dir, `host${n}`);
  for (const name of ['', 'run', 'state']) {
    mkdirSync(path.join(home, name));
    chownSync(path.join(home, name), owner.uid, owner.gid);
  }
  const config = path.join(home, 'host.yaml');
  writeFileSync(config, `backend:\n  runDir: ${home}/run\n  stateDir: ${home}/state\npools:\n  core: {web: 1}\n  tools: {web: 1}\n`);
  const data = portal.status.data, out = openSync(path.join(home, 'log'), 'a');
  return spawn(path.join(build, 'prefix/bin/callboard'), ['-c', path.join(data, 'callboard.yaml'), '-c', config], {
    cwd: home, stdio: ['ignore', out, out], uid: owner.uid, gid: owner.gid,
    env: { ...process.env, CALLBOARD_HOME: home, LD_LIBRARY_PATH: path.join(build, 'prefix/lib'), CALLBOARD_SCHEMA: path.join(build, 'prefix/share/callboard/schema') },
  });
}

test(`${engines} engines at once make the same, without a deadlock`, async () => {
  const { uid, gid } = statSync(portal.status.data);
  const hosts = [];
  try {
    for (let n = 1; n < engines; n++) hosts.push(await host(n, { uid, gid }));
    for (let n = 1; n < engines; n++) await until(`host ${n} serves`, 60, () => readFileSync(path.join(dir, `host${n}`, 'log'), 'utf8').includes('generation 1 serves'));
    for (const mark of [2, 3, 0]) {
      const began = Date.now();
      await (mark ? vary(mark) : generate(entities));
      await look();
      await settle();
      console.log(`     another catalog by ${engines} engines: ${((Date.now() - began) / 1000).toFixed(1)} s`);
    }
    await sameAs(truth);
    await nothingDoubled();
    for (const each of hosts) assert.equal(each.exitCode, null, 'a host has ended');
  } finally {
    for (const each of hosts) each.kill('SIGTERM');
    await Promise.all(hosts.map(each => each.exitCode ?? new Promise(resolve => each.on('exit', resolve))));
  }
});

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-engines-'));
    chmodSync(dir, 0o755);
    folder = path.join(dir, 'catalog');
  },
  after: async () => {
    await portal?.stop();
    rmSync(dir, { recursive: true, force: true });
  },
});
