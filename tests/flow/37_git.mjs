// SPDX-License-Identifier: Apache-2.0
//
// Catalog files of git repositories: a bare one of this host, one over
// HTTP and one over ssh; followed, and kept when something is wrong with them.
import { Portal, until } from '../lib/portal.mjs';
import { suite, test } from '../lib/suite.mjs';
import { gitserver, repository } from '../lib/codehosts/gitserver.mjs';
import { sshd } from '../lib/codehosts/sshd.mjs';
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let portal, server, ssh, folder, shop, shipped;
const component = (name, title) => `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${name}
  title: ${title}
spec:
  type: service
  lifecycle: production
  owner: crew
`;
const byName = name => portal.get(`/api/catalog/entities/by-name/component/default/${name}`);
const entity = async name => {
  const answer = await byName(name);
  return answer.status === 200 ? JSON.parse(answer.body) : null;
};
const errors = async () => JSON.parse((await portal.ctl('-o', 'json', 'catalog', 'errors')).stdout || '[]').map(row => `${row.source} ${row.problem}`);
const trouble = pattern => until(`${pattern} is said`, 20, async () => (await errors()).find(row => pattern.test(row)));
const titled = (name, title) => until(`${name} is ${title}`, 20, async () => (await entity(name))?.metadata.title === title);

test('a pattern of a bare repository, and what a file names beside it', async () => {
  for (const name of ['one', 'two', 'beside']) await until(name, 20, () => entity(name));
  const one = await entity('one');
  assert.equal(one.metadata.annotations['backstage.io/managed-by-location'], `url:git+file://${folder}/repos/shop.git//teams/a/catalog-info.yaml`);
});

test('over HTTP, with a credential that only the repository sees', async () => {
  await until('remote', 20, () => entity('remote'));
  assert.ok(server.counts.authorized > 0);
  const said = server.log.join('\n');
  assert.ok(!said.includes('secret-git'), said);
});

test('over ssh, with a key, from a host that is known', async () => {
  await titled('shipped', 'Shipped');
  shipped.write('catalog-info.yaml', component('shipped', 'Edited'));
  shipped.commit();
  await titled('shipped', 'Edited');
  ssh.forget();
  await trouble(/shipped\.git: git: Host key verification failed/);
  assert.equal((await entity('shipped')).metadata.title, 'Edited');
  ssh.remember();
  await until('it is over', 60, async () => !(await errors()).some(row => /shipped\.git/.test(row)));
});

test('a ref that has not moved costs one question', async () => {
  await until('it is quiet', 20, async () => {
    const before = { ...server.counts };
    await until('it is asked again', 20, () => server.counts.refs > before.refs + 1);
    return server.counts.packs === before.packs;
  });
});

test('what is committed, edited and deleted shows; what did not change is not read', async () => {
  shop.write('teams/a/catalog-info.yaml', component('one', 'Edited'));
  shop.write('teams/c/catalog-info.yaml', component('three', 'New'));
  shop.remove('teams/b/catalog-info.yaml');
  shop.commit();
  await titled('one', 'Edited');
  await titled('three', 'New');
  await until('two is gone', 20, async () => !(await entity('two')));
  assert.ok(await entity('beside'));
});

test('a link, a huge file and a bad document leave the others alone', async () => {
  shop.link('teams/link/catalog-info.yaml', '../../../../../../etc/passwd');
  shop.write('teams/huge/catalog-info.yaml', Buffer.alloc(40 << 20, 'x'));
  shop.write('teams/bad/catalog-info.yaml', 'kind: [Component\n');
  shop.write('teams/a/catalog-info.yaml', component('one', 'Beside them'));
  shop.commit();
  await titled('one', 'Beside them');
  await trouble(/symbolic link/);
  await trouble(/41943040 bytes, expected at most/);
  await trouble(/teams\/bad/);
  for (const name of ['link', 'huge', 'bad']) shop.remove(`teams/${name}/catalog-info.yaml`);
  shop.commit();
  await until('the troubles are over', 20, async () => !(await errors()).some(row => /symbolic|41943040|teams\/bad/.test(row)));
});

