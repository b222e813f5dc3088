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
