-- Which keys of encryption are in use, so that no process starts without one of them, and who has which, so that nobody
-- seals with a key that another running process does not have.

CREATE FUNCTION sealing_key(sealed bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(sealed) > 2
    THEN encode(substring(sealed FROM 3 FOR get_byte(substring(sealed FROM 2 FOR 1), 0)), 'escape')
END;
COMMENT ON FUNCTION sealing_key IS 'The id of the key that a value was sealed with. Only the beginning of a value that is stored apart is fetched.';

CREATE TABLE encryption_key (
    key_id text COLLATE "C" CONSTRAINT encryption_key_pkey PRIMARY KEY,
    proof bytea
);
COMMENT ON TABLE encryption_key IS 'The keys that may have sealed something here: written before a process seals with one, removed when nothing is sealed with it any more. A handful of rows.';
COMMENT ON COLUMN encryption_key.proof IS 'Sealed: nothing. It opens with this very key and not with another one of the same id. Null where no process has sealed with the key since there is this table.';

CREATE TABLE key_holder (
    holder_id text COLLATE "C" CONSTRAINT key_holder_pkey PRIMARY KEY,
    key_ids text[] NOT NULL,
    seen_at timestamptz NOT NULL
);
COMMENT ON TABLE key_holder IS 'The processes that run, with the ids of their keys, the one that seals first. A handful of rows.';
COMMENT ON COLUMN key_holder.seen_at IS 'When it last showed that it lives.';

INSERT INTO encryption_key (key_id)
SELECT DISTINCT key_id
FROM (
    SELECT sealing_key(person) AS key_id FROM expert
    UNION SELECT sealing_key(person) FROM account
    UNION SELECT sealing_key(secret) FROM account_grant
    UNION SELECT sealing_key(flow) FROM connection_attempt
    UNION SELECT sealing_key(return_url) FROM connection_attempt
    UNION SELECT sealing_key(details) FROM calendar
    UNION SELECT sealing_key(details) FROM session
    UNION SELECT sealing_key(copy_written) FROM session
    UNION SELECT sealing_key(token) FROM incident
) AS used
WHERE key_id IS NOT NULL;
