-- 0003: the past answers what the present does.
--
-- A version that is over holds what queries look at; the open one is the row
-- of `entity` itself, so its body stands there alone.

set local search_path = callboard, public;

alter table entity_history
    add column gone       boolean not null default false, -- deleted here
    add column kind       text collate "C",
    add column namespace  text collate "C",
    add column name       text collate "C",
    add column title      text collate "C",
    add column type       text collate "C",
    add column owner      text collate "C",
    add column lifecycle  text collate "C",
    add column tokens     text[],
    add column originals  text[],
    add column etag       text;

-- The past is known from here on; null: from the first version on.
alter table catalog_state add column history_from timestamptz;

update entity_history set gone = true where body is null;
-- Versions of before have nothing that a query could look at.
update catalog_state set history_from = clock_timestamp()
    where exists (select from entity_history where valid_to is not null);

create index entity_history_over on entity_history (valid_to) where valid_to is not null;
create index entity_history_uid on entity_history (uid, valid_from);
-- Deleted long ago: what is left of them goes when its time has come.
create index entity_history_gone on entity_history (valid_from) where gone;

do $$
begin
    alter table entity_history
        alter tokens set compression lz4,
        alter originals set compression lz4;
exception when feature_not_supported then
    null;
end
$$;
