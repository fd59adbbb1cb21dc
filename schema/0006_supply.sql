-- 0006: what runs by a schedule, and what webhooks told.
set local search_path = callboard, public;

-- One row for each thing that runs now and then, whoever runs it.  A claim is
-- leased: who finds lease_until as it set it still has it.
create table job (
    name        text        collate "C" primary key,
    frequency   bigint      not null,               -- ms; 0: cron or by hand
    cron        text        not null default '',
    timeout     bigint      not null,               -- ms
    due_at      timestamptz,                        -- null: by hand alone
    wanted      text        not null default '',    -- run, anew, confirm
    lease_until timestamptz,
    holder      text        not null default '',    -- who has, or had it
    began_at    timestamptz,                        -- of the last run
    ended_at    timestamptz,
    outcome     text        not null default '',    -- see jobs/jobs.h
    error       text        not null default '',
    counts      text        not null default '{}',
    failures    integer     not null default 0,     -- in a row
    state       text        not null default '{}'   -- for the next run
);
create index job_due on job (due_at);

-- What code hosts told, until an engine has acted on it; kept a day, so that
-- a delivery that comes again is known.
create table event (
    id       bigint      generated always as identity primary key,
    at       timestamptz not null default clock_timestamp(),
    topic    text        collate "C" not null,
    delivery text        collate "C",          -- the sender's id
    body     text        not null,             -- events/events.h
    done_at  timestamptz
);
create unique index event_delivery on event (topic, delivery) where delivery is not null;
create index event_open on event (id) where done_at is null;
create index event_at on event (at);
