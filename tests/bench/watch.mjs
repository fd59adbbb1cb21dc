#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// watch.mjs - the bench's stopwatch.  Prints `watching` when it is ready to
// look, then the times (milliseconds since 1970) at which things were so.
//
//   watch.mjs first URL                        the first 200
//   watch.mjs served BASE ENTITIES RELATIONS   every entity and every relation
//
// The token comes from $BENCH_TOKEN.  Exits with 1 after $BENCH_LIMIT seconds
// (default 300) and says how far it got.
import http from 'node:http';
import { performance } from 'node:perf_hooks';

const [mode, base, entities, relations] = process.argv.slice(2);
const limit = Number(process.env.BENCH_LIMIT ?? 300) * 1000;
const headers = { authorization: `Bearer ${process.env.BENCH_TOKEN ?? ''}` };
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const now = () => performance.timeOrigin + performance.now();
const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
const began = now();

function get(url) {
  return new Promise(resolve => {
    const req = http.get(url, { headers, agent, timeout: 30000 }, res => {
      const parts = [];
      res.on('data', part => parts.push(part));
      res.on('error', () => resolve({ status: 0 }));
      res.on('end', () => resolve({ status: res.statusCode, body: Buffer.concat(parts) }));
    });
    req.on('timeout', () => req.destroy());
    req.on('error', () => resolve({ status: 0 }));
  });
}
function give(up) {
  console.error(`watch: not so after ${limit / 1000} s: ${up}`);
  process.exit(1);
}

// What quickstart and the catalog add by themselves are Locations: not counted.
async function count() {
  const { status, body } = await get(`${base}/api/catalog/entity-facets?facet=kind`);
  if (status !== 200) return 0;
  return JSON.parse(body).facets.kind.filter(row => row.value !== 'Location').reduce((sum, row) => sum + row.count, 0);
}
async function countRelations() {
  let sum = 0, query = 'fields=relations&limit=5000&totalItems=exclude';
  while (query) {
    const { status, body } = await get(`${base}/api/catalog/entities/by-query?${query}`);
    if (status !== 200) return 0;
    const page = JSON.parse(body);
    for (const item of page.items) sum += item.relations?.length ?? 0;
    query = page.pageInfo.nextCursor && `fields=relations&limit=5000&cursor=${encodeURIComponent(page.pageInfo.nextCursor)}`;
  }
  return sum;
}

console.log('watching');
if (mode === 'first') {
  for (;;) {
    const { status } = await get(base);
    if (status === 200) break;
    if (now() - began > limit) give(`the last answer was ${status}`);
    await pause(1);
  }
  console.log(now().toFixed(1));
} else {
  let seen = 0;
  while ((seen = await count()) < Number(entities)) {
    if (now() - began > limit) give(`${seen} of ${entities} entities`);
    await pause(200);
  }
  console.log(now().toFixed(1));
  while ((seen = await countRelations()) < Number(relations)) {
    if (now() - began > limit) give(`${seen} of ${relations} relations`);
    await pause(200);
  }
  console.log(now().toFixed(1), seen);
}
process.exit(0);
