"""However calls to the provider end, a session comes to have exactly one event in its last state, or none."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import writing
from domain.account import Account
from domain.calendar_settings import CalendarSettings, write_calendar
from domain.event_digest import EventPart
from domain.ids import AccountId
from domain.session import EventCopy, EventPlace, Hindrance, Replacement, Session, WriteStatus
from domain.writing import Create, Delete, Remove, Resolve, Settle, Update, Wait, next_step
from tests.builders import (
    NOW,
    a_calendar,
    a_session,
    after,
    an_account,
    an_interval,
    some_details,
    some_settings,
)

ANSWERED, LOST_AFTER, LOST_BEFORE = "answered", "lost after it was done", "lost before it was done"
FATES = st.sampled_from([ANSWERED, LOST_AFTER, LOST_BEFORE])
SEVERAL = 12
Says = dict[EventPart, str]


def _place(copy: EventCopy) -> EventPlace:
    return EventPlace(remote_calendar_id=copy.remote_calendar_id, remote_id=f"event-{copy.mark}")


class _NoAnswer(Exception):
    """The call may or may not have been obeyed."""


class _Calendars:
    """What the provider holds: per mailbox, what the events say by their marks."""

    def __init__(self) -> None:
        self.mailbox_of: dict[AccountId, int] = {}
        self.mailboxes: dict[int, dict[str, Says]] = {}

    def at(self, copy: EventCopy) -> dict[str, Says]:
        return self.mailboxes.setdefault(self.mailbox_of[copy.account_id], {})

    def call(self, fate: str, copy: EventCopy, says: Says | None) -> None:
        """Have the event say this in addition, or remove it; as Graph does, at most one under one mark."""
        if fate != LOST_BEFORE:
            said = self.at(copy).pop(copy.mark, {})
            if says is not None:
                self.at(copy)[copy.mark] = said | says
        if fate != ANSWERED:
            raise _NoAnswer


class SessionsThroughFaults(RuleBasedStateMachine):
    """Changes, disconnected accounts and lost answers in any order; a worker takes one step at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.session: Session = a_session()
        self.settings: CalendarSettings = some_settings()
        self.accounts: dict[AccountId, Account] = {}
        self.connected = 0
        self.provider = _Calendars()
        self.connect()

    @rule(mailbox=st.integers(1, 3))
    def connect(self, mailbox: int = 1) -> None:
        """Anew, or once more after a disconnect: then under another account id."""
        mailboxes = self.provider.mailbox_of
        if any(mailboxes[account_id] == mailbox for account_id in self.accounts):
            return
        self.connected += 1
        account = an_account(f"account-{self.connected}", connected_at=after(minutes=self.connected))
        former = {account_id for account_id, one in mailboxes.items() if one == mailbox}
        mailboxes[account.account_id] = mailbox
        self.accounts[account.account_id] = account
        self._take_back(former, account.account_id)

    def _take_back(self, former: set[AccountId], to: AccountId) -> None:
        """As the use-case does it."""

        def moved(copy: EventCopy) -> EventCopy:
            return replace(copy, account_id=to) if copy.account_id in former else copy

        session = self.session
        left = tuple(moved(copy) for copy in session.left)
        copy = None if session.copy is None else moved(session.copy)
        to_be_removed = left != session.left or (session.cancelled and copy != session.copy)
        self.session = replace(session, copy=copy, left=left)
        if to_be_removed:
            self.session = self.session.to_be_cleared(NOW)

    @rule(mailbox=st.integers(1, 3))
    def disconnect(self, mailbox: int) -> None:
        for account_id in self._accounts_of(mailbox):
            del self.accounts[account_id]

    @rule(mailbox=st.integers(1, 3), lost=st.booleans())
    def lose_or_regain(self, mailbox: int, lost: bool) -> None:
        for account_id in self._accounts_of(mailbox):
            account = self.accounts[account_id]
            self.accounts[account_id] = account.lost() if lost else account.restored()

    def _accounts_of(self, mailbox: int) -> list[AccountId]:
        return [one for one in self.accounts if self.provider.mailbox_of[one] == mailbox]

    @rule(title=st.sampled_from(["A", "B"]), place=st.sampled_from(["", "Room"]), starts=st.integers(0, 3))
    def put(self, title: str, place: str = "", starts: int = 0) -> None:
        details = some_details(title, place=place)
        self.session = self.session.put(interval=an_interval(starts=starts), details=details, now=NOW)

    @rule()
    def cancel(self) -> None:
        self.session = self.session.cancel(now=NOW)

    @rule()
    def delete_by_hand(self) -> None:
        for events in self.provider.mailboxes.values():
            events.clear()

    @rule(fate=FATES, meanwhile=st.booleans())
    def work(self, fate: str, meanwhile: bool) -> None:
        """One step of the worker; `meanwhile` the session is changed while the provider is asked."""
        if self.session.status is not WriteStatus.WRITTEN:
            self._step(fate, meanwhile=meanwhile)

    def _step(self, fate: str, *, meanwhile: bool = False) -> None:
        calendars = [
            a_calendar(f"calendar-of-{account_id}", account_id=account_id, primary=True)
            for account_id in self.accounts
        ]
        target = write_calendar(self.settings, self.accounts.values(), calendars)
        step = next_step(self.session, self.accounts, target)
        if isinstance(step, Wait):
            self.session = writing.waiting(self.session, step.hindrance, now=NOW)
            return
        if isinstance(step, Settle):
            self.session = writing.settled(self.session, now=NOW)
            return
        if isinstance(step, Create):
            self.session = writing.begun(self.session, step, NOW)
        if isinstance(step, Resolve | Update):
            self.session = writing.attempted(self.session)
        asked = self.session
        if meanwhile:
            self.put("C")
        try:
            self._ask(step, asked, fate)
        except _NoAnswer:
            self.session = writing.delayed(self.session, Hindrance.PROVIDER_UNAVAILABLE, now=NOW)

    def _ask(self, step: Create | Resolve | Update | Delete | Remove, asked: Session, fate: str) -> None:
        if isinstance(step, Remove):
            self.provider.call(fate, step.copy, None)
            self.session = writing.left_removed(self.session, step.copy)
            return
        copy = asked.copy
        assert copy is not None
        there = copy.mark in self.provider.at(copy)
        says = dict(asked.digest.parts)
        if isinstance(step, Update) and not there:
            self.session = writing.without_event(self.session, why=Replacement.EVENT_DELETED)
        elif isinstance(step, Delete) or (isinstance(step, Resolve) and asked.cancelled and not there):
            self.provider.call(fate, copy, None)
            self.session = writing.without_event(self.session, why=None)
        elif isinstance(step, Resolve) and there:
            self.session = writing.discovered(self.session, _place(copy))
        elif isinstance(step, Resolve):
            self.provider.call(fate, copy, says)
            self.session = writing.found(self.session, _place(copy))
        else:
            if isinstance(step, Update):
                says = {part: says[part] for part in asked.digest.changed_since(copy.written)}
            self.provider.call(fate, copy, says)
            known = self.session if copy.remote_id else writing.found(self.session, _place(copy))
            self.session = writing.written(
                known,
                revision=asked.revision,
                interval=asked.interval,
                digest=asked.digest,
                now=NOW,
            )

    @invariant()
    def there_is_no_event_that_nobody_remembers(self) -> None:
        known = [copy.mark for copy in (self.session.copy, *self.session.left) if copy is not None]
        there = [mark for events in self.provider.mailboxes.values() for mark in events]
        assert set(there) <= set(known)
        assert len(there) == len(set(there))

    @invariant()
    def the_event_lies_at_one_of_the_times_remembered(self) -> None:
        if (copy := self.session.copy) is not None:
            event = self.provider.at(copy).get(copy.mark)
            times = [replace(self.session, interval=time).digest for time in copy.times]
            assert event is None or event[EventPart.TIME] in [
                dict(one.parts)[EventPart.TIME] for one in times
            ]

    @invariant()
    def what_is_not_written_is_due(self) -> None:
        behind = self.session.written_revision < self.session.revision
        done = self.session.status is WriteStatus.WRITTEN
        assert not (behind and done)
        assert done is (self.session.due_at is None)

    def teardown(self) -> None:
        """Once all accounts are back and work, a few steps leave one event in all mailboxes together, or none."""
        for mailbox in (1, 2, 3):
            self.connect(mailbox)
        self.accounts = {one: replace(account).restored() for one, account in self.accounts.items()}
        if not self.session.cancelled:
            self.put("last")
        for _ in range(SEVERAL):
            if self.session.status is WriteStatus.WRITTEN:
                break
            self._step(ANSWERED)
        assert self.session.status is WriteStatus.WRITTEN
        there = [says for events in self.provider.mailboxes.values() for says in events.values()]
        assert there == ([] if self.session.cancelled else [dict(self.session.digest.parts)])


TestSessionsThroughFaults = SessionsThroughFaults.TestCase
TestSessionsThroughFaults.settings = settings(deadline=None, max_examples=120, stateful_step_count=30)
