// SPDX-License-Identifier: Apache-2.0
//
// Tool data: cold, warm, and tools that fail.
import { Portal, request, run, sleep, until, load, slow } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import path from 'node:path';

let portal, cookie;
const fragment = (plugin, card, ref, headers) => request(`${portal.base}/fragments/${plugin}/${card}?entity=${ref}`, { headers: { cookie, ...headers } });
const redis = (...args) => run('redis-cli', ['-s', path.join(portal.status.data, 'run/redis.sock'), ...args]);
// Of values, not of probes, which come when they come.
const fetches = async () => [...(await request(`${portal.base}/metrics`)).body.matchAll(/^callboard_plugin_fetches_total\{.*\} (\d+)/gm)].reduce((sum, [, n]) => sum + Number(n), 0);

test('a cold card answers within its budget, then holds what the tool said', async () => {
  const began = Date.now();
  const first = await fragment('jenkins', 'builds', 'component:default/fare-engine');
  assert.equal(first.status, 200);
  assert.ok(Date.now() - began < 2000 * slow);
  const warm = await until('the builds are there', 5, async () => {
    const answer = await fragment('jenkins', 'builds', 'component:default/fare-engine');
    return answer.body.includes('<table') && answer;
  });
  assert.match(warm.body, /#\d+|\d+/);
  assert.ok(warm.body.includes('data-plugin="jenkins"'));
});

test('a warm card asks nobody', async () => {
  await until('quality is warm', 5, async () => !(await fragment('sonarqube', 'quality', 'component:default/booking-desk')).body.includes('data-state="loading"'));
  const hits = async () => Number((await request(`${portal.base}/metrics`)).body.match(/^callboard_plugin_cache_hits_total\{plugin="sonarqube"\} (\d+)/m)[1]);
  const before = await fetches(), kept = await hits();
  for (let i = 0; i < 20; i++) assert.equal((await fragment('sonarqube', 'quality', 'component:default/booking-desk')).status, 200);
  assert.equal(await fetches(), before);
  assert.ok(await hits() >= kept + 20, `${await hits()} values were there, ${kept} before`);
});

test('who looks after plugins sees what a card took, nobody else does', async () => {
  const target = '/fragments/sonarqube/quality?entity=component:default/booking-desk';
  const mine = await portal.get(target);
  assert.match(mine.body, /<section class="card" data-plugin="sonarqube"[^>]* data-ms="\d+\.\d\d"/);
  assert.ok(mine.headers['server-timing'].startsWith('handle;dur='));
  assert.doesNotMatch((await request(portal.base + target, { headers: { cookie } })).body, /data-ms/);
});

test('many readers of one cold key make one request to the tool', async () => {
  await redis('flushall');
  const before = await fetches();
  let sent = 0;
  const result = await load({
    lanes: 24,
    next: () => sent++ >= 120 ? null : { url: `${portal.base}/fragments/jenkins/builds?entity=component:default/ondry-web`, headers: { cookie } },
    check: answer => answer.status === 200 ? null : `status ${answer.status}`,
  });
  assert.equal(result.failed, 0, result.failures.join('\n'));
  await sleep(500);
  assert.equal(await fetches() - before, 1);
});

test('plugins are asked how they are, and say when their tool is away', async () => {
  const health = async name => JSON.parse((await portal.ctl('-o', 'json', 'plugin', 'list')).stdout).find(p => p.name === name);
  for (const name of ['jenkins', 'sonarqube']) {
    // The first probe was before there was an nginx with tools.
    const row = await until(`${name} is well`, 15, async () => (await health(name)).health === 'good' && health(name));
    assert.equal(row.ailment, '');
    assert.ok(Date.now() - row.probedAt < 120000);
  }
  assert.equal((await health('ownership')).health, 'unknown');
  assert.match((await request(`${portal.base}/metrics`)).body, /^callboard_plugin_healthy\{plugin="jenkins"\} 1$/m);
  assert.match((await request(`${portal.base}/admin/plugins`, { headers: { cookie } })).body, /Its probe went well/);
});

test('values of Redis that are no values of ours are misses', async () => {
  await redis('flushall');
  await until('warm', 5, async () => (await fragment('jenkins', 'builds', 'component:default/fare-engine')).body.includes('<table'));
  const { stdout } = await redis('--raw', 'keys', '*');
  for (const key of stdout.split('\n').filter(Boolean)) await redis('set', key, 'garbage \u0001 not an envelope');
  const answer = await until('it is fetched again', 5, async () => {
    const got = await fragment('jenkins', 'builds', 'component:default/fare-engine');
    return got.body.includes('<table') && got;
  });
  assert.equal(answer.status, 200);
});

test('what a tool does not know is said, not an error', async () => {
  const answer = await until('the answer is there', 5, async () => {
    const got = await fragment('jenkins', 'builds', 'component:default/watchbill');
    return !got.body.includes('data-state="loading"') && got;
  });
  assert.equal(answer.status, 200);
  assert.ok(answer.body.includes('data-plugin="jenkins"'));
});

const warm = (...args) => portal.warm('-o', 'json', ...args);

test('warm fetches what readers want, then finds it fresh', async () => {
  await redis('flushall');
  const dry = await portal.ctl('warm', '--dry-run');
  assert.match(dry.stdout, /to fetch/);
  const before = await fetches();
  const first = await warm('--rate', '200');
  const said = JSON.parse(first.stdout);
  assert.equal(first.code, said.failed ? 7 : 0, first.stdout + first.stderr);
  assert.ok(said.fetched > 20, first.stdout);
  assert.ok(await fetches() > before);
  const again = JSON.parse((await warm('--rate', '200')).stdout);
  assert.equal(again.fetched, 0);
  const one = JSON.parse((await warm('--plugin', 'jenkins')).stdout);
  assert.ok(one.total > 0 && one.total < said.total);
});

test('warm without Redis is exit 4', async () => {
  const { pids } = await portal.readStatus();
  process.kill(pids.redis, 'SIGSTOP');
  try {
    assert.equal((await portal.ctl('warm')).code, 4);
  } finally {
    process.kill(pids.redis, 'SIGCONT');
  }
});

test('a fragment speaks JSON and keeps its security headers', async () => {
  const answer = await fragment('ownership', 'owner', 'component:default/booking-desk', { accept: 'application/json' });
  assert.match(answer.headers['content-type'], /json/);
  assert.equal(JSON.parse(answer.body).plugin, 'ownership');
  assert.match(answer.headers['content-security-policy'], /default-src 'none'/);
});

await suite({
  before: async () => {
    portal = await Portal.start();
    cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
  },
  after: () => portal?.stop(),
});
