// SPDX-License-Identifier: Apache-2.0
//
// Nobody is shown an older version after somebody was shown a newer one.  An
// entity changes all the time; readers ask for it by every way there is, while
// locations come and go and processes are killed.  FLOW_LOCATIONS sets how
// many (1,000), FLOW_EDITS how often the entity changes (60).
import { Portal, load, request, sleep, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const locations = Number(process.env.FLOW_LOCATIONS ?? 1000);
const edits = Number(process.env.FLOW_EDITS ?? 60);
let portal, cookie, dir, version = 0;

const file = () => path.join(dir, 'ticker.yaml');
function edit() {
  version++;
  writeFileSync(`${file()}.new`, `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ticker
  title: ticker-v${String(version).padStart(6, '0')}
spec: {type: service, lifecycle: production, owner: crew}
`);
  renameSync(`${file()}.new`, file());
}
const refresh = () => portal.get('/api/catalog/refresh', { method: 'POST', body: { entityRef: 'component:default/ticker' } });
const shown = answer => Number(answer.body.match(/ticker-v(\d{6})/)?.[1] ?? NaN);

// The ways to it; those that only PostgreSQL answers, and those of the copy.
const ways = () => {
  const bearer = { authorization: `Bearer ${portal.token}` };
  return [
    { url: `${portal.base}/api/catalog/entities/by-name/component/default/ticker`, headers: bearer },
    { url: `${portal.base}/api/catalog/entities/by-query?filter=metadata.name=ticker`, headers: bearer },
    { url: `${portal.base}/api/catalog/entities/by-refs`, method: 'POST', body: { entityRefs: ['component:default/ticker'] }, headers: bearer },
    { url: `${portal.base}/api/catalog/entities/by-query?fullTextFilterTerm=ticker-v&fullTextFilterFields=metadata.title`, headers: bearer },
    { url: `${portal.base}/catalog/default/component/ticker`, headers: { cookie } },
    { url: `${portal.base}/catalog?kind=component&q=ticker`, headers: { cookie } },
  ];
};

// Reads until work() is done; newest is what any finished answer has shown.
// What was asked for after that must not be older.
async function whileReading(lanes, work, all = ways()) {
  const floor = new WeakMap(), kinds = new Map();
  let newest = 0, asked = 0, done = false;
  const reading = load({
    lanes,
    next: () => {
      if (done) return null;
      const what = { ...all[asked++ % all.length] };
      floor.set(what, newest);
      return what;
    },
    check: (answer, what) => {
      if (answer.status !== 200) return `status ${answer.status}: ${answer.body.slice(0, 200)}`;
      const version = shown(answer);
      if (!(version >= floor.get(what))) return `version ${version} after ${floor.get(what)} was shown`;
      newest = Math.max(newest, version);
      kinds.set(what.url, (kinds.get(what.url) ?? 0) + 1);
      return null;
    },
  });
  try {
    await work(() => newest);
  } finally {
    done = true;
  }
  const result = await reading;
  console.log(`     ${result.sent} answers, ${result.failed} wrong, newest is version ${newest}`);
  assert.equal(result.failed, 0, result.failures.join('\n'));
  assert.equal(kinds.size, all.length, 'a way was never asked');
  return newest;
}

async function killAll(title) {
  for (const pid of await portal.pids(title)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch { /* it has ended by itself */ }
  }
}

// Each edit is waited for, so that there are as many versions as edits.
async function editAll(newest, disturb) {
  for (let i = 0; i < edits; i++) {
    edit();
    await disturb?.(i);
    await until(`version ${version} is shown`, 20, async () => {
      const answer = await refresh().catch(error => ({ status: error.message }));
      await sleep(20);
      return newest() >= version || (answer.status !== 200 && answer.status !== 503 && Promise.reject(new Error(`refresh: ${answer.status}`)));
    });
  }
}

test('versions only rise while the file is edited', async () => {
  await whileReading(4, newest => editAll(newest));
});

test('also while web processes are killed and generations change', async () => {
  const master = (await portal.readStatus()).pids.callboard;
  await whileReading(4, newest => editAll(newest, async i => {
    // One of a generation that ends may be gone by itself: ask until one was there.
    if (i % 10 === 3) await until('one was killed', 10, async () => process.kill((await portal.pids('callboard: web core'))[0], 'SIGKILL'));
    if (i % 20 === 13) process.kill(master, 'SIGHUP');
  }), ways().filter(what => what.method !== 'POST')); // nginx repeats no POST
});

test('also while the follower is killed', async () => {
  await whileReading(4, newest => editAll(newest, async i => {
    if (i % 20 === 7) await killAll('callboard: engine');
  }));
});

test('locations show at once where they were added and deleted, and versions only rise', async () => {
  const listed = async id => JSON.parse((await portal.get('/api/catalog/locations')).body).some(row => row.data.id === id);
  const before = JSON.parse((await portal.get('/api/catalog/locations')).body).length;
  await whileReading(2, async () => {
    for (let i = 0; i < locations; i++) {
      if (i % 10 === 0) {
        edit();
        await refresh();
      }
      const made = await portal.get('/api/catalog/locations', { method: 'POST', body: { type: 'url', target: `https://example.org/newest/${i}.yaml` } });
      assert.equal(made.status, 201, made.body);
      const { id } = JSON.parse(made.body).location;
      assert.ok(await listed(id), `location ${i} is not listed`);
      assert.equal((await portal.get(`/api/catalog/locations/${id}`)).status, 200);
      const gone = await portal.get(`/api/catalog/locations/${id}`, { method: 'DELETE' });
      assert.equal(gone.status, 204, gone.body);
      assert.ok(!(await listed(id)), `location ${i} is still listed`);
    }
  });
  assert.equal(JSON.parse((await portal.get('/api/catalog/locations')).body).length, before);
});

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-newest-'));
    chmodSync(dir, 0o755);
    edit();
    portal = await Portal.start({ catalogs: [file()] });
    cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
  },
  after: async () => {
    await portal?.stop();
    rmSync(dir, { recursive: true, force: true });
  },
});
