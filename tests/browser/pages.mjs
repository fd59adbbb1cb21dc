// SPDX-License-Identifier: Apache-2.0
//
// pages.mjs - what the browser tests share: a browser, pages that note every
// complaint, axe-core, and whether the HTML is valid.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { tree } from '../lib/portal.mjs';

const load = createRequire(path.join(process.env.CALLBOARD_NODE ?? path.join(tree, 'tests/node'), '_'));
const { chromium } = load('playwright-core');
const { HtmlValidate } = load('html-validate');
const axe = readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const sizes = { wide: { width: 1280, height: 900 }, narrow: { width: 360, height: 780 } };

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
}

export function expect(good, what) {
  if (!good) throw new Error(what);
}

// A page of its own context.  What the browser complains about (scripts,
// missing files, the security policy) is an error of the test.
export async function open(browser, { script = true, theme = 'light', size = 'wide', cookies = [] } = {}) {
  const context = await browser.newContext({ javaScriptEnabled: script, colorScheme: theme, viewport: sizes[size], deviceScaleFactor: 1 });
  await context.addCookies(cookies);
  const page = await context.newPage();
  const said = [];
  page.on('pageerror', error => said.push(`script: ${error.message}`));
  page.on('console', message => {
    if (message.type() === 'error' || /Content.Security.Policy/i.test(message.text())) said.push(`console: ${message.text()}`);
  });
  page.on('requestfailed', request => {
    if (!/ERR_ABORTED/.test(request.failure()?.errorText ?? '')) said.push(`failed: ${request.url()}`);
  });
  return {
    page, said,
    quiet() {
      expect(said.length === 0, `the browser complained: ${said.join('; ')}`);
    },
    async close() {
      await context.close();
    },
  };
}

// axe-core on the page as it stands.
export async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(rules => globalThis.axe.run(document, { runOnly: rules, resultTypes: ['violations'] }), RULES);
  const text = violations.map(v => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary ?? ''}`);
  expect(text.length === 0, `${what}: axe-core says ${text.join('\n')}`);
}

// axe-core is a script itself: where scripts are off it looks at the same page
// in a twin whose own scripts never arrive.
export async function accessibleWithout(page, { theme, size }, what) {
  const context = await page.context().browser().newContext({ colorScheme: theme, viewport: sizes[size] });
  try {
    await context.addCookies(await page.context().cookies());
    await context.route(/\.js$/, route => route.abort());
    const twin = await context.newPage();
    await twin.goto(page.url());
    expect(!(await twin.evaluate(() => document.documentElement.classList.contains('js'))), `${what}: the scripts arrived`);
    await accessible(twin, what);
    await fits(twin, what);
  } finally {
    await context.close();
  }
}

// Nothing is wider than the screen.
export async function fits(page, what) {
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect(content <= screen, `${what}: ${content} px of content on ${screen} px of screen`);
}

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    'form-dup-name': 'off', // facets repeat a name on purpose
    'prefer-native-element': ['error', { exclude: ['region'] }], // a pre that scrolls is a region and stays a pre
    'long-title': 'off', // entities are called what they are called
    'no-trailing-whitespace': 'off',
  },
});

export async function valid(html, what) {
  const { results } = await validator.validateString(html);
  const said = results.flatMap(r => r.messages.map(m => `${m.line}:${m.column} ${m.message} (${m.ruleId})`));
  expect(said.length === 0, `${what}: ${said.slice(0, 8).join('; ')}`);
}
