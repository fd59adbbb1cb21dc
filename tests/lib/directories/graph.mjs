// SPDX-License-Identifier: Apache-2.0
//
// graph.mjs - Microsoft Graph v1.0 and the token endpoint of Entra: lists of
// three, whatever $top asks for.
import { grant, bears } from './directory.mjs';

const error = (code, message) => ({ error: { code, message, innerError: { date: '2026-01-01T00:00:00', 'request-id': '0', 'client-request-id': '0' } } });
export const errors = {
  401: error('InvalidAuthenticationToken', 'Access token has expired or is not yet valid.'),
  403: error('Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'),
  404: error('Request_ResourceNotFound', 'Resource does not exist.'),
  429: error('TooManyRequests', 'Please retry again later.'),
  500: error('InternalServerError', 'An internal server error occurred.'),
};
export const tenant = '20000000-0000-4000-8000-000000000000';

export function token(own, req, url, body) {
  if (req.method !== 'POST' || url.pathname !== `/${tenant}/oauth2/v2.0/token`) return null;
  return grant(own, body, form => form.get('client_id') === 'callboard' && form.get('client_secret') === 'keel~rudder' && form.get('scope') === `${own.base}/.default` && form.get('grant_type') === 'client_credentials',
    { status: 401, json: { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.', error_codes: [7000215], correlation_id: '0' } });
}

export const allowed = (own, req) => bears(own, req);

const user = person => ({ id: person.id, displayName: `${person.first} ${person.last}`, mail: person.mail });
const group = team => ({
  id: team.id, displayName: team.name, description: team.text || null, mail: null,
  mailNickname: team.name === 'graph-harbour' ? '0123456789' : team.name, securityEnabled: team.name === 'graph-harbour',
});

export function answer(own, req, url) {
  const at = url.pathname.match(/^\/v1\.0\/(.+)$/)?.[1];
  const skip = Number(url.searchParams.get('$skiptoken') ?? 0);
  const list = (rows, context) => {
    const next = new URL(url);
    next.searchParams.set('$skiptoken', String(skip + 3));
    return { json: { '@odata.context': `${own.base}/v1.0/$metadata#${context}`, ...(skip + 3 < rows.length ? { '@odata.nextLink': own.astray ?? next.href } : {}), value: rows.slice(skip, skip + 3) } };
  };
  if (at === `organization/${tenant}`) return { json: { id: tenant, displayName: 'The Fleet', createdDateTime: '2020-01-01T00:00:00Z' } };
  if (at === 'users') {
    const room = { id: '30000000-0000-4000-8000-000000000000', displayName: 'Chart room', mail: null };
    const filter = url.searchParams.get('$filter');
    return list([room, ...own.people.map(user)].filter(row => filter !== "startswith(mail,'m')" || row.mail?.startsWith('m')), 'users');
  }
  if (at === 'groups') {
    const filter = url.searchParams.get('$filter');
    return list(own.teams.filter(team => filter !== "displayName eq 'graph-captains'" || team.name === 'graph-captains').map(group), 'groups');
  }
  const [, id, cast] = at?.match(/^groups\/([^/]+)\/members(\/microsoft\.graph\.user)?$/) ?? [];
  const team = own.teams.find(one => one.id === id);
  if (!team) return null;
  const people = team.members.map(member => own.people.find(person => person.id === member)).filter(Boolean);
  if (cast) return list(people.map(user), 'users');
  return list([...own.teams.filter(one => one.above === team.name).map(one => ({ '@odata.type': '#microsoft.graph.group', id: one.id })),
    ...people.map(person => ({ '@odata.type': '#microsoft.graph.user', id: person.id }))], 'directoryObjects');
}
