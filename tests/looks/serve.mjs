// SPDX-License-Identifier: Apache-2.0
//
// serve.mjs - serves the mock pages as the portal would send them: composed
// with their shell, under the portal's Content-Security-Policy.
//
//   node tests/looks/serve.mjs ASSETS [PORT]
//
// ASSETS is the folder make-assets wrote.  Prints the address it listens on.
// A page's first line says which shell it stands in and what is current:
//   <!-- shell: shell; title: Catalog; here: catalog; status: 200 -->

import { createServer } from "node:http";
import { readFile, readdir } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const HERE = dirname(fileURLToPath(import.meta.url));
const TYPES = { ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8" };
const SHELLS = ["shell.html", "bare.html"];

export async function names() {
	return (await readdir(HERE)).filter((f) => f.endsWith(".html") && !SHELLS.includes(f)).map((f) => f.slice(0, -5)).sort();
}

export async function page(name) {
	const text = await readFile(join(HERE, `${name}.html`), "utf8");
	const first = text.slice(0, text.indexOf("\n"));
	const head = Object.fromEntries(first.replace(/^<!--|-->$/g, "").split(";").map((pair) => pair.split(":").map((s) => s.trim())));
	const shell = await readFile(join(HERE, `${head.shell}.html`), "utf8");
	const html = shell
		.replace("{{title}}", () => head.title)
		.replace(/\{\{here:(\w+)\}\}/g, (_, item) => (item === head.here ? ' aria-current="page"' : ""))
		.replace("{{main}}", () => text.slice(first.length + 1));
	return { html, status: Number(head.status ?? 200) };
}

const PLACES = { "/": "home", "/catalog": "catalog", "/admin/plugins": "plugins", "/sign-in": "sign-in" };

async function answer(request, assets) {
	const path = new URL(request.url, "http://mock").pathname;
	if (path.startsWith("/assets/"))
		return { body: await readFile(join(assets, normalize(path.slice(7)))), type: TYPES[extname(path)] };
	if (path === "/settings/theme")
		return { body: "", status: 303, headers: { Location: request.headers.referer ?? "/" } };
	if (path.startsWith("/fragments/"))
		return { body: await readFile(join(HERE, "fragments", `${path.split("/")[2]}.html`)), type: TYPES[".html"] };
	const name = PLACES[path] ?? (path.startsWith("/catalog/") ? "entity" : path.slice(1).replace(/\.html$/, ""));
	const { html, status } = await page((await names()).includes(name) ? name : "error-404");
	return { body: html, status, type: TYPES[".html"] };
}

export function serve(assets, port = 0) {
	const server = createServer(async (request, response) => {
		try {
			const { body, status = 200, type = "text/plain", headers = {} } = await answer(request, assets);
			response.writeHead(status, { "Content-Type": type, "Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff", ...headers });
			response.end(body);
		} catch (error) {
			response.writeHead(404, { "Content-Type": "text/plain" });
			response.end(`${error.message}\n`);
		}
	});
	return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve({ server, url: `http://127.0.0.1:${server.address().port}` })));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	if (process.argv.length < 3) {
		console.error("usage: node tests/looks/serve.mjs ASSETS [PORT]");
		process.exit(2);
	}
	console.log((await serve(process.argv[2], Number(process.argv[3] ?? 0))).url);
}
