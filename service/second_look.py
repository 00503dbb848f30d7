"""Runs the second look at a fire alert on a camera's last packets, within its time (`fire_alerts.second_look`)."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from fire_alerts.second_look import WINDOWS, SecondWindows, Silence, Verdict, judged, silent, with_verdict
from qyran.errors import QyranError
from vision.classes import FIRE_CLASSES
from vision.close_look import CloseLook, close_look

if TYPE_CHECKING:
    from collections.abc import Callable

    from vision.archive import PacketRing
    from vision.detector import Detector
    from vision.finding import Finding

AGAIN_S: Final = (2.0, 4.0, 8.0, 16.0, 30.0)
"""A rejected alert is looked at again so many seconds after it was raised: a fire that was too small grows."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Doubted:
    """An alert that was rejected and is looked at again.

    Attributes:
        finding: as the rule raised it.
        tries: how often it was rejected.
    """

    finding: Finding
    tries: int = 1

    @property
    def due_s(self) -> float:
        """Second of video of the next look; infinity where there is none."""
        return self.finding.video_s + AGAIN_S[self.tries - 1] if self.tries <= len(AGAIN_S) else float("inf")


class SecondLook:
    """The second look at one camera's alerts.

    Pictures are decoded and looked at in a thread of its own; whoever asks waits no longer than the limit. A look that
    takes longer ends unheard, and until then the next one is not begun.

    Args:
        ring: holds the camera's last packets.
        eye: gives a detector of fire and smoke of its own, since the camera's goes on meanwhile; asked once, when it is
            needed. None where the camera looks for no fire.
        windows: settings.
    """

    def __init__(self, ring: PacketRing, eye: Callable[[], Detector] | None, windows: SecondWindows = WINDOWS) -> None:
        self._ring, self._eye, self._windows = ring, eye, windows
        self._detector: Detector | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._running: Future[CloseLook | None] | None = None

    def at(self, finding: Finding) -> tuple[Finding, Verdict]:
        """The finding with what the second look says in its trace, and the verdict; never raises."""
        verdict = self._verdict(finding)
        return with_verdict(finding, verdict), verdict

    def again(self, doubted: Doubted, now_s: float) -> tuple[Finding, Verdict]:
        """The same for an alert that was rejected before, as it looks now; then it is decided now."""
        return self.at(replace(doubted.finding, video_s=now_s))

    def _verdict(self, finding: Finding) -> Verdict:
        if finding.box is None or self._eye is None or finding.kind not in FIRE_CLASSES:
            return silent(Silence.NO_PLACE)
        if self._running is not None and not self._running.done():
            return silent(Silence.BUSY)
        self._thread = self._thread or ThreadPoolExecutor(1, "second-look")
        self._running = self._thread.submit(self._look, finding, self._eye)
        try:
            return judged(finding.kind, self._running.result(self._windows.limit_s), self._windows)
        except Late:
            return silent(Silence.LATE)
        except (QyranError, OSError, ValueError, RuntimeError) as error:
            log.warning("The second look failed: %s", error.__class__.__name__)
            return silent(Silence.DECODER)

    def _look(self, finding: Finding, eye: Callable[[], Detector]) -> CloseLook | None:
        if finding.box is None:
            return None
        if self._detector is None:
            self._detector = eye()
        count = round(self._windows.span_s * self._windows.rate_hz) + 1
        moments = np.linspace(finding.video_s - self._windows.span_s, finding.video_s, count)
        found = {frame.index: frame for frame in self._ring.pictures_at([float(t) for t in moments]) if frame}
        pictures = [frame for _, frame in sorted(found.items())]
        same = [frame for frame in pictures if frame.picture.shape == pictures[-1].picture.shape]
        return close_look(same, finding.box, FIRE_CLASSES.index(finding.kind), self._detector)
