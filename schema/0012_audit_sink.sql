-- 0012: how far each sink of the audit log has been told (audit/sink.h), and
-- what people keep with the portal (prefs/prefs.h).

set local search_path = callboard, public;

create table audit_sink (
    name    text        collate "C" primary key,  -- "file", "syslog"
    seal    bigint      not null,                 -- told up to here
    told_at timestamptz not null default clock_timestamp()
);

create table user_setting (
    user_ref   text        collate "C" not null,  -- whose, and nobody else's
    bucket     text        collate "C" not null,
    key        text        collate "C" not null,
    value      text        not null,              -- JSON
    changed_at timestamptz not null default clock_timestamp(),
    primary key (user_ref, bucket, key)
);
