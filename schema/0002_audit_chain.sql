-- 0002: the audit log proves itself.
--
-- Writers add rows and wait for nobody; an engine gives them their places in
-- a chain soon after, each hash over the row and the hash before it
-- (audit/chain.h).  What is written is never changed: only an unsealed row
-- may be given its place, once.

set local search_path = callboard, public;

alter table audit
    add column seal bigint,   -- place in the chain, from 1 without gaps
    add column hash bytea;    -- sha256 over the hash before it and the row
create unique index audit_seal on audit (seal) where seal is not null;
create index audit_unsealed on audit (id) where seal is null;
create index audit_actor on audit (actor, id);
create index audit_object on audit (object, id);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.seal is null and new.seal is not null
       and (new.id, new.at, new.actor, new.action, new.object, new.before,
            new.after, new.request_id, new.address, new.outcome)
           is not distinct from
           (old.id, old.at, old.actor, old.action, old.object, old.before,
            old.after, old.request_id, old.address, old.outcome) then
        return new;
    end if;
    raise exception 'the audit log is only added to'
        using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_rows before update or delete on audit
    for each row execute function audit_is_append_only();
create trigger audit_truncate before truncate on audit
    for each statement execute function audit_is_append_only();
