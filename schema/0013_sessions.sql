-- 0013: sessions of people who signed in, and what has ended before its time.
set local search_path = callboard, public;

-- For people to see and end.  A cookie is valid without its row; the id is
-- kept as a hash, so that who reads this table cannot be anybody.
create table session (
    hash       bytea       primary key,   -- SHA-256 of the id
    subject    text        collate "C" not null,
    idp        text        collate "C" not null,
    address    text        not null,
    agent      text        not null,
    id_token   text,                      -- for the provider's sign-out
    made_at    timestamptz not null default clock_timestamp(),
    used_at    timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    ended_at   timestamptz                -- null: it was not ended
);
create index session_subject on session (subject, used_at);
create index session_expires on session (expires_at);

-- "session:<hash>", "token:<id>" or a user's ref: what was made before is not
-- valid any more.  After `until` nothing is left that it speaks of.
create table revocation (
    what   text        collate "C" primary key,
    before timestamptz not null default clock_timestamp(),
    until  timestamptz not null
);
create index revocation_before on revocation (before);
create index revocation_until on revocation (until);

alter table change add column revoked boolean not null default false;

-- A change that is a revocation.  The last statement of its transaction:
-- every other change waits from here on.
create function announce_revoked(why text) returns bigint language sql as $$
    with n as (
        update callboard.catalog_state set number = number + 1
        returning number
    ), c as (
        insert into callboard.change (number, revoked, cause)
        select number, true, why from n returning number
    )
    select number from c, pg_notify('callboard', number::text)
$$;
