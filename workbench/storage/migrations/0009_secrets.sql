-- Secrets by name. `box` is the value, encrypted with a key that is not in the store.

CREATE TABLE secrets (
    workspace_id UUID NOT NULL, name VARCHAR NOT NULL, version BIGINT NOT NULL, box BLOB NOT NULL, description VARCHAR,
    created_at BIGINT NOT NULL, value_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, updated_by VARCHAR NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (workspace_id, name)
);
