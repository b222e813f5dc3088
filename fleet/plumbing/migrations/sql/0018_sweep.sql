-- By which rules every device has been judged at least once: where a release or a setting changed them, the worker hurries through all devices.
CREATE TABLE alarm_sweep (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    digest   text NOT NULL,          -- of the rules of all classes (diagnostics/alarms/rulebook.py)
    ended_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON alarm_sweep TO fjarrkoll_worker;
