-- What is known of whether an account's calendars can be read and written at all.

ALTER TABLE account ADD COLUMN unserved_since timestamptz;
COMMENT ON COLUMN account.unserved_since IS 'Since when the provider says that the account has no mailbox; null while it has one.';
