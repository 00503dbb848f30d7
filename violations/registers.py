"""What a register of insurance or inspection says of a plate seen on the road, and when that grounds a case.

Only a plate read beyond doubt is asked for, only a fresh register is believed, and a register that does not know the
plate says nothing: a foreign car and a misread plate are not accused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from violations.record_rule import Judgement
from vision.finding import Reason

ACCEPT: Final = 0.95
"""Score from which a reading without a doubtful sign counts without a person's look (`vision.plate_vote`)."""
FRESH: Final = timedelta(hours=48)
"""Older states of a register are not believed: a policy bought yesterday must be in it."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What a register says of a plate on a day.

    Attributes:
        covered: whether the day is covered.
        last_day: the last covered day before it, where it is not.
    """

    covered: bool
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class RegisterCheck:
    """A passage asked about at a register.

    Attributes:
        time: of the passage.
        plate_score: how far every sign of the reading is to be trusted, None where the camera did not say.
        doubtful: how many signs are doubtful.
        register: its name, as the source gives it.
        as_of: the moment the register's state is of; None where there is no register.
        cover: its answer; None where it does not know the plate.
    """

    time: datetime
    plate_score: float | None
    doubtful: int
    register: str
    as_of: datetime | None
    cover: Cover | None


def judge_cover(kind: str, version: str, record: RegisterCheck, day: date) -> Judgement:
    """Whether a passage grounds a case of no cover.

    Args:
        kind: of the rule.
        version: of its logic.
        record: the passage and the register's answer.
        day: of the passage, in the city's time zone.
    """
    why = _silent(record)
    if why is not None:
        return Judgement(kind, version, holds=False, trace=(why,))
    cover, as_of = record.cover, record.as_of
    if cover is None or as_of is None or cover.covered:
        return Judgement(
            kind, version, holds=False, trace=(Reason("register_covers", (("register", record.register),)),)
        )
    said = (
        Reason("plate_sure", (("score", round(record.plate_score or 0.0, 3)),)),
        Reason(
            "register_without_cover",
            (("register", record.register), ("day", f"{day:%d.%m.%Y}"), ("as_of", f"{as_of:%d.%m.%Y %H:%M} UTC")),
        ),
    )
    ended = (
        () if cover.last_day is None else (Reason("register_cover_ended", (("day", f"{cover.last_day:%d.%m.%Y}"),)),)
    )
    return Judgement(kind, version, holds=True, trace=said + ended)


def _silent(record: RegisterCheck) -> Reason | None:
    """Why nothing can be said, None where something can."""
    if record.plate_score is None or record.plate_score < ACCEPT or record.doubtful:
        return Reason("plate_not_sure", (("score", round(record.plate_score or 0.0, 3)),))
    if record.as_of is None:
        return Reason("register_absent", (("register", record.register),))
    if record.time - record.as_of > FRESH:
        return Reason("register_stale", (("register", record.register), ("as_of", f"{record.as_of:%d.%m.%Y}")))
    return Reason("register_silent", (("register", record.register),)) if record.cover is None else None
