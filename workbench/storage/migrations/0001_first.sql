-- Ids are UUID, times BIGINT microseconds since 1970 UTC, JSON is VARCHAR, values are BLOB (msgpack, see values.py).
-- No foreign keys: apply cannot refuse. Keys only where rows are upserted: an index costs every write.

CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
INSERT INTO meta VALUES ('applied_seq', '0');

CREATE TABLE unapplied_facts (
    seq BIGINT PRIMARY KEY, workspace VARCHAR, tag INTEGER NOT NULL, fact BLOB NOT NULL, error VARCHAR NOT NULL,
    "at" BIGINT NOT NULL
);

CREATE TABLE workspaces (id UUID PRIMARY KEY, name VARCHAR NOT NULL, created_at BIGINT NOT NULL);

CREATE TABLE api_keys (
    id UUID PRIMARY KEY, workspace_id UUID NOT NULL, name VARCHAR NOT NULL, prefix VARCHAR NOT NULL, hash BLOB NOT NULL,
    scopes VARCHAR NOT NULL, expires_at BIGINT, last_used_at BIGINT, created_at BIGINT NOT NULL, revoked_at BIGINT
);

CREATE TABLE idempotency (
    workspace_id UUID NOT NULL, operation VARCHAR NOT NULL, key VARCHAR NOT NULL, body_hash BLOB NOT NULL,
    status INTEGER NOT NULL, body BLOB, "at" BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, operation, key)
);

CREATE TABLE canvases (
    id UUID PRIMARY KEY, workspace_id UUID NOT NULL, name VARCHAR NOT NULL, description VARCHAR,
    "order" INTEGER NOT NULL, version BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL
);

CREATE TABLE functions (
    id UUID PRIMARY KEY, workspace_id UUID NOT NULL, canvas_id UUID NOT NULL, name VARCHAR NOT NULL,
    description VARCHAR, status VARCHAR NOT NULL, version BIGINT NOT NULL, breakpoints VARCHAR,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, updated_by VARCHAR
);

CREATE TABLE function_versions (
    function_id UUID NOT NULL, number BIGINT NOT NULL, flow VARCHAR NOT NULL, author VARCHAR, source VARCHAR,
    message VARCHAR, created_at BIGINT NOT NULL,
    PRIMARY KEY (function_id, number)
);

CREATE TABLE runs (
    id UUID PRIMARY KEY, workspace_id UUID NOT NULL, function_id UUID NOT NULL, function_name VARCHAR NOT NULL,
    version BIGINT NOT NULL, status VARCHAR NOT NULL, trigger VARCHAR, inputs BLOB, output BLOB, error VARCHAR,
    priority INTEGER NOT NULL DEFAULT 0, debug BOOLEAN NOT NULL DEFAULT false, durability VARCHAR,
    attempt INTEGER NOT NULL DEFAULT 1, timeout_ms BIGINT, parent_run_id UUID, forked_from VARCHAR,
    recoveries INTEGER NOT NULL DEFAULT 0, created_at BIGINT NOT NULL, started_at BIGINT, finished_at BIGINT,
    queue_us BIGINT, run_us BIGINT, wait_us BIGINT, steps BIGINT
);

-- Append-only: the row with the highest seq of a run and path is the one that counts.
CREATE TABLE checkpoints (
    run_id UUID NOT NULL, path VARCHAR NOT NULL, attempt INTEGER NOT NULL, block_id VARCHAR NOT NULL,
    block_type VARCHAR NOT NULL, status VARCHAR NOT NULL, port VARCHAR, step_key BLOB, output BLOB, output_ref BLOB,
    output_kind VARCHAR, output_summary VARCHAR, variables BLOB, names BLOB, error VARCHAR, flags VARCHAR, started_at BIGINT,
    finished_at BIGINT, queue_us BIGINT, wait_us BIGINT, seq BIGINT NOT NULL
);

CREATE TABLE run_logs (
    run_id UUID NOT NULL, "at" BIGINT NOT NULL, level VARCHAR NOT NULL, block_id VARCHAR, path VARCHAR,
    message VARCHAR NOT NULL, data VARCHAR, seq BIGINT NOT NULL
);

CREATE TABLE timers (run_id UUID NOT NULL, path VARCHAR NOT NULL, due_at BIGINT NOT NULL, PRIMARY KEY (run_id, path));

CREATE TABLE debug_state (run_id UUID PRIMARY KEY, state VARCHAR NOT NULL);
