// SPDX-License-Identifier: Apache-2.0
//
// codehost.mjs - code hosts that answer as their vendors document it: files
// with ETag and 304, trees with their pages, credentials, and what goes wrong.
//
// One server is one host.  `files` is what its repository acme/shop (or so)
// holds (null: there is none), `others` further ones: name -> {files, archived, fork, empty, private,
// topics, branch, headless (its default branch is not told), group, pushed}.  `mode` says how it behaves: '' as it should, or '401', '403', 'limit', '404',
// '500', 'cut' (a body that ends early), 'private' (a redirect to a private
// address), 'truncated' (a tree that is not whole).
//
// A github with `app` {id, publicKey, suspended, life (seconds)} wants tokens
// that it sells to who signs as that App: GET /orgs/acme/installation, POST
// /app/installations/7/access_tokens; `counts.tokens`, and app.token is the
// one that is good.
import { createHash, verify } from 'node:crypto';
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

// Each: what the credential's header is, and address -> {file}, {tree} or
// {list} (a page of its repositories), of the repository named.
const branchOf = repo => repo.branch ?? 'main';
const gitRepo = (base, [name, repo]) => ({
  id: 7, name, full_name: `acme/${name}`, owner: { login: 'acme' }, html_url: `${base}/acme/${name}`, default_branch: branchOf(repo),
  private: !!repo.private, visibility: repo.private ? 'private' : 'public', fork: !!repo.fork, archived: !!repo.archived, empty: !!repo.empty,
  topics: repo.topics ?? [], pushed_at: repo.pushed ?? '2026-01-01T00:00:00Z', description: repo.description ?? null, language: repo.language ?? null,
});
const shapes = {
  github: {
    says: headers => headers.authorization === 'Bearer secret-github',
    find(path, query) {
      let m = path.match(/^\/api\/v3\/repos\/acme\/([^/]+)\/contents\/(.+)$/);
      if (m) return { repo: m[1], ref: query.get('ref'), file: decodeURIComponent(m[2]) };
      m = path.match(/^\/api\/v3\/repos\/acme\/([^/]+)\/git\/trees\/([^/]+)$/);
      if (m && query.get('recursive') === '1') return { repo: m[1], ref: m[2], tree: true };
      m = path.match(/^\/api\/v3\/repos\/acme\/([^/]+)$/);
      return m ? { one: m[1] } : { list: path === '/api/v3/orgs/acme/repos' };
    },
    list: (base, repos, query) => page(repos, query, 2).map(repo => gitRepo(base, repo)),
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
      let m = path.match(/^\/api\/v4\/projects\/acme%2Fdeep%2F([^/]+)\/repository\/files\/([^/]+)\/raw$/);
      if (m) return { repo: m[1], ref: query.get('ref'), file: decodeURIComponent(m[2]) };
      m = path.match(/^\/api\/v4\/projects\/acme%2Fdeep%2F([^/]+)\/repository\/tree$/);
      if (m && query.get('recursive') === 'true') return { repo: m[1], ref: query.get('ref'), tree: true };
      m = path.match(/^\/api\/v4\/projects\/acme%2Fdeep%2F([^/]+)$/);
      return m ? { one: m[1] } : { list: path === '/api/v4/projects' || (path === '/api/v4/groups/acme%2Fdeep/projects' && query.get('include_subgroups') === 'true') };
    },
    // GitLab's 50,000, which are 4 here, for what knows keysets.
    refuse: (path, query) => path === '/api/v4/projects' && query.get('pagination') !== 'keyset' && Number(query.get('page') ?? 1) * 2 > 4
      && { error: 'Offset pagination has a maximum allowed offset of 50000 for requests that return objects of type Project. Remaining records can be retrieved using keyset pagination.' },
    list: (base, repos, query) => (query.get('pagination') === 'keyset' && query.get('order_by') === 'id'
      ? repos.map((one, i) => [...one, i + 7]).filter(one => one[2] > Number(query.get('id_after'))).slice(0, 2)
      : page(repos.map((one, i) => [...one, i + 7]), query, 2)).map(([name, repo, id]) => ({
      id, path: name, path_with_namespace: `acme/deep/${name}`, web_url: `${base}/acme/deep/${name}`, default_branch: repo.empty || repo.headless ? null : branchOf(repo), archived: !!repo.archived,
      visibility: repo.private ? 'private' : 'public', topics: repo.topics ?? [], empty_repo: !!repo.empty, last_activity_at: '2026-01-01T00:00:00Z',
      ...(repo.fork ? { forked_from_project: { id: 3 } } : {}),
    })),
    // Pages of two, whatever is asked for: a host may give fewer.
    tree: (files, query) => page(Object.entries(files), query, 2).map(([path, text]) => ({ id: sha(text), name: path.split('/').at(-1), type: 'blob', path, mode: '100644' })),
    url: (base, path) => `${base}/acme/deep/shop/-/blob/main/${path}`,
  },
  gitea: {
    says: headers => headers.authorization === 'token secret-gitea',
    find(path, query) {
      let m = path.match(/^\/api\/v1\/repos\/acme\/([^/]+)\/raw\/(.+)$/);
      if (m) return { repo: m[1], ref: query.get('ref'), file: decodeURIComponent(m[2]) };
      m = path.match(/^\/api\/v1\/repos\/acme\/([^/]+)\/git\/trees\/([^/]+)$/);
      if (m) return { repo: m[1], ref: m[2], tree: true };
      m = path.match(/^\/api\/v1\/repos\/acme\/([^/]+)$/);
      // An organisation, or a person who is none.
      return m ? { one: m[1] } : { list: path === '/api/v1/users/acme/repos' };
    },
    list: (base, repos, query) => page(repos, query, 2).map(repo => gitRepo(base, repo)),
    tree: (files, query) => {
      const tree = page(Object.entries(files), query, 2).map(([path, text]) => ({ path, mode: '100644', type: 'blob', sha: sha(text) }));
      return { sha: 'f00', tree, truncated: tree.length > 0, page: Number(query.get('page') ?? 1), total_count: Object.keys(files).length };
    },
    url: (base, path) => `${base}/acme/shop/src/branch/main/${path}`,
  },
  bitbucketServer: {
    says: headers => headers.authorization === `Basic ${Buffer.from('reader:secret-bitbucket').toString('base64')}`,
    find(path, query) {
      let m = path.match(/^\/rest\/api\/1\.0\/projects\/ACME\/repos\/([^/]+)\/raw\/(.+)$/);
      const ref = query.get('at') ?? 'main';
      if (m) return { repo: m[1], ref, file: decodeURIComponent(m[2]) };
      m = path.match(/^\/rest\/api\/1\.0\/projects\/ACME\/repos\/([^/]+)\/files$/);
      if (m) return { repo: m[1], ref, tree: true };
      m = path.match(/^\/rest\/api\/1\.0\/projects\/ACME\/repos\/([^/]+)$/);
      return m ? { one: m[1] } : { list: path === '/rest/api/1.0/repos' };
    },
    list: (base, repos, query) => {
      const start = Number(query.get('start') ?? 0), isLastPage = start + 2 >= repos.length;
      const values = repos.slice(start, start + 2).map(([name, repo]) => ({ slug: name, id: 7, name, archived: !!repo.archived, public: !repo.private, project: { key: 'ACME', name: 'Acme' }, ...(repo.fork ? { origin: { slug: 'x' } } : {}), links: { self: [{ href: `${base}/projects/ACME/repos/${name}/browse` }] } }));
      return { size: values.length, limit: 2, isLastPage, values, start, nextPageStart: isLastPage ? null : start + 2 };
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
      if (!query.get('api-version')) return {};
      const m = path.match(/^\/acme\/shop\/_apis\/git\/repositories\/([^/]+)\/items$/);
      const at = m && { repo: m[1] === 'code' ? 'shop' : m[1], ref: query.get('versionDescriptor.version') };
      if (m) return query.get('recursionLevel') === 'full' ? { ...at, tree: true } : { ...at, file: (query.get('path') ?? '').slice(1) };
      const one = path.match(/^\/acme\/shop\/_apis\/git\/repositories\/([^/]+)$/);
      return one ? { one: one[1] === 'code' ? 'shop' : one[1] } : { list: path === '/acme/shop/_apis/git/repositories' };
    },
    list: (base, repos) => ({
      count: repos.length,
      value: repos.map(([name, repo]) => ({
        id: '278d', name: name === 'shop' ? 'code' : name, project: { id: '6ce9', name: 'shop', visibility: 'private' }, ...(repo.empty ? {} : { defaultBranch: `refs/heads/${branchOf(repo)}` }), isDisabled: !!repo.archived, isFork: !!repo.fork,
        remoteUrl: `${base.replace('://', '://acme@')}/acme/shop/_git/${name === 'shop' ? 'code' : name}`,
      })),
    }),
    tree: files => ({ count: Object.keys(files).length, value: [{ gitObjectType: 'tree', path: '/', isFolder: true }, ...Object.entries(files).map(([path, text]) => ({ objectId: sha(text), gitObjectType: 'blob', path: `/${path}` }))] }),
    url: (base, path) => `${base}/acme/shop/_git/code?path=/${path}&version=GBmain`,
  },
};

