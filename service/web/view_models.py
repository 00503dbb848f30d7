"""What templates show, already in words: small read-only shapes built from the views of the use cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from evidence.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Tile:
    """A count with its link; `alarm` colours it when it is not 0."""

    label: str
    count: int
    path: str
    current: bool = False
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Age:
    """How many cases wait for so long."""

    label: str
    count: int
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Pages:
    """Where in a long list one is."""

    number: int
    count: int
    back: str | None
    on: str | None


@dataclass(frozen=True, slots=True)
class Integrity:
    """Whether something is as it was signed, in a sentence."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happened."""

    name: str
    camera_id: str
    coordinates: str | None = None
    territory: str | None = None


@dataclass(frozen=True, slots=True)
class Player:
    """The review player.

    Attributes:
        frame_s: time of one frame where the frames' own times are not known.
        times: second of each frame after the first, by its original PTS.
        start_s: second of video the clip begins at.
        start_at: when that was.
        act: from where to where in the clip the act lasts, seconds.
    """

    clip_url: str
    original_url: str
    is_copy: bool
    frame_s: float
    times: tuple[float, ...]
    start_s: float
    start_at: datetime
    act: tuple[float, float]
    width: int
    height: int
    poster_url: str | None
    overlay_url: str | None


@dataclass(frozen=True, slots=True)
class Still:
    """One still of the evidence; `video_s` is None where there is no video; a crop shows a part of its still."""

    url: str
    title: str
    time: datetime
    video_s: float | None
    width: int
    height: int
    moment: str
    is_crop: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows of the evidence."""

    player: Player | None
    stills: tuple[Still, ...]
    gaps: tuple[str, ...]
    trace: tuple[str, ...]
    integrity: Integrity
    package_sha256: str | None
    manifest: Manifest | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a history."""

    at: datetime
    what: str
    who: str
    role: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A reason code with its words."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Offence:
    """An entry of the offence catalogue: article, words, what it costs."""

    id: str
    article: str
    text: str
    amount: str
    units: str
    kind: str
    checked: bool = False


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A line of the officer's queue."""

    id: str
    kind: str
    class_name: str
    camera: str
    t_detect: datetime
    late: bool
    plate: str | None
    state: str
    tone: str
    second_look: str | None
    document_no: str | None
    mine: bool
    claimed_by: str | None
    thumb_url: str | None


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """A line of the operators' list; `fresh` wants an answer, `ended` wants to be closed."""

    id: str
    version: int
    kind: str
    icon: str
    severity: str
    is_fire: bool
    is_drill: bool
    reports: int
    state: str
    tone: str
    fresh: bool
    camera: str
    camera_id: str
    services: str
    t_detect: datetime
    thumb_url: str | None
    can_acknowledge: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class TimePoint:
    """One time of an alarm, and how long after detection it was."""

    name: str
    at: datetime | None
    since: str | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RuleOff:
    """A rule a camera cannot run, and what it lacks."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class CameraRow:
    """A line of the camera register."""

    id: str
    name: str
    territory: str | None
    state: str
    tone: str
    icon: str
    since: datetime | None
    commissioned: str | None
    analysed: str | None
    last_analysed: datetime | None
    passages: int
    rules_on: tuple[str, ...]
    rules_off: tuple[RuleOff, ...]


Reasons = Mapping[str, tuple[Choice, ...]]
