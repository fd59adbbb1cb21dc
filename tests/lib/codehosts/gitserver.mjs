// SPDX-License-Identifier: Apache-2.0
//
// gitserver.mjs - real git: bare repositories that tests commit to, and a
// server that hands requests to git's own http-backend.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';

const env = {
  PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'ann@example.org',
  GIT_COMMITTER_NAME: 'Ann', GIT_COMMITTER_EMAIL: 'ann@example.org',
};

// A bare repository with the branch main: { write(path, text), link(path, to), remove(path), commit(), tag(name) }.
export function repository(dir) {
  const git = (args, input) => execFileSync('git', args, { env: { ...env, GIT_DIR: dir }, input, maxBuffer: 1 << 26 }).toString().trim();
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', dir], { env });
  const files = new Map();
  const put = (path, mode, text) => files.set(path, `${mode} ${git(['hash-object', '-w', '--stdin'], text)}\t${path}`);
  let parent = [];
  return {
    write: (path, text) => put(path, '100644', text),
    link: (path, to) => put(path, '120000', to),
    remove: path => files.delete(path),
    commit() {
      git(['read-tree', '--empty']);
      git(['update-index', '--index-info'], [...files.values()].map(line => `${line}\n`).join(''));
      const commit = git(['commit-tree', git(['write-tree']), ...parent, '-m', 'change']);
      git(['update-ref', 'refs/heads/main', commit]);
      parent = ['-p', commit];
    },
    tag: name => git(['tag', '-a', '-m', name, name, 'main']),
  };
}

// The repositories below root, for who says `credential` (user:password).
// { port, mode, counts: {refs, packs, authorized}, log, stop() }
export async function gitserver(root, credential) {
  const counts = { refs: 0, packs: 0, authorized: 0 };
  const self = { mode: '', counts, log: [] };
  const right = `Basic ${Buffer.from(credential).toString('base64')}`;
  const server = http.createServer((req, res) => {
    const [path, query] = req.url.split('?');
    if (self.mode === '401' || req.headers.authorization !== right) {
      res.writeHead(401, { 'www-authenticate': 'Basic realm="git"' });
      return res.end();
    }
    counts.authorized++;
    const body = [];
    req.on('data', part => body.push(part));
    req.on('end', () => {
      const sent = Buffer.concat(body).toString('latin1');
      if (sent.includes('command=ls-refs')) counts.refs++;
      if (sent.includes('command=fetch')) counts.packs++;
      // What other programs of the host can see while it runs.
      for (const pid of self.log.length > 30 ? [] : execFileSync('ps', ['-eo', 'pid=']).toString().split(/\s+/)) {
        try {
          const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          if (argv.startsWith('git') || argv.includes('git-remote')) self.log.push(argv.replaceAll('\0', ' '));
        } catch {
          // It has ended.
        }
      }
      const child = spawn('git', ['-c', 'safe.directory=*', '-c', 'uploadpack.allowFilter=true', 'http-backend'], {
        env: {
          ...env, GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1', PATH_INFO: path, QUERY_STRING: query ?? '', REQUEST_METHOD: req.method,
          CONTENT_TYPE: req.headers['content-type'] ?? '', CONTENT_LENGTH: String(Buffer.concat(body).length), GIT_PROTOCOL: req.headers['git-protocol'] ?? '',
          HTTP_CONTENT_ENCODING: req.headers['content-encoding'] ?? '', REMOTE_ADDR: '127.0.0.1',
        },
      });
      child.stdin.end(Buffer.concat(body));
      const out = [];
      child.stdout.on('data', part => out.push(part));
      child.on('close', () => {
        const all = Buffer.concat(out), end = all.indexOf('\r\n\r\n');
        for (const line of all.subarray(0, end).toString().split('\r\n')) {
          const [, name, value] = line.match(/^([^:]+): (.*)$/);
          if (name === 'Status') res.statusCode = Number(value.slice(0, 3));
          else res.setHeader(name, value);
        }
        res.end(all.subarray(end + 4));
      });
    });
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  self.port = server.address().port;
  self.stop = () => new Promise(done => {
    server.close(done);
    server.closeAllConnections();
  });
  return self;
}
