// SPDX-License-Identifier: Apache-2.0
//
// run.mjs - a reader's walk through the portal in Chromium: home, catalog,
// filter, entity, what its cards say; with scripts and without, in both
// themes and at both widths, and once below a base path.
//
//   node tests/browser/run.mjs             starts portals of its own
//   CALLBOARD_URL=http://... node ...      uses one that runs
//   SHOTS=folder                           leaves pictures there
//
// CALLBOARD_NODE is a folder whose node_modules has what tests/node names.

import { mkdirSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Portal, request } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import { accessible, accessibleWithout, expect, fits, launch, open, valid } from './pages.mjs';

const given = process.env.CALLBOARD_URL?.replace(/\/$/, '');
const shots = process.env.SHOTS;
const ENTITY = '/catalog/default/component/fare-engine';
const CARDS = ['ownership', 'jenkins', 'sonarqube'];
let browser, portals = [], base, below, shelves, shelf;

// Plugins' cards are there at once when warm, after a moment when not.
async function settled(page, script) {
  for (let i = 0; i < 40 && (await page.locator('.card[data-state=loading]').count()); i++) {
    await page.waitForTimeout(250);
    if (!script) await page.reload();
  }
}

async function shoot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

async function looks(page, what) {
  await accessible(page, what);
  await fits(page, what);
}

async function walk(at, { script, theme, size }) {
  const { page, quiet, close } = await open(browser, { script, theme, size });
  const name = `${theme}-${size}${script ? '' : '-noscript'}`;
  const main = page.locator('main');
  const look = what => script ? looks(page, what) : accessibleWithout(page, { theme, size }, what);
  try {
    await page.goto(`${at}/`);
    expect(new URL(page.url()).pathname === new URL(`${at}/`).pathname, `the guest door led to ${page.url()}`);
    await main.getByRole('heading', { level: 1 }).waitFor();
    await look(`home ${name}`);
    await shoot(page, `home-${name}`);

    if (size === 'narrow') await page.locator('#nav-open').check({ force: true });
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Catalog', exact: true }).click();
    await main.getByRole('heading', { level: 1, name: 'Catalog' }).waitFor();
    await look(`catalog ${name}`);
    await shoot(page, `catalog-${name}`);

    const all = Number((await page.getByRole('status').first().innerText()).replace(/\D/g, ''));
    if (size === 'narrow') await page.locator('#rail-open').check({ force: true });
    await page.getByRole('group', { name: 'Type' }).getByRole('checkbox', { name: /^service/ }).check();
    if (!script) await page.getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(/type=service/);
    await main.getByRole('link', { name: /Type service.*remove/i }).waitFor();
    const some = Number((await page.getByRole('status').first().innerText()).replace(/\D/g, ''));
    expect(some > 0 && some < all, `${some} of ${all} entities are services`);
    const types = await main.locator('td[data-label=Type]').allInnerTexts();
    expect(types.length > 0 && types.every(text => text.includes('service')), `types of the rows: ${types.join(', ')}`);
    await look(`filtered catalog ${name}`);

    await main.getByRole('searchbox').fill('fare');
    if (script) await page.waitForURL(/q=fare/);
    else await main.getByRole('searchbox').press('Enter');
    await page.waitForURL(/q=fare/);
    await main.getByRole('row', { name: /Fare Engine/ }).getByRole('link', { name: 'Fare Engine' }).click();
    await main.getByRole('heading', { level: 1, name: 'Fare Engine' }).waitFor();
    await settled(page, script);
    for (const plugin of CARDS) {
      const card = main.locator(`section.card[data-plugin=${plugin}]`);
      expect(await card.count() === 1, `the card of ${plugin} is there ${await card.count()} times`);
      expect([null, 'stale'].includes(await card.getAttribute('data-state')), `the card of ${plugin} is ${await card.getAttribute('data-state')}`);
      expect((await card.locator('.card-body').innerText()).trim().length > 10, `the card of ${plugin} says nothing`);
    }
    await look(`entity ${name}`);
    await shoot(page, `entity-${name}`);
    quiet();
  } finally {
    await close();
  }
}

