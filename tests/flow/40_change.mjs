// SPDX-License-Identifier: Apache-2.0
//
// While a plugin is switched, web processes are killed and generations
// change, no reader loses an answer.  FLOW_REQUESTS sets how many (20,000) they
// ask, FLOW_ROUNDS how often they are disturbed (20; a multiple of 4).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Portal, load, sleep, until } from '../lib/portal.mjs';
import { checkReader, guestCookie, readers } from '../lib/readers.mjs';
import { suite, test } from '../lib/suite.mjs';

const total = Number(process.env.FLOW_REQUESTS ?? 20000);
const rounds = Number(process.env.FLOW_ROUNDS ?? 20);
let portal, cookie;

// A generation that ends takes its processes along: ask until one was there.
async function killOne(title) {
  await until(`a '${title}' was killed`, 10, async () => {
    const pids = await portal.pids(title);
    return process.kill(pids[Math.floor(Math.random() * pids.length)], 'SIGKILL');
  });
}

async function toggle(word) {
  const { code, stderr } = await portal.ctl('plugin', word, 'sonarqube');
  if (code) throw new Error(`plugin ${word}: ${code} ${stderr}`);
}

// How many generations have served so far.
const served = () => (readFileSync(path.join(portal.home, 'log/callboard.log'), 'utf8').match(/generation \d+ serves/g) ?? []).length;

async function disturb(state) {
  const master = portal.status.pids.callboard;
  for (let round = 0; round < rounds && !state.done; round++) {
    await toggle('disable');
    await killOne('callboard: web core');
    await sleep(100);
    await toggle('enable');
    await killOne('callboard: web tools');
    if (round % 4 === 3) process.kill(master, 'SIGHUP');
    state.rounds = round + 1;
    await sleep(300);
  }
}

test('0 failed while a plugin is toggled, processes are killed and generations change', async () => {
  const state = { done: false, rounds: 0 };
  const before = served();
  const disturbed = disturb(state).catch(error => { state.error = error; });
  let result = { sent: 0, failed: 0, failures: [] };
  // At least so many requests, and until every disturbance has happened.
  do {
    const more = await load({ lanes: 8, next: readers(portal, cookie, sent => sent >= total), check: checkReader });
    result = { sent: result.sent + more.sent, failed: result.failed + more.failed, failures: [...result.failures, ...more.failures] };
  } while (state.rounds < rounds && result.failed === 0 && !state.error);
  state.done = true;
  await disturbed;
  if (state.error) throw state.error;
  console.log(`     ${result.sent} requests, ${result.failed} failed, ${state.rounds} rounds of disturbance`);
  if (result.failed) throw new Error(result.failures.join('\n'));
  if (state.rounds < rounds) throw new Error(`only ${state.rounds} rounds`);
  await until('as many more generations have served', 20, () => served() >= before + rounds / 4);
});

test('POSTs are not lost while generations change and plugins are toggled', async () => {
  const posts = Math.max(500, Math.floor(total / 10));
  let sent = 0;
  const master = portal.status.pids.callboard;
  const state = { done: false }, before = served();
  const disturbed = (async () => {
    for (let i = 0; i < 5; i++) {
      process.kill(master, 'SIGHUP');
      await toggle('disable');
      await sleep(400);
      await toggle('enable');
      await until('another generation serves', 20, () => served() > before + i);
    }
  })().catch(error => { state.error = error; }).finally(() => { state.done = true; });
  const result = await load({
    lanes: 4,
    next: () => sent++ >= posts && state.done ? null : {
      url: `${portal.base}/api/catalog/entities/by-refs`, method: 'POST',
      headers: { authorization: `Bearer ${portal.token}`, 'content-type': 'application/json' },
      body: { entityRefs: ['component:default/booking-desk', 'component:default/none'] },
    },
    check: answer => answer.status !== 200 ? `status ${answer.status}: ${answer.body.slice(0, 200)}` :
      JSON.parse(answer.body).items[1] !== null ? 'another answer' : null,
  });
  await disturbed;
  if (state.error) throw state.error;
  console.log(`     ${result.sent} requests, ${result.failed} failed, ${served() - before} generations`);
  if (result.failed) throw new Error(result.failures.join('\n'));
});

test('no plugin is in quarantine afterwards', async () => {
  const { stdout } = await portal.ctl('-o', 'json', 'plugin', 'list');
  const bad = JSON.parse(stdout).filter(plugin => plugin.state === 'quarantined' || plugin.state === 'refused');
  if (bad.length) throw new Error(JSON.stringify(bad));
});

test('every process that was killed is there again', async () => {
  for (const title of ['callboard: web core', 'callboard: web tools']) {
    const pids = await portal.pids(title);
    if (pids.length < 2) throw new Error(`${title}: ${pids.length}`);
  }
});

await suite({
  before: async () => {
    portal = await Portal.start();
    cookie = await guestCookie(portal);
  },
  after: () => portal?.stop(),
});
