// SPDX-License-Identifier: Apache-2.0
//
// Pools: a plugin moves into one of its own and back, which grows and goes
// again, with `callboardctl nginx apply`, while readers lose no answer; and
// what happens where nginx refuses the files, or may not be told.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Portal, freePort, load, request, run, sleep, until } from '../lib/portal.mjs';
import { checkReader, guestCookie, readers } from '../lib/readers.mjs';
import { suite, test } from '../lib/suite.mjs';

let portal, dir, port, ours, cookie;

// The company's nginx, which includes our two files; tests change `rest`.
const nginxConf = rest => `
worker_processes 2;
pid "${dir}/tmp/nginx.pid";
error_log "${dir}/tmp/error.log" warn;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path "${dir}/tmp/a"; proxy_temp_path "${dir}/tmp/b"; fastcgi_temp_path "${dir}/tmp/c";
  uwsgi_temp_path "${dir}/tmp/d"; scgi_temp_path "${dir}/tmp/e";
  include "${dir}/cb/callboard-http.conf";
  server { listen 127.0.0.1:${port}; include "${dir}/cb/callboard-server.conf"; }
  ${rest}
}`;
const writeNginx = (rest = '') => writeFileSync(path.join(dir, 'nginx.conf'), nginxConf(rest));

const pools = {};
function configure(extra = {}) {
  const config = {
    pools: { ...pools },
    nginx: {
      dir: path.join(dir, 'cb'),
      test: ['/usr/sbin/nginx', '-t', '-q', '-c', path.join(dir, 'nginx.conf')],
      reload: ['/usr/sbin/nginx', '-s', 'reload', '-c', path.join(dir, 'nginx.conf')],
      pidFile: path.join(dir, 'tmp/nginx.pid'),
      ...extra,
    },
  };
  writeFileSync(path.join(portal.home, 'conf.d/90-pools.yaml'), JSON.stringify(config), { mode: 0o644 });
}

const fragment = () => request(`${ours.base}/fragments/ownership/owner?entity=component:default/booking-desk`, { headers: { cookie } });
const plugin = async () => JSON.parse((await portal.ctl('-o', 'json', 'plugin', 'list')).stdout).find(row => row.name === 'ownership');
const apply = async () => {
  const done = await portal.ctl('nginx', 'apply');
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /agree/);
};
const web = pool => portal.pids(`callboard: web ${pool}`);

// Readers and a card of the plugin that moves, until work is done.
async function underLoad(work) {
  const state = { done: false };
  const working = work().catch(error => { state.error = error; }).finally(() => { state.done = true; });
  const others = readers(ours, cookie, () => state.done);
  let n = 0;
  const next = () => {
    if (n++ % 3) return others();
    return state.done ? null : { url: `${ours.base}/fragments/ownership/owner?entity=component:default/booking-desk`, kind: 'card', headers: { cookie } };
  };
  const check = (answer, what) => {
    if (what.kind !== 'card') return checkReader(answer, what);
    return answer.status === 200 && answer.body.includes('data-plugin="ownership"') && !answer.body.includes('data-state="unavailable"') ? null : `card: ${answer.status} ${answer.body.slice(0, 200)}`;
  };
  const again = () => { const what = next(); return what && { ...what, again: 3 }; };
  const result = await load({ lanes: 6, next: again, check });
  await working;
  if (state.error) throw state.error;
  console.log(`     ${result.sent} requests, ${result.failed} failed`);
  if (result.failed) throw new Error(result.failures.join('\n'));
  assert.ok(result.sent > 100, `only ${result.sent} requests`);
}

test('a plugin moves to a pool of its own, which grows to 8 processes, and back: 0 failed', async () => {
  await underLoad(async () => {
    pools.quick = { web: 1, fetch: 1, plugins: ['ownership'] };
    configure();
    await apply();
    assert.equal((await plugin()).pool, 'quick');
    assert.equal((await plugin()).reason, '');
    assert.equal((await web('quick')).length, 1);
    pools.quick.web = 8;
    configure();
    await apply();
    await until('eight processes', 10, async () => (await web('quick')).length === 8);
    delete pools.quick;
    configure();
    await apply();
    assert.equal((await plugin()).pool, 'tools');
    await until('the pool is gone', 20, async () => (await web('quick')).length === 0);
  });
  assert.ok(!readFileSync(path.join(dir, 'cb/callboard-http.conf'), 'utf8').includes('cb_quick'));
});

