"""What is down, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from service.operators.down import Down
from service.web.words import Words


@dataclass(frozen=True, slots=True)
class DownView:
    """A part that is down."""

    what: str
    name: str
    since: datetime | None
    why: str | None


def down_view(w: Words, found: Iterable[Down]) -> tuple[DownView, ...]:
    """What is down for its reader."""
    return tuple(_one(w, one) for one in found)


def _one(w: Words, one: Down) -> DownView:
    kind, _, name = one.component.partition(":")
    why = None if one.reason is None else reason_of(w, one.reason)
    return DownView(w.or_code(f"centre.part_{kind}"), name, one.since, why)


def reason_of(w: Words, code: str) -> str:
    """Why a part is down, in words; an unknown code as it is."""
    return w.or_code(f"centre_down.{code}")
