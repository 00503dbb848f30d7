"""Days and moments as forms write them, in the city's time zone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from qyran.errors import InputError
from service.web.words import Words

LOCAL: Final = "%Y-%m-%dT%H:%M"
"""How a browser writes a moment without its zone."""


def moment(w: Words, text: str) -> datetime | None:
    """A moment of a form; None where it is empty.

    Raises:
        InputError: it is none.
    """
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip(), LOCAL).replace(tzinfo=w.zone)
    except ValueError:
        raise InputError("A time is written as 2026-11-22T12:00.") from None


def needed(w: Words, text: str) -> datetime:
    """A moment that a form must give.

    Raises:
        InputError: it is none, or empty.
    """
    found = moment(w, text)
    if found is None:
        raise InputError("A time is written as 2026-11-22T12:00.")
    return found


def day(text: str) -> date:
    """A day of a form.

    Raises:
        InputError: it is none.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InputError("A day is written as 2026-11-22.") from None


def local(w: Words, value: datetime) -> str:
    """A moment for a form."""
    return value.astimezone(w.zone).strftime(LOCAL)
