// SPDX-License-Identifier: Apache-2.0
//
// Plugins that are programs of their own, in Python, sh and Node: their cards,
// pages and APIs, and what happens when they are not there, slow or wrong.
import { freePort, Portal, request, run, sleep, slow, tree, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const programs = path.join(tree, 'tests/foreign/programs');
const running = {};
let portal, cookie, dir;
const as = headers => ({ headers: { cookie, ...headers } });
const list = async () => Object.fromEntries(JSON.parse((await portal.ctl('-o', 'json', 'plugin', 'list')).stdout).map(p => [p.name, p]));
const card = (which, entity = 'ferry', headers = {}) => request(`${portal.base}/fragments/${which}?entity=component:default/${entity}`, as(headers));
const drawn = (which, entity, part) => until(`${which} of ${entity} has ${part}`, 5, async () => { const { body } = await card(which, entity); return body.includes(part) && body; });

async function begin(name, file, ...args) {
  const child = spawn(file, args, { stdio: 'inherit', cwd: programs });
  running[name] = child;
  child.on('exit', () => delete running[name]);
}

async function end(name) {
  const child = running[name];
  if (!child) return;
  const gone = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

const sock = name => path.join(dir, `${name}.sock`);
const weather = async () => {
  rmSync(sock('weather'), { force: true });
  await begin('weather', 'python3', 'weather.py', sock('weather'));
  await until('the Python program listens', 5, () => existsSync(sock('weather')));
};

test('cards of programs in Python, sh and Node are drawn like any other', async () => {
  assert.match(await drawn('weather/today', 'ferry', '21 °C'), /<dd>Port Elm<\/dd>[^]*href="\/catalog\/default\/component\/ferry"/);
  assert.match(await drawn('disk/full', 'ferry', 'Disk of the host'), /<progress /);
  assert.match(await drawn('builds/last', 'ferry', 'Passed'), /<td class="lead">480<\/td>/);
  const page = await request(`${portal.base}/catalog/default/component/ferry`, as());
  for (const part of ['21 °C', 'Disk of the host', 'Passed', 'data-plugin="ownership"']) assert.ok(page.body.includes(part), part);
  // A place without an entity.
  await until('home has its card', 5, async () => /The host[^]*Disk of the host/.test((await request(`${portal.base}/`, as())).body));
  // Who lacks what the key is made of does not get the card.
  assert.doesNotMatch((await request(`${portal.base}/catalog/default/component/plain`, as())).body, /data-plugin="weather"/);
  for (const name of ['weather', 'disk', 'builds']) assert.equal((await list())[name].tier, 'foreign');
});

test('a fragment answers its view model as JSON, and the levels that are served', async () => {
  const json = JSON.parse((await card('weather/today', 'ferry', { accept: 'application/json' })).body);
  assert.equal(json.state, 'drawn');
  assert.equal(json.view.level, 1);
  assert.equal(json.view.show[0].stat.value, '21 °C');
  const newer = await request(`${portal.base}/fragments/weather/today?entity=component:default/ferry&level=9`, as({ accept: 'application/json' }));
  assert.equal(JSON.parse(newer.body).state, 'unavailable');
  assert.match(newer.body, /level: 9 is newer than this host, which serves levels 1 to 1/);
});

test('a personal card is made for who looks, and for nobody else', async () => {
  assert.match(await drawn('builds/mine', 'ferry', 'Builds of'), /Builds of user:default\/guest/);
});

test('what is slow is a placeholder until it is there', async () => {
  const began = Date.now();
  assert.match((await card('builds/slow')).body, /data-state="loading"/);
  assert.ok(Date.now() - began < 1200 * slow);
  await drawn('builds/slow', 'ferry', 'It took its time.');
});

test('a program that hangs is given up before the call into its plugin would be', async () => {
  const page = request(`${portal.base}/p/builds/hang`, as());
  await until('its card is grey', 5, async () => (await card('builds/hang')).body.includes('data-state="off"'));
  assert.equal((await page).status, 504);
  assert.equal((await list()).builds.crashes, 0);
});

test('a mistake in a view model is a grey card, and named in the log', async () => {
  assert.match((await until('it is grey', 5, async () => { const answer = await card('builds/wrong'); return answer.body.includes('data-state="off"') && answer; })).body, /an answer that makes no sense/);
  await sleep(1000); // a line a second
  await until('the newer one is grey', 5, async () => (await card('builds/newer')).body.includes('data-state="off"'));
  const log = readFileSync(path.join(portal.home, 'log/callboard.log'), 'utf8');
  assert.match(log, /view model: show\.1\.table\.columns\.0\.title: expected a text, not 5/);
  assert.match(log, /view model: level: 7 is newer than this host/);
});

test('a page of a program stands in the shell, and its HTML is made anew', async () => {
  const page = await request(`${portal.base}/p/weather/week?n=3`, as());
  assert.equal(page.status, 200, page.body);
  assert.match(page.body, /<h1>This week<\/h1>[^]*<h3>Week 3<\/h3><ul>\n<li>Rain<\/li>\n<li>Sun<\/li>/);
  assert.doesNotMatch(page.body, /alert\(1\)/);
  assert.equal((await request(`${portal.base}/p/weather/week/nothing`, as())).status, 404);
});

test('an API is the program\'s; who asks comes from the portal alone', async () => {
  const forged = { 'x-callboard-identity': 'forged.by.browser', 'x-callboard-user': 'user:default/admin' };
  const mine = await request(`${portal.base}/api/builds/whoami?a=b%20c`, as(forged));
  assert.equal(mine.status, 200, mine.body);
  const heard = JSON.parse(mine.body);
  assert.equal(heard.user, 'user:default/guest');
  assert.equal(heard.url, '/api/builds/whoami?a=b%20c');
  for (const name of ['cookie', 'authorization', 'x-callboard-user', 'x-csrf-token']) assert.equal(heard.headers[name], undefined, name);
  assert.equal(mine.headers['set-cookie'], undefined);
  assert.match(mine.headers['content-security-policy'], /sandbox/);
  const service = JSON.parse((await portal.get('/api/builds/whoami')).body);
  assert.equal(service.user, null);
  // FastCGI hears the same.
  const python = JSON.parse((await request(`${portal.base}/api/weather/v1/x?q=1`, as(forged))).body);
  assert.equal(python.PATH_INFO, '/api/weather/v1/x');
  assert.equal(python.QUERY_STRING, 'q=1');
  assert.equal(python.HTTP_X_CALLBOARD_IDENTITY.split('.').length, 3);
  assert.notEqual(python.HTTP_X_CALLBOARD_IDENTITY, 'forged.by.browser');
  assert.equal(python.HTTP_COOKIE ?? '', '');
});

test('an API is refused as any other: strangers, methods, other paths', async () => {
  const stranger = await request(`${portal.base}/api/builds/whoami`);
  assert.equal(stranger.status, 401);
  assert.equal(JSON.parse(stranger.body).error.name, 'AuthenticationError');
  assert.equal((await request(`${portal.base}/api/builds/whoami`, { ...as(), method: 'DELETE' })).status, 403);
  assert.equal((await request(`${portal.base}/api/builds/other`, as())).status, 403);
  assert.equal((await request(`${portal.base}/api/weather/v1/%2e%2e/v2`, as())).status, 403);
  // A change by a session needs the token of a form.
  assert.equal((await request(`${portal.base}/api/builds/whoami`, { ...as(), method: 'POST' })).status, 403);
  assert.equal((await portal.get('/api/builds/whoami', { method: 'POST' })).status, 200);
  assert.equal((await request(`${portal.base}/_identity/builds`, as())).status, 404);
});

test('a program that is gone costs its card; one that is back has it again', async () => {
  await end('weather');
  assert.match((await until('it is grey', 5, async () => { const answer = await card('weather/today', 'canoe'); return answer.body.includes('data-state="off"') && answer; })).body, /The tool does not answer/);
  // What is kept goes on, and so does the rest of the page.
  const page = await request(`${portal.base}/catalog/default/component/canoe`, as());
  assert.equal(page.status, 200);
  assert.match(page.body, /data-plugin="disk"/);
  assert.match((await card('weather/today', 'ferry')).body, /21 °C/);
  assert.equal((await request(`${portal.base}/api/weather/v1`, as())).status, 502);
  assert.equal((await request(`${portal.base}/p/weather/week`, as())).status, 503);
  await weather();
  await run('redis-cli', ['-s', path.join(portal.status.data, 'run/redis.sock'), 'flushall']);
  await drawn('weather/today', 'canoe', '21 °C');
  assert.equal((await request(`${portal.base}/api/weather/v1`, as())).status, 200);
});

test('a plugin that is switched off is not led to', async () => {
  assert.equal((await portal.ctl('plugin', 'disable', 'builds')).code, 0);
  await until('its API is refused', 3, async () => (await request(`${portal.base}/api/builds/whoami`, as())).status === 403);
  assert.equal((await card('builds/last')).status, 404);
  assert.equal((await portal.ctl('plugin', 'enable', 'builds')).code, 0);
  await until('it is on again', 3, async () => (await request(`${portal.base}/api/builds/whoami`, as())).status === 200);
});

function writePlugins(port) {
  const plugins = path.join(dir, 'plugins');
  mkdirSync(plugins);
  const put = (name, text) => writeFileSync(path.join(plugins, `${name}.yaml`), text);
  put('weather', `plugin: weather
version: 1.0.0
summary: The weather where a component is
serve: fastcgi:unix:${sock('weather')}
cards:
  today: {title: Weather, key: "{annotations.example.org/city}"}
pages:
  week: {title: This week, nav: Weather}
apis:
  v1: {}
`);
  put('disk', `plugin: disk
version: 1.0.0
summary: How full the disk is
serve: fastcgi:unix:${sock('disk')}
cards:
  full: {title: Disk, when: kind=component}
  host: {title: The host, place: home}
`);
  put('builds', `plugin: builds
version: 1.0.0
summary: Builds of a component
serve: http://127.0.0.1:${port}
cards:
  last: {title: Last builds, when: kind=component}
  mine: {title: My builds, place: none, personal: true}
  slow: {title: Slow, place: none}
  hang: {title: Hang, place: none}
  wrong: {title: Wrong, place: none}
  newer: {title: Newer, place: none}
pages:
  hang: {title: Hang}
apis:
  whoami: {methods: GET POST}
`);
  return plugins;
}

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-foreign-'));
    chmodSync(dir, 0o755);
    const port = await freePort(), portalPort = await freePort();
    const plugins = writePlugins(port);
    const component = (name, annotation) => `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${name}\n  annotations: {${annotation}}\nspec: {type: service, lifecycle: production, owner: crew}\n---\n`;
    writeFileSync(path.join(dir, 'catalog.yaml'), component('ferry', 'example.org/city: Port Elm') + component('canoe', 'example.org/city: Reed') + component('plain', ''));
    writeFileSync(path.join(dir, 'extra.yaml'), `backend:\n  pluginDirs: ['${path.join(tree, 'build/prefix/lib/callboard/plugins')}', '${plugins}']\npermission: {defaultRole: reader}\n`);
    await weather();
    await begin('disk', 'python3', 'fastcgi.py', sock('disk'), 'disk.sh');
    await begin('builds', 'node', 'builds.mjs', String(port), `http://127.0.0.1:${portalPort}`);
    portal = await Portal.start({ port: portalPort, catalogs: [path.join(dir, 'catalog.yaml')], config: [path.join(dir, 'extra.yaml')] });
    cookie = (await request(`${portal.base}/sign-in?return=/`)).headers['set-cookie'][0].split(';')[0];
  },
  after: async () => {
    await portal?.stop();
    for (const name of Object.keys(running)) await end(name);
    rmSync(dir, { recursive: true, force: true });
  },
});
