// SPDX-License-Identifier: Apache-2.0
//
// quickstart itself: repeating it, asking it, stopping it, and what it says
// when it cannot.
import { Portal, freePort, request, run, tree, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, chmodSync, writeFileSync } from 'node:fs';
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
  const began = Date.now();
  const again = await quickstart([]);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.ok(Date.now() - began < 60000);
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

test('a package that nobody has heard of is asked of apt by name, and its failure is one line', async () => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'cb-qs-'));
  chmodSync(home, 0o755);
  const tool = (name, text) => {
    writeFileSync(path.join(home, name), `#!/bin/sh\n${text}\n`);
    chmodSync(path.join(home, name), 0o755);
  };
  // As dpkg-query does: the unknown one is left out, and the exit code is 1.
  tool('dpkg-query', `for p; do case $p in -*|*Status*|uthash-dev) ;; *) echo "$p installed" ;; esac; done; exit 1`);
  tool('apt-get', `echo "$@" >>${home}/asked; exit 1`);
  tool('sudo', 'exit 1');
  try {
    const refused = await quickstart([], { CALLBOARD_HOME: path.join(home, 'h'), CALLBOARD_PORT: String(await freePort()), PATH: `${home}:${process.env.PATH}` });
    assert.equal(refused.code, 1);
    assert.equal(refused.stderr.trim().split('\n').length, 1, refused.stderr);
    assert.match(refused.stderr, /(could not install|apt-get install) uthash-dev/);
    if (process.getuid() === 0) assert.match(readFileSync(path.join(home, 'asked'), 'utf8'), /update/);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
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
  after: () => portal?.stop(),
});
