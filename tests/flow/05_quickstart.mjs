// SPDX-License-Identifier: Apache-2.0
//
// quickstart itself: repeating it, asking it, stopping it, and what it says
// when it cannot.
import { Portal, freePort, request, run, tree, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

let portal;

// A process that nobody has waited for yet has ended all the same.
function ended(pid) {
  try {
    return /\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
// Programs that stand before the real ones on the PATH; each says that it was
// asked, and for what.
function standIns(tools) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'cb-qs-'));
  const log = path.join(dir, 'asked');
  chmodSync(dir, 0o777);
  for (const [name, text] of Object.entries(tools)) {
    writeFileSync(path.join(dir, name), `#!/bin/sh\necho "${name} $*" >>${log}\n${text}\n`);
    chmodSync(path.join(dir, name), 0o755);
  }
  folders.push(dir);
  return { dir, env: { PATH: `${dir}:${process.env.PATH}` }, asked: () => existsSync(log) ? readFileSync(log, 'utf8') : '' };
}
const folders = [];
const quickstart = (args, env) => run(path.join(tree, 'quickstart'), args, { env: { ...portal.env, ...env } });

test('it says where it is, and how to stop it', () => {
  assert.match(portal.output, /entities are served at\s+http:\/\/127\.0\.0\.1:\d+\//);
  assert.match(portal.output, /quickstart stop/);
  assert.match(portal.output, /guest/);
});

test('status as JSON names url, home and pids', async () => {
  const status = await portal.readStatus();
  assert.equal(status.url, `http://127.0.0.1:${portal.port}`);
  assert.equal(status.home, portal.home);
  for (const name of ['nginx', 'callboard', 'postgres', 'redis']) {
    assert.ok(Number.isInteger(status.pids[name]), name);
    process.kill(status.pids[name], 0);
  }
});

test('pids.callboard is the master, parent of every web process, as ps shows', async () => {
  const { pids } = await portal.readStatus();
  const { stdout } = await run('ps', ['-o', 'args=', '-p', String(pids.callboard)]);
  assert.match(stdout, /^callboard: master/);
  const grep = await run('pgrep', ['-f', '-P', String(pids.callboard), 'callboard: web core']);
  assert.ok(grep.stdout.trim().split('\n').length >= 2, grep.stdout);
  const tools = await run('pgrep', ['-f', '-P', String(pids.callboard), 'callboard: web tools']);
  assert.ok(tools.stdout.trim().split('\n').length >= 2, tools.stdout);
});

test('the token is for its owner alone', () => {
  const { mode } = statSync(path.join(portal.home, 'token'));
  assert.equal(mode & 0o777, 0o600);
});

test('as root, everything runs as one unprivileged user', async () => {
  const { pids } = await portal.readStatus();
  const users = new Set();
  for (const pid of Object.values(pids)) users.add((await run('ps', ['-o', 'uid=', '-p', String(pid)])).stdout.trim());
  assert.equal(users.size, 1);
  assert.notEqual([...users][0], '0');
});

test('nothing listens but the one port', async () => {
  const { pids } = await portal.readStatus();
  for (const name of ['callboard', 'postgres', 'redis']) {
    const { stdout } = await run('bash', ['-c', `for p in ${pids[name]} $(pgrep -P ${pids[name]}); do for f in /proc/$p/fd/*; do readlink $f; done; done | sed -n 's/socket:\\[\\(.*\\)\\]/\\1/p' | while read i; do awk -v i=$i '$10 == i && $4 == "0A"' /proc/net/tcp /proc/net/tcp6; done`]);
    assert.equal(stdout.trim(), '', `${name} listens on TCP`);
  }
});

test('a second run is quick, keeps the stores and serves the same', async () => {
  const before = await portal.readStatus();
  const stand = standIns({ 'apt-get': 'exit 1', sudo: 'exit 1', npm: 'exit 1' });
  const began = Date.now();
  const again = await quickstart([], stand.env);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.ok(Date.now() - began < 60000);
  assert.equal(stand.asked(), '', 'nobody is asked for what is there already');
  const after = await portal.readStatus();
  assert.equal(after.pids.postgres, before.pids.postgres);
  assert.equal(after.pids.nginx, before.pids.nginx);
  const answer = await portal.get('/api/catalog/entities/by-name/component/default/booking-desk');
  assert.equal(answer.status, 200);
});

test('a page without a session enters as guest by itself', async () => {
  const first = await request(`${portal.base}/catalog`);
  assert.equal(first.status, 302);
  const door = await request(new URL(first.headers.location, portal.base).href);
  assert.ok([302, 303].includes(door.status), String(door.status));
  const cookie = door.headers['set-cookie'][0];
  assert.match(cookie, /^callboard=/);
  assert.match(cookie, /HttpOnly/);
  assert.match(cookie, /SameSite=Lax/);
  assert.ok(door.headers.location.endsWith('/catalog'), door.headers.location);
  const page = await request(`${portal.base}/catalog`, { headers: { cookie: cookie.split(';')[0] } });
  assert.equal(page.status, 200);
  const bearer = await portal.get('/catalog');
  assert.equal(bearer.status, 200);
});

test('callboardctl works without further arguments, and by CALLBOARD_HOME from a build', async () => {
  const own = await portal.ctl('status');
  assert.equal(own.code, 0, own.stderr);
  assert.match(own.stdout, /running/);
  const build = process.env.CALLBOARD_BUILD ?? path.join(tree, 'build');
  const other = await run(path.join(build, 'callboardctl'), ['-o', 'json', 'status'], { env: { ...process.env, CALLBOARD_HOME: portal.home } });
  assert.equal(JSON.parse(other.stdout).running, true);
});

test('a port in use is one line that says what to do, and leaves nothing running', async () => {
  const server = net.createServer();
  const port = await freePort();
  await new Promise(resolve => server.listen(port, '127.0.0.1', resolve));
  const home = mkdtempSync(path.join(os.tmpdir(), 'cb-qs-'));
  chmodSync(home, 0o755);
  try {
    const refused = await quickstart([], { CALLBOARD_HOME: path.join(home, 'h'), CALLBOARD_PORT: String(port) });
    assert.equal(refused.code, 1);
    const said = refused.stderr.trim().split('\n');
    assert.equal(said.length, 1, refused.stderr);
    assert.match(said[0], /port \d+ is in use.*CALLBOARD_PORT/);
    const status = JSON.parse((await quickstart(['status', '-o', 'json'], { CALLBOARD_HOME: path.join(home, 'h'), CALLBOARD_PORT: String(port) })).stdout);
    assert.deepEqual(status.pids, { nginx: null, callboard: null, postgres: null, redis: null });
  } finally {
    server.close();
    rmSync(home, { recursive: true, force: true });
  }
});

// As dpkg-query does: who is not installed is left out, and the code is 1.
const without = name => `for p; do case $p in -*|*Status*|${name}) ;; *) echo "$p installed" ;; esac; done; exit 1`;
const oneLine = (refused, pattern) => {
  assert.equal(refused.code, 1, refused.stdout + refused.stderr);
  assert.equal(refused.stderr.trim().split('\n').length, 1, refused.stderr);
  assert.match(refused.stderr, pattern);
};

test('what is missing, and nothing else, is asked of apt, while new services are kept from starting; its failure is one line', async () => {
  const policy = '/usr/sbin/policy-rc.d', had = existsSync(policy);
  const stand = standIns({
    'dpkg-query': without('uthash-dev'),
    // Is there, at that moment, what keeps services from starting?
    'apt-get': `case $* in *update*) exit 0 ;; esac; [ -x ${policy} ] && ! ${policy} postgresql start && echo kept >>$0.kept; exit 100`,
    sudo: 'case $1 in -n) exit 0 ;; esac; exec "$@"',
  });
  const env = { ...stand.env, CALLBOARD_HOME: path.join(stand.dir, 'h'), CALLBOARD_PORT: String(await freePort()) };
  oneLine(await quickstart([], env), process.getuid() === 0 ? /could not install uthash-dev \(is there a network\?\): see .*packages\.log/ : /could not install|apt-get install uthash-dev/);
  if (process.getuid() !== 0) return;
  assert.match(stand.asked(), /^apt-get install -y -qq --no-install-recommends uthash-dev$/m);
  assert.ok(existsSync(path.join(stand.dir, 'apt-get.kept')), 'new services would have been started');
  assert.equal(existsSync(policy), had, 'nothing of ours stays in /usr/sbin');
});

test('without root and without sudo it says what root has to install', async () => {
  const stand = standIns({ 'dpkg-query': without('uthash-dev'), 'apt-get': 'exit 1', sudo: 'exit 1' });
  const as = process.getuid() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : ['env'];
  // A folder that anybody may read, whoever owns the clone.
  copyFileSync(path.join(tree, 'quickstart'), path.join(stand.dir, 'quickstart'));
  mkdirSync(path.join(stand.dir, 'node_modules'));
  writeFileSync(path.join(stand.dir, 'node_modules/.callboard'), '');
  const refused = await run(as[0], [...as.slice(1), path.join(stand.dir, 'quickstart')], { env: { ...process.env, ...stand.env, CALLBOARD_HOME: path.join(stand.dir, 'h'), CALLBOARD_PORT: String(await freePort()) } });
  oneLine(refused, /there is no sudo here: as root, run apt-get install uthash-dev/);
  assert.doesNotMatch(stand.asked(), /^apt-get/m);
});

// A clone of which only quickstart is real: what builds it takes its time.
function emptyClone(tools) {
  const stand = standIns({ 'dpkg-query': `for p; do case $p in -*|*Status*) ;; *) echo "$p installed" ;; esac; done`, ...tools });
  copyFileSync(path.join(tree, 'quickstart'), path.join(stand.dir, 'quickstart'));
  writeFileSync(path.join(stand.dir, 'package-lock.json'), '{}');
  writeFileSync(path.join(stand.dir, 'configure.ac'), '');
  writeFileSync(path.join(stand.dir, 'configure'), '#!/bin/sh\n: >Makefile\n');
  chmodSync(path.join(stand.dir, 'configure'), 0o755);
  mkdirSync(path.join(stand.dir, 'node_modules'));
  stand.quickstart = async home => run(path.join(stand.dir, 'quickstart'), [], { env: { ...process.env, ...stand.env, CALLBOARD_BUILD: '', CALLBOARD_HOME: path.join(stand.dir, home), CALLBOARD_PORT: String(await freePort()) } });
  return stand;
}

test('without a network npm is named, in one line', async () => {
  const clone = emptyClone({ npm: 'exit 1' });
  oneLine(await clone.quickstart('h'), /npm could not install htmx and the icons \(is there a network\?\): see .*npm\.log/);
});

test('two runs in one clone share one build, one after the other', async () => {
  const clone = emptyClone({ npm: 'exit 0', make: 'sleep 0.3; echo "make done" >>$(dirname "$0")/asked' });
  for (const run of await Promise.all([clone.quickstart('a'), clone.quickstart('b')])) oneLine(run, /there is no build in .*\/build$/m);
  const said = clone.asked().split('\n').filter(line => line.startsWith('make')).map(line => line === 'make done' ? 'done' : 'begun');
  assert.deepEqual(said, ['begun', 'done', 'begun', 'done', 'begun', 'done', 'begun', 'done']);
  assert.equal(clone.asked().match(/^npm /gm).length, 1, 'what one has fetched is there for the other');
});

test('a config that is wrong is named with its line, and nothing is left running', async () => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'cb-qs-'));
  chmodSync(home, 0o755);
  writeFileSync(path.join(home, 'bad.yaml'), 'backend:\n  web:\n    threads: many\n');
  const env = { CALLBOARD_HOME: path.join(home, 'h'), CALLBOARD_PORT: String(await freePort()) };
  try {
    const refused = await quickstart(['--config', path.join(home, 'bad.yaml')], env);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /bad\.yaml:3:5: backend\.web\.threads: expected a whole number/);
    const status = JSON.parse((await quickstart(['status', '-o', 'json'], env)).stdout);
    assert.deepEqual(status.pids, { nginx: null, callboard: null, postgres: null, redis: null });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test('a home whose path is long, or closed to the user, still works', async () => {
  const top = mkdtempSync(path.join(os.tmpdir(), 'cb-qs-'));
  chmodSync(top, 0o700);
  const home = path.join(top, 'a-rather-long-name-for-a-folder-so-that-no-unix-socket-fits', 'and-another-one-below-it');
  const env = { CALLBOARD_HOME: home, CALLBOARD_PORT: String(await freePort()) };
  try {
    await run('mkdir', ['-p', home]);
    const up = await quickstart([], env);
    assert.equal(up.code, 0, up.stdout + up.stderr);
    const status = JSON.parse((await quickstart(['status', '-o', 'json'], env)).stdout);
    assert.equal(status.home, home);
    assert.notEqual(status.data, home);
    assert.ok(existsSync(path.join(home, 'run')));
    const answer = await request(`http://127.0.0.1:${env.CALLBOARD_PORT}/.backstage/health/v1/readiness`);
    assert.equal(answer.status, 200);
    const ctl = await run(path.join(home, 'bin/callboardctl'), ['status']);
    assert.equal(ctl.code, 0, ctl.stderr);
    await quickstart(['stop'], env);
    rmSync(status.data, { recursive: true, force: true });
  } finally {
    await quickstart(['stop'], env);
    rmSync(top, { recursive: true, force: true });
  }
});

