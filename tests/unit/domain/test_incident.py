"""One loss of access: one notice, retried while the mail server is down, stopped by a reconnect."""

from dataclasses import replace
from datetime import timedelta

from domain.incident import FIRST_MAIL_RETRY, LONGEST_MAIL_RETRY
from tests.builders import NOW, after, an_incident

LATER = after(hours=1)


def test_a_sent_notice_is_counted_and_not_sent_again() -> None:
    sent = an_incident(mail_failures=3).notified(NOW)
    assert sent == an_incident(notices=1, mail_failures=0, mail_due_at=after(days=3))


def test_reminders_come_three_seven_and_fourteen_days_after_the_first_notice() -> None:
    incident, told = an_incident(mail_due_at=NOW), []
    while incident.mail_due_at is not None:
        told.append((incident.mail_due_at - NOW, incident.reminds))
        incident = incident.notified(incident.mail_due_at)
    assert told == [
        (timedelta(), False),
        (timedelta(days=3), True),
        (timedelta(days=7), True),
        (timedelta(days=14), True),
    ]


def test_a_reminder_that_was_kept_back_keeps_its_distance_from_the_next() -> None:
    late = after(days=5)
    assert an_incident(notices=1).notified(late).mail_due_at == late + timedelta(days=4)


def test_a_reconnect_closes_the_incident_and_stops_its_mail() -> None:
    incident = an_incident(mail_failures=2, mail_due_at=LATER)
    assert incident.closed(LATER) == replace(incident, closed_at=LATER, mail_due_at=None)


def test_a_mail_that_cannot_be_sent_now_is_tried_again_after_a_growing_pause() -> None:
    incident, pauses = an_incident(), []
    for _ in range(9):
        incident = incident.mail_delayed(NOW)
        assert incident.mail_due_at is not None
        pauses.append(incident.mail_due_at - NOW)
    assert pauses[:4] == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240)]
    assert pauses[-1] == timedelta(hours=1)
    assert (incident.mail_failures, incident.notices) == (9, 0)


def test_the_pause_stays_bounded_after_any_number_of_failures() -> None:
    for failures in (0, 1, 16, 17, 10_000):
        due = an_incident(mail_failures=failures).mail_delayed(NOW).mail_due_at
        assert due is not None
        assert FIRST_MAIL_RETRY <= due - NOW <= LONGEST_MAIL_RETRY


def test_an_address_that_takes_no_mail_is_not_tried_again() -> None:
    refused = an_incident(mail_due_at=NOW).mail_refused()
    assert (refused.mail_due_at, refused.mail_failures, refused.notices) == (None, 1, 0)
    assert refused.closed_at is None


def test_an_incident_is_printed_without_the_secret_of_its_link() -> None:
    assert "s3cret" not in repr(an_incident(token="s3cret"))
