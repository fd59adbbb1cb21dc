// SPDX-License-Identifier: Apache-2.0
//
// Master, generations and workers behind a real nginx, without any store:
// nobody notices that processes die, are replaced, or get another master.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, existsSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort, load, run, sleep, slow, tree, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';

const build = process.env.CALLBOARD_BUILD ?? path.join(tree, 'build');
const total = Number(process.env.CALLBOARD_LOAD ?? 20000);
const home = mkdtempSync(path.join(os.tmpdir(), 'cb-proc-'));
const config = path.join(home, 'callboard.yaml');
const log = path.join(home, 'callboard.log');
const alive = '/.backstage/health/v1/liveness';
let port, nginx, url;
const masters = [];

// A group that this user may give a socket to, best not its own.
const group = (() => {
  const ids = how => execFileSync('id', [how]).toString().trim().split(' ');
  if (process.getuid() === 0) return { name: 'daemon', gid: Number(execFileSync('getent', ['group', 'daemon']).toString().split(':')[2]) };
  return { name: ids('-Gn').at(-1), gid: Number(ids('-G').at(-1)) };
})();
const settings = extra => `app:\n  title: Processes\nbackend:\n  baseUrl: http://localhost\n` +
  `  runDir: ${home}/run\n  stateDir: ${home}/state\n  socketGroup: ${group.name}\n${extra ?? ''}`;

function startMaster(...args) {
  const out = openSync(log, 'a');
  const child = spawn(path.join(build, 'callboard'), ['--config', config, ...args], { stdio: ['ignore', out, out] });
  child.ended = new Promise(resolve => child.on('exit', (code, signal) => resolve({ code, signal })));
  masters.push(child);
  return child;
}

