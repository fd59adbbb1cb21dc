// SPDX-License-Identifier: Apache-2.0
//
// Plugins that are one file: dropped in, changed, broken and taken away while
// the portal serves.
import { Portal, request, tree, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

let portal, cookie, dir, plugins, tool;
const asked = [], silences = [];
const list = async () => Object.fromEntries(JSON.parse((await portal.ctl('-o', 'json', 'plugin', 'list')).stdout).map(p => [p.name, p]));
const card = (plugin, entity = 'ferry', name = 'open') => request(`${portal.base}/fragments/${plugin}/${name}?entity=component:default/${entity}`, { headers: { cookie } });
const drawn = async (...args) => (await card(...args)).body;

// As Alertmanager answers.
function answer(req, res) {
  asked.push(`${req.method} ${req.url}`);
  const url = new URL(req.url, 'http://tool');
  res.setHeader('content-type', 'application/json');
  if (req.method === 'POST' && url.pathname === '/api/v2/silences') {
    let body = '';
    req.on('data', chunk => { body += chunk; });
    req.on('end', () => { silences.push(JSON.parse(body)); if (silences.length > 1) res.statusCode = 500; res.end('{"silenceID": "s1"}'); });
    return undefined;
  }
  if (url.pathname === '/api/v2/alerts') {
    const name = url.searchParams.get('filter')?.replace(/^service=/, '');
    return res.end(JSON.stringify([{ labels: { alertname: `Disk of ${name} full`, severity: 'critical' }, startsAt: '2026-11-27T18:00:00Z', status: { state: 'active' } }]));
  }
  res.statusCode = 404;
  res.end('{}');
}

const alerts = ({ title = 'Open alerts', shape = '{n: length, alerts: [.[] | {name: .labels.alertname, since: .startsAt}]}', show = 'table: {rows: .alerts, columns: [{title: Name, text: .name}, {title: Since, time: .since}]}' } = {}) => `plugin: alerts
version: 1.0.0
summary: Open alerts of a service
keys:
  server: {type: url, help: Address of Alertmanager}
sources:
  open:
    key: "{annotations.example.org/alerts}"
    get: "{config.server}/api/v2/alerts?filter=service={key}"
    shape: '${shape}'
cards:
  open:
    title: ${title}
    show:
      - stat: {label: Open, value: .n}
      - ${show}
`;
// Written aside and renamed, as installers do.
function put(name, text) {
  writeFileSync(path.join(plugins, `.${name}.new`), text);
  renameSync(path.join(plugins, `.${name}.new`), path.join(plugins, `${name}.yaml`));
}

test('a file that is dropped in draws its card, without a restart', async () => {
  const pids = await portal.pids('callboard: web tools');
  const began = Date.now();
  put('alerts', alerts());
  await until('it runs', 1, async () => (await list()).alerts?.state === 'running');
  assert.ok(Date.now() - began < 2000);
  await until('its card is drawn', 3, async () => /<td[^>]*>Disk of calm\/ferry full/.test(await drawn('alerts')));
  assert.match(await drawn('alerts'), /data-plugin="alerts"/);
  const page = await request(`${portal.base}/catalog/default/component/ferry`, { headers: { cookie } });
  assert.match(page.body, /Open alerts/);
  assert.doesNotMatch((await request(`${portal.base}/catalog/default/component/plain`, { headers: { cookie } })).body, /Open alerts/);
  assert.ok(asked.includes('GET /api/v2/alerts?filter=service=calm%2Fferry'));
  assert.deepEqual(await portal.pids('callboard: web tools'), pids);
  const row = (await list()).alerts;
  assert.equal(row.tier, 'declarative');
});

test('a change is on the page within a second', async () => {
  for (const title of ['Alarms', 'Trouble', 'Fires']) {
    put('alerts', alerts({ title }));
    await until(`it is called ${title}`, 1, async () => (await drawn('alerts')).includes(title));
  }
  // In place, and half of it first.
  const text = alerts({ title: 'Whole' }), file = path.join(plugins, 'alerts.yaml');
  writeFileSync(file, text.slice(0, text.length / 2));
  writeFileSync(file, text);
  await until('it is called Whole', 1, async () => (await drawn('alerts')).includes('Whole'));
  put('alerts', alerts({ shape: '{n: 7, alerts: []}' }));
  await until('the new shape is drawn', 2, async () => />7</.test(await drawn('alerts')));
});

test('a mistake leaves the running version, and says where it is', async () => {
  put('alerts', alerts({ title: 'Broken', show: 'tabel: {rows: .alerts, columns: []}' }));
  const row = await until('it is in trouble', 1, async () => { const { alerts } = await list(); return alerts.trouble && alerts; });
  assert.equal(row.state, 'running');
  assert.match(row.trouble, /alerts\.yaml:16:9: card 'open': there is no component 'tabel'; did you mean 'table'\?/);
  assert.match(await drawn('alerts'), /Open alerts/);
  assert.match((await request(`${portal.base}/admin/plugins`, { headers: { cookie } })).body, /alerts\.yaml:16:9: /);
  put('alerts', alerts({ shape: '.[] | nonsense' }));
  await until('jq is read too', 2, async () => /shape: nonsense\/0 is not defined/.test((await list()).alerts.trouble));
  put('alerts', alerts());
  await until('it is well again', 1, async () => !(await list()).alerts.trouble);
});

test('a file that was never good is refused with its place', async () => {
  put('never', 'plugin: never\nversion: 1\nsumary: x\n');
  const row = await until('it is refused', 1, async () => (await list()).never);
  assert.equal(row.state, 'refused');
  assert.match(row.reason, /never\.yaml:3:1: never: there is no 'sumary'; did you mean 'summary'\? \(and 1 more\)|never\.yaml:.*missing/);
  rmSync(path.join(plugins, 'never.yaml'));
  await until('it is gone', 1, async () => !(await list()).never);
});

test('a shape that never ends is a grey card; others are drawn', async () => {
  mkdirSync(path.join(plugins, 'endless'));
  writeFileSync(path.join(plugins, 'endless/plugin.yaml'), alerts({ shape: '[limit(1e9; repeat(1))]' }).replace('plugin: alerts', 'plugin: endless'));
  await until('it runs', 2, async () => (await list()).endless?.state === 'running');
  const grey = await until('its card is grey', 6, async () => { const body = await drawn('endless'); return body.includes('data-state="off"') && body; });
  assert.match(grey, /This card could not be drawn|The tool does not answer/);
  assert.match(await drawn('alerts'), /Disk of calm\/ferry full/);
  await until('it is charged', 3, async () => (await list()).endless.crashes > 0);
  rmSync(path.join(plugins, 'endless'), { recursive: true });
  await until('it is gone', 1, async () => !(await list()).endless);
});

test('warm fetches for it too', async () => {
  const warm = await portal.warm('-o', 'json', '--plugin', 'alerts');
  assert.equal(warm.code, 0, warm.stdout + warm.stderr);
  assert.equal(JSON.parse(warm.stdout).total, 1);
});

test('a button asks the tool once, and is in the audit log', async () => {
  put('alerts', `${alerts()}actions:
  silence:
    title: Silence them
    confirm: Nobody will be called for an hour.
    post: "{config.server}/api/v2/silences"
    body: {matchers: [{name: service, value: "{key}"}], comment: from the portal}
    done: They are silent for an hour.
`);
  const as = { authorization: `Bearer ${portal.token}` };
  const entity = 'component:default/ferry', address = `${portal.base}/p/alerts/actions/silence`;
  const body = await until('the button is there', 3, async () => { const { body } = await request(`${portal.base}/fragments/alerts/open?entity=${entity}`, { headers: as }); return body.includes('Silence them') && body; });
  assert.match(body, /<a class="button" href="\/p\/alerts\/actions\/silence\?entity=component/);
  // A guest neither sees nor presses it.
  assert.doesNotMatch(await drawn('alerts'), /Silence them/);
  assert.ok([401, 403].includes((await request(address, { method: 'POST', headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' }, body: `entity=${entity}` })).status));
  const page = await request(`${address}?entity=${entity}`, { headers: as });
  assert.match(page.body, /Nobody will be called for an hour\.[^]*<form[^>]*method="post"[^]*name="entity"[^>]*value="component:default\/ferry"/);
  assert.equal(silences.length, 0);
  const press = () => request(address, { method: 'POST', headers: { ...as, 'content-type': 'application/x-www-form-urlencoded' }, body: `entity=${encodeURIComponent(entity)}` });
  const before = asked.length, done = await press();
  assert.equal(done.status, 303, done.body);
  assert.deepEqual(silences, [{ matchers: [{ name: 'service', value: 'calm/ferry' }], comment: 'from the portal' }]);
  assert.match((await request(portal.base + done.headers.location, { headers: as })).body, /They are silent for an hour\./);
  // What the card shows is asked for anew.
  await until('the alerts were asked for', 3, async () => { await drawn('alerts'); return asked.slice(before).some(line => line.startsWith('GET /api/v2/alerts')); });
  assert.equal((await press()).status, 502);
  const rows = JSON.parse((await portal.ctl('-o', 'json', 'audit', 'list', '--action', 'plugin.action')).stdout);
  assert.deepEqual(rows.map(row => [row.object, row.outcome]), [['alerts.silence component:default/ferry', 'failed'], ['alerts.silence component:default/ferry', 'done']]);
});

test('a file that is taken away takes its card along', async () => {
  rmSync(path.join(plugins, 'alerts.yaml'));
  await until('it is gone', 1, async () => !(await list()).alerts);
  assert.equal((await card('alerts')).status, 404);
});

test('the file that docs/plugins.md teaches passes its own tests, and one that is wrong does not', async () => {
  const file = path.join(dir, 'alerts.yaml');
  const text = readFileSync(path.join(tree, 'docs/plugins.md'), 'utf8').match(/```yaml\n(plugin: alerts[^]*?)```/)[1];
  writeFileSync(file, text);
  const good = await portal.ctl('plugin', 'test', file);
  assert.equal(good.code, 0, good.stdout + good.stderr);
  assert.match(good.stdout, /^ok {3}an alert is shown\n1 passed, 0 failed\n$/);
  writeFileSync(file, text.replace('text: DiskFull}', 'text: DiskEmpty}'));
  const bad = await portal.ctl('plugin', 'test', file);
  assert.equal(bad.code, 6);
  assert.match(bad.stdout, /^FAIL an alert is shown\n {5}.*alerts\.yaml:\d+: the card lacks 'DiskEmpty'\n/);
  writeFileSync(file, text.replace('- stat:', '- stats:'));
  const broken = await portal.ctl('plugin', 'test', file);
  assert.equal(broken.code, 6);
  assert.match(broken.stderr, /alerts\.yaml:16:9: card 'firing': there is no component 'stats'; did you mean 'stat'\?/);
});

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-declared-'));
    chmodSync(dir, 0o755);
    plugins = path.join(dir, 'plugins');
    mkdirSync(plugins);
    tool = http.createServer(answer);
    await new Promise(resolve => tool.listen(0, '127.0.0.1', resolve));
    const server = `http://127.0.0.1:${tool.address().port}`;
    const component = (name, annotation) => `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${name}\n  annotations: {${annotation}}\nspec: {type: service, lifecycle: production, owner: crew}\n---\n`;
    writeFileSync(path.join(dir, 'catalog.yaml'), component('ferry', 'example.org/alerts: calm/ferry') + component('plain', ''));
    const section = '{server: watch}';
    writeFileSync(path.join(dir, 'extra.yaml'), `backend:\n  pluginDirs: ['${plugins}']\nconnections:\n  watch: {baseUrl: '${server}', allow: [loopback]}\nalerts: ${section}\nendless: ${section}\npermission: {defaultRole: reader}\n`);
    portal = await Portal.start({ catalogs: [path.join(dir, 'catalog.yaml')], config: [path.join(dir, 'extra.yaml')] });
    cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
  },
  after: async () => {
    await portal?.stop();
    tool?.close();
    rmSync(dir, { recursive: true, force: true });
  },
});
