// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL or Redis is away: readers still read, and are told how old.
import { Portal, request, run, sleep, until, load, slow } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

let portal, cookie, refs;
const byName = ref => {
  const [, kind, namespace, name] = ref.match(/^([^:]+):([^/]+)\/(.+)$/);
  return { kind, namespace, name };
};
const page = target => request(portal.base + target, { headers: { cookie } });

async function stopPostgres() {
  const { pids } = await portal.readStatus();
  process.kill(pids.postgres, 'SIGQUIT');
  await until('PostgreSQL is gone', 10, async () => (await portal.readStatus()).pids.postgres === null);
  // The follower must have noticed before anything is called stale.
  await sleep(2500);
}

// Brings back what is missing; the rest of the portal is left alone.
async function startPostgres() {
  const data = (await portal.readStatus()).data;
  const bin = (await run('bash', ['-c', 'ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1'])).stdout.trim();
  const owner = (await run('stat', ['-c', '%u:%g', path.join(data, 'pg')])).stdout.trim().split(':');
  const as = process.getuid() === 0 ? ['setpriv', `--reuid=${owner[0]}`, `--regid=${owner[1]}`, '--clear-groups', '--'] : [];
  await run('bash', ['-c', `rm -f "$1/pg/postmaster.pid"; cd "$1"; shift; exec "\${@:2}" "$0/postgres" -D pg -k "$1/run" -c listen_addresses= -c max_connections=60 -c jit=off >>log/postgres.log 2>&1 </dev/null &`, bin, data, data, ...as]);
  await until('PostgreSQL is back', 15, async () => (await run(`${bin}/pg_isready`, ['-q', '-h', path.join(data, 'run'), '-U', 'callboard', '-d', 'callboard'])).code === 0);
}

// Says how old it is if, and only if, it is behind.
function saysItsAge(answer, stale, what) {
  assert.equal(answer.status, 200, `${what}: ${answer.body}`);
  assert.equal(answer.headers.warning, stale ? '110 callboard "Response is Stale"' : undefined, what);
  if (stale) assert.match(answer.headers.age ?? 'no Age', /^\d+$/, what);
}

async function everythingIsRead(stale) {
  for (const ref of refs) {
    const { kind, namespace, name } = byName(ref);
    saysItsAge(await portal.get(`/api/catalog/entities/by-name/${kind}/${namespace}/${name}`), stale, ref);
    const shown = await page(`/catalog/${namespace}/${kind}/${name}`);
    saysItsAge(shown, stale, `page of ${ref}`);
    assert.ok(shown.body.trimEnd().endsWith('</html>'), `page of ${ref}`);
  }
  const some = await portal.get('/api/catalog/entities/by-refs', { method: 'POST', body: { entityRefs: refs } });
  saysItsAge(some, stale, 'by-refs');
  assert.ok(JSON.parse(some.body).items.every(Boolean));
  for (const target of ['/', '/catalog', '/catalog?kind=component&owner=group:default/booking-crew', '/api/catalog/entity-facets?facet=kind']) {
    const answer = await portal.get(target);
    saysItsAge(answer, stale, target);
    assert.ok(/<\/html>\s*$|\}$/.test(answer.body), target);
  }
}

test('with PostgreSQL everything is fresh', async () => {
  const answer = await portal.get('/api/catalog/entities/by-name/component/default/booking-desk');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.warning, undefined);
  await everythingIsRead(false);
});

test('with PostgreSQL away every entity and page is read, with Warning and Age', async () => {
  await stopPostgres();
  await everythingIsRead(true);
});

test('also after all web processes were killed', async () => {
  for (const title of ['callboard: web core', 'callboard: web tools'])
    for (const pid of await portal.pids(title)) process.kill(pid, 'SIGKILL');
  await until('web is there again', 5, async () => (await portal.get('/.backstage/health/v1/liveness')).status === 200);
  await everythingIsRead(true);
});

test('what only PostgreSQL knows, and writes, are 503 with Retry-After, soon', async () => {
  const began = Date.now();
  for (const [target, options] of [
    ['/api/catalog/entities/by-query?fullTextFilterTerm=never-asked-before', {}],
    ['/api/catalog/locations', {}],
    ['/api/catalog/locations', { method: 'POST', body: { type: 'url', target: 'https://example.org/catalog-info.yaml' } }],
  ]) {
    const answer = await portal.get(target, options);
    assert.equal(answer.status, 503, `${target}: ${answer.status} ${answer.body}`);
    assert.ok(Number(answer.headers['retry-after']) > 0, `${target}: no Retry-After`);
    assert.equal(JSON.parse(answer.body).error.name, 'ServiceUnavailableError');
  }
  assert.ok(Date.now() - began < 2000 * slow, 'it took longer than 2 s');
});

