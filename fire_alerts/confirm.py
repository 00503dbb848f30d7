"""Smoke and fire confirmed over time: single frames are never believed.

The detector looks a few times a second with a low threshold; looks are gathered into places. A place becomes an
alert when it was seen in most looks of a window and its mean score over all looks of the window passes a strict
threshold; while an alert is on, a lower threshold keeps it (hysteresis), so one fire is one alert. The scheme
follows what public wildfire systems found to work (averaging over frames, presence in at least half of the window).

Look-alikes that move with the traffic (headlights, brake lights, red lorries) do not stay in a place; what rides on
a moving vehicle's box is left out. An auxiliary sign, not a certified fire alarm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import FIRE_CLASSES
from vision.finding import Finding, FindingType, Moment, Reason
from vision.geometry import cover, iou

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.sight import Box
    from vision.types import Observation


@dataclass(frozen=True, slots=True)
class Windows:
    """Named settings of the confirmation and how they hang together.

    Attributes:
        look_score: a box counts as a look from this calibrated score; far below the alarm so that weak but steady
            smoke is heard.
        window_s: length of the window over which looks are gathered.
        least_looks: fewer looks than this in the window prove nothing, whatever their score.
        share: part of the window's looks in which the place must be seen.
        alarm_score: mean score over all looks of the window (0 where not seen) that raises the alert.
        keep: an alert goes on while the mean stays above `keep * alarm_score`.
        quiet_s: an alert ends after this long below that; what comes later is a new one.
        widest: a box wider and higher than this share of the picture is glare or fog, not a plume.
        same_place: overlap (IoU, or the share of the smaller box inside the larger) that makes two looks one place.
        ride_cover: share of a box inside a moving vehicle's box at which it belongs to the vehicle.
        ride_speed: box sizes a second from which a vehicle counts as moving.
    """

    look_score: float = 0.1
    window_s: float = 3.0
    least_looks: int = 4
    share: float = 0.6
    alarm_score: float = 0.42
    keep: float = 0.6
    quiet_s: float = 60.0
    widest: float = 0.95
    same_place: float = 0.15
    ride_cover: float = 0.7
    ride_speed: float = 0.3


@dataclass(frozen=True, slots=True)
class _Look:
    video_s: float
    score: float
    box: Box


@dataclass(frozen=True, slots=True)
class _Place:
    """Looks of one class at one place, oldest first; `raised` once it became an alert."""

    class_id: int
    looks: tuple[_Look, ...]
    first_s: float
    last_strong_s: float = 0.0
    raised: bool = False

    @property
    def box(self) -> Box:
        """Median of the last looks' boxes: a single odd box does not move the place."""
        recent = np.median(np.array([look.box for look in self.looks[-5:]]), axis=0)
        return (float(recent[0]), float(recent[1]), float(recent[2]), float(recent[3]))