test('listening elsewhere shuts the guest door', async () => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'cb-qs-'));
  chmodSync(home, 0o755);
  const port = await freePort();
  // 127.0.0.2 is loopback but not the default: only 127.0.0.0/8 may be used
  // here, so the door is tried with the wildcard and asked on loopback.
  const env = { CALLBOARD_HOME: path.join(home, 'h'), CALLBOARD_PORT: String(port), CALLBOARD_LISTEN: '0.0.0.0' };
  try {
    const up = await quickstart([], env);
    assert.equal(up.code, 0, up.stdout + up.stderr);
    assert.match(up.stdout, /guest door is shut/);
    const door = await request(`http://127.0.0.1:${port}/sign-in?return=/`);
    assert.equal(door.headers['set-cookie'], undefined);
    assert.ok(door.status === 200 || door.status === 403, String(door.status));
  } finally {
    await quickstart(['stop'], env);
    rmSync(home, { recursive: true, force: true });
  }
});

test('what is half there, because parts of an earlier run died, is made whole', async () => {
  const { pids } = await portal.readStatus();
  const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(pids.nginx)]);
  for (const pid of [pids.callboard, pids.nginx, ...stdout.split('\n').map(Number).filter(Boolean), pids.redis]) process.kill(pid, 'SIGKILL');
  await until('they are gone', 5, () => [pids.callboard, pids.nginx, pids.redis].every(ended));
  // Somebody else has Redis' number by now, as happens where pids come round.
  writeFileSync(path.join(portal.status.data, 'redis/redis.pid'), `${process.pid}\n`);
  const again = await quickstart([]);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  const now = (await portal.readStatus()).pids;
  assert.equal(now.postgres, pids.postgres, 'what lived was left as it was');
  for (const name of ['callboard', 'nginx', 'redis']) assert.ok(now[name] && now[name] !== pids[name], `${name} ${now[name]}`);
  assert.equal((await portal.get('/api/catalog/entities/by-name/component/default/booking-desk')).status, 200);
});

