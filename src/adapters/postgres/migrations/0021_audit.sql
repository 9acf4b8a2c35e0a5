-- Who did what about whom. Entries are only ever added; what they say of an expert becomes unreadable with the expert.

CREATE TABLE audit_subject (
    expert_id text COLLATE "C" CONSTRAINT audit_subject_pkey PRIMARY KEY
        CONSTRAINT audit_subject_expert_fk REFERENCES expert ON DELETE CASCADE,
    subject uuid NOT NULL DEFAULT gen_random_uuid(),
    key bytea NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    CONSTRAINT audit_subject_unique UNIQUE (subject)
);
COMMENT ON TABLE audit_subject IS 'Under which name the audit log speaks of each expert. Goes with the expert, and with it all that leads from the log to a person.';
COMMENT ON COLUMN audit_subject.key IS 'What the ids in the entries about this expert are encrypted with. Not to keep them secret, for the other tables have them in the clear: so that deleting it erases them.';

-- What happens from here on is followed.
LOCK TABLE expert IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO audit_subject (expert_id) SELECT expert_id FROM expert;

CREATE FUNCTION name_audit_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_subject (expert_id) VALUES (NEW.expert_id);
    RETURN NULL;
END $$;
CREATE TRIGGER expert_named_for_audit AFTER INSERT ON expert FOR EACH ROW EXECUTE FUNCTION name_audit_subject();

CREATE TABLE audit_entry (
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_entry_pkey PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    actor_name text NOT NULL,
    action text NOT NULL,
    subject uuid,
    ids bytea,
    about text,
    CONSTRAINT audit_entry_ids_of_subject CHECK (ids IS NULL OR subject IS NOT NULL)
);
CREATE INDEX audit_entry_by_time ON audit_entry (at, number);
CREATE INDEX audit_entry_by_subject ON audit_entry (subject, at, number) WHERE subject IS NOT NULL;
COMMENT ON TABLE audit_entry IS 'The audit log. Append-only: triggers refuse every change, and every removal but that by forget_audit_entries.';
COMMENT ON COLUMN audit_entry.actor_name IS 'The caller''s; empty for all others.';
COMMENT ON COLUMN audit_entry.subject IS 'See audit_subject. No foreign key: entries stay when the expert goes. Null: about no expert.';
COMMENT ON COLUMN audit_entry.ids IS 'Encrypted by the key of the subject: account, session, calendars.';
COMMENT ON COLUMN audit_entry.about IS 'A name that an operator gave, as of a credential or a key; nothing about a person.';

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('calendarsync.forgets_audit', true) = 'on' AND OLD.at < now() - interval '30 days' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION refuse_audit_change IS 'No entry of the last 30 days is removed by anybody, whatever AUDIT_KEPT_DAYS says.';
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_entry_never_emptied BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE FUNCTION forget_audit_entries(before timestamptz, at_most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    removed integer;
BEGIN
    PERFORM set_config('calendarsync.forgets_audit', 'on', true);
    -- An array, so that each is found by the key, whatever the planner thinks of their number.
    DELETE FROM audit_entry
    WHERE number = ANY (ARRAY(
        SELECT number FROM audit_entry WHERE at < before ORDER BY at, number LIMIT at_most FOR UPDATE SKIP LOCKED
    ));
    GET DIAGNOSTICS removed = ROW_COUNT;
    PERFORM set_config('calendarsync.forgets_audit', 'off', true);
    RETURN removed;
END $$;
COMMENT ON FUNCTION forget_audit_entries IS 'The one way by which entries go: the oldest from before then, so many at most. Returns how many.';

ALTER TABLE account_grant ADD COLUMN use_audited_on date;
COMMENT ON COLUMN account_grant.use_audited_on IS 'The last day (in UTC) whose first renewal is in the audit log.';
