-- 0005: what was read for a node, so that news of it make the node due.
--
-- "url:https://..." and "file:/..." of files, and of what their placeholders
-- name.  Written only by who holds the node's lock, removed with the node.
set local search_path = callboard, public;

create table refresh_key (
    node bigint not null references node (id) on delete cascade,
    key  text   collate "C" not null,
    primary key (node, key)
);
create index refresh_key_key on refresh_key (key);
