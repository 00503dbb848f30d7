"""Rules on trial: no class of the detector and no data stand behind them, so they cry wolf more often than others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision.finding import Reason

if TYPE_CHECKING:
    from vision.camera import Camera


def not_asked_for(camera: Camera, kind: str) -> tuple[Reason, ...]:
    """Why a rule on trial is off: the camera file's `trials` does not name it."""
    return () if kind in camera.trials else (Reason("missing_trial"),)
