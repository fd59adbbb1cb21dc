// SPDX-License-Identifier: Apache-2.0
//
// jar.mjs - a browser's cookies and redirects, without the browser.
import { request } from './portal.mjs';

export class Jar {
  cookies = []; // { name, value, host, path }

  header(url) {
    const { hostname, pathname } = new URL(url);
    return this.cookies.filter(c => c.host === hostname && (pathname === c.path || pathname.startsWith(c.path.endsWith('/') ? c.path : `${c.path}/`)))
      .map(c => `${c.name}=${c.value}`).join('; ');
  }

  take(url, answer) {
    const { hostname, pathname } = new URL(url);
    for (const text of answer.headers['set-cookie'] ?? []) {
      const [pair, ...attributes] = text.split(/;\s*/);
      const at = pair.indexOf('=');
      const name = pair.slice(0, at), value = pair.slice(at + 1);
      const attribute = wanted => attributes.find(a => a.toLowerCase().startsWith(`${wanted}=`))?.split('=')[1];
      const where = attribute('path') ?? pathname.replace(/\/[^/]*$/, '') ?? '/';
      this.cookies = this.cookies.filter(c => !(c.name === name && c.host === hostname && c.path === where));
      const gone = attribute('max-age') === '0' || (attribute('expires') && new Date(attribute('expires')) < new Date());
      if (!gone) this.cookies.push({ name, value, host: hostname, path: where, text });
    }
  }

  // One request with what fits of the cookies.
  async ask(url, options = {}) {
    const cookie = this.header(url);
    const answer = await request(url, { ...options, headers: { ...(cookie && { cookie }), ...options.headers } });
    this.take(url, answer);
    answer.url = url;
    return answer;
  }

  // Follows redirects while go(next url) says so; the last answer.
  async follow(url, { options, until = () => false, most = 12 } = {}) {
    let answer = await this.ask(url, options);
    for (let i = 0; i < most && [301, 302, 303, 307, 308].includes(answer.status); i++) {
      const next = new URL(answer.headers.location, answer.url).href;
      if (until(next)) return { ...answer, next };
      answer = await this.ask(next);
    }
    return answer;
  }

  post(url, form, options = {}) {
    return this.ask(url, {
      method: 'POST', body: new URLSearchParams(form).toString(), ...options,
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin, ...options.headers },
    });
  }

  get(name) {
    return this.cookies.find(c => c.name === name)?.value;
  }

  set(name, value) {
    for (const c of this.cookies) if (c.name === name) c.value = value;
  }
}
