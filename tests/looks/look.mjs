// SPDX-License-Identifier: Apache-2.0
//
// look.mjs - looks at every mock page as people will: valid HTML, axe-core in
// both themes and widths, nothing wider than the screen, no report of the
// security policy, and the manners of callboard.js and htmx.
//
//   node tests/looks/look.mjs ASSETS MODULES [SHOTS]
//
// ASSETS is what make-assets wrote, MODULES a node_modules with
// playwright-core, axe-core and html-validate; with SHOTS a picture of each
// page goes there.  CHROMIUM names another browser than /usr/bin/chromium.
// Ends with "N passed, N failed"; exit 0 when nothing failed.

import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { names, page, serve } from "./serve.mjs";

const [assets, modules, shots] = process.argv.slice(2).map((p) => resolve(p));
if (!modules) {
	console.error("usage: node tests/looks/look.mjs ASSETS MODULES [SHOTS]");
	process.exit(2);
}
const load = createRequire(join(modules, "_"));
const { chromium } = load("playwright-core");
const { HtmlValidate } = load("html-validate");
const axe = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

let passed = 0;
let failed = 0;

function check(good, what, detail = "") {
	if (good)
		passed++;
	else
		failed++;
	if (!good)
		console.log(`not ok - ${what} ${detail}`);
}

/* Facets repeat a name on purpose; a pre that scrolls is a region and stays a pre. */
async function valid() {
	const validator = new HtmlValidate({ extends: ["html-validate:recommended"], rules: { "form-dup-name": "off", "prefer-native-element": ["error", { exclude: ["region"] }] } });
	for (const name of await names()) {
		const { results } = await validator.validateString((await page(name)).html);
		const said = results.flatMap((r) => r.messages.map((m) => `${m.line}:${m.column} ${m.message}`));
		check(said.length === 0, `${name} is valid HTML`, said.join("; "));
	}
}

/* What is folded is looked at as well; an open menu covers others, so one page has it open. */
const unfold = () => {
	for (const details of document.querySelectorAll(location.pathname === "/home" ? "details" : "details:not(.menu)"))
		details.open = true;
	for (const box of document.querySelectorAll(".nav-open, .rail-open"))
		box.checked = innerWidth < 960;
};

async function look(browser, url, name, width, theme) {
	const context = await browser.newContext({ viewport: { width, height: 860 }, colorScheme: theme });
	const tab = await context.newPage();
	const said = [];
	const what = `${name} ${width} ${theme}`;
	tab.on("console", (m) => m.type() === "error" && !m.text().startsWith("Failed to load resource") && said.push(m.text()));
	tab.on("pageerror", (e) => said.push(e.message));
	await tab.goto(`${url}/${name}`, { waitUntil: "networkidle" });
	check(said.length === 0, `${what}: silent console`, said.join("; "));
	const over = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	check(over <= 0, `${what}: fits the screen`, `${over} px over`);
	if (shots)
		await tab.screenshot({ path: join(shots, `${name}-${width}-${theme}.png`), fullPage: true });
	await tab.evaluate(unfold);
	await tab.evaluate(axe);
	const { violations } = await tab.evaluate((runOnly) => globalThis.axe.run(document, { runOnly }), RULES);
	check(violations.length === 0, `${what}: axe`, violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`).join("; "));
	await context.close();
}

async function scripted(browser, url) {
	const tab = await browser.newPage({ colorScheme: "light" });
	const asked = [];
	tab.on("request", (r) => asked.push(`${r.method()} ${r.url().slice(url.length)}`));
	await tab.goto(`${url}/entity`);
	await tab.waitForSelector("text=Nothing is open");
	check(await tab.locator("[data-plugin=pagerduty]").count() === 1, "a placeholder becomes its card");
	await tab.goto(`${url}/catalog`);
	await tab.focus("#q");
	await tab.keyboard.type("gate", { delay: 30 });
	await tab.waitForURL(/q=gate/);
	check(await tab.evaluate(() => document.activeElement.id) === "q", "filtering keeps the focus");
	check(asked.filter((r) => r.includes("q=")).length === 1, "one request for one word");
	await tab.check("input[value=library]");
	await tab.waitForURL(/type=library/);
	await tab.click(".theme-to-dark");
	check(await tab.evaluate(() => document.documentElement.dataset.theme) === "dark", "the theme changes at once");
	check(await tab.evaluate(() => document.activeElement.value) === "light", "the focus goes to the other button");
	await tab.reload();
	check(await tab.evaluate(() => document.documentElement.dataset.theme) === "dark", "the theme stays");
	check(asked.includes("POST /settings/theme"), "the server hears of it");
	await tab.click(".menu > summary");
	await tab.keyboard.press("Escape");
	check(await tab.locator(".menu[open]").count() === 0, "Escape closes the menu");
	await tab.close();
}

async function unscripted(browser, url) {
	const context = await browser.newContext({ viewport: { width: 360, height: 780 }, javaScriptEnabled: false });
	const tab = await context.newPage();
	await tab.goto(`${url}/catalog`);
	check(!(await tab.isVisible("nav.side")), "without script: navigation is folded");
	await tab.check("#nav-open");
	check(await tab.isVisible("nav.side"), "without script: navigation unfolds");
	await tab.check("#rail-open");
	await tab.check("input[value=library]");
	await tab.click("text=Apply");
	check(tab.url().includes("type=library"), "without script: filters are applied");
	await tab.goto(`${url}/entity`);
	check(await tab.isVisible("text=Reload"), "without script: a placeholder has a link");
	await context.close();
}

if (shots)
	mkdirSync(shots, { recursive: true });
const { server, url } = await serve(assets);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
try {
	await valid();
	for (const name of await names())
		for (const width of [1280, 360])
			for (const theme of ["light", "dark"])
				await look(browser, url, name, width, theme);
	await scripted(browser, url);
	await unscripted(browser, url);
} finally {
	await browser.close();
	server.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
