-- Who may be started: pauses by function (32 hex digits; empty: the whole server), why a run is held, and what a
-- function says of its runs.

CREATE TABLE queue_pauses (scope VARCHAR PRIMARY KEY, "at" BIGINT NOT NULL, author VARCHAR, reason VARCHAR);

ALTER TABLE runs ADD COLUMN pending_reason VARCHAR;
ALTER TABLE functions ADD COLUMN settings VARCHAR;