test('still ready, from its copy', async () => {
  assert.equal((await portal.get('/.backstage/health/v1/readiness')).status, 200);
});

async function stopPortal() {
  process.kill((await portal.readStatus()).pids.callboard, 'SIGTERM');
  await until('the portal ended', 20, async () => (await portal.readStatus()).pids.callboard === null);
}

async function startPortal() {
  const data = (await portal.readStatus()).data;
  const start = readFileSync(path.join(portal.home, 'bin/callboardctl'), 'utf8').match(/exec '(.*)\/callboardctl'/)[1];
  const owner = (await run('stat', ['-c', '%u:%g', path.join(data, 'state')])).stdout.trim().split(':');
  const as = process.getuid() === 0 ? ['setpriv', `--reuid=${owner[0]}`, `--regid=${owner[1]}`, '--clear-groups', '--'] : [];
  await run('bash', ['-c', `cd "$1"; export CALLBOARD_HOME="$1" CALLBOARD_SCHEMA="$0/../share/callboard/schema" LD_LIBRARY_PATH="$0/../lib"; shift; exec setsid "$@" "$0/callboard" >>log/callboard.log 2>&1 </dev/null &`, start, data, ...as]);
}
const health = async what => (await portal.get(`/.backstage/health/v1/${what}`)).status;

test('a portal started without PostgreSQL serves from its copy', async () => {
  await stopPortal();
  await startPortal();
  await until('it is ready', 10, async () => await health('readiness') === 200);
  portal.status = await portal.readStatus();
  await everythingIsRead(true);
});

test('one that has no copy either is alive, but not ready, and says so', async () => {
  await stopPortal();
  const copy = path.join((await portal.readStatus()).data, 'state/copy');
  renameSync(copy, `${copy}.away`);
  await startPortal();
  await until('it is alive', 10, async () => await health('liveness') === 200);
  // Not only at first: it stays so.
  for (let i = 0; i < 10; i++) {
    assert.equal(await health('readiness'), 503);
    assert.equal(await health('liveness'), 200);
    await sleep(100);
  }
  for (const target of ['/api/catalog/entities/by-name/component/default/booking-desk', '/api/catalog/entities']) {
    const answer = await portal.get(target);
    assert.equal(answer.status, 503, `${target}: ${answer.body}`);
    assert.ok(Number(answer.headers['retry-after']) > 0, `${target}: no Retry-After`);
  }
  const shown = await page('/catalog/default/component/booking-desk');
  assert.equal(shown.status, 503);
  assert.ok(shown.body.trimEnd().endsWith('</html>'));
});

test('a copy older than catalog.staleIfError is none', async () => {
  await stopPortal();
  const data = (await portal.readStatus()).data;
  const copy = path.join(data, 'state/copy');
  rmSync(copy, { recursive: true, force: true });
  renameSync(`${copy}.away`, copy);
  writeFileSync(path.join(data, 'conf.d/99-old.yaml'), 'catalog: {staleIfError: 1s}\n');
  await startPortal();
  await until('it is alive', 10, async () => await health('liveness') === 200);
  assert.equal(await health('readiness'), 503);
  assert.equal((await portal.get('/api/catalog/entities/by-name/component/default/booking-desk')).status, 503);
  // The same copy, when more is allowed.
  rmSync(path.join(data, 'conf.d/99-old.yaml'));
  await stopPortal();
  await startPortal();
  await until('it is ready', 10, async () => await health('readiness') === 200);
  portal.status = await portal.readStatus();
  await everythingIsRead(true);
});

test('whole again when PostgreSQL is back', async () => {
  await startPostgres();
  await until('answers are fresh', 10, async () => {
    const answer = await portal.get('/api/catalog/entities/by-name/component/default/booking-desk');
    return answer.status === 200 && answer.headers.warning === undefined;
  });
  const answer = await portal.get('/api/catalog/locations', { method: 'POST', body: { type: 'url', target: 'https://example.org/back.yaml' } });
  assert.equal(answer.status, 201, answer.body);
});

