-- 0007: a round that ended before its end (killed, or its claim lost).
--
-- What a changed file holds is written before read_state is: while this is
-- set, read_state may tell of older text than what the nodes were made of,
-- and nothing in it counts as unchanged.
set local search_path = callboard, public;

alter table node add column half_read boolean not null default false;
