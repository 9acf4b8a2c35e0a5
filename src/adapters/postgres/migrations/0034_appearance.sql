-- Who sees what a session's event says, its category and its colour.

ALTER TABLE session ADD COLUMN appearance bytea, ADD COLUMN copy_appearance bytea;
COMMENT ON COLUMN session.appearance IS 'Sealed: visibility, category and colour of the event. Null: as the calendar has it, no category. Not among the details, because processes of a version before 0034 open no others than those they know.';
COMMENT ON COLUMN session.copy_appearance IS 'Sealed: digests of the appearance that the event was last given, with the mark that they are about. Null, or about another event: none was ever given.';

-- Processes of the version before would make an event without its appearance: one that is meant to be private, for everybody
-- to see. Their updates would leave it as it is, but find at times that an event has to be made anew. They may remove any.

CREATE FUNCTION claim_by_none() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END $$;
COMMENT ON FUNCTION claim_by_none IS 'To be dropped, with its trigger, when no process of a version before 0034 runs any more.';
CREATE TRIGGER session_for_those_who_know_appearance BEFORE UPDATE OF claimed_by ON session FOR EACH ROW
    WHEN (
        NEW.appearance IS NOT NULL AND NOT NEW.cancelled
        AND NEW.claimed_by IS DISTINCT FROM OLD.claimed_by AND NEW.claimed_by NOT LIKE '%.appearance'
    ) EXECUTE FUNCTION claim_by_none();
COMMENT ON TRIGGER session_for_those_who_know_appearance ON session IS 'Where all processes are of a version before 0034 again, sessions with an appearance wait. Without this trigger they are written plainly.';
