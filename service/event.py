"""One line of events.jsonl, and what travels from a worker to the store."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from evidence.manifest import Sha256
from vision.types import View

EventType = Literal["passage", "violation", "incident", "fire_alert", "stream", "evidence", "held_back"]

VIEWS: Final = tuple(f"view_{view}" for view in View)
"""Kinds of stream events that tell how a camera's view has changed."""


class Event(BaseModel):
    """What one camera reported. Keys that do not apply are absent from the line.

    Attributes:
        id: UUID given by the worker; the store takes each id once.
        type, kind: a rule's name; a passage's kind is the line's kind, a stream event's `up`, `down`, `analysed`,
            or one of `VIEWS`. An event of type `evidence` brings the whole clip of an alarm that left at once; one of
            type `held_back` tells of smoke or fire that a second look denied: no alarm, kept for a person to look at.
        camera: camera id.
        time: UTC time of decision.
        video_s: moment of decision, seconds of video.
        onset_s: estimated start, seconds of video (for `analysed`: start of the analysed stretch).
        track: track id.
        class_: road class of the subject (`class` in the line).
        line: control or stop line.
        lane: lane zone in which a passage went over the line.
        direction: `forward` or `backward` across the line.
        speed_kmh, speed_uncertainty_kmh: auxiliary video speed and its standard uncertainty, never a ground for a fine.
        plate: best reading in Latin capitals and digits.
        plate_score, plate_uncertain: of a passage's plate: how far every sign of it is to be trusted, 0 to 1, and the
            positions of doubtful signs, from 0.
        vehicle_type: how the vehicle looks: car, van, bus or truck.
        colour: white, grey, black, red, yellow, green or blue; absent where it cannot be told.
        score: 0 to 1.
        of: the event whose evidence this is, for type `evidence`.
        evidence: folder of the evidence package, relative to the file or spool.
        still, still_files: folder of a passage's pictures, relative to the file, and their SHA-256 by name.
        epoch: of the lease that its machine watched the camera under; absent where there are no leases.
        seen: UTC time at which the machine saw it, where `time` is a recording's and not that of a live camera.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: UUID
    type: EventType
    kind: str
    camera: str
    time: AwareDatetime
    video_s: float
    onset_s: float | None = None
    track: int | None = None
    class_: Annotated[str | None, Field(alias="class")] = None
    line: str | None = None
    lane: str | None = None
    direction: Literal["forward", "backward"] | None = None
    speed_kmh: float | None = None
    speed_uncertainty_kmh: float | None = None
    plate: str | None = None
    plate_score: Annotated[float | None, Field(ge=0, le=1)] = None
    plate_uncertain: tuple[int, ...] | None = None
    vehicle_type: Literal["car", "van", "bus", "truck"] | None = None
    colour: Literal["white", "grey", "black", "red", "yellow", "green", "blue"] | None = None
    score: float | None = None
    of: UUID | None = None
    evidence: str | None = None
    still: str | None = None
    still_files: dict[str, Sha256] | None = None
    epoch: Annotated[int | None, Field(ge=1)] = None
    seen: AwareDatetime | None = None

    @property
    def has_files(self) -> bool:
        """Whether a folder belongs to it: an evidence package, or a passage's pictures."""
        return self.evidence is not None or self.still is not None

    def to_line(self) -> str:
        """The event as one JSON line without its newline."""
        return self.model_dump_json(by_alias=True, exclude_none=True)

    @staticmethod
    def from_line(line: str | bytes) -> Event:
        """Read a line written by `to_line`."""
        return Event.model_validate_json(line)


def unread(error: BaseException) -> str:
    """Why a line is no event, without its values: keys of a newer worker are named, for they tell what to upgrade."""
    if not isinstance(error, ValidationError):
        return type(error).__name__
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    strange = sorted({str(one["loc"][-1])[:64] for one in faults if one["type"] == "extra_forbidden"})
    if strange:
        names = ", ".join(name if name.isidentifier() else "an odd name" for name in strange)
        return f"it has keys that this version does not know ({names}), as a newer worker writes; upgrade the service"
    return "wrong or missing: " + ", ".join(
        sorted({str(one["loc"][0]) for one in faults if one["loc"]}) or ["the line"]
    )


def whole_id(alarm: UUID | str) -> UUID:
    """The id of the event that brings the whole clip of an alarm."""
    return uuid5(NAMESPACE_URL, f"qyran:{alarm}|whole")


def held_id(alarm: UUID | str) -> UUID:
    """The id of the event that tells of an alarm which was held back; raised later, the alarm has its own."""
    return uuid5(NAMESPACE_URL, f"qyran:{alarm}|held back")
