-- Schemas, and the ledger of runs.
create schema if not exists if_common;
create schema if not exists staging;
create schema if not exists analytics;

-- One row for each attempt at a run. `files` holds the object versions that it used.
create table if_common.runs (
  run_id      text primary key,
  run_date    date not null,
  as_of       date not null,
  forced      boolean not null,
  status      text not null check (status in ('running', 'succeeded', 'failed')),
  request_id  text not null,
  started_at  timestamptz not null,
  finished_at timestamptz,
  reason      text,
  files       jsonb not null default '[]',
  -- The run's report as it lies in the exports bucket, but for its log.
  report      jsonb,
  exported_at timestamptz,
  notified_at timestamptz
);

-- At most one successful run a UTC day, but for those that somebody forced.
create unique index one_success_a_day on if_common.runs (run_date) where status = 'succeeded' and not forced;
create index runs_by_start on if_common.runs (started_at desc);
