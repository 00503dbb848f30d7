"""Who may wait at a signal: whoever stands upstream of its stop line until the queue had time to clear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vision.directions import entry_arrow
from vision.types import SignalState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.types import Observation

QUEUE_CLEARS_S: Final = 20.0
"""A queue is given this long after green before a vehicle in it counts as stopped."""

Until = tuple[tuple[str, float], ...]
"""Until which second of video each signal lets vehicles wait, by its id."""


def wait_until(camera: Camera, until: Until, observation: Observation) -> Until:
    """Until when vehicles may wait at each signal, after one more observation."""
    now = dict(until)
    for signal in camera.signals:
        reading = observation.signals.get(signal.id)
        if reading is None or reading.state is not SignalState.GREEN:
            now[signal.id] = observation.video_s + QUEUE_CLEARS_S
    return tuple(now.items())


def waiting(camera: Camera, observation: Observation, until: Mapping[str, float]) -> NDArray[np.bool_]:
    """Which tracks stand upstream of a stop line whose signal lets them wait, bool [N]."""
    may_wait = np.zeros(len(observation.tracks), bool)
    for signal, rows in upstream(camera, observation).items():
        if until.get(signal, 0.0) >= observation.video_s:
            may_wait |= rows
    return may_wait


def upstream(camera: Camera, observation: Observation) -> dict[str, NDArray[np.bool_]]:
    """Which tracks stand upstream of the stop line of each signal that has one, bool [N] by the signal's id.

    All of them, where nothing tells the lawful direction across the line.
    """
    scale = np.array([observation.width, observation.height], float)
    foot = observation.tracks.foot.astype(float)
    tolerance = observation.tracks.box[:, 3] - observation.tracks.box[:, 1]
    lines = {line.id: line for line in camera.lines}
    rows: dict[str, NDArray[np.bool_]] = {}
    for signal in camera.signals:
        if signal.stop_line is None:
            continue
        line = lines[signal.stop_line]
        arrow = entry_arrow(camera, line, observation.width, observation.height)
        middle = np.mean(np.array(line.points) * scale, axis=0)
        rows[signal.id] = np.ones(len(foot), bool) if arrow is None else (foot - middle) @ arrow < tolerance
    return rows
