-- Named, tagged copies of a function's flow.

CREATE TABLE snapshots (
    id UUID PRIMARY KEY, workspace_id UUID NOT NULL, function_id UUID NOT NULL, name VARCHAR NOT NULL,
    description VARCHAR, tags VARCHAR NOT NULL, is_favorite BOOLEAN NOT NULL, version BIGINT NOT NULL,
    flow VARCHAR NOT NULL, author VARCHAR NOT NULL, created_at BIGINT NOT NULL
);
