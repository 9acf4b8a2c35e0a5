-- What was last written into each event, so that a change sends only what differs.

-- No constraint ties it to the copy: a process of the version before, which knows nothing of it, forgets copies as well.
ALTER TABLE session ADD COLUMN copy_written bytea;
COMMENT ON COLUMN session.copy_written IS 'Sealed: digests of what the event was last made to say, with the mark and the revision they are about. Null, or about others: not known, and everything is sent.';
COMMENT ON COLUMN session.copy_reminder_minutes IS 'No longer used: copy_written tells.';
