// SPDX-License-Identifier: Apache-2.0
//
// readers.mjs - what readers ask for while something else goes on: an entity,
// a list, a page; and whether what they got was all of it.
import { request } from './portal.mjs';

export async function guestCookie(portal) {
  const answer = await request(`${portal.base}/sign-in?return=/`);
  return answer.headers['set-cookie'][0].split(';')[0];
}

// For load(): the next request, until enough(sent) says so.
export function readers(portal, cookie, enough) {
  const bearer = { authorization: `Bearer ${portal.token}` };
  const kinds = [
    { url: `${portal.base}/api/catalog/entities/by-name/component/default/booking-desk`, kind: 'name', headers: bearer },
    { url: `${portal.base}/api/catalog/entities/by-query?limit=2&filter=kind=component&orderField=metadata.name`, kind: 'list', headers: bearer },
    { url: `${portal.base}/catalog/default/component/booking-desk`, kind: 'page', headers: { cookie } },
  ];
  let sent = 0;
  return () => enough(sent) ? null : kinds[sent++ % 3];
}

export function checkReader(answer, what) {
  if (answer.status < 200 || answer.status > 299) return `status ${answer.status}: ${answer.body.slice(0, 200)}`;
  if (what.kind === 'page') {
    if (!answer.body.trimEnd().endsWith('</html>')) return 'the page is not whole';
    // Drawn, or a placeholder in its place; a third card's plugin may be off.
    for (const plugin of ['ownership', 'jenkins'])
      if (!answer.body.includes(`data-plugin="${plugin}"`)) return `the ${plugin} card is missing`;
    if (answer.body.includes('<!--#')) return 'an include was not carried out';
    return null;
  }
  try {
    const body = JSON.parse(answer.body);
    if (what.kind === 'name' && body.metadata.name !== 'booking-desk') return 'another entity';
    if (what.kind === 'list' && body.items.length !== 2) return 'another list';
  } catch (error) {
    return error.message;
  }
  return null;
}
