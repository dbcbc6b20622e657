-- Every edit of a function: what was asked, what it changed, and whether it was taken back since.

CREATE TABLE commands (
    id UUID NOT NULL, workspace_id UUID NOT NULL, function_id UUID NOT NULL, version BIGINT NOT NULL,
    position INTEGER NOT NULL, group_id UUID NOT NULL, kind VARCHAR NOT NULL, of_group UUID, type VARCHAR NOT NULL,
    payload VARCHAR NOT NULL, changes VARCHAR NOT NULL, label VARCHAR NOT NULL, author VARCHAR NOT NULL,
    origin VARCHAR NOT NULL, undone BOOLEAN NOT NULL DEFAULT false, created_at BIGINT NOT NULL
);

-- A version between two that are kept whole is made of the one before by its commands.
ALTER TABLE function_versions ALTER COLUMN flow DROP NOT NULL;
