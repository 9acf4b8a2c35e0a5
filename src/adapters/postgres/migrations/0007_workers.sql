-- Who claims what, so that the claims of a dead process end with it; and which mail was being handed over.

CREATE TABLE worker (
    worker_id text COLLATE "C" CONSTRAINT worker_pkey PRIMARY KEY,
    seen_at timestamptz NOT NULL
);
COMMENT ON TABLE worker IS 'The processes that run jobs. What they claim bears their id before a dot. A handful of rows.';
COMMENT ON COLUMN worker.seen_at IS 'When it last showed that it lives.';

ALTER TABLE incident ADD COLUMN mail_begun_at timestamptz;
COMMENT ON COLUMN incident.mail_begun_at IS 'Set before the next notice is handed to the mail server, and reset once its answer is known. Where it is found set, nobody knows whether the mail went out.';
