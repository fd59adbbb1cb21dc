// SPDX-License-Identifier: Apache-2.0
//
// directory.mjs - directories of people that answer as their vendors document
// it: tokens, lists in pages, and what goes wrong.
//
// One server is one vendor's view of a company: `people` [{id, login, first,
// last, mail}] and `teams` [{id, name, text, above, members: [person ids]}].
// `mode` says how it behaves: '' as it should, '401', '403', '429', '500' to
// every question of the API, 'limit' (GitHub's 403), 'cut', 'nonsense',
// 'slow'; `once` the same for the next question only.
import http from 'node:http';

const read = req => new Promise(done => {
  const parts = [];
  req.on('data', part => parts.push(part));
  req.on('end', () => done(Buffer.concat(parts).toString()));
});

const bad = (mode, shape) => ({
  401: { status: 401, json: shape.errors[401] },
  403: { status: 403, json: shape.errors[403] },
  429: { status: 429, json: shape.errors[429], headers: { 'retry-after': '1' } },
  500: { status: 500, json: shape.errors[500] },
  limit: { status: 403, json: shape.errors[429], headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 2) } },
})[mode];

// { base, people, teams, mode, once, asked: [paths], revoke(), stop() }
export async function directory(kind) {
  const shape = await import(`./${kind}.mjs`);
  const own = { kind, mode: '', once: '', asked: [], tokens: new Set(), issued: 0, ...company(kind) };
  const server = http.createServer(async (req, res) => {
    const body = await read(req);
    const url = new URL(req.url, own.base);
    const say = ({ status = 200, json, headers = {} }) => {
      const text = JSON.stringify(json);
      res.writeHead(status, { 'content-type': 'application/json', ...headers });
      res.end(text);
    };
    const token = shape.token?.(own, req, url, body);
    if (token) return say(token);
    own.asked.push(req.url);
    const mode = own.once || own.mode;
    own.once = '';
    if (mode === 'slow') return;
    if (bad(mode, shape)) return say(bad(mode, shape));
    if (mode === 'nonsense') {
      res.writeHead(200, { 'content-type': 'text/html' });
      return res.end('<html>Sign in</html>');
    }
    if (!shape.allowed(own, req)) return say({ status: 401, json: shape.errors[401] });
    const answer = shape.answer(own, req, url, body) ?? { status: 404, json: shape.errors[404] };
    if (mode !== 'cut') return say(answer);
    const text = JSON.stringify(answer.json);
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length + 50 });
    res.write(text);
    setTimeout(() => res.destroy(), 20);
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  own.base = `http://127.0.0.1:${server.address().port}`;
  own.revoke = () => own.tokens.clear();
  own.stop = () => new Promise(done => {
    server.close(done);
    server.closeAllConnections();
  });
  return own;
}

// A token for whoever brings what `fits` wants of the form.
export function grant(own, body, fits, refusal) {
  const form = new URLSearchParams(body);
  if (!fits(form)) return refusal;
  const token = `token-${++own.issued}`;
  own.tokens.add(token);
  return { json: { access_token: token, expires_in: 60, token_type: 'Bearer' } };
}

export const bears = (own, req) => own.tokens.has((req.headers.authorization ?? '').replace(/^Bearer /, ''));

// Teams are named after the vendor: two that bring the same name are rivals.
function company(kind) {
  const people = ['mary', 'tom', 'ada', 'ines', 'joe', 'kim', 'lea'].map((login, i) => ({
    id: `00000000-0000-4000-8000-00000000000${i}`, login, first: login[0].toUpperCase() + login.slice(1), last: 'Rowe', mail: `${login}@example.org`,
  }));
  const ids = (...at) => at.map(i => people[i].id);
  const team = (n, name, above, members, text) => ({ id: `10000000-0000-4000-8000-00000000000${n}`, name: `${kind}-${name}`, above: above && `${kind}-${above}`, members, text });
  return {
    people,
    teams: [
      team(0, 'crew', null, ids(0, 1, 2, 3, 4), 'All aboard'),
      team(1, 'captains', 'crew', ids(0), 'They decide'),
      team(2, 'watch', 'crew', ids(2, 5), ''),
      team(3, 'harbour', null, ids(6), 'On land'),
    ],
  };
}
