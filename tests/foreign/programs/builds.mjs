// SPDX-License-Identifier: Apache-2.0
//
// builds.mjs - a foreign plugin in Node: builds of a component, by HTTP.
//
//   node builds.mjs PORT PORTAL
//
// It believes who asks only after it has verified the portal's signature, with
// the keys that the portal publishes.
import { createPublicKey, verify } from 'node:crypto';
import http from 'node:http';

const [port, portal] = process.argv.slice(2);
const VIEW = 'application/vnd.callboard.view+json';
const keys = new Map();

async function keyOf(kid) {
  if (!keys.has(kid)) {
    const answer = await fetch(`${portal}/api/auth/.well-known/jwks.json`);
    for (const jwk of (await answer.json()).keys) keys.set(jwk.kid, createPublicKey({ key: jwk, format: 'jwk' }));
  }
  return keys.get(kid);
}

const part = text => JSON.parse(Buffer.from(text, 'base64url'));

// The claims of a token that is ours, or an error.
async function claims(token, typ, aud) {
  const [head, body, signature] = (token ?? '').split('.');
  const { alg, kid, typ: found } = part(head);
  const key = await keyOf(kid);
  if (alg !== 'ES256' || found !== typ || !key) throw new Error('no token of the portal');
  if (!verify('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))) throw new Error('a forged token');
  const found_claims = part(body);
  if (found_claims.exp * 1000 < Date.now() || (aud && found_claims.aud !== aud)) throw new Error('a token for another time or plugin');
  return found_claims;
}

async function whoAsks(request) {
  const own = await claims(request.headers['x-callboard-identity'], 'vnd.backstage.plugin', 'builds');
  if (own.sub !== 'callboard') throw new Error('a token of somebody else');
  return own.obo ? (await claims(own.obo, 'vnd.backstage.limited-user')).sub : null;
}

const show = (...parts) => [VIEW, JSON.stringify({ level: 1, show: parts })];

async function answer(request) {
  const url = new URL(request.url, 'http://builds');
  const user = await whoAsks(request);
  switch (url.pathname) {
    case '/fragments/builds/last':
      return show({ table: { columns: ['Build', 'State'], rows: [[480, { status: { text: 'Passed', tone: 'good' } }]] } });
    case '/fragments/builds/mine':
      return show({ text: `Builds of ${user}` });
    case '/fragments/builds/slow':
      await new Promise(resolve => setTimeout(resolve, 1500));
      return show({ text: 'It took its time.' });
    case '/fragments/builds/hang':
    case '/p/builds/hang':
      return new Promise(() => {});
    case '/fragments/builds/wrong':
      return show({ text: 'fine' }, { table: { columns: [{ title: 5 }], rows: [] } });
    case '/fragments/builds/newer':
      return [VIEW, JSON.stringify({ level: 7, show: [] })];
    case '/api/builds/whoami':
      return ['application/json', JSON.stringify({ user, method: request.method, headers: request.headers, url: request.url })];
    default:
      return null;
  }
}

http.createServer(async (request, response) => {
  try {
    const found = await answer(request);
    if (!found) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': found[0], 'set-cookie': 'callboard=stolen', 'x-accel-redirect': '/metrics' }).end(found[1]);
  } catch (error) {
    response.writeHead(403, { 'content-type': 'text/plain' }).end(error.message);
  }
}).listen(Number(port), '127.0.0.1');
