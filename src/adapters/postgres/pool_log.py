"""What the connection pool logs, in its own words only: whole, its lines repeat address, user and database."""

import logging

from adapters.postgres.dsn import refusal_in

LOGGERS = ("psycopg.pool", "psycopg_pool.sched_async", "psycopg", "psycopg.transaction")


def quiet_pool_log() -> None:
    """Keeps the libraries' lines to their own constant words; a repeat changes nothing."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_WITHOUT_DETAILS)


class _WithoutDetails(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        given = record.args if isinstance(record.args, tuple) else ()
        error = next((one for one in given if isinstance(one, BaseException)), None)
        # The templates are the library's own constants; what is filled in is not.
        record.msg = str(record.msg).partition("%")[0].rstrip(" :'\"")
        if error is not None:
            record.msg = f"{record.msg}: {refusal_in(error).value}"
        record.args = ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


_WITHOUT_DETAILS = _WithoutDetails()
