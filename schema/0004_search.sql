-- SPDX-License-Identifier: Apache-2.0
--
-- What is searched for: title and name (A), description (B), and the rest (C).
-- Words stand as they are written, so that what is typed finds their beginning,
-- and the description's as English stems, too.  NUL, which json allows and text
-- does not, is replaced first.
set local search_path = callboard, public;

create function search_words(kind text, namespace text, name text, title text,
                             type text, lifecycle text, owner text, body text)
returns tsvector language sql immutable parallel safe as $$
    select setweight(to_tsvector('simple', translate(
               name || ' ' || coalesce(title, '') || ' ' || coalesce(s.shown, ''), '-_./:@', '      ')), 'A')
        || setweight(to_tsvector('simple', s.said), 'B')
        || setweight(to_tsvector('english', s.said), 'B')
        || setweight(to_tsvector('simple', translate(
               concat_ws(' ', kind, namespace, type, lifecycle, owner, s.mail, s.tags), '-_./:@', '      ')), 'C')
    from (select translate(left(coalesce(j #>> '{metadata,description}', ''), 20000), '-_./:@', '      ') as said,
                 left(j #>> '{metadata,tags}', 4000) as tags,
                 case when kind in ('user', 'group') then left(j #>> '{spec,profile,displayName}', 1000) end as shown,
                 case when kind in ('user', 'group') then left(j #>> '{spec,profile,email}', 1000) end as mail
          from (select replace(body, '\u0000', '\ufffd')::json as j) b) s
$$;

alter table entity add column search tsvector generated always as (
    search_words(kind, namespace, name, title, type, lifecycle, owner, body)) stored;
create index entity_search on entity using gin (search);
-- entity_words stays: an engine of the release before merges its pending list.
