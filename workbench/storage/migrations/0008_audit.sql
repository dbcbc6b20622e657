-- Who changed keys and workspaces, and which calls were refused. Rows are added, never changed.

CREATE TABLE audit (
    id UUID NOT NULL, workspace_id UUID NOT NULL, "at" BIGINT NOT NULL, action VARCHAR NOT NULL, actor VARCHAR NOT NULL,
    subject VARCHAR NOT NULL, detail VARCHAR, times BIGINT NOT NULL
);
