-- 0008: keys of a repository, however its address is written.
--
-- What a webhook tells names a repository; hosts take its address in any case.
set local search_path = callboard, public;

create index refresh_key_lower on refresh_key (lower(key));
