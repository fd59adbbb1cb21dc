#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// stream.mjs - the memory of the web processes while the whole catalog is
// downloaded: /entities whole, cut down and filtered, several at once.
//
//   node tests/bench/stream.mjs [ENTITIES] [LANES]      20000 and 4
//
// Each entity has a description of 3 KB, so that the catalog is much larger
// than what may be held.  Exits with 1 when a process grew by more than 24 MB,
// or when an answer was not whole.  The copy is mapped from a file and shared:
// only memory of the process's own (RssAnon) counts.
import { Portal, until } from '../lib/portal.mjs';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const entities = Number(process.argv[2] ?? 20000), lanes = Number(process.argv[3] ?? 4);
const most = 24;
const dir = mkdtempSync(path.join(os.tmpdir(), 'cb-stream-'));
chmodSync(dir, 0o755);
const text = 'All that is worth knowing about it. '.repeat(85);
for (let file = 0; file * 500 < entities; file++) {
  let yaml = '';
  for (let i = file * 500; i < Math.min(entities, (file + 1) * 500); i++)
    yaml += `---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: c-${i}, description: "${text}"}\nspec: {type: service, lifecycle: production, owner: crew-${i % 50}}\n`;
  writeFileSync(path.join(dir, `f-${file}.yaml`), yaml);
}
writeFileSync(path.join(dir, 'all.yaml'), 'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: all}\nspec: {targets: ["./f-*.yaml"]}\n');

// Reads and counts, and keeps nothing.
function download(portal, target, slow) {
  return new Promise((resolve, reject) => {
    http.get(portal.base + target, { headers: { authorization: `Bearer ${portal.token}` } }, res => {
      let bytes = 0, last = '';
      res.on('data', part => {
        bytes += part.length;
        last = part.subarray(-2).toString();
        if (!slow) return;
        res.pause(); // a reader who takes his time
        setTimeout(() => res.resume(), 2);
      });
      res.on('aborted', () => reject(new Error(`${target}: cut after ${bytes} bytes`)));
      res.on('end', () => (res.statusCode === 200 && last.endsWith(']') ? resolve(bytes) : reject(new Error(`${target}: ${res.statusCode}, ends in ${last}`))));
    }).on('error', reject);
  });
}

const memory = pid => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/RssAnon:\s+(\d+)/)[1]) / 1024;
let portal, watch;
try {
  portal = await Portal.start({ catalogs: [path.join(dir, 'all.yaml')] });
  await until('everything is served', 600, async () => {
    const { facets } = await portal.json('/api/catalog/entity-facets?facet=kind');
    return facets.kind.find(one => one.value === 'Component')?.count >= entities;
  });
  const pids = await portal.pids('callboard: web core');
  const before = new Map(pids.map(pid => [pid, memory(pid)]));
  const peak = new Map(before);
  watch = setInterval(() => { for (const pid of pids) peak.set(pid, Math.max(peak.get(pid), memory(pid))); }, 20);
  let bytes = 0;
  for (const target of ['/api/catalog/entities', '/api/catalog/entities?fields=metadata.name,metadata.description', '/api/catalog/entities?filter=kind=component']) {
    const sizes = await Promise.all(Array.from({ length: lanes }, (_, i) => download(portal, target, i % 2 === 1)));
    if (new Set(sizes).size !== 1) throw new Error(`${target}: answers of ${sizes.join()} bytes`);
    bytes += sizes.reduce((a, b) => a + b);
    console.log(`${(sizes[0] / 2 ** 20).toFixed(0)} MB, ${lanes} at once: ${target}`);
  }
  for (const pid of pids) {
    const grown = peak.get(pid) - before.get(pid);
    console.log(`web process ${pid}: ${before.get(pid).toFixed(1)} MB before, at most ${peak.get(pid).toFixed(1)} MB (limit: ${most} more)`);
    if (grown > most) process.exitCode = 1;
  }
  console.log(`${(bytes / 2 ** 20).toFixed(0)} MB sent`);
} finally {
  clearInterval(watch);
  await portal?.stop();
  rmSync(dir, { recursive: true, force: true });
}
