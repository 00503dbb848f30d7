"""`qyran camera check`: whether a camera answers, what it sends, and which rules it can run."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from qyran.errors import CameraFileError, MediaError
from service import camera_secrets
from service.camera_watch import camera_with_path
from service.i18n import number, trace_words, translate
from service.pauses import expired_calibration
from service.rule_words import ROOMS, rule_lines
from service.rulebook import rule_statuses, unknown_rules
from service.settings import home
from vision.credentials import scrub
from vision.road_plane import RoadPlane
from vision.stream import Stream
from vision.stream_settings import StreamSettings

if TYPE_CHECKING:
    from pathlib import Path

    from service.i18n import Language
    from service.rulebook import RuleStatus
    from vision.finding import Reason
    from vision.stream_settings import StreamInfo

FIRST_PICTURE_S: Final = 15.0
"""How long a camera that has answered may take to its first whole picture: more than a long GOP."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A camera that answered.

    Attributes:
        camera: its id.
        info: what it sends.
        rules: every rule, with what the camera file lacks for it.
        plane: its road plane, None without a calibration.
        expired: that the calibration has ended.
    """

    camera: str
    info: StreamInfo
    rules: tuple[RuleStatus, ...]
    plane: RoadPlane | None
    expired: Reason | None


def check(camera_file: Path) -> Checked:
    """Open a camera's stream and read one picture.

    Raises:
        InputError: one sentence why the camera file or its stream cannot be used.
    """
    camera_secrets.install(home())
    camera = camera_with_path(camera_file)
    with Stream(camera, StreamSettings(first_open="raise")) as stream:
        if not _gives_picture(stream):
            raise MediaError(f"The stream {scrub(camera.stream)} answered, but gave no picture that can be decoded.")
        unknown = unknown_rules(camera)
        if unknown:
            raise CameraFileError(
                f"The camera file {camera_file} pauses rules that there are not: {', '.join(unknown)}."
            )
        now, info = datetime.now(UTC), stream.info
        plane = RoadPlane.from_camera(camera, info.width, info.height)
        return Checked(camera.id, info, rule_statuses(camera, now), plane, expired_calibration(camera, now))


def in_words(checked: Checked, lang: Language) -> list[str]:
    """What was found out, as lines to read."""
    info = checked.info
    size = f"{info.width}×{info.height}"
    lines = [
        translate(
            lang, "camera_check.stream", camera=checked.camera, size=size, codec=info.codec, fps=number(lang, info.fps)
        )
    ]
    if checked.plane is not None:
        error = {"px": number(lang, checked.plane.error_px, 1), "m": number(lang, checked.plane.error_m, 2)}
        lines.append(f"  {translate(lang, 'camera_check.calibration', **error)}")
    if checked.expired is not None:
        lines.append("  " + trace_words(lang, ("vision",), checked.expired.code, dict(checked.expired.values)))
    for line in rule_lines(lang, checked.rules):
        rule = f"{translate(lang, f'camera_check.{ROOMS[line.type]}')}: {line.name}"
        key = "camera_check.off" if line.why else "camera_check.on"
        lines.append(f"  {translate(lang, key, rule=rule, why=line.why)}")
    return lines


def _gives_picture(stream: Stream) -> bool:
    frames = stream.frames()
    if not stream.info.live:
        return next(frames, None) is not None
    timer = threading.Timer(FIRST_PICTURE_S, stream.close)
    timer.start()
    try:
        return next(frames, None) is not None
    finally:
        timer.cancel()
