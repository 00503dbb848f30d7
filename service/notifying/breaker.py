"""A receiver that fails all the time is left alone for a while, and then tried with one message.

It opens after some failures in a row without any success for some seconds: a receiver that answers every other time is
told everything, only slower.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from service.backoff import doubled
from service.store.database import Work
from service.store.notice_tables import AlertReceiver

BREAKS_AFTER: Final = 5  # failures in a row
SILENT_FOR: Final = timedelta(seconds=10)  # and no success for so long
FIRST_OPEN: Final = timedelta(seconds=2)
LONGEST_OPEN: Final = timedelta(seconds=30)
"""A receiver that is back hears of what waits within half a minute."""

log = logging.getLogger(__name__)


def lets_pass(work: Work, receiver: str) -> bool:
    """Whether anything may leave to it now."""
    row = work.session.get(AlertReceiver, receiver)
    return row is None or row.open_until is None or row.open_until <= work.now


def room(work: Work, receiver: str, most: int) -> int:
    """How many messages may leave to it now: all, none, or one to see whether it is back."""
    row = work.session.get(AlertReceiver, receiver)
    if row is None or row.opened_at is None:
        return most
    return 0 if row.open_until is not None and row.open_until > work.now else min(most, 1)


def probing(work: Work, receiver: str) -> None:
    """One message leaves to a receiver that was left alone; the others wait for what comes of it."""
    row = work.session.get(AlertReceiver, receiver, with_for_update=True)
    if row is not None and row.opened_at is not None:
        row.open_until = work.now + open_for(row.failures)


def try_now(work: Work, receiver: str) -> None:
    """A person says that it works again: it is tried at once."""
    row = work.session.get(AlertReceiver, receiver, with_for_update=True)
    if row is not None and row.open_until is not None:
        row.open_until = work.now


def row_of(work: Work, receiver: str) -> AlertReceiver:
    """How a receiver does, locked until the unit of work ends."""
    row = work.session.get(AlertReceiver, receiver, with_for_update=True)
    if row is None:
        row = AlertReceiver(receiver=receiver, failures=0)
        work.session.add(row)
        work.session.flush()
    return row


def heard(work: Work, row: AlertReceiver, error: str | None, *, answered: bool) -> bool:
    """Note what came of an attempt; who refuses a message has answered.

    Returns:
        Whether it was opened or closed by this.
    """
    if error is not None:
        row.last_failure, row.error = work.now, error
    if answered:
        was_open = row.opened_at is not None
        if was_open:
            log.info("The receiver %s takes messages again.", row.receiver)
        row.failures, row.failing_since, row.opened_at, row.open_until = 0, None, None, None
        row.last_success = work.now if error is None else row.last_success
        return was_open
    row.failures += 1
    row.failing_since = row.failing_since or work.now
    since = max(row.failing_since, row.last_success or row.failing_since)
    if row.failures < BREAKS_AFTER or work.now - since < SILENT_FOR:
        return False
    opened = row.opened_at is None
    if opened:
        log.warning("The receiver %s is left alone for a while: %s.", row.receiver, error)
        row.opened_at = work.now
    row.open_until = work.now + open_for(row.failures)
    return opened


def open_for(failures: int) -> timedelta:
    """How long it is left alone after so many failures in a row."""
    return doubled(FIRST_OPEN, LONGEST_OPEN, failures - BREAKS_AFTER)
