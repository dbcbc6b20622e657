-- Second attempts and forks. A fork's `inherited` rows are what it may take over from the run that it was forked from:
-- copied when it is created, so that it outlives that run, and gone once it has completed.

ALTER TABLE runs ADD COLUMN retried_seq BIGINT;
ALTER TABLE runs ADD COLUMN queued_at BIGINT;
ALTER TABLE runs ADD COLUMN discarded_at BIGINT;

-- How a fork came by a checkpoint: 'reused' or 'kept'; null for its own.
ALTER TABLE checkpoints ADD COLUMN origin VARCHAR;

CREATE TABLE inherited (
    run_id UUID NOT NULL, path VARCHAR NOT NULL, attempt INTEGER NOT NULL, block_id VARCHAR NOT NULL,
    block_type VARCHAR NOT NULL, status VARCHAR NOT NULL, port VARCHAR, step_key BLOB, output BLOB, output_ref BLOB,
    output_kind VARCHAR, output_summary VARCHAR, variables BLOB, names BLOB, error VARCHAR, flags VARCHAR, started_at BIGINT,
    finished_at BIGINT, queue_us BIGINT, wait_us BIGINT, seq BIGINT NOT NULL
);

CREATE TABLE engine_life (name VARCHAR PRIMARY KEY, seen_at BIGINT NOT NULL);
