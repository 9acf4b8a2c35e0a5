-- When a session's event is, as far as we know, and what its owner changed about it.

ALTER TABLE session ADD COLUMN copy_times tstzrange[];
COMMENT ON COLUMN session.copy_times IS 'All times at which we may have left the event: the one last written, then those of attempts whose outcome is not known. Null: written by a version that kept none.';

-- Few at any time, and every reading asks for them.
CREATE INDEX session_under_way ON session (expert_id) WHERE written_revision < revision AND copy_mark IS NOT NULL;

ALTER TABLE reading ADD COLUMN deviations jsonb;
COMMENT ON COLUMN reading.deviations IS 'Events of our sessions that were not found as we left them: session, revision, what is different, and when the event is now, in microseconds since 1970. Null: none. No event id.';
