// SPDX-License-Identifier: Apache-2.0
//
// Plugins that do not fit, crash, loop or fail: their card says so, everything
// else is served.
import { Portal, load, request, run, sleep, until, tree } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

let portal, cookie, dir;
const build = process.env.CALLBOARD_BUILD ?? path.join(tree, 'build');
const list = async () => Object.fromEntries(JSON.parse((await portal.ctl('-o', 'json', 'plugin', 'list')).stdout).map(p => [p.name, p]));
const card = (plugin, entity = 'calm', name = 'main') => request(`${portal.base}/fragments/${plugin}/${name}?entity=component:default/${entity}`, { headers: { cookie } });
const page = target => request(portal.base + target, { headers: { cookie } });

function component(name, annotations) {
  const lines = Object.entries(annotations).map(([key, value]) => `    ${key}: '${value}'`).join('\n');
  return `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
${lines ? `  annotations:\n${lines}\n` : ''}spec:
  type: service
  lifecycle: production
  owner: crew
---
`;
}

function makePlugins() {
  const from = path.join(build, 'tests/abi/.libs');
  const to = path.join(dir, 'plugins');
  mkdirSync(to);
  for (const name of ['crash', 'spin', 'exits', 'failing', 'greedy', 'plain', 'major', 'newer', 'crashstart', 'orphan', 'unserved'])
    if (existsSync(path.join(from, `${name}.so`))) copyFileSync(path.join(from, `${name}.so`), path.join(to, `${name}.so`));
  for (const name of ['ownership', 'jenkins', 'sonarqube']) copyFileSync(path.join(build, `prefix/lib/callboard/plugins/${name}.so`), path.join(to, `${name}.so`));
  writeFileSync(path.join(to, 'text.so'), 'not a shared object');
  copyFileSync(path.join(from, 'plain.so'), path.join(to, 'half.so'));
  truncateSync(path.join(to, 'half.so'), 3000);
  for (const name of readdirSync(to)) chmodSync(path.join(to, name), 0o755);
  return to;
}

test('what does not fit is refused, and says why with both sides', async () => {
  const plugins = await list();
  assert.equal(plugins.major.state, 'refused');
  assert.match(plugins.major.reason, /built for ABI \d+\.\d+, this host speaks 1\.0/);
  assert.equal(plugins.newer.state, 'refused');
  assert.match(plugins.newer.reason, /built for ABI 1\.\d+, this host speaks 1\.0/);
  assert.equal(plugins.text.state, 'refused');
  assert.equal(plugins.half.state, 'refused');
  assert.equal(plugins.orphan.state, 'refused');
  assert.equal(plugins.unserved.state, 'refused');
  for (const name of ['plain', 'ownership']) assert.equal(plugins[name].state, 'running', `${name}: ${plugins[name].reason}`);
  const admin = await page('/admin/plugins');
  assert.equal(admin.status, 200);
  assert.match(admin.body, /this host speaks 1\.0/);
});

test('show names keys, cards and permissions', async () => {
  const shown = JSON.parse((await portal.ctl('plugin', 'show', 'jenkins')).stdout);
  assert.equal(shown.name, 'jenkins');
  assert.ok(JSON.stringify(shown.manifest).includes('jenkins.read'));
  assert.equal((await portal.ctl('plugin', 'show', 'nobody')).code, 6);
});

test('a card whose plugin fails is grey, and the breaker opens', async () => {
  const answer = await card('failing', 'loud');
  assert.equal(answer.status, 200);
  for (let i = 0; i < 8; i++) assert.equal((await card('failing', 'loud')).status, 200);
  await until('the breaker is open', 3, async () => (await list()).failing.state === 'open');
  const ok = await page('/catalog/default/component/calm');
  assert.equal(ok.status, 200);
});

