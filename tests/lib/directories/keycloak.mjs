// SPDX-License-Identifier: Apache-2.0
//
// keycloak.mjs - the admin REST API of a Keycloak realm (version 23 and on:
// groups below a group are asked for).
import { bears, grant } from './directory.mjs';

export const errors = {
  401: { error: 'HTTP 401 Unauthorized' },
  403: { error: 'HTTP 403 Forbidden' },
  404: { error: 'Could not find resource' },
  429: { error: 'Too many requests' },
  500: { error: 'unknown_error' },
};

export function token(own, req, url, body) {
  if (req.method !== 'POST' || url.pathname !== '/realms/master/protocol/openid-connect/token') return null;
  return grant(own, body, form => form.get('client_id') === 'callboard' && form.get('client_secret') === 'keel & rudder' && form.get('grant_type') === 'client_credentials'
    || form.get('grant_type') === 'password' && form.get('client_id') === 'admin-cli' && form.get('username') === 'reader' && form.get('password') === 'tide',
  { status: 401, json: { error: 'unauthorized_client', error_description: 'Invalid client or Invalid client credentials' } });
}

export const allowed = bears;

const user = person => ({
  id: person.id, createdTimestamp: 1700000000000, username: person.login, enabled: true, totp: false, emailVerified: true,
  firstName: person.first, lastName: person.last, email: person.mail, disableableCredentialTypes: [], requiredActions: [], notBefore: 0,
});
const path = (own, team) => `${team.above ? path(own, own.teams.find(other => other.name === team.above)) : ''}/${team.name}`;
const group = (own, team) => ({
  id: team.id, name: team.name, path: path(own, team), subGroupCount: own.teams.filter(other => other.above === team.name).length, subGroups: [], attributes: {}, realmRoles: [], clientRoles: {},
});

export function answer(own, req, url) {
  const at = url.pathname.match(/^\/admin\/realms\/acme\/(.+)$/)?.[1];
  const first = Number(url.searchParams.get('first') ?? 0), max = Number(url.searchParams.get('max') ?? 100);
  const page = list => ({ json: list.slice(first, first + max) });
  if (at === 'users') return page(own.people.map(user));
  if (at === 'groups') return page(own.teams.filter(team => !team.above).map(team => group(own, team)));
  const [, id, what] = at?.match(/^groups\/([^/]+)\/(children|members)$/) ?? [];
  const team = own.teams.find(one => one.id === id);
  if (!team) return null;
  if (what === 'children') return page(own.teams.filter(one => one.above === team.name).map(one => group(own, one)));
  return page(team.members.map(member => own.people.find(person => person.id === member)).filter(Boolean).map(user));
}
