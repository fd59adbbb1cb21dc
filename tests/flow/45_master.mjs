// SPDX-License-Identifier: Apache-2.0
//
// The master of a whole portal is killed, replaced, told to load a wrong
// config and told to end, under load.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Portal, load, request, run, sleep, tree, until } from '../lib/portal.mjs';
import { checkReader, guestCookie, readers } from '../lib/readers.mjs';
import { suite, test } from '../lib/suite.mjs';

const build = process.env.CALLBOARD_BUILD ?? path.join(tree, 'build');
let portal, cookie, dir, data, owner;
const masters = [];

const logText = () => readFileSync(path.join(data, 'log/callboard.log'), 'utf8');
const pidFile = () => Number(readFileSync(path.join(data, 'run/callboard.pid'), 'utf8'));
const served = () => (logText().match(/generation \d+ serves/g) ?? []).length;
const env = () => ({ ...process.env, LD_LIBRARY_PATH: path.join(build, 'prefix/lib'), CALLBOARD_HOME: data,
  CALLBOARD_SCHEMA: path.join(build, 'prefix/share/callboard/schema') });

const gone = pid => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
};

// As quickstart does: the same user, home and log.
function startMaster(...args) {
  const out = openSync(path.join(data, 'log/callboard.log'), 'a');
  const child = spawn(path.join(build, 'prefix/bin/callboard'), args, { cwd: data, env: env(), stdio: ['ignore', out, out], ...owner });
  child.ended = new Promise(resolve => child.on('exit', (code, signal) => resolve({ code, signal })));
  masters.push(child);
  return child;
}

async function children(parent) {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,args=']);
  return stdout.split('\n').map(line => line.trim().match(/^(\d+)\s+(\d+)\s+(.*)$/))
    .filter(m => m && Number(m[2]) === parent && m[3].startsWith('callboard: ')).map(m => Number(m[1]));
}

async function readWhile(work) {
  let done = false;
  const reading = load({ lanes: 8, next: readers(portal, cookie, sent => done && sent >= 300), check: checkReader });
  await sleep(100);
  try {
    await work();
    await sleep(300);
  } finally {
    done = true;
  }
  const result = await reading;
  assert.equal(result.failed, 0, `${result.failed} of ${result.sent}: ${result.failures.join('\n')}`);
  console.log(`     ${result.sent} requests, ${result.failed} failed`);
}

test('a master is killed, a new one is started: no reader notices', async () => {
  const old = pidFile(), orphans = await children(old);
  assert.equal(orphans.length, 6);
  await readWhile(async () => {
    process.kill(old, 'SIGKILL');
    await sleep(1500);
    assert.ok(orphans.every(pid => !gone(pid)), 'orphans serve until there is somebody else');
    startMaster();
    await until('a new one serves', 20, () => pidFile() !== old && !gone(pidFile()));
    await until('the orphans are gone', 40, () => orphans.every(gone));
  });
  assert.equal((await children(pidFile())).length, 6);
  assert.equal((await portal.readStatus()).pids.callboard, pidFile());
});

test('killed again and again, still nobody notices', async () => {
  await readWhile(async () => {
    for (let i = 0; i < 3; i++) {
      const old = pidFile();
      process.kill(old, 'SIGKILL');
      await until('it is gone', 5, () => gone(old));
      startMaster();
      await until('a new one serves', 20, () => pidFile() !== old && !gone(pidFile()));
      await sleep(300);
    }
  });
});

test('a second master is refused while one lives', async () => {
  const master = pidFile();
  assert.equal((await startMaster().ended).code, 1);
  assert.match(logText(), new RegExp(`already running as pid ${master}: stop it first, or take over with --take-over`));
  assert.equal(pidFile(), master);
});

test('one that takes over loses nothing', async () => {
  const old = pidFile(), elder = masters.find(m => m.pid === old);
  await readWhile(async () => {
    startMaster('--take-over');
    await until('the new one serves', 20, () => pidFile() !== old);
    assert.equal((await elder.ended).code, 0);
  });
});