// What GitHub checks of a JWT.
function jwtOf(headers, app) {
  const [head, claims, sum] = (headers.authorization ?? '').replace(/^Bearer /, '').split('.');
  if (!sum || !verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), app.publicKey, Buffer.from(sum, 'base64url'))) return false;
  const { iat, exp, iss } = JSON.parse(Buffer.from(claims, 'base64url')), now = Date.now() / 1000;
  return JSON.parse(Buffer.from(head, 'base64url')).alg === 'RS256' && iss === String(app.id) && iat <= now && exp > now && exp - now <= 600;
}

function sellToken(host, req, res, path, answer) {
  const { app } = host;
  if (!jwtOf(req.headers, app)) return answer(401, { message: 'A JSON web token could not be decoded' });
  if (req.method === 'GET' && path === '/api/v3/orgs/acme/installation')
    return json(res, { id: 7, app_id: app.id, account: { login: 'acme', type: 'Organization' }, target_type: 'Organization', suspended_at: app.suspended ? '2026-01-01T00:00:00Z' : null });
  if (req.method !== 'POST' || path !== '/api/v3/app/installations/7/access_tokens') return answer(404, { message: 'Not Found' });
  app.token = `ghs_${++host.counts.tokens}`;
  res.statusCode = 201;
  json(res, { token: app.token, expires_at: new Date(Date.now() + (app.life ?? 3600) * 1000).toISOString().replace(/\.\d+/, ''), permissions: { contents: 'read' }, repository_selection: 'all' });
}

