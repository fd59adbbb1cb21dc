// SPDX-License-Identifier: Apache-2.0
//
// github.mjs - organisations of a GitHub Enterprise server by GraphQL, as
// Backstage asks for them.
const message = text => ({ message: text, documentation_url: 'https://docs.github.com/graphql' });
export const errors = { 401: message('Bad credentials'), 403: message('Resource not accessible'), 404: message('Not Found'), 429: message('API rate limit exceeded'), 500: message('Something went wrong') };

export const allowed = (own, req) => req.headers.authorization === 'Bearer keel-token';

const slug = team => team.name;
const page = (list, { size, cursor }, node) => {
  const from = cursor ? Number(Buffer.from(cursor, 'base64')) : 0, end = from + size;
  return { pageInfo: { hasNextPage: end < list.length, endCursor: list.length ? Buffer.from(String(end)).toString('base64') : null }, nodes: list.slice(from, end).map(node) };
};

export function answer(own, req, url, body) {
  if (req.method !== 'POST' || url.pathname !== '/api/graphql') return null;
  const { query, variables } = JSON.parse(body);
  // What is given and what is declared are the same.
  const declared = [...query.split('{')[0].matchAll(/\$(\w+):/g)].map(match => match[1]);
  for (const name of Object.keys(variables)) if (!declared.includes(name)) return { json: { errors: [{ message: `${name} is not declared` }] } };
  if (own.partly) return { json: { data: { organization: null }, errors: [{ type: 'FORBIDDEN', path: ['organization'], message: 'Resource protected by organization SAML enforcement.' }] } };
  if (variables.org !== 'acme') return { json: { data: { organization: null }, errors: [{ type: 'NOT_FOUND', path: ['organization'], message: `Could not resolve to an Organization with the login of '${variables.org}'.` }] } };
  const user = id => own.people.find(person => person.id === id);
  const members = (team, size, cursor) => page(team.members.map(user).filter(Boolean), { size, cursor }, person => ({ login: person.login }));
  if (query.startsWith('query users')) {
    return { json: { data: { organization: { membersWithRole: page(own.people, variables, person => ({
      avatarUrl: `https://avatars.example/${person.login}`, bio: null, email: person.mail, login: person.login, name: `${person.first} ${person.last}`,
    })) } } } };
  }
  if (query.startsWith('query teams')) {
    return { json: { data: { organization: { teams: page(own.teams, variables, team => ({
      slug: slug(team), combinedSlug: `acme/${slug(team)}`, name: team.name, description: team.text, avatarUrl: '', editTeamUrl: `${own.base}/orgs/acme/teams/${slug(team)}/edit`,
      parentTeam: team.above ? { slug: team.above } : null, members: members(team, variables.members),
    })) } } } };
  }
  const team = own.teams.find(one => slug(one) === variables.team);
  return { json: { data: { organization: { team: team ? { members: members(team, variables.size, variables.cursor) } : null } } } };
}