const pidFile = () => {
  try {
    return Number(readFileSync(`${home}/run/callboard.pid`, 'utf8'));
  } catch {
    return 0;
  }
};
const logText = () => readFileSync(log, 'utf8');
const served = () => (logText().match(/msg="generation \d+ serves/g) ?? []).length;

async function children(parent, title = 'callboard: ') {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,args=']);
  return stdout.split('\n').map(line => line.trim().match(/^(\d+)\s+(\d+)\s+(.*)$/))
    .filter(m => m && Number(m[2]) === parent && m[3].startsWith(title)).map(m => Number(m[1]));
}

const gone = pid => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
};

function writeNginx() {
  const socket = `unix:${home}/run/web-core.sock`;
  mkdirSync(`${home}/tmp`, { recursive: true });
  writeFileSync(`${home}/nginx.conf`, `${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 2; daemon off; pid ${home}/nginx.pid; error_log ${home}/nginx.log error;
events { worker_connections 2048; }
http {
  access_log off; keepalive_requests 1000000;
  client_body_temp_path ${home}/tmp/body; fastcgi_temp_path ${home}/tmp/fastcgi; proxy_temp_path ${home}/tmp/proxy;
  uwsgi_temp_path ${home}/tmp/uwsgi; scgi_temp_path ${home}/tmp/scgi;
  upstream kept { server ${socket} max_fails=0; server ${socket} max_fails=0; keepalive 512; keepalive_timeout 5s; keepalive_requests 1000000; }
  upstream again { server ${socket} max_fails=0; }
  fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri; fastcgi_param QUERY_STRING $args;
  fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param REQUEST_ID $request_id;
  fastcgi_param REMOTE_ADDR $remote_addr;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      fastcgi_keep_conn on; fastcgi_next_upstream error invalid_header; fastcgi_next_upstream_tries 2;
      error_page 502 = @again; fastcgi_pass kept;
    }
    location @again {
      if ($request_method !~ "^(?:GET|HEAD)$") { return 502; }
      fastcgi_pass again;
    }
  }
}
`);
}

// Requests until `enough` says so; anything but an answer below 500 failed.
function pour(enough, method = () => 'GET') {
  let sent = 0;
  return load({
    lanes: 16,
    next: () => (enough(sent) ? null : { url: url + alive, method: method(sent++), body: undefined }),
    check: answer => (answer.status >= 500 || !answer.body.trimEnd().endsWith('}') ? `${answer.status} ${answer.body.slice(0, 80)}` : null),
  });
}

async function pourWhile(work, method) {
  let done = false;
  const pouring = pour(() => done, method);
  await sleep(100);
  try {
    await work();
    await sleep(300);
  } finally {
    done = true;
  }
  const result = await pouring;
  assert.equal(result.failed, 0, `${result.failed} of ${result.sent}: ${result.failures.join('\n')}`);
  assert.ok(result.sent > 100);
  return result;
}

async function hup() {
  const before = served();
  process.kill(pidFile(), 'SIGHUP');
  await until('another generation serves', 20, () => served() > before);
}

test('20 killed web processes and 5 reloads lose nothing', async () => {
  let done = false, killed = 0, reloads = 0;
  const troubles = (async () => {
    while (!done || killed < 20 || reloads < 5) {
      const [pid] = await children(pidFile(), 'callboard: web core');
      if (pid && killed < 20) {
        process.kill(pid, 'SIGKILL');
        killed++;
      }
      if (reloads < 5 && killed % 4 === 0) {
        await hup();
        reloads++;
      }
      await sleep(60);
    }
  })();
  const result = await pour(sent => sent >= total && killed >= 20 && reloads >= 5);
  done = true;
  await troubles;
  assert.equal(result.failed, 0, `${result.failed} of ${result.sent}: ${result.failures.join('\n')}`);
  assert.ok(result.sent >= total);
  console.log(`     ${result.sent} requests, ${killed} killed, ${reloads} reloads`);
});

test('POSTs are not lost by reloads', async () => {
  await pourWhile(async () => {
    for (let i = 0; i < 20; i++) await hup();
  }, sent => (sent % 2 ? 'POST' : 'GET'));
});

test('the processes of the old generation end', async () => {
  await until('one generation is left', 20, async () => (await children(pidFile())).length === 6);
});

test('a killed worker is replaced at once', async () => {
  const [pid] = await children(pidFile(), 'callboard: web tools');
  process.kill(pid, 'SIGKILL');
  const began = Date.now();
  await until('there are two again', 2, async () => {
    const now = await children(pidFile(), 'callboard: web tools');
    return now.length === 2 && !now.includes(pid);
  });
  // The master waits for nothing: what this takes is looking (ps alone is 20
  // ms) and whatever else the machine does.  A pause would be half a second.
  assert.ok(Date.now() - began < 450 * slow, `${Date.now() - began} ms`);
});

test('a worker that is told to end by somebody else is replaced', async () => {
  const [pid] = await children(pidFile(), 'callboard: web core');
  await pourWhile(async () => {
    process.kill(pid, 'SIGTERM');
    await until('it is gone', 15, () => gone(pid));
  });
  assert.equal((await children(pidFile(), 'callboard: web core')).length, 2);
});

test('web processes that take more memory than they may are replaced without a loss', async () => {
  const before = await children(pidFile(), 'callboard: web core'), at = logText().length;
  writeFileSync(config, settings('  limits: {memory: 1M}\n'));
  await pourWhile(async () => {
    await hup();
    await until('one was replaced for it', 20, () => /is over backend\.limits\.memory/.test(logText().slice(at)));
    writeFileSync(config, settings());
    await hup();
  });
  await until('two that may stay', 20, async () => {
    const now = await children(pidFile(), 'callboard: web core');
    return now.length === 2 && now.every(pid => !before.includes(pid));
  });
});

test('the web sockets are open to backend.socketGroup', () => {
  for (const name of ['web-core.sock', 'web-tools.sock']) {
    const { gid, mode } = statSync(`${home}/run/${name}`);
    assert.equal(gid, group.gid, name);
    assert.equal(mode & 0o777, 0o660, name);
  }
});

test('a config with an error changes nothing and is named', async () => {
  const master = pidFile(), before = await children(master);
  writeFileSync(config, settings('  web: {threads: many}\n'));
  await pourWhile(async () => {
    process.kill(master, 'SIGHUP');
    await until('the log says so', 5, () => /the config has errors: generation \d+ stays/.test(logText()));
  });
  assert.match(logText(), /callboard\.yaml:8:\d+/);
  assert.deepEqual(await children(master), before);
  const tested = await run(path.join(build, 'callboard'), ['-t', '--config', config]);
  assert.equal(tested.code, 3);
  assert.match(tested.stdout + tested.stderr, /callboard\.yaml:8:/);
  writeFileSync(config, settings());
});

test('a second master is refused, and named the first', async () => {
  const second = startMaster();
  assert.equal((await second.ended).code, 1);
  assert.match(logText(), new RegExp(`already running as pid ${pidFile()}`));
});

test('another master takes over without a gap', async () => {
  const old = pidFile(), elder = masters.find(m => m.pid === old);
  await pourWhile(async () => {
    startMaster('--take-over');
    await until('the new one serves', 10, () => pidFile() !== old && pidFile() !== 0);
    assert.equal((await elder.ended).code, 0);
  });
});

test('workers whose master was killed serve until there is a new one', async () => {
  const old = pidFile(), orphans = await children(old);
  await pourWhile(async () => {
    process.kill(old, 'SIGKILL');
    await sleep(1500);
    assert.ok(orphans.every(pid => !gone(pid)));
    startMaster();
    await until('a new one serves', 10, () => pidFile() !== old);
    await until('the orphans are gone', 20, () => orphans.every(gone));
  });
  assert.equal((await children(pidFile())).length, 6);
});

test('a process that dies at once again and again is not started all the time', async () => {
  const before = (logText().match(/died of signal 9/g) ?? []).length;
  const end = Date.now() + 3000;
  while (Date.now() < end) {
    for (const pid of await children(pidFile(), 'callboard: engine')) process.kill(pid, 'SIGKILL');
    await sleep(20);
  }
  const deaths = (logText().match(/died of signal 9/g) ?? []).length - before;
  assert.ok(deaths >= 6 && deaths <= 12, `${deaths} deaths in 3 s`);
  await until('it is there again', 10, async () => (await children(pidFile(), 'callboard: engine')).length === 1);
});

test('the end is clean', async () => {
  const master = masters.find(m => m.pid === pidFile()), all = await children(master.pid);
  const pouring = pour(sent => sent >= 200);
  process.kill(master.pid, 'SIGTERM');
  assert.deepEqual(await master.ended, { code: 0, signal: null });
  assert.ok(all.every(gone));
  await pouring;
  assert.ok(!existsSync(`${home}/run/callboard.pid`));
  assert.ok(!existsSync(`${home}/run/web-core.sock`));
});

suite({
  before: async () => {
    port = await freePort();
    url = `http://127.0.0.1:${port}`;
    writeFileSync(config, settings());
    writeFileSync(log, '');
    writeNginx();
    startMaster();
    await until('the first generation serves', 20, () => served() > 0);
    nginx = spawn('/usr/sbin/nginx', ['-p', home, '-c', `${home}/nginx.conf`], { stdio: 'inherit' });
    await until('nginx answers', 10, async () => (await pour(sent => sent >= 1)).failed === 0);
  },
  after: async () => {
    nginx?.kill('SIGTERM');
    for (const master of masters) {
      if (master.exitCode !== null || master.signalCode !== null) continue;
      master.kill('SIGTERM');
      await master.ended;
    }
    if (!process.env.CALLBOARD_KEEP) rmSync(home, { recursive: true, force: true });
    else console.log(`     kept ${home}`);
  },
});
