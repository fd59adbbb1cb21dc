// SPDX-License-Identifier: Apache-2.0
//
// sign_in.mjs - Chromium signs in by a real OpenID provider, looks at its
// sessions, and out; SHOTS=folder leaves pictures there.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Portal, freePort, until } from '../lib/portal.mjs';
import { oidc } from '../lib/oidc.mjs';
import { suite, test } from '../lib/suite.mjs';
import { accessible, expect, fits, launch, open } from './pages.mjs';

let browser, portal, idp;
const shots = process.env.SHOTS;
const people = { ingrid: { email: 'ingrid.solheim@ondry.example', email_verified: true, name: 'Ingrid' }, eve: { email: 'eve@elsewhere.example', email_verified: true } };

async function shoot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
}

for (const theme of ['light', 'dark'])
  for (const size of ['wide', 'narrow'])
    test(`in, what is mine, and out: ${theme}, ${size}`, async () => {
      const { page, close } = await open(browser, { theme, size });
      const look = async what => {
        await accessible(page, what);
        await fits(page, what);
        await shoot(page, `${what}-${theme}-${size}`);
      };
      try {
        await page.goto(`${portal.base}/sign-in`);
        await look('sign-in');
        await page.getByRole('link', { name: 'Sign in with Work' }).click();
        await page.getByLabel('Name').fill('ingrid');
        await page.getByRole('button', { name: 'Go on' }).click();
        await page.locator('details.menu').waitFor();
        expect(new URL(page.url()).origin === portal.base, page.url());
        await page.goto(`${portal.base}/settings`);
        await page.getByText('This one').waitFor();
        await look('settings');
        await page.locator('details.menu summary').click();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'Sign out of the provider?' }).waitFor();
        await page.getByRole('button', { name: 'Yes' }).click();
        await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
        expect(page.url().startsWith(`${portal.base}/sign-in`), page.url());
        await page.goto(`${portal.base}/api/auth/oidc/start?return=/`);
        await page.getByLabel('Name').fill('eve');
        await page.getByRole('button', { name: 'Go on' }).click();
        await page.getByRole('heading', { name: 'The catalog does not know you yet' }).waitFor();
        await look('nobody');
      } finally {
        await close();
      }
    });

await suite({
  before: async () => {
    const port = await freePort(), base = `http://127.0.0.1:${port}`;
    idp = await oidc({ people, redirects: [`${base}/api/auth/oidc/handler/frame`], logouts: [`${base}/sign-in`] });
    portal = await Portal.start({ port, config: `
permission: {enabled: true, defaultRole: reader}
auth:
  providers:
    oidc:
      title: Work
      clientId: callboard
      clientSecret: "a secret & more"
      metadataUrl: ${idp.base}/.well-known/openid-configuration
      allow: [loopback]
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}
    ldap:
      title: the directory
      target: ldap://127.0.0.1:1
      users: {dn: "dc=example,dc=org"}
      signIn: {resolvers: [{resolver: emailMatchingUserEntityProfileEmail}]}
` });
    await until('the people are there', 30, async () => (await portal.get('/api/catalog/entities/by-name/user/default/ingrid.solheim')).status === 200);
    browser = await launch();
  },
  after: async () => {
    await browser?.close();
    await portal?.stop();
    await idp?.stop();
  },
});