test('a crash costs one process, greys its card, and the request is not run again', async () => {
  const before = (await list()).crash.crashes, pids = await portal.pids('callboard: web tools');
  const answer = await card('crash', 'loud');
  assert.equal(answer.status, 200);
  assert.match(answer.body, /data-plugin="crash" data-state="off"/);
  await until('it was charged once', 3, async () => (await list()).crash.crashes === before + 1);
  await sleep(200);
  assert.equal((await list()).crash.crashes, before + 1);
  const now = await portal.pids('callboard: web tools');
  assert.equal(now.length, pids.length);
  assert.equal(now.filter(pid => !pids.includes(pid)).length, 1);
  assert.equal((await page('/catalog/default/component/calm')).status, 200);
});

test('three crashes make a quarantine; other routes lose nothing', async () => {
  const state = { done: false };
  let sent = 0;
  const reading = load({
    lanes: 4,
    next: () => state.done && sent > 500 ? null : (sent++, { url: `${portal.base}/api/catalog/entities/by-name/component/default/calm`, headers: { authorization: `Bearer ${portal.token}` } }),
    check: answer => answer.status === 200 ? null : `status ${answer.status}`,
  });
  for (let i = 0; i < 6; i++) {
    assert.equal((await card('crash', 'loud')).status, 200);
    await sleep(150);
  }
  await until('it is in quarantine', 5, async () => (await list()).crash.state === 'quarantined');
  state.done = true;
  const result = await reading;
  assert.equal(result.failed, 0, result.failures.join('\n'));
  const grey = await card('crash', 'calm');
  assert.equal(grey.status, 200);
  const whole = await page('/catalog/default/component/calm');
  assert.ok(whole.body.includes('data-plugin="ownership"'));
  assert.ok((await list()).crash.crashes <= 5);
});

test('enabling it ends the quarantine', async () => {
  assert.equal((await portal.ctl('plugin', 'enable', 'crash')).code, 0);
  await until('it is on again', 3, async () => ['running', 'checked', 'ready'].includes((await list()).crash.state));
  await until('its card is drawn', 5, async () => (await card('crash', 'calm')).body.includes('all is well'));
});

test('exit() is charged like a crash', async () => {
  const before = (await list()).exits.crashes;
  assert.equal((await card('exits', 'loud')).status, 200);
  await until('it was charged', 3, async () => (await list()).exits.crashes > before);
});

test('a plugin that never comes back is ended by the watchdog; pool mates lose no GET', async () => {
  const state = { done: false };
  let sent = 0;
  const reading = load({
    lanes: 2,
    next: () => state.done ? null : (sent++, { url: `${portal.base}/fragments/ownership/owner?entity=component:default/calm`, headers: { cookie }, timeout: 20000 }),
    check: answer => answer.status === 200 ? null : `status ${answer.status}`,
  });
  const stuck = await request(`${portal.base}/catalog/default/component/spinner`, { headers: { cookie }, timeout: 40000 });
  assert.equal(stuck.status, 200);
  assert.ok(stuck.body.trimEnd().endsWith('</html>'));
  await until('it was charged', 15, async () => (await list()).spin.crashes > 0);
  assert.equal((await list()).spin.crashes, 1);
  state.done = true;
  const result = await reading;
  assert.equal(result.failed, 0, result.failures.join('\n'));
});

test('a card that writes without end is cut, not served', async () => {
  const answer = await card('greedy', 'loud');
  assert.equal(answer.status, 200);
  assert.ok(answer.body.length < 200000, `${answer.body.length} bytes`);
});

test('off is off within a second, on is on', async () => {
  assert.equal((await portal.ctl('plugin', 'disable', 'plain', '--reason', 'a test')).code, 0);
  await until('it is off', 1, async () => (await list()).plain.state === 'off');
  const away = await card('plain');
  assert.equal(away.status, 404);
  assert.match(away.body, /data-state="off"/);
  const whole = await page('/catalog/default/component/calm');
  assert.ok(!whole.body.includes('Test card of plain'));
  assert.equal((await portal.ctl('plugin', 'enable', 'plain')).code, 0);
  await until('it is on', 1, async () => (await card('plain')).body.includes('<p>component:default/calm</p>'));
});

