-- 0010: keys of tokens, and personal access tokens.
set local search_path = callboard, public;

-- ES256 keys of the fleet, as private JWKs.  A table of its own: an earlier
-- release takes every row of signing_key for the secret of a MAC.  The newest
-- signs; each verifies, and is published, until it expires.
create table token_key (
    kid        text        collate "C" primary key,
    jwk        text        not null,
    made_at    timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null
);

-- What is kept of a personal access token: its hash, never itself.  `scope`
-- is a list of {plugin?, permission?, action?}; empty: it is not limited.
create table personal_token (
    id         uuid        primary key default gen_random_uuid(),
    hash       bytea       not null unique,
    hint       text        not null,      -- its first letters
    owner      text        collate "C" not null,
    name       text        not null,
    scope      text        not null default '[]',
    created_at timestamptz not null default clock_timestamp(),
    created_by text        not null,
    expires_at timestamptz not null,
    last_used  date
);
create index personal_token_owner on personal_token (owner, created_at);
