"""What becomes of notifications, and what breaks at the provider."""

from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from application.notifications.notification import Notice
from domain.errors import DomainError
from tests.unit.application.machine.base import Machine
from tests.unit.application.machine.choices import calendars, faults, randoms


class ProviderSteps(Machine):
    @rule(random=randoms, again=st.booleans())
    def a_notification_arrives(self, random: Random, again: bool) -> None:
        if self.in_transit:
            self.a_moment_later()
            one = random.choice(self.in_transit)
            self.run(self.app.take_notifications([one]))
            if not again:
                self.in_transit.remove(one)

    @rule()
    def all_notifications_are_lost(self) -> None:
        self.in_transit.clear()

    @rule(calendar=calendars, told=st.booleans())
    def a_subscription_is_removed(self, calendar: str, told: bool) -> None:
        self.a_moment_later()
        if told:
            self.in_transit += self.app.push.delivery(calendar, notice=Notice.ENDED)
        for one in self.app.push.on(calendar):
            del self.app.push.kept[one.remote_id]

    @rule(calendar=calendars, fault=faults)
    def a_calendar_breaks(self, calendar: str, fault: DomainError) -> None:
        self.a_moment_later()
        self.truth.broken[calendar] = fault

    @rule(calendar=calendars)
    def a_calendar_vanishes(self, calendar: str) -> None:
        self.a_moment_later()
        self.truth.vanish(calendar)

    @rule()
    def the_provider_goes_down(self) -> None:
        self.a_moment_later()
        self.app.provider.outage = True

    @rule()
    def everything_is_mended(self) -> None:
        self.a_moment_later()
        self.truth.mend()

    @rule(calendar=calendars)
    def access_is_withdrawn(self, calendar: str) -> None:
        self.a_moment_later()
        self.truth.person(calendar).revoke()

    @precondition(lambda self: not self.app.provider.outage)
    @rule(calendar=calendars)
    def the_expert_signs_in_again(self, calendar: str) -> None:
        self.a_moment_later()
        self.run(self.app.connect(self.truth.person(calendar)))