export const kinds = Object.keys(shapes);

// { kind, port, base, files, others, mode, counts: {full, same, tree, list, listSame, refused}, url(path), stop() }
export async function codehost(kind) {
  const shape = shapes[kind];
  const host = { kind, files: {}, others: {}, mode: '', counts: { full: 0, same: 0, tree: 0, list: 0, listSame: 0, refused: 0, tokens: 0 } };
  const repos = () => [...(host.files ? [['shop', { files: host.files }]] : []), ...Object.entries(host.others)];
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
    if (host.app && /\/installation$|\/access_tokens$/.test(path)) return sellToken(host, req, res, path, answer);
    if (host.app ? req.headers.authorization !== `Bearer ${host.app.token}` : !shape.says(req.headers)) return answer(401, { message: 'Bad credentials' });
    const no = what.list && shape.refuse?.(path, query);
    if (no) return answer(405, no);
    if (what.list) {
      const text = JSON.stringify(shape.list(host.base, repos(), query)), tag = `"${sha(text)}"`;
      res.setHeader('etag', tag);
      res.setHeader('content-type', 'application/json');
      if (req.headers['if-none-match'] === tag) {
        host.counts.listSame++;
        res.statusCode = 304;
        return res.end();
      }
      host.counts.list++;
      // A later page that is cut off in the middle, or is something else.
      const later = (query.get('page') ?? query.get('start') ?? '1') !== '1' && query.get('start') !== '0';
      if (host.mode === 'list-cut' && (later || kind === 'azure')) {
        res.setHeader('content-length', String(Buffer.byteLength(text) + 50));
        res.write(text);
        return setTimeout(() => res.destroy(), 20);
      }
      if (host.mode === 'list-odd' && (later || kind === 'azure')) return res.end('{"message": "maintenance"}');
      return res.end(text);
    }
    if (what.one) {
      // As a row of a list, on a page of its own.
      const it = repos().filter(([name]) => name === what.one);
      const row = it.length ? shape.list(host.base, it, new URLSearchParams()) : [];
      return it.length ? json(res, (Array.isArray(row) ? row : row.values ?? row.value)[0]) : answer(404, { message: 'Not Found' });
    }
    const repo = repos().find(([name]) => name === what.repo)?.[1];
    const files = repo && what.ref === branchOf(repo) ? repo.files ?? {} : null;
    if (!files) return answer(404, { message: 'Not Found' });
    if (what.tree) {
      host.counts.tree++;
      return json(res, shape.tree(files, query, host.mode));
    }
    const text = files[what.file];
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