for (const script of [true, false])
  for (const theme of ['light', 'dark'])
    for (const size of ['wide', 'narrow'])
      test(`home, catalog, filter, entity, cards: ${script ? 'with' : 'without'} scripts, ${theme}, ${size}`,
        () => walk(base, { script, theme, size }));

test('the same below a base path', () => walk(below, { script: true, theme: 'light', size: 'wide' }));
test('the same below a base path, without scripts', () => walk(below, { script: false, theme: 'dark', size: 'narrow' }));

test('every address of a page stands below the base path', async () => {
  const { page, close } = await open(browser);
  const root = new URL(below).pathname;
  try {
    for (const at of ['/', '/catalog', '/catalog?kind=component&sort=-type', ENTITY, '/catalog-import', '/admin', '/admin/catalog?list=locations', '/admin/plugins', '/admin/gallery', '/nowhere']) {
      await page.goto(below + at);
      const odd = await page.evaluate(([root, origin]) =>
        [...document.querySelectorAll('[href], [src], [action], [hx-get]')]
          .flatMap(e => ['href', 'src', 'action', 'hx-get'].map(a => e.getAttribute(a)))
          .filter(a => a && a.startsWith('/') && !a.startsWith(`${root}/`)), [root, below]);
      expect(odd.length === 0, `${at}: ${odd.slice(0, 5).join(', ')}`);
    }
  } finally {
    await close();
  }
});

test('the other pages are accessible, fit the screen and are valid HTML', async () => {
  for (const size of ['wide', 'narrow']) {
    const { page, close } = await open(browser, { size, theme: size === 'wide' ? 'light' : 'dark' });
    try {
      for (const at of ['/', '/catalog', '/catalog?type=service&q=a', '/catalog?q=nothing-is-called-so', ENTITY, `${ENTITY}/relations`,
        `${ENTITY}/graph`, `${ENTITY}/graph?depth=3&relation=dependsOn`, '/catalog/default/group/booking-crew/graph?depth=2', `${ENTITY}/history`,
        `${ENTITY}/inspect`, `${ENTITY}/inspect?as=yaml`, `${ENTITY}/inspect?as=json`, `${ENTITY}/unregister`,
        '/search', '/search?q=booking', '/search?q=fare+engnie', '/search?q=qqqqqqqq&kind=api', '/catalog/default/group/booking-crew', '/catalog/default/api/booking-api/definition', '/catalog/default/system/booking',
        '/catalog-import', '/admin', '/admin/catalog', '/admin/catalog?list=locations&q=a', '/admin/catalog?list=providers', '/admin/plugins', '/admin/gallery', '/sign-in', '/nowhere', '/catalog/default/component/no-such-thing']) {
        const answer = await page.goto(base + at);
        const html = await answer.text();
        await looks(page, `${at} ${size}`);
        if (size === 'wide') await valid(html, at);
      }
    } finally {
      await close();
    }
  }
});

