"""Whether officers reject unusually many cases of a camera and rule: exact tests against its past and its peers.

A camera that has moved, a lamp that was exchanged or a line drawn wrongly shows first in what officers reject. The
share rejected in a window is compared with the same camera's own past and with the other cameras of the same rule in
the same window, each by Fisher's exact test (R. A. Fisher, Statistical Methods for Research Workers, 1934, section
21.02): it needs no normal approximation, so it holds for a handful of cases. Both have to speak: a camera that was
always worse than its peers is a matter for its installer and not for an alarm, and one that is worse together with all
its peers has met a change of the rule or of the law. A shift must also be large enough to matter, since many cases make
any difference significant. All pairs of one day are judged together at one level (S. Holm, A simple sequentially
rejective multiple test procedure, Scand. J. Statistics 6, 1979), so that a city of a thousand cameras has no more false
alarms a day than one of ten. Intervals are Wilson's (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from qyran.errors import InputError
from qyran.wilson import wilson


@dataclass(frozen=True, slots=True)
class QualityTerms:
    """Parameters of the test.

    Attributes:
        window: what is looked at.
        past: what it is compared with, before the window.
        least_decided: fewer decisions in the window, or in what it is compared with, tell nothing.
        jump: the smallest rise of the share that matters.
        alpha: chance of any false alarm a day, over all cameras and rules together.
        unknown_share: a camera with neither past nor peers is compared with this share (KPI 9.9 asks for 1 % at most).
    """

    window: timedelta = timedelta(days=7)
    past: timedelta = timedelta(days=90)
    least_decided: int = 20
    jump: float = 0.15
    alpha: float = 0.01
    unknown_share: float = 0.05


@dataclass(frozen=True, slots=True)
class Count:
    """Cases decided by officers, and how many of them they rejected."""

    decided: int = 0
    rejected: int = 0

    def __post_init__(self) -> None:
        """Raise where more were rejected than decided."""
        if not 0 <= self.rejected <= self.decided:
            raise InputError("No more cases can be rejected than were decided.")

    @property
    def share(self) -> float | None:
        """Of rejections; None where nothing was decided."""
        return self.rejected / self.decided if self.decided else None

    def __add__(self, other: Count) -> Count:
        return Count(self.decided + other.decided, self.rejected + other.rejected)


@dataclass(frozen=True, slots=True)
class Rates:
    """What is known of one camera and rule.

    Attributes:
        camera, kind: of what.
        now: in the window.
        past: of the same camera and rule before it.
        peers: of the other cameras of the rule in the window.
    """

    camera: str
    kind: str
    now: Count
    past: Count
    peers: Count


@dataclass(frozen=True, slots=True)
class Alarm:
    """A camera and rule whose rejections jumped, with the chances of it by luck alone; None where nothing to compare.

    Attributes:
        rates: the counts.
        p: the larger of the two chances, by which it is judged.
        p_past, p_peers: against its own past, against its peers.
    """

    rates: Rates
    p: float
    p_past: float | None
    p_peers: float | None


def interval(count: Count) -> tuple[float, float]:
    """What holds the true share of rejections with 95 %; 0 to 1 where nothing was decided."""
    return wilson(count.rejected, count.decided)


def fisher(one: Count, other: Count) -> float:
    """Chance that `one` has as many rejections as it has or more, were both of one share: exact, one-sided.

    The tail of the hypergeometric distribution in whole numbers, so that nothing is rounded before the end.
    """
    total, rejected = one.decided + other.decided, one.rejected + other.rejected
    most = min(one.decided, rejected)
    ways = sum(
        math.comb(rejected, k) * math.comb(total - rejected, one.decided - k) for k in range(one.rejected, most + 1)
    )
    return ways / math.comb(total, one.decided)


def binomial(count: Count, share: float) -> float:
    """Chance of as many rejections or more, were the share the given one."""
    if not count.decided:
        return 1.0
    n = count.decided
    return min(1.0, sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(count.rejected, n + 1)))


def judge(rates: Rates, terms: QualityTerms) -> Alarm | None:
    """The chances of what one camera and rule shows, or None where too little was decided or nothing jumped."""
    share = rates.now.share
    if share is None or rates.now.decided < terms.least_decided:
        return None
    known = [one for one in (rates.past, rates.peers) if one.decided >= terms.least_decided]
    if not known:
        if share - terms.unknown_share < terms.jump:
            return None
        return Alarm(rates, binomial(rates.now, terms.unknown_share), None, None)
    if any(share - (one.share or 0.0) < terms.jump for one in known):
        return None
    past = fisher(rates.now, rates.past) if rates.past in known else None
    peers = fisher(rates.now, rates.peers) if rates.peers in known else None
    return Alarm(rates, max(p for p in (past, peers) if p is not None), past, peers)


def alarms(all_rates: Sequence[Rates], terms: QualityTerms) -> tuple[Alarm, ...]:
    """Every camera and rule to be put under quarantine, the surest first (Holm over all that were looked at)."""
    looked_at = sum(one.now.decided >= terms.least_decided for one in all_rates)
    found = sorted(
        (one for rates in all_rates if (one := judge(rates, terms)) is not None),
        key=lambda one: (one.p, one.rates.camera, one.rates.kind),
    )
    kept = []
    for rank, one in enumerate(found):
        if one.p > terms.alpha / (looked_at - rank):
            break
        kept.append(one)
    return tuple(kept)
