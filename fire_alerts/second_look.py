"""The second stage: what a close look at the last seconds says of an alert before it leaves.

It may only take back what two independent ways of looking deny: the detector does not see it near by, and nothing there
moves as smoke and fire do. Everything else leaves, with what was found. Where the second look cannot speak (no packets
any more, a decoder's error, no time), the alert leaves and says why: it fails open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vision.classes import FIRE, FIRE_CLASSES
from vision.finding import Finding, Reason

if TYPE_CHECKING:
    from vision.close_look import CloseLook


class Word(StrEnum):
    """What the second look says."""

    CONFIRMED = "confirmed"
    WEAK = "weak"
    REJECTED = "rejected"
    SILENT = "silent"


class Silence(StrEnum):
    """Why it says nothing."""

    NO_PICTURES = "no_pictures"
    DECODER = "decoder"
    LATE = "late"
    BUSY = "busy"
    NO_PLACE = "no_place"


@dataclass(frozen=True, slots=True)
class SecondWindows:
    """Settings of the second look.

    Attributes:
        span_s: how far back it looks.
        rate_hz: pictures a second that it looks at.
        limit_s: how long it may take; an alert must be before the operator 2 s after its frame at p95.
        sure: mean score near by from which the detector agrees,
        denies: and below which it denies.
        live: levels by which a burning place changes from picture to picture beyond what is around it,
        still: and below which nothing there moves.
        flame: share of a flame's place in its colours, below which nothing there is a flame,
        flicker: and the change of these below which none flickers.
    """

    span_s: float = 2.0
    rate_hz: float = 6.0
    limit_s: float = 1.0
    sure: float = 0.3
    denies: float = 0.1
    live: float = 1.5
    still: float = 0.3
    flame: float = 0.01
    flicker: float = 0.04


WINDOWS: Final = SecondWindows()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the second look came to; `reasons` go into the trace."""

    word: Word
    reasons: tuple[Reason, ...]


def judged(kind: str, look: CloseLook | None, windows: SecondWindows = WINDOWS) -> Verdict:
    """What a close look says; None, or too few pictures, says nothing."""
    if look is None:
        return silent(Silence.NO_PICTURES)
    near, other = round(look.near, 2), round(look.other, 2)
    facts = (
        Reason("second_look_near", (("score", near), ("other", other), ("pictures", look.pictures))),
        Reason("second_look_stir", (("levels", round(look.stir, 1)),)),
    )
    agrees = max(look.near, look.other) >= windows.sure
    denies = max(look.near, look.other) < windows.denies
    dead = look.stir < windows.still
    if kind == FIRE_CLASSES[FIRE]:
        dead = dead or (look.flame < windows.flame and look.flicker < windows.flicker)
    if denies and dead:
        return Verdict(Word.REJECTED, (Reason("second_look_rejected"), *facts))
    if agrees and look.stir >= windows.live:
        return Verdict(Word.CONFIRMED, (Reason("second_look_confirmed"), *facts))
    return Verdict(Word.WEAK, (Reason("second_look_weak"), *facts))


def silent(why: Silence) -> Verdict:
    """It does not speak, and why."""
    return Verdict(Word.SILENT, (Reason(f"second_look_silent_{why}"),))


def with_verdict(finding: Finding, verdict: Verdict) -> Finding:
    """The finding with the second look in its trace, before the last line, which says what such an alert is."""
    return replace(finding, trace=(*finding.trace[:-1], *verdict.reasons, *finding.trace[-1:]))
