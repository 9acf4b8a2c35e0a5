-- The language of mails to experts.

ALTER TABLE expert ADD COLUMN locale text NOT NULL DEFAULT '';
COMMENT ON COLUMN expert.locale IS 'BCP 47 tag of the language that mails to the expert are written in, as the caller gave it. Empty: none is known.';