test('who switched what is in the audit', async () => {
  const data = portal.status.data;
  const { stdout } = await run('psql', ['-qAt', '-h', path.join(data, 'run'), '-U', 'callboard', '-d', 'callboard', '-c', "select actor, action, object from callboard.audit where object = 'plain' order by id"]);
  assert.match(stdout, /unix:.*\|plugin\.disable\|plain/);
  assert.match(stdout, /unix:.*\|plugin\.enable\|plain/);
});

// What the pages tell to do, to the letter but for the folders.
test('the plugins that README.md and docs/plugins.md teach are built, dropped in and drawn', async () => {
  const env = { ...process.env, PKG_CONFIG_PATH: path.join(build, 'prefix/lib/pkgconfig') };
  const block = (page, kind) => readFileSync(path.join(tree, page), 'utf8').match(new RegExp(`\`\`\`${kind}\n([^]*?)\`\`\``))[1];
  for (const [page, name] of [['README.md', 'hello'], ['docs/plugins.md', 'oncall']]) {
    writeFileSync(path.join(dir, `${name}.c`), block(page, 'c'));
    const line = readFileSync(path.join(tree, page), 'utf8').match(/^cc .*$/m)[0];
    const made = await run('bash', ['-c', `${line} && install -m 644 ${name}.so plugins/`], { cwd: dir, env });
    assert.equal(made.code, 0, made.stderr);
    assert.equal(made.stderr, '', 'a warning');
  }
  process.kill(portal.status.pids.callboard, 'SIGHUP');
  for (const name of ['hello', 'oncall']) await until(`${name} runs`, 20, async () => (await list())[name]?.state === 'running');
  await until('the page greets', 10, async () => /data-plugin="hello"[^]*<dd>calm<\/dd>/.test((await page('/catalog/default/component/calm')).body));
  // Nobody is at rota.intranet.example: its card says so, after a moment.
  await until('the rota is away', 10, async () => (await card('oncall', 'calm', 'now')).body.includes('data-plugin="oncall" data-state="off"'));
  // Warming it says so too: partly, in one line.
  const warm = await portal.warm('--plugin', 'oncall');
  assert.equal(warm.code, 7, warm.stdout + warm.stderr);
  assert.match(warm.stdout, /^\d+ keys: 0 fetched, 0 fresh, [1-9]\d* failed, 0 left to another host\n$/);
  const shown = JSON.parse((await portal.ctl('plugin', 'show', 'oncall')).stdout);
  for (const word of ['rota', 'fresh', 'oncall.read', 'entity.overview']) assert.ok(JSON.stringify(shown.manifest).includes(word), word);
});

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-plugins-'));
    chmodSync(dir, 0o755);
    const plugins = makePlugins();
    const loud = Object.fromEntries(['crash', 'exits', 'failing', 'greedy'].map(name => [`callboard.test/${name}`, 'yes']));
    writeFileSync(path.join(dir, 'catalog.yaml'), component('calm', {}) + component('loud', loud) + component('spinner', { 'callboard.test/spin': 'yes' }));
    writeFileSync(path.join(dir, 'extra.yaml'), `backend:\n  pluginDirs: ['${plugins}']\n  limits: {pluginTime: 1s, requestTime: 3s}\n`);
    // The section that docs/plugins.md asks for; its plugin comes later.
    writeFileSync(path.join(dir, 'oncall.yaml'), readFileSync(path.join(tree, 'docs/plugins.md'), 'utf8').match(/```yaml\n(oncall:[^]*?)```/)[1]);
    // A crash that is wanted is nothing a sanitizer has to report.
    for (const name of ['ASAN_OPTIONS', 'TSAN_OPTIONS']) process.env[name] = `${process.env[name] ?? ''}:handle_segv=0`;
    portal = await Portal.start({ catalogs: [path.join(dir, 'catalog.yaml')], config: [path.join(dir, 'extra.yaml'), path.join(dir, 'oncall.yaml')], env: { ROTA_TOKEN: 'stand-in-token' }, falls: true });
    cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
  },
  after: async () => {
    await portal?.stop();
    rmSync(dir, { recursive: true, force: true });
  },
});
