-- What a wait is for, since when, and where in the log it began: rows of waits that came before say less.
ALTER TABLE timers ADD COLUMN kind VARCHAR;
ALTER TABLE timers ADD COLUMN about VARCHAR;
ALTER TABLE timers ADD COLUMN since BIGINT;
ALTER TABLE timers ADD COLUMN seq BIGINT;

-- What came for a run from outside; `path` is the wait that took it.
CREATE TABLE signals (
    id UUID PRIMARY KEY, run_id UUID NOT NULL, event_type VARCHAR NOT NULL, payload BLOB, author VARCHAR,
    "at" BIGINT NOT NULL, seq BIGINT NOT NULL, path VARCHAR, taken_at BIGINT, taken_seq BIGINT
);

-- The versions of the functions that a run calls, as they were when it was created: {functionId: version}.
ALTER TABLE runs ADD COLUMN pins VARCHAR;
