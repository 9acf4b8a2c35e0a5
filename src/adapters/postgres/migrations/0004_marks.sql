-- When a session's event is, as far as we know.

ALTER TABLE session ADD COLUMN copy_times tstzrange[];
COMMENT ON COLUMN session.copy_times IS 'All times at which we may have left the event: the one last written, then those of attempts whose outcome is not known. Null: written by a version that kept none.';
