// SPDX-License-Identifier: Apache-2.0
//
// portal.mjs - a whole private portal for a test: quickstart in a folder of
// its own, on a free port, stopped by pid at the end.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const tree = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export function run(file, args, options = {}) {
  return new Promise(resolve => {
    execFile(file, args, { maxBuffer: 64 << 20, ...options }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? 1) : 0, stdout, stderr }));
  });
}

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

// How many times slower than usual everything may be: sanitizers' builds.
export const slow = Number(process.env.FLOW_SLOW ?? 1);

// Asks until it is so; what is the text of the failure.
export async function until(what, seconds, ask) {
  const end = Date.now() + seconds * slow * 1000;
  let last;
  for (;;) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not so after ${seconds} s (last: ${last?.message ?? last})`);
    await sleep(50);
  }
}

export class Portal {
  // options: home, port, config (YAML text, or a list of files), catalogs, env,
  // falls (processes are made to crash; else stop() throws when one did)
  static async start(options = {}) {
    const portal = new Portal();
    portal.own = options.home ? null : mkdtempSync(path.join(os.tmpdir(), 'cb-flow-'));
    if (portal.own) chmodSync(portal.own, 0o755);
    portal.home = options.home ?? path.join(portal.own, 'home');
    portal.port = options.port ?? (await freePort());
    portal.basePath = options.basePath ?? '';
    portal.falls = options.falls ?? false;
    portal.env = {
      ...process.env,
      CALLBOARD_HOME: portal.home,
      CALLBOARD_PORT: String(portal.port),
      CALLBOARD_BASE_PATH: portal.basePath,
      ...options.env,
    };
    portal.args = [];
    for (const catalog of options.catalogs ?? []) portal.args.push('--catalog', catalog);
    for (const file of portal.configs(options.config)) portal.args.push('--config', file);
    await portal.up();
    return portal;
  }

  configs(config) {
    if (!config) return [];
    if (Array.isArray(config)) return config;
    const file = path.join(this.own ?? os.tmpdir(), `extra-${process.pid}.yaml`);
    writeFileSync(file, config);
    return [file];
  }

  // Other config in the place of the one it was started with.
  async reconfigure(config) {
    this.args = [];
    for (const file of this.configs(config)) this.args.push('--config', file);
    await this.up();
  }

  async up() {
    const result = await run(path.join(tree, 'quickstart'), this.args, { env: this.env });
    this.output = result.stdout + result.stderr;
    if (result.code !== 0) throw new Error(`quickstart failed:\n${this.output}\n${this.log()}`);
    this.token = readFileSync(path.join(this.home, 'token'), 'utf8').trim();
    this.status = await this.readStatus();
    this.url = this.status.url;
    this.base = `http://127.0.0.1:${this.port}${this.basePath}`;
  }

  async readStatus() {
    const { stdout } = await run(path.join(tree, 'quickstart'), ['status', '-o', 'json'], { env: this.env });
    return JSON.parse(stdout);
  }

  log() {
    try {
      return readFileSync(path.join(this.home, 'log/callboard.log'), 'utf8').split('\n').slice(-60).join('\n');
    } catch {
      return '';
    }
  }

  async stop() {
    await run(path.join(tree, 'quickstart'), ['stop'], { env: this.env });
    const fallen = this.fallen();
    if (this.own && !process.env.CALLBOARD_KEEP) rmSync(this.own, { recursive: true, force: true });
    if (fallen.length) throw new Error(`processes fell:\n${fallen.join('\n')}`);
  }

  // What the log says of processes that crashed by themselves.
  fallen() {
    let text = '';
    try {
      text = readFileSync(path.join(this.home, 'log/callboard.log'), 'utf8');
    } catch {
      // It never ran.
    }
    return this.falls ? [] : text.match(/^.*(?:died of signal (?:4|6|7|8|11)\b|ended with status [1-9]).*$/gm) ?? [];
  }

  ctl(...args) {
    return run(path.join(this.home, 'bin/callboardctl'), args);
  }

  // `callboardctl warm`, again when Redis, which has 20 ms, did not answer it.
  warm(...args) {
    return until('warm has reached Redis', 10, async () => {
      const done = await this.ctl('warm', ...args);
      return done.code !== 4 && done;
    });
  }

  // The pids whose title is `title`, children of the master.
  async pids(title) {
    const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,args=']);
    const master = (await this.readStatus()).pids.callboard;
    return stdout.split('\n').map(line => line.trim().match(/^(\d+)\s+(\d+)\s+(.*)$/))
      .filter(m => m && Number(m[2]) === master && m[3].startsWith(title)).map(m => Number(m[1]));
  }

  get(target, options = {}) {
    return request(this.base + target, { ...options, headers: { authorization: `Bearer ${this.token}`, ...options.headers } });
  }

  async json(target, options) {
    const answer = await this.get(target, options);
    return JSON.parse(answer.body);
  }
}

// One request; the body must come whole, or it throws.  With `again: N`, one whose
// connection nginx closed before it read it is sent anew, N times at most: a
// worker that leaves closes those that are idle, also just accepted ones.  What
// we lose is a 502 or a cut answer.
export function request(url, options = {}) {
  return new Promise((resolve, reject) => {
    const headers = { ...options.headers };
    for (const name of Object.keys(headers)) if (headers[name] === undefined) delete headers[name];
    if (options.body !== undefined && !headers['content-type']) headers['content-type'] = 'application/json';
    let answered = false;
    const req = http.request(url, { method: options.method ?? 'GET', headers, agent: options.agent, timeout: options.timeout ?? 30000 }, res => {
      answered = true;
      const parts = [];
      res.on('data', part => parts.push(part));
      res.on('error', reject);
      res.on('aborted', () => reject(new Error('the answer was cut')));
      res.on('end', () => {
        if (!res.complete) return reject(new Error('the answer was cut'));
        resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts).toString() });
      });
    });
    req.on('timeout', () => req.destroy(new Error('timeout')));
    req.on('error', error => {
      if (!options.again || answered || error.message === 'timeout') return reject(error);
      request(url, { ...options, again: options.again - 1, agent: undefined }).then(resolve, reject);
    });
    req.end(options.body === undefined || typeof options.body === 'string' ? options.body : JSON.stringify(options.body));
  });
}

// Sends the requests that next() makes, `lanes` at a time, until it gives
// null; check(answer, what) returns a text when the answer is a failure.
export async function load({ lanes = 8, next, check }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: lanes });
  const result = { sent: 0, failed: 0, failures: [] };
  const lane = async () => {
    for (let what = next(); what; what = next()) {
      let wrong;
      try {
        wrong = check(await request(what.url, { ...what, agent }), what);
      } catch (error) {
        wrong = error.message;
      }
      result.sent++;
      if (wrong) {
        result.failed++;
        if (result.failures.length < 20) result.failures.push(`${what.method ?? 'GET'} ${what.url}: ${wrong}`);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  agent.destroy();
  return result;
}
