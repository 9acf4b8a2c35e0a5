"""PutSession: a session, its change and its wake-up, against the same written by bare SQL."""

from datetime import timedelta
from itertools import count

from google.protobuf.message import Message

from bench.client import Client
from bench.people import BOOKERS, FIRST_DAY, put_session_request
from bench.sampling import Call, Row
from bench.statements import WRITERS, Writers

PUT_SESSION = "/calendarsync.v1.SessionService/PutSession"
BARE = "session, change and wake-up by libpq, four statements"


def put_anew(client: Client, prefix: str) -> Call:
    """Puts a session that wasn't there, each time it is called; their ids begin with `prefix`."""
    numbers = count()

    def request() -> Message:
        number = next(numbers)
        start = FIRST_DAY + timedelta(minutes=30 * (number % 2000))
        return put_session_request(BOOKERS[number % len(BOOKERS)], f"{prefix}-{number}", start)

    return client.calling_anew(PUT_SESSION, request)


def rows(client: Client, writers: Writers) -> list[Row]:
    put = put_anew(client, "put")
    return [
        Row(name=BARE, measure=writers.sample, in_flight=WRITERS),
        Row(
            name="PutSession, new",
            measure=client.sampler(put, in_flight=WRITERS),
            in_flight=WRITERS,
            yardstick=BARE,
        ),
    ]
