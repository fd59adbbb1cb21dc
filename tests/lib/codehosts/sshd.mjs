// SPDX-License-Identifier: Apache-2.0
//
// sshd.mjs - OpenSSH's server on a free port, for one key of the user who
// runs the tests.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort, until } from '../portal.mjs';

const privileges = '/run/sshd'; // where root's sshd locks its helper in

// { port, user, key, known, forget(), remember(), stop() }: files of the key
// and of the known host; forget() makes another host known instead.
export async function sshd(folder) {
  const file = name => path.join(folder, name);
  const root = process.getuid() === 0, port = await freePort();
  mkdirSync(folder);
  for (const name of ['host', 'other', 'id']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file(name)]);
  const know = name => writeFileSync(file('known_hosts'), `127.0.0.1 ${readFileSync(file(`${name}.pub`), 'utf8')}`);
  know('host');
  // ssh refuses a key that others may read, unless it is somebody else's.
  chmodSync(file('id'), root ? 0o644 : 0o600);
  copyFileSync(file('id.pub'), file('authorized_keys'));
  writeFileSync(file('sshd.conf'), `Port ${port}
ListenAddress 127.0.0.1
HostKey ${file('host')}
PidFile none
AuthorizedKeysFile ${file('authorized_keys')}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
`);
  const made = root && !existsSync(privileges);
  if (made) mkdirSync(privileges, { mode: 0o755 });
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file('sshd.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', text => { said += text; });
  const ended = new Promise(resolve => child.on('exit', resolve));
  await until('sshd listens', 10, () => new Promise((resolve, reject) => {
    if (child.exitCode !== null) reject(new Error(`sshd ended: ${said}`));
    const socket = net.connect(port, '127.0.0.1', () => resolve(socket.destroy()));
    socket.on('error', () => resolve(false));
  }));
  return {
    port, user: os.userInfo().username, key: file('id'), known: file('known_hosts'),
    forget: () => know('other'), remember: () => know('host'),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      if (made) rmdirSync(privileges);
    },
  };
}
