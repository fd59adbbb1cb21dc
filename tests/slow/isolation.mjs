// SPDX-License-Identifier: Apache-2.0
//
// isolation.mjs [HITS] [REQUESTS]: a plugin in a pool of its own that crashes
// is hit 1,000 times, and enabled again whenever it is put out of service,
// while other routes take 50,000 requests: none of those fails.  Then the same
// number of requests without it, for comparison.  About five minutes.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Portal, load, request, sleep, tree } from '../lib/portal.mjs';
import { guestCookie } from '../lib/readers.mjs';
import { suite, test } from '../lib/suite.mjs';

const [hits = 1000, requests = 50000] = process.argv.slice(2).map(Number);
const build = process.env.CALLBOARD_BUILD ?? path.join(tree, 'build');
let portal, dir, cookie;

const state = async () => JSON.parse((await portal.ctl('-o', 'json', 'plugin', 'list')).stdout).find(one => one.name === 'crash');

// An entity, a list, another plugin's card, a page: what everybody asks for.
async function readAll(count) {
  const bearer = { authorization: `Bearer ${portal.token}` }, took = [];
  const kinds = [
    { url: `${portal.base}/api/catalog/entities/by-name/component/default/calm`, headers: bearer },
    { url: `${portal.base}/api/catalog/entities/by-query?limit=2&filter=kind=component`, headers: bearer },
    { url: `${portal.base}/fragments/ownership/owner?entity=component:default/calm`, headers: { cookie }, has: 'data-plugin="ownership"' },
    { url: `${portal.base}/api/catalog/entities/by-name/component/default/calm`, headers: bearer },
    { url: `${portal.base}/catalog/default/component/calm`, headers: { cookie }, has: '</html>' },
  ];
  let sent = 0;
  const next = () => sent >= count ? null : { ...kinds[sent++ % kinds.length], began: performance.now() };
  const result = await load({
    lanes: 6,
    next,
    check: (answer, what) => {
      took.push(performance.now() - what.began);
      if (answer.status !== 200) return `status ${answer.status}`;
      return !what.has || answer.body.includes(what.has) ? null : `no ${what.has}`;
    },
  });
  took.sort((a, b) => a - b);
  return { ...result, p95: took[Math.floor(took.length * 0.95)] };
}

async function hit(progress) {
  while (progress.hits < hits) {
    const answer = await request(`${portal.base}/fragments/crash/main?entity=component:default/loud`, { headers: { cookie } });
    assert.equal(answer.status, 200);
    assert.match(answer.body, /data-plugin="crash"/);
    progress.hits++;
    if (progress.hits % 4 === 0 && (await state()).state === 'quarantined') {
      assert.equal((await portal.ctl('plugin', 'enable', 'crash')).code, 0);
      progress.enabled++;
    }
  }
}

test(`${hits} hits of a crashing plugin, ${requests} requests beside: 0 of those fail`, async () => {
  const progress = { hits: 0, enabled: 0 };
  const hitting = hit(progress);
  const before = (await state()).crashes;
  const result = await readAll(requests);
  await hitting;
  const crashes = (await state()).crashes - before;
  await sleep(2000);
  const alone = await readAll(Math.floor(requests / 5));
  console.log(`     ${result.sent} requests, ${result.failed} failed; ${progress.hits} hits, ${crashes} crashes, enabled ${progress.enabled} times`);
  console.log(`     p95 ${result.p95.toFixed(1)} ms beside them, ${alone.p95.toFixed(1)} ms alone`);
  assert.equal(result.failed, 0, result.failures.join('\n'));
  assert.equal(alone.failed, 0);
  assert.ok(crashes >= hits / 10, `only ${crashes} crashes`);
});

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-isolation-'));
    chmodSync(dir, 0o755);
    mkdirSync(path.join(dir, 'plugins'));
    copyFileSync(path.join(build, 'tests/abi/.libs/crash.so'), path.join(dir, 'plugins/crash.so'));
    for (const name of ['ownership', 'jenkins', 'sonarqube']) copyFileSync(path.join(build, `prefix/lib/callboard/plugins/${name}.so`), path.join(dir, `plugins/${name}.so`));
    const component = (name, annotations) => `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: ${name}, annotations: ${annotations}}\nspec: {type: service, lifecycle: production, owner: crew}\n---\n`;
    writeFileSync(path.join(dir, 'catalog.yaml'), component('calm', '{}') + component('loud', '{callboard.test/crash: "yes"}'));
    writeFileSync(path.join(dir, 'extra.yaml'), JSON.stringify({ backend: { pluginDirs: [path.join(dir, 'plugins')] }, pools: { bad: { web: 2, plugins: ['crash'] } } }));
    portal = await Portal.start({ catalogs: [path.join(dir, 'catalog.yaml')], config: [path.join(dir, 'extra.yaml')], falls: true });
    cookie = await guestCookie(portal);
  },
  after: async () => {
    await portal?.stop();
    rmSync(dir, { recursive: true, force: true });
  },
});