// 53100 as PostgreSQL raises it, from the first row that is written.
test('with the disk of PostgreSQL full writes are 503 and say why, reads go on, nothing is lost', async () => {
  const sql = text => run('psql', ['-qAt', '-v', 'ON_ERROR_STOP=1', '-h', path.join(portal.status.data, 'run'), '-U', 'callboard', '-d', 'callboard', '-c', text]);
  const made = await sql(`create function callboard.no_space() returns trigger language plpgsql as $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
    create trigger no_space before insert on callboard.audit for each row execute function callboard.no_space()`);
  assert.equal(made.code, 0, made.stderr);
  const count = async () => JSON.parse((await portal.get('/api/catalog/locations')).body).length, before = await count();
  const body = { type: 'url', target: 'https://example.org/no-space.yaml' };
  try {
    const answer = await portal.get('/api/catalog/locations', { method: 'POST', body });
    assert.equal(answer.status, 503, answer.body);
    assert.match(JSON.parse(answer.body).error.message, /disk is full/);
    assert.equal((await portal.get('/api/catalog/entities/by-name/component/default/booking-desk')).status, 200);
    assert.equal((await portal.get('/catalog', { headers: { cookie } })).status, 200);
    assert.equal(await count(), before);
  } finally {
    await sql('drop trigger no_space on callboard.audit; drop function callboard.no_space');
  }
  assert.equal((await portal.get('/api/catalog/locations', { method: 'POST', body })).status, 201);
});

const card = async () => (await page('/fragments/jenkins/builds?entity=component:default/booking-desk')).body;

test('with Redis away the catalog is untouched and cards still come', async () => {
  const { pids } = await portal.readStatus();
  process.kill(pids.redis, 'SIGKILL');
  await sleep(300);
  let sent = 0;
  const result = await load({
    lanes: 4,
    next: () => sent++ >= 300 ? null : { url: `${portal.base}/api/catalog/entities/by-name/component/default/booking-desk`, headers: { authorization: `Bearer ${portal.token}` } },
    check: answer => answer.status === 200 ? null : `status ${answer.status}`,
  });
  assert.equal(result.failed, 0, result.failures.join('\n'));
  const answer = await page('/catalog/default/component/booking-desk');
  assert.equal(answer.status, 200);
  assert.ok(answer.body.includes('data-plugin="jenkins"'));
  const shown = await until('the card is drawn, and says so', 10, async () => {
    const got = await card();
    return got.includes('<table') && got.includes('Redis is away') && got;
  });
  assert.doesNotMatch(shown, /data-state/);
  assert.match((await portal.ctl('status')).stdout, /^cache +away$/m);
  await everythingIsRead(false);
});

test('Redis comes back without a restart', async () => {
  const data = (await portal.readStatus()).data;
  const owner = (await run('stat', ['-c', '%u:%g', path.join(data, 'redis')])).stdout.trim().split(':');
  const as = process.getuid() === 0 ? ['setpriv', `--reuid=${owner[0]}`, `--regid=${owner[1]}`, '--clear-groups', '--'] : [];
  await run('bash', ['-c', `cd "$0/redis"; rm -f "$0/run/redis.sock"; exec "$@" redis-server --port 0 --unixsocket "$0/run/redis.sock" --unixsocketperm 770 --daemonize yes --pidfile "$0/redis/redis.pid" --dir "$0/redis" --save "" --logfile "$0/log/redis.log"`, data, ...as]);
  await until('values are kept in Redis again', 15, async () => {
    await page('/fragments/jenkins/builds?entity=component:default/booking-desk');
    const { stdout } = await run('redis-cli', ['-s', path.join(data, 'run/redis.sock'), 'dbsize']);
    return Number(stdout.trim().replace(/\D+/g, '')) > 0;
  });
  await until('the card does not speak of Redis any more', 10, async () => !(await card()).includes('Redis'));
  assert.match((await portal.ctl('status')).stdout, /^cache +ok$/m);
});

await suite({
  before: async () => {
    portal = await Portal.start();
    cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
    refs = (await portal.json('/api/catalog/entities?fields=kind,metadata.name,metadata.namespace'))
      .map(e => `${e.kind}:${e.metadata.namespace}/${e.metadata.name}`.toLowerCase());
    assert.ok(refs.length > 50, `${refs.length} entities`);
  },
  after: () => portal?.stop(),
});
