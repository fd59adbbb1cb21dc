// SPDX-License-Identifier: Apache-2.0
//
// webhooks.mjs - deliveries as GitHub, GitLab, Gitea, Bitbucket Server and
// Azure DevOps send them: a push of files to a branch, with its proof.
import { createHmac, randomUUID } from 'node:crypto';

const hmac = (secret, text) => createHmac('sha256', secret).update(text).digest('hex');
const commits = paths => [{ id: '9f1', message: 'change', added: [], modified: paths, removed: [] }];

export const senders = {
  github: (host, { branch, paths, secret, id = randomUUID() }) => {
    const body = JSON.stringify({
      ref: `refs/heads/${branch}`, before: '0a1', after: '9f1', created: false, deleted: false, forced: false,
      repository: { id: 7, name: 'shop', full_name: 'acme/shop', html_url: `${host.base}/acme/shop`, default_branch: 'main', owner: { login: 'acme' } },
      organization: { login: 'acme' }, sender: { login: 'mary', html_url: `${host.base}/mary` }, commits: commits(paths),
    });
    return { body, headers: { 'x-github-event': 'push', 'x-github-delivery': id, 'x-hub-signature-256': `sha256=${hmac(secret, body)}` } };
  },
  gitlab: (host, { branch, paths, secret, id = randomUUID() }) => ({
    body: JSON.stringify({
      object_kind: 'push', event_name: 'push', ref: `refs/heads/${branch}`, checkout_sha: '9f1', total_commits_count: 1, commits: commits(paths),
      project: { id: 7, name: 'shop', web_url: `${host.base}/acme/deep/shop`, path_with_namespace: 'acme/deep/shop', default_branch: 'main' },
      repository: { name: 'shop', url: 'git@127.0.0.1:acme/deep/shop.git' },
    }),
    headers: { 'x-gitlab-event': 'Push Hook', 'x-gitlab-event-uuid': id, 'x-gitlab-token': secret },
  }),
  gitea: (host, { branch, paths, secret, id = randomUUID() }) => {
    const body = JSON.stringify({
      ref: `refs/heads/${branch}`, before: '0a1', after: '9f1', total_commits: 1, commits: commits(paths),
      repository: { id: 7, name: 'shop', full_name: 'acme/shop', html_url: `${host.base}/acme/shop`, clone_url: `${host.base}/acme/shop.git`, default_branch: 'main' },
    });
    return { body, headers: { 'x-gitea-event': 'push', 'x-github-event': 'push', 'x-gitea-delivery': id, 'x-gitea-signature': hmac(secret, body) } };
  },
  bitbucketServer: (host, { branch, secret, id = randomUUID() }) => {
    const body = JSON.stringify({
      eventKey: 'repo:refs_changed', date: '2026-01-01T12:00:00+0000', actor: { name: 'mary' },
      repository: { slug: 'shop', id: 7, name: 'shop', project: { key: 'ACME', id: 3, name: 'Acme' } },
      changes: [{ ref: { id: `refs/heads/${branch}`, displayId: branch, type: 'BRANCH' }, refId: `refs/heads/${branch}`, fromHash: '0a1', toHash: '9f1', type: 'UPDATE' }],
    });
    return { body, headers: { 'x-event-key': 'repo:refs_changed', 'x-request-id': id, 'x-hub-signature': `sha256=${hmac(secret, body)}` } };
  },
  azureDevOps: (host, { branch, secret, id = randomUUID() }) => ({
    body: JSON.stringify({
      id, eventType: 'git.push', publisherId: 'tfs',
      resource: {
        commits: [{ commitId: '9f1', comment: 'change' }], refUpdates: [{ name: `refs/heads/${branch}`, oldObjectId: '0a1', newObjectId: '9f1' }],
        repository: { id: '278d', name: 'code', defaultBranch: 'refs/heads/main', remoteUrl: `${host.base.replace('://', '://acme@')}/acme/shop/_git/code`, project: { name: 'shop' } },
      },
    }),
    headers: { authorization: `Basic ${Buffer.from(`hook:${secret}`).toString('base64')}` },
  }),
};