test('while nginx does not know, both pools serve the plugin, and the list says that it waits', async () => {
  await underLoad(async () => {
    pools.quick = { web: 1, fetch: 1, plugins: ['ownership'] };
    configure();
    process.kill((await portal.readStatus()).pids.callboard, 'SIGHUP');
    await until('it waits', 20, async () => /waiting for nginx.*'tools'/.test((await plugin()).reason));
    await until('the new pool serves', 20, async () => (await web('quick')).length === 1);
    await sleep(300);
  });
});

test('where nginx refuses the files, the old ones come back and everything is said', async () => {
  const before = readFileSync(path.join(dir, 'cb/callboard-http.conf'), 'utf8');
  writeNginx('no_such_directive on;');
  const done = await portal.ctl('nginx', 'apply');
  assert.equal(done.code, 7);
  assert.match(done.stderr, /no_such_directive/);
  assert.match(done.stderr, /callboardctl nginx confirm/);
  assert.match(done.stdout, /cb_quick/);
  assert.equal(readFileSync(path.join(dir, 'cb/callboard-http.conf'), 'utf8'), before);
  assert.equal((await fragment()).status, 200);
  writeNginx();
});

test('where it may not write, it prints files and commands, and confirm ends the move', async () => {
  mkdirSync(path.join(dir, 'elsewhere'));
  configure({ dir: path.join(dir, 'no-such-folder') });
  const done = await portal.ctl('nginx', 'apply');
  assert.equal(done.code, 7, done.stderr);
  assert.match(done.stdout, /# ---- callboard-http.conf ----[\s\S]*cb_quick[\s\S]*# ---- callboard-server.conf ----/);
  // The administrator does it by hand.
  const [http, server] = done.stdout.split(/# ---- callboard-(?:http|server)\.conf ----\n/).slice(1);
  writeFileSync(path.join(dir, 'cb/callboard-http.conf'), http);
  writeFileSync(path.join(dir, 'cb/callboard-server.conf'), server);
  configure();
  assert.equal((await run('/usr/sbin/nginx', ['-s', 'reload', '-c', path.join(dir, 'nginx.conf')])).code, 0);
  assert.match((await plugin()).reason, /waiting for nginx/);
  const confirmed = await portal.ctl('nginx', 'confirm');
  assert.equal(confirmed.code, 0, confirmed.stderr);
  assert.equal((await plugin()).reason, '');
  assert.equal((await fragment()).status, 200);
});

test('a bad number, and a nginx that does not run, are said', async () => {
  pools.quick.limits = { nice: 40 };
  configure();
  const bad = await portal.ctl('nginx', 'apply');
  assert.equal(bad.code, 3);
  assert.match(bad.stderr, /pools\.quick\.limits\.nice: expected a whole number from 0 to 19/);
  delete pools.quick.limits;
  configure({ pidFile: path.join(dir, 'none.pid') });
  const away = await portal.ctl('nginx', 'apply');
  assert.equal(away.code, 4, away.stderr);
  assert.match(away.stderr, /nginx does not run, or nginx.pidFile is another/);
  configure();
});

test("a pool's limits hold for it alone", async () => {
  pools.quick.limits = { output: '1k', nice: 5 };
  configure();
  await apply();
  const page = await request(`${ours.base}/catalog/default/component/booking-desk`, { headers: { cookie } });
  assert.match(page.body, /This card is larger than a card may be/);
  assert.match(page.body, /data-plugin="jenkins"/);
  const [pid] = await web('quick'), [other] = await web('tools');
  const nice = async id => Number((await run('ps', ['-o', 'ni=', '-p', String(id)])).stdout);
  assert.equal(await nice(pid) - await nice(other), 5);
});

await suite({
  async before() {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-move-'));
    chmodSync(dir, 0o755);
    for (const name of ['tmp', 'cb']) {
      mkdirSync(path.join(dir, name));
      chmodSync(path.join(dir, name), 0o777);
    }
    port = await freePort();
    portal = await Portal.start();
    await run(path.join(portal.home, 'bin/callboardctl'), ['nginx', '--write', path.join(dir, 'cb')]);
    writeNginx();
    const started = await run('/usr/sbin/nginx', ['-c', path.join(dir, 'nginx.conf')]);
    assert.equal(started.code, 0, started.stderr);
    ours = { base: `http://127.0.0.1:${port}`, token: portal.token };
    cookie = await guestCookie(ours);
    configure();
    await apply(); // from now on it is known what nginx knows
    assert.ok(existsSync(path.join(portal.home, 'state/nginx.json')));
  },
  async after() {
    if (dir && existsSync(path.join(dir, 'tmp/nginx.pid'))) process.kill(Number(readFileSync(path.join(dir, 'tmp/nginx.pid'), 'utf8')), 'SIGTERM');
    await portal?.stop();
    if (dir) rmSync(dir, { recursive: true, force: true });
  },
});