const testConfig = () => run(path.join(build, 'prefix/bin/callboard'), ['-t'], { env: env(), ...owner });

test('callboard -t: 0 for a good config, and how many connections it needs', async () => {
  const { code, stdout, stderr } = await testConfig();
  assert.equal(code, 0, stderr);
  assert.match(stdout, /PostgreSQL connections: at most \d+, and \d+ while a reload overlaps/);
  assert.match(stdout, /the config is fine/);
});

test('callboard -t: 2 for what it does not know', async () => {
  const bogus = await run(path.join(build, 'prefix/bin/callboard'), ['--bogus'], { env: env() });
  assert.equal(bogus.code, 2);
  assert.match(bogus.stderr, /--bogus/);
  const word = await run(path.join(build, 'prefix/bin/callboard'), ['start'], { env: env() });
  assert.equal(word.code, 2);
  assert.match(word.stderr, /unknown argument 'start'/);
});

// Text of a file that is merged last, and where and what is said of it.
const wrong = [
  ['a number that is none', 'backend:\n  web:\n    threads: many\n', /99-wrong\.yaml:3:\d+: .*threads/],
  ['a number out of range', 'backend:\n  web:\n    threads: 100000\n', /99-wrong\.yaml:3:\d+: .*threads/],
  ['a duration that is none', 'catalog:\n  processingInterval: soon\n', /99-wrong\.yaml:2:\d+: .*processingInterval/],
  ['YAML that does not parse', 'backend:\n  web: {threads: 4\n', /99-wrong\.yaml:\d+:\d+/],
  ['a key twice', 'app:\n  title: A\n  title: B\n', /99-wrong\.yaml:3:\d+/],
  ['a list for a text', 'app:\n  title: [A, B]\n', /99-wrong\.yaml:2:\d+: .*title/],
  ['a file that is not there', 'app:\n  title: {$file: /nowhere/title}\n', /99-wrong\.yaml:2:\d+: .*\/nowhere\/title/],
  ['a run folder that nobody can make', 'backend:\n  runDir: /proc/callboard\n', /99-wrong\.yaml:2:\d+: backend\.runDir/],
];

test('callboard -t: 3 for a wrong config, with file and line', async () => {
  const file = path.join(data, 'conf.d/99-wrong.yaml');
  for (const [what, text, said] of wrong) {
    writeFileSync(file, text);
    const { code, stdout, stderr } = await testConfig();
    assert.equal(code, 3, `${what}: ${code} ${stdout}${stderr}`);
    assert.match(stderr, said, what);
  }
  rmSync(file);
});

test('callboard -t: wrong code hosts and entity providers, with file and line', async () => {
  const file = path.join(data, 'conf.d/99-wrong.yaml');
  for (const [text, said] of [
    ['integrations:\n  gitlab:\n    - host: a b\n', /99-wrong\.yaml:3:\d+: integrations\.gitlab\.0\.host: expected/],
    ['integrations:\n  git:\n    - path: here\n', /99-wrong\.yaml:3:\d+: integrations\.git\.0\.path: expected/],
    ['catalog:\n  providers:\n    keycloakOrg:\n      crew: {baseUrl: "ftp://x"}\n', /99-wrong\.yaml:4:\d+: catalog\.providers\.keycloakOrg\.crew\.baseUrl: expected/],
    ['catalog:\n  providers:\n    github:\n      acme: {catalogPath: /x.yaml}\n', /99-wrong\.yaml:4:\d+: catalog\.providers\.github\.acme\.organization is needed/],
  ]) {
    writeFileSync(file, text);
    const { code, stderr } = await testConfig();
    assert.equal(code, 3, `${text}: ${stderr}`);
    assert.match(stderr, said, text);
  }
  rmSync(file);
});

