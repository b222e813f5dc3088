-- How far each class's roll-ups have come (fleet/plumbing/store/keeping). hourly_<class> and daily_<class> are made from the profiles.

CREATE TABLE roll_up_progress (
    device_class       text PRIMARY KEY,
    received_until     timestamptz NOT NULL,  -- every reading received until then is in the roll-ups of the hours below
    hours_until        timestamptz NOT NULL,  -- hours that began before then are rolled up
    days_until         timestamptz NOT NULL,  -- days that began before then are rolled up
    raw_from           timestamptz NOT NULL DEFAULT '-infinity',  -- raw readings from before then have been dropped
    day_starts_at_hour integer NOT NULL,
    ran_at             timestamptz NOT NULL
);
GRANT SELECT ON roll_up_progress TO fjarrkoll_worker;

-- What each ingest shard did, minute by minute: enough to say what was lost or late, where and since when, without any other server
-- than this one. A few hundred bytes a minute and shard. A minute without a row is one in which nobody knows.
CREATE TABLE ingest_minute (
    shard            text NOT NULL,
    minute           timestamptz NOT NULL,          -- its beginning, by the clock of ingest
    lag_seconds      real NOT NULL,                 -- largest age of the watermark; 2 s of it are the pause between two marks
    queued           bigint,                        -- most messages that the broker kept for anyone; NULL: it did not say
    messages         bigint NOT NULL,               -- stored, suppressed or quarantined, our own marks included
    stored           bigint NOT NULL,               -- rows
    duplicates       bigint NOT NULL,               -- messages stored already, not stored again
    redelivered      bigint NOT NULL,
    quarantined      jsonb NOT NULL DEFAULT '{}',   -- reason -> messages
    broker_dropped   bigint,                        -- thrown away by the broker; NULL: it did not say
    held             bigint NOT NULL,               -- attempts after which a batch had to wait for the database
    connections_lost bigint NOT NULL,
    sessions_lost    bigint NOT NULL,
    outbox_reports   bigint NOT NULL,               -- devices that asked for a receipt, each time counted
    outbox_messages  bigint NOT NULL,               -- stored messages they still kept then, in all
    outbox_most      bigint NOT NULL,               -- and the most that one of them kept
    PRIMARY KEY (shard, minute)
);
CREATE INDEX ingest_minute_minute ON ingest_minute (minute);
GRANT SELECT, INSERT, UPDATE ON ingest_minute TO fjarrkoll_ingest;
GRANT SELECT ON ingest_minute TO fjarrkoll_worker, fjarrkoll_api, fjarrkoll_reader, fjarrkoll_grafana;

-- Is anything being lost or late, where, since when: a row for each shard and concern (fleet/health.py has the words). The latest
-- trouble of the last seven days: minutes of it that lie no more than ten minutes apart are one trouble. `amount` is its largest lag in
-- seconds, its largest outbox, or its count. While a shard is silent nothing else is known of it; absence is never "all well".
CREATE VIEW pipeline_health WITH (security_barrier) AS
WITH week AS (
    SELECT * FROM ingest_minute WHERE minute > now() - interval '7 days'
),
troubled AS (
    SELECT w.shard, c.concern, w.minute, c.amount
      FROM week w
     CROSS JOIN LATERAL (
         SELECT coalesce(sum(value::bigint), 0) AS times FROM jsonb_each_text(w.quarantined)
     ) AS refused
     CROSS JOIN LATERAL (VALUES
         ('late', w.lag_seconds > 10, w.lag_seconds::double precision),
         ('dropped', w.broker_dropped > 0, w.broker_dropped),
         ('forgotten', w.sessions_lost > 0, w.sessions_lost),
         ('refused', refused.times > 0, refused.times),
         ('held', w.held > 0, w.held),
         ('cut_off', w.connections_lost > 0, w.connections_lost),
         ('piled_up', w.outbox_most > 1000, w.outbox_most)
     ) AS c (concern, wrong, amount)
     WHERE c.wrong
),
begun AS (
    SELECT *, coalesce(minute - lag(minute) OVER (PARTITION BY shard, concern ORDER BY minute) > interval '10 minutes', true) AS begins
      FROM troubled
),
counted AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY shard, concern ORDER BY minute) AS trouble FROM begun
),
trouble AS (
    SELECT DISTINCT ON (shard, concern) shard, concern, min(minute) AS since, max(minute) + interval '1 minute' AS until,
           CASE WHEN concern IN ('late', 'piled_up') THEN max(amount) ELSE sum(amount) END AS amount
      FROM counted
     GROUP BY shard, concern, trouble
     ORDER BY shard, concern, trouble DESC
),
gaps AS (
    SELECT shard, minute AS since, coalesce(lead(minute) OVER (PARTITION BY shard ORDER BY minute), now()) AS until FROM week
),
silence AS (
    SELECT DISTINCT ON (shard) shard, 'silent' AS concern, since, until, extract(epoch FROM until - since)::double precision AS amount
      FROM gaps WHERE until - since > interval '2 minutes' ORDER BY shard, since DESC
),
latest AS (
    SELECT DISTINCT ON (shard) shard, minute, broker_dropped FROM ingest_minute ORDER BY shard, minute DESC
)
SELECT s.shard, c.concern,
       CASE
           WHEN c.concern = 'silent' AND (l.minute IS NULL OR now() - l.minute > interval '2 minutes') THEN 'now'
           WHEN l.minute IS NULL OR now() - l.minute > interval '2 minutes' THEN 'unknown'
           WHEN t.until > now() - interval '5 minutes' AND c.concern <> 'silent' THEN 'now'
           WHEN c.concern = 'dropped' AND l.broker_dropped IS NULL THEN 'unknown'
           WHEN t.since IS NOT NULL THEN 'over'
           ELSE 'well'
       END AS state,
       CASE WHEN c.concern = 'silent' THEN coalesce(t.since, l.minute, s.at) ELSE t.since END AS since,
       t.until, t.amount::double precision AS amount
  FROM ingest_watermark s
 CROSS JOIN (VALUES ('silent'), ('late'), ('dropped'), ('forgotten'), ('refused'), ('held'), ('cut_off'), ('piled_up')) AS c (concern)
  LEFT JOIN latest l USING (shard)
  LEFT JOIN (SELECT * FROM trouble UNION ALL SELECT * FROM silence) AS t USING (shard, concern);
ALTER VIEW pipeline_health OWNER TO fjarrkoll_reader;
GRANT SELECT ON pipeline_health TO fjarrkoll_worker, fjarrkoll_api, fjarrkoll_grafana;
