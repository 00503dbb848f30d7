"""Events of one camera as they are told: made of findings and passages, each with an id of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np

from service.event import Event, held_id, whole_id
from vision.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from vision.finding import Finding
    from vision.types import Observation, Passage


def finding_event(camera: str, finding: Finding, observation: Observation) -> Event:
    """What a rule found, at the moment of the decision."""
    moment = observation.time + timedelta(seconds=finding.video_s - observation.video_s)
    subject = finding.track if finding.track is not None else _middle(finding.box)
    identity = event_id(camera, finding.type.value, finding.kind, moment.isoformat(), subject)
    return Event(
        id=identity,
        type=finding.type.value,
        kind=finding.kind,
        camera=camera,
        time=moment,
        video_s=round(finding.video_s, 3),
        onset_s=round(finding.onset_s, 3),
        track=finding.track,
        class_=class_name(finding.class_id),
        line=finding.line,
        speed_kmh=kmh(finding.speed_ms),
        speed_uncertainty_kmh=kmh(finding.speed_sigma_ms),
        score=round(finding.score, 3),
        evidence=f"evidence/{identity}",
    )


def whole_of(event: Event) -> Event:
    """The event that brings the whole clip of an alarm which left before its clip was over."""
    identity = whole_id(event.id)
    return event.model_copy(
        update={"id": identity, "type": "evidence", "of": event.id, "evidence": f"evidence/{identity}"}
    )


def held_back_of(event: Event) -> Event:
    """The event that tells of an alarm which a second look held back."""
    identity = held_id(event.id)
    return event.model_copy(update={"id": identity, "type": "held_back", "evidence": f"evidence/{identity}"})


def passage_event(camera: str, passage: Passage, observation: Observation) -> Event:
    """A vehicle that went over a control line."""
    moment = observation.time + timedelta(seconds=passage.video_s - observation.video_s)
    return Event(
        id=event_id(camera, "passage", passage.line, moment.isoformat(), passage.track),
        type="passage",
        kind="control",
        camera=camera,
        time=moment,
        video_s=round(passage.video_s, 3),
        track=passage.track,
        class_=class_name(passage.class_id),
        line=passage.line,
        lane=passage.lane,
        direction="forward" if passage.forward else "backward",
        speed_kmh=kmh(passage.speed_ms),
        speed_uncertainty_kmh=kmh(passage.speed_sigma_ms),
    )


def event_id(*parts: object) -> UUID:
    """The same happening on the same video gets the same id, so that a repeated analysis doubles nothing."""
    return uuid5(NAMESPACE_URL, "qyran:" + "|".join(str(part) for part in parts))


def class_name(class_id: int | None) -> str | None:
    """The name of a road class."""
    return None if class_id is None else ROAD_CLASSES[class_id]


def kmh(speed_ms: float | None) -> float | None:
    """Metres a second as km/h to a tenth; None where there is no number."""
    return None if speed_ms is None or not np.isfinite(speed_ms) else round(speed_ms * 3.6, 1)


def _middle(box: tuple[float, float, float, float] | None) -> str:
    return "" if box is None else f"{(box[0] + box[2]) / 2:.0f},{(box[1] + box[3]) / 2:.0f}"
