// SPDX-License-Identifier: Apache-2.0
//
// oidc.mjs - a real OpenID provider (oidc-provider) on a free port of
// 127.0.0.1, with everything that can go wrong with one.
//
// CALLBOARD_NODE is a folder whose node_modules has what tests/node names.
import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import http from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort, tree } from './portal.mjs';

const load = createRequire(path.join(process.env.CALLBOARD_NODE ?? path.join(tree, 'tests/node'), '_'));

const made = new Map();
const key = kid => made.get(kid) ?? made.set(kid, { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }).get(kid);

// people: { ada: { email, email_verified, name, ... } }
// { base, issuer, person (signs in by itself, or a form asks), mode, rotate(kid),
//   asked: {path: count}, stop() }
// mode: '' answers, 'slow' never, 'error' 500 with a stack, 'garbage' HTML with
// 200, 'empty' {}; `where` narrows it to paths that begin so.
export async function oidc({ people, redirects, logouts = [], client = 'callboard', secret = 'a secret & more' }) {
  const { default: Provider } = await import(pathToFileURL(load.resolve('oidc-provider')).href);
  const port = await freePort();
  const own = { base: `http://127.0.0.1:${port}`, issuer: `http://127.0.0.1:${port}`, mode: '', where: '/', asked: {}, person: null, tamper: null, client, secret };
  let provider, answer;
  const make = kid => {
    provider = new Provider(own.issuer, {
      clients: [{
        client_id: client, client_secret: secret, redirect_uris: redirects, post_logout_redirect_uris: logouts,
        grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
      }],
      jwks: { keys: [key(kid)] },
      cookies: { keys: ['a cookie key of the test'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username', 'picture'] },
      pkce: { required: () => true, methods: ['S256'] },
      features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true, logoutSource: leave } },
      interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
      ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 6000, Grant: 6000, RefreshToken: 6000 },
      findAccount: (ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
      issueRefreshToken: async () => true,
      loadExistingGrant: async ctx => {
        const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
        grant.addOIDCScope('openid profile email offline_access');
        await grant.save();
        return grant;
      },
    });
    answer = provider.callback();
  };
  // It asks, as providers do; the button sends the form.
  async function leave(ctx, form) {
    ctx.body = `<!DOCTYPE html><html lang="en"><title>Leave</title><h1>Sign out of the provider?</h1>${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Yes</button>`;
  }
  async function interact(req, res, url) {
    const who = url.searchParams.get('who') ?? own.person;
    if (who === 'nobody')
      return provider.interactionFinished(req, res, { error: 'access_denied', error_description: '<script>alert(1)</script>' }, { mergeWithLastSubmission: false });
    if (who)
      return provider.interactionFinished(req, res, { login: { accountId: who } }, { mergeWithLastSubmission: false });
    res.setHeader('content-type', 'text/html');
    return res.end(`<!DOCTYPE html><html lang="en"><title>Provider</title><h1>Who are you?</h1><form><label>Name <input name="who"></label><button>Go on</button></form>`);
  }
  async function serve(req, res) {
    const url = new URL(req.url, own.base);
    own.asked[url.pathname] = (own.asked[url.pathname] ?? 0) + 1;
    if (own.mode && url.pathname.startsWith(own.where)) {
      if (own.mode === 'slow') return undefined;
      res.statusCode = own.mode === 'error' ? 500 : 200;
      res.setHeader('content-type', 'text/html');
      return res.end(own.mode === 'error' ? 'Error: at Object.<anonymous> (/srv/idp/secret.js:1:1)' : own.mode === 'empty' ? '{}' : '<html>not what you expect</html>');
    }
    if (url.pathname.startsWith('/interaction/')) return interact(req, res, url);
    if (own.tamper) {
      const end = res.end.bind(res);
      res.end = (body, ...rest) => {
        const changed = body ? own.tamper(url.pathname, String(body)) : body;
        if (body) res.setHeader('content-length', Buffer.byteLength(changed));
        return end(changed, ...rest);
      };
    }
    return answer(req, res);
  }
  make('first');
  const server = http.createServer((req, res) => serve(req, res).catch(error => {
    res.statusCode = 500;
    res.end(String(error));
  }));
  const open = new Set();
  server.on('connection', socket => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  const listen = () => new Promise(done => server.listen(port, '127.0.0.1', done));
  await listen();
  own.rotate = make;
  own.down = () => new Promise(done => {
    server.close(done);
    for (const socket of open) socket.destroy();
  });
  own.up = listen;
  own.stop = () => (server.listening ? own.down() : undefined);
  return own;
}