@dataclass(frozen=True, slots=True)
class ConfirmState:
    """The places under watch and the times of the detector's looks within the window."""

    looks_s: tuple[float, ...] = ()
    places: tuple[_Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Confirm:
    """The rule (`vision.finding.Rule`), one for both kinds; see the module's docstring."""

    windows: Windows = Windows()
    kind: str = "fire_and_smoke"
    version: str = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """Nothing: any camera can see smoke."""
        del camera
        return ()

    def start(self, camera: Camera) -> ConfirmState:
        """Nothing seen yet."""
        del camera
        return ConfirmState()

    def step(self, state: ConfirmState, observation: Observation) -> tuple[ConfirmState, tuple[Finding, ...]]:
        """Take one look, if the fire detector looked at this frame."""
        if observation.fire is None:
            return state, ()
        now, windows = observation.video_s, self.windows
        looks_s = (*(t for t in state.looks_s if now - t < windows.window_s), now)
        places = list(state.places)
        for score, class_id, box in _believable(observation, windows):
            _place_look(places, _Look(now, score, box), class_id, windows)
        found: list[Finding] = []
        kept: list[_Place] = []
        for place in places:
            looks = tuple(look for look in place.looks if now - look.video_s < windows.window_s)
            mean = sum(look.score for look in looks) / len(looks_s)
            strong = mean >= windows.alarm_score * (windows.keep if place.raised else 1.0)
            place_now = replace(
                place, looks=looks or place.looks[-1:], last_strong_s=now if strong else place.last_strong_s
            )
            enough = len(looks) >= windows.least_looks and len(looks) >= windows.share * len(looks_s)
            if strong and enough and not place.raised:
                place_now = replace(place_now, raised=True)
                if not _belongs_to_alert(place_now, kept + places, windows):
                    found.append(_finding(place_now, observation, mean, looked=len(looks_s), version=self.version))
            limit = windows.quiet_s if place_now.raised else windows.window_s
            if now - max(place_now.last_strong_s, place_now.looks[-1].video_s) <= limit:
                kept.append(place_now)
        return ConfirmState(looks_s, tuple(kept)), tuple(found)

    def finish(self, state: ConfirmState) -> tuple[Finding, ...]:
        """A window that was not filled proves nothing."""
        del state
        return ()


RULE: Final = Confirm()


def _believable(observation: Observation, windows: Windows) -> list[tuple[float, int, Box]]:
    """Looks worth keeping: strong enough, no glare over the whole picture, not riding on a moving vehicle."""
    fire = observation.fire
    if fire is None or len(fire) == 0:
        return []
    size = fire.box[:, 2:] - fire.box[:, :2]
    keep: NDArray[np.bool_] = fire.score >= windows.look_score
    keep &= ~((size[:, 0] > windows.widest * observation.width) & (size[:, 1] > windows.widest * observation.height))
    tracks = observation.tracks
    if len(tracks):
        scale = (tracks.box[:, 2] - tracks.box[:, 0] + tracks.box[:, 3] - tracks.box[:, 1]) / 2
        moving = np.hypot(tracks.velocity_px[:, 0], tracks.velocity_px[:, 1]) > windows.ride_speed * scale
        if moving.any():
            keep &= ~(cover(fire.box, tracks.box[moving]) > windows.ride_cover).any(axis=1)
    return [
        (float(fire.score[i]), int(fire.class_id[i]), tuple(float(v) for v in fire.box[i]))  # type: ignore[misc]
        for i in np.flatnonzero(keep)
    ]


def _overlap(first: Box, second: Box) -> float:
    """IoU, or how much of the smaller box lies in the larger one, halved: a plume grows out of its first box."""
    a, b = np.array([first]), np.array([second])
    return max(float(iou(a, b)[0, 0]), 0.5 * max(float(cover(a, b)[0, 0]), float(cover(b, a)[0, 0])))


def _place_look(places: list[_Place], look: _Look, class_id: int, windows: Windows) -> None:
    """Add the look to the place it overlaps most, or begin a new place; one look a place and moment."""
    best, overlap = None, windows.same_place
    for k, place in enumerate(places):
        shared = _overlap(place.box, look.box) if place.class_id == class_id else 0.0
        if shared >= overlap:
            best, overlap = k, shared
    if best is None:
        places.append(_Place(class_id, (look,), look.video_s))
    elif places[best].looks[-1].video_s < look.video_s:
        places[best] = replace(places[best], looks=(*places[best].looks, look))
    elif places[best].looks[-1].score < look.score:
        places[best] = replace(places[best], looks=(*places[best].looks[:-1], look))


def _belongs_to_alert(place: _Place, places: list[_Place], windows: Windows) -> bool:
    """Whether an alert of the same class already stands at this place."""
    return any(
        other.raised
        and other.class_id == place.class_id
        and other.first_s != place.first_s
        and _overlap(other.box, place.box) >= windows.same_place
        for other in places
    )


def _finding(place: _Place, observation: Observation, mean: float, *, looked: int, version: str) -> Finding:
    kind = FIRE_CLASSES[place.class_id]
    first, last = place.looks[0], place.looks[-1]
    growth = _area(last.box) / max(_area(first.box), 1.0)
    trace = (
        Reason(
            f"{kind}_seen",
            (("seen", len(place.looks)), ("looked", looked), ("seconds", round(last.video_s - place.first_s, 1))),
        ),
        Reason("mean_score", (("score", round(mean, 2)),)),
        Reason("growth", (("times", round(growth, 1)),)),
        Reason("auxiliary_fire_sign"),
    )
    return Finding(
        type=FindingType.FIRE_ALERT,
        kind=kind,
        rule_version=version,
        onset_s=place.first_s,
        video_s=observation.video_s,
        score=round(min(1.0, mean), 3),
        trace=trace,
        moments=(
            Moment("onset", place.first_s, first.box),
            Moment("decision", observation.video_s, last.box),
            Moment("wide", observation.video_s),
        ),
        box=place.box,
    )


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
