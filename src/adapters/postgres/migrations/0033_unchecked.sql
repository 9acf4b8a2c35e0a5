-- Answers say of experts without conflict calendars whether they have accounts.

CREATE CONSTRAINT TRIGGER account_known_added AFTER INSERT ON account DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION renew_known_version();
CREATE CONSTRAINT TRIGGER account_known_removed AFTER DELETE ON account DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION renew_known_version();
