"""Connections to a PostgreSQL server that wait for its answer, but not for ever.

A server that is switched off is noticed by the system (`tcp_user_timeout`, keepalives). One that is stopped, or lies,
keeps its end of the line open and says nothing, or a byte now and then: only who asked can give it up.
"""

from typing import Any, TypeVar

import psycopg
from psycopg import Connection, errors
from psycopg.abc import PQGen

ANSWER_S = 60.0
INTERVAL_S = 0.1
"""So often it is looked whether somebody stops us; what the driver has of its own accord."""

Answer = TypeVar("Answer")


class PatientConnection(Connection[Any]):
    """A connection that is closed if an answer is not complete within `answer_s`.

    What was being written by then may be there or not.
    """

    answer_s = ANSWER_S

    def wait(
        self, gen: PQGen[Answer], interval: float = INTERVAL_S, timeout: float | None = None
    ) -> Answer:
        """Wait as the driver does; where it sets a limit itself, as when it listens, that is the limit.

        Raises:
            psycopg.OperationalError: there was no answer.
        """
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.answer_s)
        except errors._WaitTimeout as late:  # noqa: SLF001  # which says that its callers should convert it
            # What comes yet would be taken for the answer to what is asked next.
            self.close()
            raise psycopg.OperationalError(f"no answer within {self.answer_s:g} s") from late