test('HUP with a wrong config keeps the generation, and says file and line', async () => {
  const file = path.join(data, 'conf.d/99-wrong.yaml'), master = pidFile(), before = await children(master);
  await readWhile(async () => {
    for (const [what, text, said] of wrong) {
      const at = logText().length;
      writeFileSync(file, text);
      process.kill(master, 'SIGHUP');
      await until(`${what}: the log says what stays`, 10, () => /generation \d+ stays/.test(logText().slice(at)));
      if (!text.includes('runDir')) assert.match(logText().slice(at), said, what);
    }
    rmSync(file);
  });
  assert.deepEqual(await children(master), before);
  assert.equal(pidFile(), master);
});

test('HUP with a good one again is another generation', async () => {
  const master = pidFile(), before = served();
  await readWhile(async () => {
    process.kill(master, 'SIGHUP');
    await until('it serves', 20, () => served() > before);
  });
  await until('one generation is left', 40, async () => (await children(master)).length === 6);
});

test('SIGTERM: what was under way is answered whole, then everything is gone', async () => {
  const master = masters.find(m => m.pid === pidFile()), all = await children(master.pid);
  assert.ok(master, 'it is one of ours');
  // Takes 700 ms in a plugin, and one of the page's shell and its cards.
  const slow = [0, 1, 2, 3].map(() => request(`${portal.base}/fragments/slow/main?entity=component:default/sluggish`, { headers: { cookie } }));
  await sleep(250);
  process.kill(master.pid, 'SIGTERM');
  for (const answer of await Promise.all(slow)) {
    assert.equal(answer.status, 200);
    assert.match(answer.body, /all is well/);
  }
  assert.deepEqual(await master.ended, { code: 0, signal: null });
  assert.ok(all.every(gone));
  for (const name of ['callboard.pid', 'web-core.sock', 'web-tools.sock', 'fetch-tools-0.sock'])
    assert.ok(!existsSync(path.join(data, 'run', name)), name);
  assert.match(logText(), /msg="stopped"/);
  assert.doesNotMatch(logText(), /did not end in time/);
  const answer = await request(`${portal.base}/api/catalog/entities/by-name/component/default/booking-desk`, { headers: { authorization: `Bearer ${portal.token}` } });
  assert.equal(answer.status, 502);
});

test('and it starts again', async () => {
  startMaster();
  await until('it serves', 20, async () => (await portal.get('/.backstage/health/v1/readiness')).status === 200);
  await readWhile(() => sleep(200));
});

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-master-'));
    chmodSync(dir, 0o755);
    mkdirSync(path.join(dir, 'plugins'));
    for (const name of ['ownership', 'jenkins', 'sonarqube']) copyFileSync(path.join(build, `prefix/lib/callboard/plugins/${name}.so`), path.join(dir, `plugins/${name}.so`));
    copyFileSync(path.join(build, 'tests/abi/.libs/slow.so'), path.join(dir, 'plugins/slow.so'));
    writeFileSync(path.join(dir, 'sluggish.yaml'), "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: sluggish\n  annotations:\n    callboard.test/slow: 'yes'\nspec:\n  type: service\n  lifecycle: production\n  owner: crew\n");
    writeFileSync(path.join(dir, 'extra.yaml'), `backend:\n  pluginDirs: ['${dir}/plugins']\n`);
    portal = await Portal.start({ catalogs: [path.join(tree, 'examples/catalog.yaml'), path.join(dir, 'sluggish.yaml')], config: [path.join(dir, 'extra.yaml')] });
    data = portal.status.data;
    const { uid, gid } = statSync(`/proc/${portal.status.pids.callboard}`);
    if (process.getuid() === 0) owner = { uid, gid };
    cookie = await guestCookie(portal);
  },
  after: async () => {
    await portal?.stop();
    for (const master of masters) await master.ended;
    rmSync(dir, { recursive: true, force: true });
  },
});
