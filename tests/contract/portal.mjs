// SPDX-License-Identifier: Apache-2.0
//
// portal.mjs - the recorded cases against a private portal: serves the
// fixtures on a port of its own, starts quickstart with them as its catalog,
// and plays run.mjs.
//
//   FIXTURES=DIR [CALLBOARD_BUILD=DIR] node tests/contract/portal.mjs
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Portal, until } from '../lib/portal.mjs';

const fixtures = process.env.FIXTURES;
if (!fixtures) {
  console.error('portal.mjs: FIXTURES must name the folder of recorded cases');
  process.exit(2);
}

function serve() {
  const server = http.createServer((req, res) => {
    const file = path.join(fixtures, path.normalize(decodeURIComponent(req.url)));
    try {
      res.end(readFileSync(file));
    } catch {
      res.statusCode = 404;
      res.end();
    }
  });
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function play(portal, host) {
  const run = path.join(path.dirname(fileURLToPath(import.meta.url)), 'run.mjs');
  const args = [run, '--base', `${portal.base}/api/catalog`, '--token', portal.token, '--fixtures', fixtures, '--host', host];
  return new Promise(resolve =>
    spawn(process.execPath, args, { stdio: 'inherit' }).on('exit', code => resolve(code ?? 1)));
}

const server = await serve();
const host = `127.0.0.1:${server.address().port}`;
let portal, code = 1;
try {
  portal = await Portal.start({ catalogs: [`http://${host}/ours/all.yaml`] });
  await until('every fixture is served', 30, async () => {
    const wanted = JSON.parse(readFileSync(path.join(fixtures, 'expected/entities.json'), 'utf8')).length;
    const { totalItems } = await portal.json('/api/catalog/entities/by-query?limit=0');
    return totalItems >= wanted;
  }).catch(error => console.log(`     ${error.message}`));
  code = await play(portal, host);
} catch (error) {
  console.log(`FAIL before the tests: ${error.stack}\n0 passed, 1 failed`);
} finally {
  await portal?.stop();
  server.close();
}
process.exit(code);