test('no ref, no repository, none of ours, and what looks like an option: said', async () => {
  await trouble(/has no branch or tag 'gone'/);
  await trouble(/does not appear to be a git repository|not a git repository/);
  await trouble(/is no repository below a path/);
  await trouble(/host 127\.0\.0\.1:1 is not in integrations\.git/);
  await trouble(/'--upload-pack=x' is no branch/);
  await trouble(/its address is not allowed/);
  assert.equal((await errors()).filter(row => /is no repository below a path/.test(row)).length, 2, 'one through a link too');
});

test('a host that refuses loses nothing', async () => {
  server.mode = '401';
  await trouble(/remote\.git.*Authentication failed|Authentication failed.*remote\.git|could not read/);
  assert.ok(await entity('remote'));
  server.mode = '';
  await until('it is over', 60, async () => !(await errors()).some(row => /remote\.git/.test(row)));
});

test('a location registered by hand reads a tag; the clones are bare and few', async () => {
  shop.tag('v1');
  shop.write('single.yaml', component('later', 'Later'));
  shop.commit();
  const target = `git+file://${folder}/repos/shop.git//more/catalog-info.yaml?ref=v1`;
  const answer = await portal.get('/api/catalog/locations', { method: 'POST', body: { type: 'url', target } });
  assert.equal(answer.status, 201, answer.body);
  await until('tagged', 20, () => entity('tagged'));
  const clones = readdirSync(join(portal.status.home ?? portal.home, 'state/git')).filter(name => name.endsWith('.git'));
  assert.ok(clones.length > 0 && clones.length <= 4, clones.join());
});

await suite({
  before: async () => {
    folder = mkdtempSync(join(tmpdir(), 'callboard-git-'));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'repos/empty.git'), { recursive: true });
    mkdirSync(join(folder, 'others'));
    shop = repository(join(folder, 'repos/shop.git'));
    shop.write('teams/a/catalog-info.yaml', component('one', 'One'));
    shop.write('teams/b/catalog-info.yaml', component('two', 'Two'));
    shop.write('teams/d/catalog-info.yaml', 'apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: beside-all}\nspec: {targets: [./sub/beside.yaml]}\n');
    shop.write('teams/d/sub/beside.yaml', component('beside', 'Beside'));
    shop.write('more/catalog-info.yaml', component('tagged', 'Tagged'));
    shop.commit();
    repository(join(folder, 'others/secret.git')).commit();
    symlinkSync(join(folder, 'others/secret.git'), join(folder, 'repos/out.git'));
    const remote = repository(join(folder, 'remote.git'));
    remote.write('catalog-info.yaml', component('remote', 'Remote'));
    remote.commit();
    server = await gitserver(folder, 'reader:secret-git');
    shipped = repository(join(folder, 'shipped.git'));
    shipped.write('catalog-info.yaml', component('shipped', 'Shipped'));
    shipped.commit();
    ssh = await sshd(join(folder, 'ssh'));
    const targets = [
      `git+file://${folder}/repos/shop.git//teams/**/catalog-info.yaml`,
      `git+http://127.0.0.1:${server.port}/remote.git//catalog-info.yaml?ref=main`,
      `git+ssh://${ssh.user}@127.0.0.1:${ssh.port}${folder}/shipped.git//catalog-info.yaml`,
      `git+file://${folder}/repos/shop.git//more/catalog-info.yaml?ref=gone`,
      `git+file://${folder}/repos/empty.git//catalog-info.yaml`,
      `git+file://${folder}/others/secret.git//catalog-info.yaml`,
      `git+file://${folder}/repos/out.git//catalog-info.yaml`,
      'git+https://127.0.0.1:1/x.git//catalog-info.yaml',
      `git+file://${folder}/repos/shop.git//more/catalog-info.yaml?ref=--upload-pack=x`,
      'git+https://127.0.0.1:2/x.git//catalog-info.yaml',
    ];
    portal = await Portal.start({
      config: `integrations:
  git:
    - {path: '${folder}/repos'}
    - {host: '127.0.0.1:${server.port}', username: reader, password: secret-git, allow: [loopback]}
    - {host: '127.0.0.1:${ssh.port}', privateKeyFile: '${ssh.key}', knownHostsFile: '${ssh.known}', allow: [loopback]}
    - {host: '127.0.0.1:2'}
catalog:
  processingInterval: 1s
  locations:
${targets.map(target => `    - {type: url, target: '${target}'}\n`).join('')}`,
    });
  },
  after: async () => {
    await portal?.stop();
    await server?.stop();
    await ssh?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  },
});