test('several --catalog and --config are read together, in their order', async () => {
  const stand = standIns({});
  const put = (name, text) => {
    writeFileSync(path.join(stand.dir, name), text);
    return path.join(stand.dir, name);
  };
  const thing = (kind, name, spec) => `apiVersion: ${kind === 'Template' ? 'scaffolder.backstage.io/v1beta3' : 'backstage.io/v1alpha1'}\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
  const site = http.createServer((req, res) => res.end(thing('User', 'from-afar', '{memberOf: []}')));
  await new Promise(resolve => site.listen(0, '127.0.0.1', resolve));
  const one = put('one.yaml', thing('Component', 'one', '{type: service, lifecycle: production, owner: crew}') + '---\n' + thing('Template', 'two', '{type: service, steps: [{id: a, action: b}]}'));
  const args = ['--catalog', one, `--catalog=http://127.0.0.1:${site.address().port}/users.yaml`,
    '--config', put('first.yaml', 'app: {title: First}\norganization: {name: Both}\n'), `--config=${put('second.yaml', 'app: {title: Second}\n')}`];
  try {
    const again = await quickstart(args);
    assert.equal(again.code, 0, again.stdout + again.stderr);
    const names = (await portal.json('/api/catalog/entities?filter=kind=component,kind=template,kind=user&fields=metadata.name')).map(e => e.metadata.name);
    assert.deepEqual(names.sort(), ['from-afar', 'one', 'two']);
    assert.equal((await portal.ctl('config', 'get', 'app.title')).stdout.trim(), 'Second');
    assert.equal((await portal.ctl('config', 'get', 'organization.name')).stdout.trim(), 'Both');
  } finally {
    site.close();
  }
});

test('stop ends everything', async () => {
  const { pids } = await portal.readStatus();
  const stopped = await quickstart(['stop']);
  assert.equal(stopped.code, 0);
  for (const [name, pid] of Object.entries(pids)) assert.ok(ended(pid), `${name} ${pid} lives`);
  const status = await portal.readStatus();
  assert.deepEqual(status.pids, { nginx: null, callboard: null, postgres: null, redis: null });
});

await suite({
  before: async () => { portal = await Portal.start(); },
  after: async () => {
    for (const dir of folders) rmSync(dir, { recursive: true, force: true });
    await portal?.stop();
  },
});
