// SPDX-License-Identifier: Apache-2.0
//
// slapd.mjs - a real slapd with a directory of its own, on free ports of
// 127.0.0.1, and a wire before it that can be cut, slow or dead.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort, run, until } from './portal.mjs';

export const base = 'dc=example,dc=org';
export const admin = { dn: `cn=admin,${base}`, secret: 'sesame' };

async function certificate(dir) {
  const made = await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
    '-keyout', path.join(dir, 'key.pem'), '-out', path.join(dir, 'cert.pem')]);
  if (made.code !== 0) throw new Error(made.stderr);
}

const config = dir => `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile ${dir}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
TLSCertificateFile ${dir}/cert.pem
TLSCertificateKeyFile ${dir}/key.pem
database mdb
suffix "${base}"
rootdn "${admin.dn}"
rootpw ${admin.secret}
directory ${dir}/db
limits dn.exact="cn=limited,${base}" size.soft=2 size.hard=2 size.prtotal=2
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
overlay memberof
`;

// { port, tlsPort, ca, start(), stop(), change(ldif), end() }
export async function slapd() {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'cb-slapd-'));
  const own = { port: await freePort(), tlsPort: await freePort(), ca: path.join(dir, 'cert.pem') };
  let child;
  chmodSync(dir, 0o755); // the portal may run as somebody else
  mkdirSync(path.join(dir, 'db'));
  await certificate(dir);
  writeFileSync(path.join(dir, 'slapd.conf'), config(dir));
  const change = async (ldif, tool = 'ldapmodify') => {
    const file = path.join(dir, 'change.ldif');
    writeFileSync(file, ldif);
    const done = await run(tool, ['-x', '-H', `ldap://127.0.0.1:${own.port}`, '-D', admin.dn, '-w', admin.secret, '-f', file]);
    if (done.code !== 0) throw new Error(`${tool}: ${done.stderr}`);
  };
  own.change = ldif => change(ldif);
  own.add = ldif => change(ldif, 'ldapadd');
  own.start = async () => {
    const log = [];
    child = spawn('/usr/sbin/slapd', ['-d', '0', '-f', path.join(dir, 'slapd.conf'), '-h', `ldap://127.0.0.1:${own.port} ldaps://127.0.0.1:${own.tlsPort}`], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', text => log.push(text));
    await until('slapd answers', 10, async () => {
      if (child.exitCode !== null) throw new Error(`slapd ended: ${log.join('')}`);
      return (await run('ldapsearch', ['-x', '-H', `ldap://127.0.0.1:${own.port}`, '-s', 'base', '-b', ''])).code === 0;
    });
  };
  own.stop = () => new Promise(done => {
    if (!child || child.exitCode !== null) return done();
    child.once('exit', done);
    child.kill('SIGTERM');
  });
  own.end = async () => {
    await own.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  own.certificate = () => readFileSync(own.ca, 'utf8');
  return own;
}

// A wire to a port: mode '' carries everything, 'cut' ends after some bytes of
// an answer, 'slow' carries questions and no answer, 'garbage' answers what is
// no LDAP.
export async function wire(port) {
  const own = { mode: '', cutAfter: 600 };
  const open = new Set();
  const server = net.createServer(near => {
    const far = net.connect(port, '127.0.0.1');
    let carried = 0;
    for (const end of [near, far]) {
      open.add(end);
      end.on('close', () => {
        open.delete(end);
        near.destroy();
        far.destroy();
      });
      end.on('error', () => end.destroy());
    }
    near.on('data', bytes => far.write(bytes));
    far.on('data', bytes => {
      if (own.mode === 'slow') return;
      if (own.mode === 'garbage') return near.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      if (own.mode === 'cut' && carried + bytes.length > own.cutAfter) {
        near.write(bytes.subarray(0, own.cutAfter - carried));
        setTimeout(() => near.destroy(), 20);
        return;
      }
      carried += bytes.length;
      near.write(bytes);
    });
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  own.port = server.address().port;
  own.stop = () => new Promise(done => {
    server.close(done);
    for (const end of open) end.destroy();
  });
  return own;
}
