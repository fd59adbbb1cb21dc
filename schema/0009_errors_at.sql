-- 0009: since when a node is in trouble.
set local search_path = callboard, public;

alter table node add column errors_at timestamptz;  -- null: it is not
update node set errors_at = clock_timestamp() where errors <> '[]';

-- Many statements write errors; none has to think of it.  Other errors than
-- before do not begin a new trouble.
create function node_errors_at() returns trigger language plpgsql as $$
begin
    if new.errors = '[]' then
        new.errors_at := null;
    elsif tg_op = 'INSERT' or old.errors = '[]' then
        new.errors_at := clock_timestamp();
    end if;
    return new;
end $$;
create trigger node_errors_at_new before insert on node
    for each row when (new.errors <> '[]') execute function node_errors_at();
create trigger node_errors_at before update of errors on node
    for each row when (old.errors is distinct from new.errors)
    execute function node_errors_at();

-- For who looks after them: those in trouble, by ref.
create index node_troubled on node (ref) where errors <> '[]';