for (const script of [true, false])
  test(`a graph is drawn, leads on, and is a list as well, ${script ? 'with' : 'without'} scripts`, async () => {
    const { page, quiet, close } = await open(browser, { script, size: 'narrow' });
    try {
      await page.goto(`${below}${ENTITY}`);
      await page.getByRole('link', { name: 'Graph', exact: true }).click();
      const boxes = page.locator('svg.graph a.graph-node');
      const boxed = await boxes.count();
      expect(boxed > 4, `${boxed} boxes are drawn`);
      expect(await page.locator('svg.graph path.graph-edge').count() >= boxed - 1, 'boxes without lines');
      expect(await page.getByRole('row').count() > boxed, 'the list is shorter than the drawing');
      const here = await page.locator('.graph-node.here rect').boundingBox();
      if (script) expect(here.x >= 0 && here.x + here.width <= 361, `the middle is at ${here.x}`);
      await page.getByRole('checkbox', { name: 'Depends on' }).check();
      await page.getByRole('button', { name: 'Draw' }).click();
      await page.waitForURL(/relation=dependsOn/);
      expect(await boxes.count() < boxed, 'choosing a relation left everything');
      await page.locator('svg.graph a.graph-node:not(.here)', { hasText: 'Timetable store' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Timetable store' }).waitFor();
      quiet();
    } finally {
      await close();
    }
  });

test('what only some may see is accessible, fits the screen and is valid HTML', async () => {
  if (given) return; // its token is not ours
  await portals[1].ctl('plugin', 'enable', 'jenkins');
  for (const size of ['wide', 'narrow']) {
    const { page, close } = await open(browser, { size, theme: size === 'wide' ? 'dark' : 'light' });
    try {
      await page.context().setExtraHTTPHeaders({ authorization: `Bearer ${portals[1].token}` });
      for (const at of ['/settings', '/admin/roles', '/admin/roles/admin', '/admin/audit', '/admin/audit?actor=nobody', '/admin/audit?outcome=refused&from=2026-01-31']) {
        const answer = await page.goto(below + at);
        expect(answer.status() === 200, `${at}: ${answer.status()}`);
        const html = await answer.text();
        await page.evaluate(() => document.querySelectorAll('main details').forEach(one => { one.open = true; }));
        await looks(page, `${at} ${size}`);
        if (size === 'wide') await valid(html, at);
      }
    } finally {
      await close();
    }
  }
});

// What stands behind the addresses that the wizard is given.
const described = (name, more = '') => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
spec:
  type: service
  lifecycle: production
  owner: booking-crew
${more}`;
const papers = {
  '/acme/half/catalog-info.yaml': `${described('ledger')}---\n${described('no good name')}`,
};
for (const name of ['shop', 'depot']) papers[`/acme/${name}/catalog-info.yaml`] = `${described(name)}---\n${described(`${name}-backend`)}`;

for (const [script, theme, size, name] of [[true, 'light', 'wide', 'shop'], [false, 'dark', 'narrow', 'depot']])
  test(`registering, step by step, and taking it back: ${script ? 'with' : 'without'} scripts, ${theme}, ${size}`, async () => {
    if (given) return; // another portal neither reads from here nor is written to
    const { page, said, close } = await open(browser, { script, theme, size });
    const look = what => script ? looks(page, what) : accessibleWithout(page, { theme, size }, what);
    const main = page.locator('main');
    const go = async target => {
      await main.getByRole('textbox', { name: 'Address' }).fill(target);
      await main.getByRole('button', { name: 'Analyze' }).click();
    };
    try {
      await page.context().setExtraHTTPHeaders({ authorization: `Bearer ${portals[1].token}` });
      await page.goto(`${below}/catalog`);
      await page.getByRole('link', { name: 'Register existing component' }).click();
      await main.getByRole('heading', { level: 1, name: 'Register existing component' }).waitFor();
      await look('register: the form');
      await go('catalog-info.yaml');
      await main.getByRole('alert').filter({ hasText: 'expected an address' }).waitFor();
      expect(await main.getByRole('textbox', { name: 'Address' }).inputValue() === 'catalog-info.yaml', 'what was typed is gone');
      if (script) await looks(page, 'register: a bad address');
      await go(`${shelf}/acme/half/catalog-info.yaml`);
      await main.locator('.excerpt mark', { hasText: 'no good name' }).waitFor();
      if (script) await looks(page, 'register: an error at its line');
      await shoot(page, `import-error-${theme}-${size}`);
      await main.getByRole('link', { name: 'Another address' }).click();
      await go(`${shelf}/acme/${name}/catalog-info.yaml`);
      await main.getByRole('row', { name: new RegExp(`component:default/${name}-backend`) }).waitFor();
      if (script) await looks(page, 'register: the preview');
      await shoot(page, `import-${theme}-${size}`);
      await main.getByRole('button', { name: 'Register', exact: true }).click();
      await page.waitForURL(/catalog-import\/[0-9a-f-]{36}/);
      for (let i = 0; !script && i < 40 && (await main.getByText('The catalog has it').count()) === 0; i++) {
        await page.waitForTimeout(250);
        await page.reload();
      }
      await main.getByText('The catalog has it').waitFor();
      await look('register: done');
      await main.getByRole('link', { name, exact: true }).click();
      await main.getByRole('heading', { level: 1, name }).waitFor();
      await main.locator('details.entity-menu summary').click();
      await main.getByRole('link', { name: /^Unregister/ }).click();
      await main.getByRole('button', { name: 'Unregister the location' }).waitFor();
      await look('unregister');
      await main.getByRole('button', { name: 'Unregister the location' }).click();
      await main.getByText('The location was unregistered').waitFor();
      const odd = said.filter(text => !/status of 400/.test(text));
      expect(odd.length === 0, `the browser complained: ${odd.join('; ')}`);
    } finally {
      await close();
    }
  });

for (const [script, theme, size] of [[true, 'dark', 'wide'], [false, 'light', 'narrow']])
  test(`what engines do is listed, filtered and acted upon: ${script ? 'with' : 'without'} scripts, ${theme}, ${size}`, async () => {
    if (given) return;
    const { page, quiet, close } = await open(browser, { script, theme, size });
    const look = what => script ? looks(page, what) : accessibleWithout(page, { theme, size }, what);
    const main = page.locator('main');
    try {
      await page.context().setExtraHTTPHeaders({ authorization: `Bearer ${portals[1].token}` });
      await page.goto(`${below}/admin`);
      await page.getByRole('link', { name: 'All of processing' }).click();
      await main.getByRole('heading', { level: 1, name: 'Processing' }).waitFor();
      await main.getByRole('link', { name: /^Locations/ }).click();
      const all = await main.getByRole('row').count();
      expect(all > 2, `${all} rows of locations`);
      await look(`processing ${theme} ${size}`);
      await shoot(page, `processing-${theme}-${size}`);
      await main.getByRole('searchbox').fill('ticketing');
      await main.getByRole('button', { name: 'Filter' }).click();
      await page.waitForURL(/q=ticketing/);
      expect(await main.getByRole('row').count() < all, 'the filter left everything');
      await main.getByRole('link', { name: 'Show everything' }).click();
      await main.getByRole('button', { name: /^Read again/ }).first().click();
      await main.getByText('A refresh was asked for').waitFor();
      quiet();
    } finally {
      await close();
    }
  });

for (const script of [true, false])
  test(`a strip of tabs shows where one is, ${script ? 'with' : 'without'} scripts`, async () => {
    const { page, close } = await open(browser, { script, size: 'narrow' });
    try {
      for (const tab of ['History', 'Why is it so', 'Overview']) {
        await page.goto(`${base}${ENTITY}${{ History: '/history', Overview: '' }[tab] ?? '/why'}`);
        const box = await page.locator('.tabs a[aria-current]').boundingBox();
        expect(box.x >= 0 && box.x + box.width <= 360, `${tab} stands at ${box.x}`);
      }
    } finally {
      await close();
    }
  });

test('columns sort, and pages turn both ways', async () => {
  const { page, quiet, close } = await open(browser);
  const names = () => page.locator('.entity-cell a').allInnerTexts();
  try {
    await page.goto(`${base}/catalog`);
    const first = await names();
    await page.getByRole('link', { name: 'Next' }).click();
    await page.waitForURL(/after=/);
    await page.locator('.pager-info', { hasText: /^26/ }).waitFor();
    const second = await names();
    expect(!second.some(n => first.includes(n)), 'a row stands on two pages');
    await page.getByRole('link', { name: 'Previous' }).click();
    await page.locator('.pager-info', { hasText: /^1–/ }).waitFor();
    expect((await names()).join() === first.join(), 'the first page is another one now');
    await page.getByRole('columnheader', { name: 'Name' }).getByRole('link').click();
    await page.waitForURL(/sort=-name/);
    await page.locator('th[aria-sort=descending]').waitFor();
    const down = await names();
    expect(down[0] !== first[0], 'sorting changed nothing');
    await page.goBack();
    await page.locator('th[aria-sort=ascending]').waitFor();
    quiet();
  } finally {
    await close();
  }
});

test('what is typed stays while the table follows', async () => {
  const { page, quiet, close } = await open(browser);
  try {
    await page.goto(`${base}/catalog`);
    const box = page.locator('#q');
    await box.click();
    await box.pressSequentially('fare', { delay: 90 });
    await page.waitForURL(/q=fare/);
    await box.pressSequentially(' e', { delay: 90 });
    await page.waitForURL(/q=fare(\+|%20)e/);
    expect(await box.inputValue() === 'fare e', `the box says ${await box.inputValue()}`);
    expect(await box.evaluate(e => document.activeElement === e), 'the focus is gone');
    quiet();
  } finally {
    await close();
  }
});

for (const script of [true, false])
  test(`the theme is a choice that stays, ${script ? 'with' : 'without'} scripts`, async () => {
    const { page, quiet, close } = await open(browser, { script });
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme ?? 'auto');
    try {
      await page.goto(`${base}${ENTITY}`);
      expect(await theme() === 'auto', `began as ${await theme()}`);
      await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
      await page.getByRole('button', { name: 'Switch to the light theme' }).waitFor();
      expect(await theme() === 'dark', 'dark was chosen');
      await page.waitForTimeout(300);
      await page.goto(`${base}/catalog`);
      expect(await theme() === 'dark', 'another page forgot it');
      await page.locator('details.menu summary').click();
      await page.getByRole('button', { name: 'Follow the system theme' }).click();
      await page.waitForTimeout(300);
      await page.reload();
      expect(await theme() === 'auto', 'the system is to decide again');
      quiet();
    } finally {
      await close();
    }
  });

test('signing out ends at the door, and the door lets in again', async () => {
  const { page, quiet, close } = await open(browser, { script: false });
  try {
    await page.goto(`${base}/catalog`);
    await page.locator('details.menu summary').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    await page.getByRole('button', { name: 'Enter as guest' }).click();
    await page.locator('details.menu').waitFor();
    quiet();
  } finally {
    await close();
  }
});

test('the door leads back to pages of ours only', async () => {
  const path = new URL(`${base}/`).pathname;
  for (const [back, to] of [['/catalog?kind=api', 'catalog?kind=api'], ['//evil.example', ''], ['https://evil.example', ''], ['/\\evil.example', ''], ['%0d%0aX: y', '']]) {
    const answer = await request(`${base}/sign-in?return=${back.startsWith('%') ? back : encodeURIComponent(back)}`);
    expect(answer.status === 303, `${back}: ${answer.status}`);
    expect(new URL(answer.headers.location, base).href === new URL(path + to, base).href, `${back} leads to ${answer.headers.location}`);
  }
});

test('keys lead through the page', async () => {
  const { page, close } = await open(browser);
  try {
    await page.goto(`${base}/catalog`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement.className) === 'skip', 'the first stop is the skip link');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement.id) === 'main', 'the skip link leads to main');
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement.closest('form')?.role) === 'search', 'a slash leads to the search box');
  } finally {
    await close();
  }
});

await suite({
  async before() {
    browser = await launch();
    if (given) {
      base = below = given;
      below = process.env.CALLBOARD_URL_BELOW?.replace(/\/$/, '') ?? given;
      return;
    }
    shelves = http.createServer((req, res) => {
      res.statusCode = papers[req.url] ? 200 : 404;
      res.end(papers[req.url]);
    });
    await new Promise(resolve => shelves.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${shelves.address().port}`;
    shelf = `http://${host}`;
    portals = [await Portal.start(), await Portal.start({ basePath: '/portal', config: `backend: {reading: {allow: [{host: '${host}'}]}}\n` })];
    [base, below] = portals.map(p => p.base);
  },
  async after() {
    await browser?.close();
    for (const portal of portals) await portal.stop();
    shelves?.close();
  },
});
