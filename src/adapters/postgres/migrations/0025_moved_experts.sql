-- Experts who went to another cell, or came from one.

CREATE TABLE moved_expert (
    expert_id text COLLATE "C" CONSTRAINT moved_expert_pkey PRIMARY KEY,
    move_id text COLLATE "C" NOT NULL,
    to_cell text NOT NULL,
    to_url text,
    moved_at timestamptz NOT NULL,
    package bytea
);
CREATE INDEX moved_expert_arrived ON moved_expert (moved_at, expert_id) WHERE package IS NULL;
COMMENT ON TABLE moved_expert IS 'Who lived in this cell and went to another. Whoever is here has no row in expert.';
COMMENT ON COLUMN moved_expert.to_url IS 'The other cell''s public address, to which browsers with old links are sent on; null while it has told none.';
COMMENT ON COLUMN moved_expert.package IS 'Sealed: all rows of the expert, as long as it is not known that they have arrived. Null: they live there.';

CREATE TABLE moved_link (
    secret_hash bytea CONSTRAINT moved_link_pkey PRIMARY KEY,
    expert_id text COLLATE "C" NOT NULL
        CONSTRAINT moved_link_expert_fk REFERENCES moved_expert ON DELETE CASCADE
);
CREATE INDEX moved_link_by_expert ON moved_link (expert_id);
COMMENT ON TABLE moved_link IS 'Links that lead here and mean something in the cell that their expert went to: SHA-256 of their secrets.';

CREATE TABLE arrived_expert (
    move_id text COLLATE "C" CONSTRAINT arrived_expert_pkey PRIMARY KEY,
    given_up boolean NOT NULL,
    arrived_at timestamptz NOT NULL
);
CREATE INDEX arrived_expert_by_time ON arrived_expert (arrived_at);
COMMENT ON TABLE arrived_expert IS 'Which moves to this cell are decided: the row is written with the expert''s, or instead of them, and with it the move has succeeded, or never will. Kept for as long as a command may have been stopped that would decide it again.';

ALTER TABLE cell ADD COLUMN public_url text;
COMMENT ON COLUMN cell.public_url IS 'Where browsers reach the cell; each process that serves pages writes it.';

-- Here and not in the program: nobody may begin anew who lives elsewhere, whichever process is asked.
CREATE FUNCTION refuse_moved_expert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM moved_expert WHERE expert_id = NEW.expert_id) THEN
        RAISE EXCEPTION 'the expert went to another cell'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'expert_elsewhere';
    END IF;
    RETURN NULL;
END $$;
-- After the row is there: whoever was just leaving has left by then, and can be seen.
CREATE TRIGGER expert_elsewhere AFTER INSERT ON expert FOR EACH ROW EXECUTE FUNCTION refuse_moved_expert();
