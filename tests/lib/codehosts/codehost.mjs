// SPDX-License-Identifier: Apache-2.0
//
// codehost.mjs - code hosts that answer as their vendors document it: files
// with ETag and 304, trees with their pages, credentials, and what goes wrong.
//
// One server is one host.  `files` is what its only repository holds; `mode`
// says how it behaves: '' as it should, or '401', '403', 'limit', '404',
// '500', 'cut' (a body that ends early), 'private' (a redirect to a private
// address), 'truncated' (a tree that is not whole).
import { createHash } from 'node:crypto';
import http from 'node:http';

const sha = text => createHash('sha1').update(text).digest('hex');
const json = (res, value) => {
  res.setHeader('content-type', 'application/json');
  res.end(JSON.stringify(value));
};
const page = (list, query, size) => {
  const number = Number(query.get('page') ?? 1);
  return list.slice((number - 1) * size, number * size);
};

// Each: what the credential's header is, and address -> {file} or {tree}.
const shapes = {
  github: {
    says: headers => headers.authorization === 'Bearer secret-github',
    find(path, query) {
      let m = path.match(/^\/api\/v3\/repos\/acme\/shop\/contents\/(.+)$/);
      if (m && query.get('ref') === 'main') return { file: decodeURIComponent(m[1]) };
      m = path.match(/^\/api\/v3\/repos\/acme\/shop\/git\/trees\/main$/);
      return m && query.get('recursive') === '1' ? { tree: true } : {};
    },
    tree: (files, query, mode) => ({
      sha: 'f00',
      truncated: mode === 'truncated',
      tree: [{ path: 'teams', type: 'tree', sha: 'f01' }, ...Object.entries(files).map(([path, text]) => ({ path, mode: '100644', type: 'blob', sha: sha(text), size: text.length }))],
    }),
    url: (base, path) => `${base}/acme/shop/blob/main/${path}`,
  },
  gitlab: {
    says: headers => headers['private-token'] === 'secret-gitlab',
    find(path, query) {
      const m = path.match(/^\/api\/v4\/projects\/acme%2Fdeep%2Fshop\/repository\/files\/([^/]+)\/raw$/);
      if (m && query.get('ref') === 'main') return { file: decodeURIComponent(m[1]) };
      return path === '/api/v4/projects/acme%2Fdeep%2Fshop/repository/tree' && query.get('recursive') === 'true' ? { tree: true } : {};
    },
    // Pages of two, whatever is asked for: a host may give fewer.
    tree: (files, query) => page(Object.entries(files), query, 2).map(([path, text]) => ({ id: sha(text), name: path.split('/').at(-1), type: 'blob', path, mode: '100644' })),
    url: (base, path) => `${base}/acme/deep/shop/-/blob/main/${path}`,
  },
  gitea: {
    says: headers => headers.authorization === 'token secret-gitea',
    find(path, query) {
      const m = path.match(/^\/api\/v1\/repos\/acme\/shop\/raw\/(.+)$/);
      if (m && query.get('ref') === 'main') return { file: decodeURIComponent(m[1]) };
      return path === '/api/v1/repos/acme/shop/git/trees/main' ? { tree: true } : {};
    },
    tree: (files, query) => {
      const tree = page(Object.entries(files), query, 2).map(([path, text]) => ({ path, mode: '100644', type: 'blob', sha: sha(text) }));
      return { sha: 'f00', tree, truncated: tree.length > 0, page: Number(query.get('page') ?? 1), total_count: Object.keys(files).length };
    },
    url: (base, path) => `${base}/acme/shop/src/branch/main/${path}`,
  },
  bitbucketServer: {
    says: headers => headers.authorization === `Basic ${Buffer.from('reader:secret-bitbucket').toString('base64')}`,
    find(path, query) {
      if (query.get('at') !== 'main') return {};
      const m = path.match(/^\/rest\/api\/1\.0\/projects\/ACME\/repos\/shop\/raw\/(.+)$/);
      if (m) return { file: decodeURIComponent(m[1]) };
      return path === '/rest/api/1.0/projects/ACME/repos/shop/files' ? { tree: true } : {};
    },
    tree: (files, query) => {
      const names = Object.keys(files), start = Number(query.get('start') ?? 0);
      const isLastPage = start + 2 >= names.length;
      return { size: 2, limit: 2, isLastPage, values: names.slice(start, start + 2), start, nextPageStart: isLastPage ? null : start + 2 };
    },
    url: (base, path) => `${base}/projects/ACME/repos/shop/browse/${path}?at=main`,
  },
  azure: {
    says: headers => headers.authorization === `Basic ${Buffer.from(':secret-azure').toString('base64')}`,
    find(path, query) {
      if (path !== '/acme/shop/_apis/git/repositories/code/items' || !query.get('api-version') || query.get('versionDescriptor.version') !== 'main') return {};
      return query.get('recursionLevel') === 'full' ? { tree: true } : { file: (query.get('path') ?? '').slice(1) };
    },
    tree: files => ({ count: Object.keys(files).length, value: [{ gitObjectType: 'tree', path: '/', isFolder: true }, ...Object.entries(files).map(([path, text]) => ({ objectId: sha(text), gitObjectType: 'blob', path: `/${path}` }))] }),
    url: (base, path) => `${base}/acme/shop/_git/code?path=/${path}&version=GBmain`,
  },
};

export const kinds = Object.keys(shapes);

// { kind, port, base, files, mode, counts: {full, same, tree, refused}, url(path), stop() }
export async function codehost(kind) {
  const shape = shapes[kind];
  const host = { kind, files: {}, mode: '', counts: { full: 0, same: 0, tree: 0, refused: 0 } };
  const server = http.createServer((req, res) => {
    const at = req.url.indexOf('?');
    const path = at < 0 ? req.url : req.url.slice(0, at);
    const what = shape.find(path, new URLSearchParams(at < 0 ? '' : req.url.slice(at)));
    const query = new URLSearchParams(at < 0 ? '' : req.url.slice(at));
    const answer = (status, value) => {
      host.counts.refused++;
      res.statusCode = status;
      json(res, value);
    };
    if (host.mode === 'limit') {
      res.setHeader('x-ratelimit-remaining', '0');
      res.setHeader('x-ratelimit-reset', String(Math.floor(Date.now() / 1000) + 2));
      return answer(403, { message: 'API rate limit exceeded' });
    }
    if (/^\d+$/.test(host.mode)) return answer(Number(host.mode), { message: 'no' });
    if (host.mode === 'private') {
      res.setHeader('location', 'http://169.254.169.254/latest/meta-data/');
      return answer(302, {});
    }
    if (!shape.says(req.headers)) return answer(401, { message: 'Bad credentials' });
    if (what.tree) {
      host.counts.tree++;
      return json(res, shape.tree(host.files, query, host.mode));
    }
    const text = host.files[what.file];
    if (text === undefined) return answer(404, { message: 'Not Found' });
    const etag = `"${sha(text)}"`;
    res.setHeader('etag', etag);
    if (req.headers['if-none-match'] === etag) {
      host.counts.same++;
      res.statusCode = 304;
      return res.end();
    }
    host.counts.full++;
    if (host.mode === 'cut') {
      res.setHeader('content-length', String(Buffer.byteLength(text) + 100));
      res.write(text);
      return setTimeout(() => res.destroy(), 20);
    }
    res.end(text);
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  host.port = server.address().port;
  host.base = `http://127.0.0.1:${host.port}`;
  host.url = path => shape.url(host.base, path);
  host.stop = () => new Promise(done => {
    server.close(done);
    server.closeAllConnections();
  });
  return host;
}
