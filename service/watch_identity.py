"""Who watches: what evidence says of the camera file, the models and the clock it was made by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from vision.stream_settings import StreamInfo


@dataclass(frozen=True, slots=True)
class Identity:
    """What evidence must say about where it was made.

    Attributes:
        camera_sha256: hash of the camera file's bytes.
        models: SHA-256 of each model's weights by task.
        clock: whose clock dates the video.
        clock_at: how far that clock was off at a moment; None where nobody can know, as for a recording.
        marks: what must be seen at once, such as ``demo``.
    """

    camera_sha256: str
    models: Mapping[str, str]
    clock: Mapping[str, Any]
    marks: Mapping[str, bool] = field(default_factory=dict)
    clock_at: Callable[[datetime], Mapping[str, Any]] | None = None

    def clock_state(self, at: datetime) -> dict[str, Any]:
        """What evidence says of the clock at a moment."""
        return {**self.clock, **({"ntp": dict(self.clock_at(at))} if self.clock_at is not None else {})}


def clock_at_capture(recording: StreamInfo | None) -> dict[str, str]:
    """What evidence says of the clock: the host's for a live stream (None), else where a recording's time is from."""
    if recording is None:
        return {"source": "host"}
    return {"source": "recording", "start_time_from": recording.time_source}
