-- 0011: roles, who has them, and what they allow.
set local search_path = callboard, public;

create table role (
    name        text        collate "C" primary key,
    description text        not null default '',
    changed_by  text        not null,
    changed_at  timestamptz not null default clock_timestamp()
);

-- Users and groups, by their refs in lower case.
create table role_member (
    role   text collate "C" not null references role (name) on delete cascade,
    member text collate "C" not null,
    primary key (role, member)
);
create index role_member_member on role_member (member);

-- What a role says of a permission: its name, a resource type, or the
-- beginning of names with a star; '' is any action; the condition is canonical
-- JSON in Backstage's words, null: always.
create table role_permission (
    id         bigint generated always as identity primary key,
    role       text collate "C" not null references role (name) on delete cascade,
    permission text collate "C" not null,
    action     text collate "C" not null default '',
    effect     text not null check (effect in ('allow', 'deny')),
    condition  text
);
create unique index role_permission_once on role_permission
    (role, permission, action, effect, md5(coalesce(condition, '')));
