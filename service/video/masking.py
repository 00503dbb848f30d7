"""Masked copies of exported video: everybody's face, every window and every plate covered, picture by picture.

The detectors are the ones that mask evidence, and serve one thread at a time: they are given back after each picture,
so that no decision waits for an export.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evidence.masked_clip import Looker, MaskedClip, mask_clip
from service.evidence_copies import ONE_AT_A_TIME, eyes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evidence.masks import Box, Masked
    from service.settings import Settings

NICE: Final = 10
"""Added to the thread's priority: it takes hours of a core, and nobody waits for a picture of it."""


class Stopping(Exception):
    """The service is being stopped: the copy is begun anew when it runs again."""


@dataclass(frozen=True, slots=True)
class VideoMask:
    """See `service.video.export_file.Mask`.

    Attributes:
        looker: finds what to mask.
        models: SHA-256 of its weights.
        stopping: whether to leave off.
    """

    looker: Looker
    models: Mapping[str, str]
    stopping: Callable[[], bool] = lambda: False

    def copy(self, source: Path, target: Path, tell: Callable[[int], None]) -> MaskedClip:
        """Write the masked copy of a part.

        Raises:
            IntegrityError: it cannot be decoded.
            Stopping: the service is being stopped.
        """
        return mask_clip(source, target, self, (), keep_plate=False, tell=tell)

    def look(self, picture: NDArray[np.uint8], subject: Box | None = None, *, keep_plate: bool = True) -> Masked:
        """What to mask in a picture; the detectors are free for others before and after it."""
        if self.stopping():
            raise Stopping
        with ONE_AT_A_TIME:
            return self.looker.look(picture, subject, keep_plate=keep_plate)


def video_mask(settings: Settings, stopping: Callable[[], bool] = lambda: False) -> VideoMask:
    """What masks video here, until it is to leave off.

    Raises:
        ConfigError: a model cannot be used.
    """
    masker, models = eyes(settings.model_choice)
    return VideoMask(masker, models, stopping)


def stand_back() -> None:
    """Let everything else of the service go before this thread."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
