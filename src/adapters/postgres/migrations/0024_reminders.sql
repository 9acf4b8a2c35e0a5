-- Whoever was notified in the last three days, before there were reminders, gets them as well. Older losses stay as they
-- were: nobody hears of several at once.

UPDATE incident SET mail_due_at = opened_at + interval '3 days'
WHERE closed_at IS NULL AND notices > 0 AND mail_due_at IS NULL AND mail_failures = 0
    AND opened_at + interval '3 days' > now();
