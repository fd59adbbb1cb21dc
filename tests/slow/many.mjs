// SPDX-License-Identifier: Apache-2.0
//
// many.mjs [PLUGINS]: what fifty plugins cost: the start of the portal, and the
// memory of each process that hosts them, native and declarative.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Portal, request, run, sleep, tree, until } from '../lib/portal.mjs';
import { guestCookie } from '../lib/readers.mjs';
import { suite, test } from '../lib/suite.mjs';

const [count = 50] = process.argv.slice(2).map(Number);
const build = process.env.CALLBOARD_BUILD ?? path.join(tree, 'build');
let dir;

const native = name => `#include <callboard/callboard.h>
struct state { int fresh; const char *server; };
static const struct cb_key keys[] = {
	CB_KEY_SECS(struct state, fresh, "60", "How long an answer is new"),
	CB_KEY_URL(struct state, server, "https://tool.example", "Address of the tool"),
	CB_END,
};
static int fill(struct cb_ctx *ctx, void *data, const char *key, struct cb_buf *out)
{
	const struct state *state = data;
	const struct cb_reply *reply;
	int rc = cb_http_get(ctx, cb_url(ctx, state->server, key, NULL), &reply);
	return rc < 0 ? rc : cb_buf_add(out, reply->body, reply->body_len);
}
static int key_of(struct cb_ctx *ctx, void *data, const struct cb_entity *entity, const char **key)
{
	(void)ctx;
	(void)data;
	*key = cb_entity_annotation(entity, "tool.example/name");
	return *key ? CB_OK : CB_ENOKEY;
}
static int draw(struct cb_ctx *ctx, void *data, const struct cb_entity *entity, struct cb_html *html)
{
	(void)ctx;
	(void)data;
	cb_html_field(html, "Name", cb_entity_title(entity));
	return CB_OK;
}
static const struct cb_permission permissions[] = { { .name = "${name}.read", .action = "read" }, CB_END };
static const struct cb_source sources[] = { { .name = "facts", .hosts_key = "server", .key = key_of, .fill = fill, .stale = 600 }, CB_END };
static const struct cb_card cards[] = {
	{ .name = "main", .place = "entity.overview", .when = "kind=component", .title = "${name}", .needs = "${name}.read", .draw = draw },
	CB_END,
};
const struct cb_plugin cb_plugin_entry = { CB_PLUGIN_HEAD, .name = "${name}", .version = "1.0.0", .summary = "One of many",
	.state_size = sizeof(struct state), .keys = keys, .sources = sources, .cards = cards, .permissions = permissions };
`;
const declarative = name => `plugin: ${name}
version: 1.0.0
contract: 1
summary: One of many
keys:
  server: {type: url, default: "https://tool.example", help: Address of the tool}
sources:
  facts:
    key: "{metadata.name}"
    get: "{config.server}/api/facts?name={key}"
    shape: '{n: length, rows: [.[] | {name: .name, since: .since}]}'
cards:
  main:
    title: ${name}
    when: kind=component
    show:
      - stat: {label: Open, value: .n}
      - table: {rows: .rows, columns: [{title: Name, text: .name}, {title: Since, time: .since}]}
`;

async function make(folder, kind) {
  mkdirSync(folder);
  for (let i = 0; i < count; i++) {
    const name = `many${String(i).padStart(3, '0')}`;
    if (kind === 'declarative') {
      writeFileSync(path.join(folder, `${name}.yaml`), declarative(name), { mode: 0o644 });
      continue;
    }
    const source = path.join(dir, `${name}.c`), file = path.join(folder, `${name}.so`);
    writeFileSync(source, native(name));
    const flags = (await run('pkg-config', ['--cflags', '--libs', 'callboard-plugin'], { env: { ...process.env, PKG_CONFIG_PATH: path.join(build, 'prefix/lib/pkgconfig') } })).stdout.trim().split(/\s+/);
    const { code, stderr } = await run('cc', ['-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-o', file, source, ...flags]);
    assert.equal(code, 0, stderr);
    chmodSync(file, 0o755);
  }
}

// Private and proportional bytes of each process that hosts plugins.
async function memory(portal) {
  const sums = [];
  for (const title of ['callboard: web tools', 'callboard: fetch tools'])
    for (const pid of await portal.pids(title))
      sums.push({ title, kib: Number(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss_Anon: +(\d+)/m)[1]) });
  return sums;
}

async function measure(folder) {
  const config = path.join(dir, 'extra.yaml');
  writeFileSync(config, JSON.stringify({ backend: { pluginDirs: [folder] } }));
  const portal = await Portal.start({ config: [config] });
  try {
    const cookie = await guestCookie(portal);
    const get = () => request(`${portal.base}/catalog/default/component/booking-desk`, { headers: { cookie } });
    const page = await until('the page is there', 20, async () => { const answer = await get(); return answer.status === 200 && answer; });
    for (let i = 0; i < 20; i++) await get();
    await sleep(1000);
    const log = readFileSync(path.join(portal.home, 'log/callboard.log'), 'utf8');
    return { cards: (page.body.match(/data-plugin="many/g) ?? []).length, ms: Number(log.match(/generation 1 serves after (\d+) ms/)[1]), memory: await memory(portal) };
  } finally {
    await portal.stop();
  }
}

const mean = rows => rows.reduce((sum, row) => sum + row.kib, 0) / rows.length;

for (const [kind, most] of [['native', 60], ['declarative', 30]])
  test(`${count} ${kind} plugins: started in 0.3 s, less than ${most} KB each in every process`, async () => {
    const empty = path.join(dir, `none-${kind}`), folder = path.join(dir, kind);
    mkdirSync(empty);
    await make(folder, kind);
    const without = await measure(empty), all = await measure(folder);
    assert.equal(all.cards, count);
    const each = (mean(all.memory) - mean(without.memory)) / count;
    console.log(`     serves after ${without.ms} ms without, ${all.ms} ms with ${count}; ${each.toFixed(1)} KB each (${all.memory.map(row => row.kib)} KB against ${without.memory.map(row => row.kib)})`);
    assert.ok(each < most, `${each} KB`);
    assert.ok(all.ms < 300, `${all.ms} ms`);
  });

await suite({
  before: async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'cb-many-'));
    chmodSync(dir, 0o755);
  },
  after: async () => rmSync(dir, { recursive: true, force: true }),
});
