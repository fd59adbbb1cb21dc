-- 0001: the house's tables.
--
-- Everything is in the schema `callboard`.  Text that sorts is COLLATE "C"
-- whatever the database has, so that SQL's order and the house's agree.

create schema if not exists callboard;
set local search_path = callboard, public;
create extension if not exists pg_trgm with schema public;

-- The one row that says which catalog this is and how far it has come.  A
-- transaction that changes what readers see ends by raising `number` and
-- writing one row of `change`: numbers have no gaps, and come in commit order.
create table catalog_state (
    one     boolean primary key default true check (one),
    id      uuid    not null default gen_random_uuid(),
    number  bigint  not null default 0
);
insert into catalog_state default values;

create table change (
    number   bigint      primary key,
    at       timestamptz not null default clock_timestamp(),
    written  bigint[]    not null default '{}',   -- entity.id
    deleted  bigint[]    not null default '{}',   -- entity.id
    registry boolean     not null default false,  -- plugin, signing_key
    cause    text        not null
);

-- Locations that somebody registered (those of the config are not here).
create table location (
    id         uuid        primary key default gen_random_uuid(),
    type       text        collate "C" not null,
    target     text        collate "C" not null,
    entity_ref text        collate "C" not null,
    created_at timestamptz not null default clock_timestamp(),
    created_by text        not null
);
create unique index location_target on location (type, md5(target));

-- One row for each ref that some source brings in: the entity as the source
-- gave it, as the processors left it, and the state of the work on it.
create table node (
    id           bigint      generated always as identity primary key,
    ref          text        collate "C" not null unique,
    uid          uuid        not null default gen_random_uuid() unique,
    location_key text,                              -- who owns the ref
    raw          text,       -- canonical JSON; null: processed holds it
    raw_hash     bytea       not null,
    processed    text,                              -- null: never good yet
    errors       text        not null default '[]', -- contract's error list
    source       text        not null default '',   -- "file:/x/y.yaml:12"
    -- Location entities only: what their targets looked like when last read
    -- (etag, size, time, hash per file), and when to look again.
    read_state   text        not null default '{}',
    due_at       timestamptz
);
create index node_due on node (due_at) where due_at is not null;

-- Who brought a node in: a provider, or the node that emitted it.  Written
-- only by who holds both nodes' locks, removed with them (catalog/remove.c):
-- foreign keys would look both up once more.
create table edge (
    provider text   collate "C",
    parent   bigint,                        -- node.id
    child    bigint not null,               -- node.id
    check ((provider is null) <> (parent is null))
);
create unique index edge_provider on edge (provider, child) where provider is not null;
create unique index edge_parent on edge (parent, child) where parent is not null;
create index edge_child on edge (child);

-- Relations as their origin emitted them, one row for both directions:
-- `reverse` is the type as seen from `target`, null for a one-way relation.
-- Rows of an origin go with it (catalog/remove.c); a foreign key would look
-- up the origin once for each of them.
create table relation (
    origin  bigint not null,              -- node.id
    source  text   collate "C" not null,
    type    text   collate "C" not null,
    target  text   collate "C" not null,
    reverse text   collate "C"
);
create index relation_origin on relation (origin);
create index relation_source on relation (source);
create index relation_target on relation (target) where reverse is not null;

-- Refs whose served form must be made anew: a queue that is only added to,
-- so that nobody waits for anybody; a ref may stand in it several times.
create table stitch (
    ref text collate "C" not null
);
create index stitch_ref on stitch (ref);

-- What readers see.  Hot columns hold the search value (lower case); `tokens`
-- holds "key=value" for every search row and "key" for every key (so that
-- "exists" is one lookup), `originals` the value as written where lower case
-- changed it, else null, in step with `tokens`.
create table entity (
    id         bigint      primary key references node (id) on delete cascade,
    ref        text        collate "C" not null unique,
    uid        uuid        not null unique,
    kind       text        collate "C" not null,
    namespace  text        collate "C" not null,
    name       text        collate "C" not null,
    title      text        collate "C",
    type       text        collate "C",
    owner      text        collate "C",   -- first relations.ownedby
    lifecycle  text        collate "C",
    tokens     text[]      not null,
    originals  text[]      not null,
    body       text        not null,      -- the served JSON, ready to send
    etag       text        not null,
    hash       bytea       not null,      -- of the content before uid and etag
    number     bigint      not null,      -- the change that wrote it
    updated_at timestamptz not null default clock_timestamp(),
    words      tsvector    generated always as (
        to_tsvector('simple', name || ' ' || coalesce(title, '') || ' ' || ref)
    ) stored
);
create index entity_kind_name on entity (kind, name, uid);
create index entity_name on entity (name, uid);
-- New entries wait in a list of at most 4 MB: merged a thousand entities at a
-- time they cost a third.  Whoever stitched empties the list when it is done.
create index entity_tokens on entity using gin (tokens);
create index entity_words on entity using gin (words);
create index entity_name_like on entity using gin (name gin_trgm_ops, title gin_trgm_ops);

-- Every version of every entity: valid from (inclusive) to (exclusive).
create table entity_history (
    id         bigint      not null,      -- node.id, which may be gone
    ref        text        collate "C" not null,
    uid        uuid        not null,
    valid_from timestamptz not null,
    valid_to   timestamptz,               -- null: still so
    number     bigint      not null,
    body       text,                      -- null: deleted at valid_from
    source     text        not null,
    cause      text        not null,
    actor      text        not null
);
create index entity_history_ref on entity_history (ref, valid_from);
create unique index entity_history_open on entity_history (id) where valid_to is null;

-- Bodies are a kilobyte or more each: the quicker compression halves what
-- writing them costs, where the server has it.
do $$
begin
    alter table node alter processed set compression lz4;
    alter table entity
        alter tokens set compression lz4,
        alter originals set compression lz4,
        alter body set compression lz4;
    alter table entity_history alter body set compression lz4;
exception when feature_not_supported then
    null;
end
$$;

-- Every change somebody made; what an engine ingests is one row per batch.
create table audit (
    id         bigint      generated always as identity primary key,
    at         timestamptz not null default clock_timestamp(),
    actor      text        not null,
    action     text        not null,
    object     text        not null,
    before     text,
    after      text,
    request_id text        not null default '',
    address    text        not null default '',
    outcome    text        not null default 'done'
);
create index audit_at on audit (at);

-- What is wanted of each plugin, fleet-wide.
create table plugin (
    name           text        collate "C" primary key,
    wanted         boolean     not null default true,
    changed_by     text        not null,
    changed_at     timestamptz not null default clock_timestamp(),
    reason         text        not null default '',
    quarantined_at timestamptz
);

-- What each host and pool really runs.
create table plugin_instance (
    host     text        collate "C" not null,
    pool     text        collate "C" not null,
    name     text        collate "C" not null,
    version  text        not null,
    state    text        not null,
    reason   text        not null default '',
    manifest text        not null default '{}',
    seen_at  timestamptz not null default clock_timestamp(),
    primary key (host, pool, name)
);

-- Keys of the fleet: sessions, CSRF tokens, cursors.  Old and new are valid
-- during a rotation; the newest signs.
create table signing_key (
    id         uuid        primary key default gen_random_uuid(),
    secret     bytea       not null,
    created_at timestamptz not null default clock_timestamp()
);
