"""Paid parking: how long a vehicle stood in a paid place, in the hours of its tariff, beyond the free minutes.

The rule finds the stay; whether it was paid is told by the feed of payments when the stay is taken in, and without such
a feed it stays a material that the officer sees and nobody is asked to pay.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from violations.dwell import Told, facts_of, is_told, moments_of, remembered
from vision.finding import Finding, FindingType, Reason
from vision.stay import Stay, StayState, StayTerms, start_stays, step_stays

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.types import Observation

GRACE_S: Final = 300.0
"""Free time where the zone says nothing: to come, to pay and to leave. No tariff was seen that asks within it."""
LONGEST_S: Final = 4 * 3600.0
"""A stay that does not end is told after this time."""


@dataclass(frozen=True, slots=True)
class PaidState:
    """The camera, the stays, those that went on at the last look, what was told, and the last look's clock."""

    camera: Camera
    stays: StayState
    going: Mapping[int, Stay]
    told: tuple[Told, ...] = ()
    clock: tuple[float, datetime] | None = None


class PaidParking:
    """The rule; see the module's docstring."""

    kind = "paid_parking"
    version = "2"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A parking zone with a tariff."""
        return () if _paid(camera) else (Reason("missing_tariff"),)

    def start(self, camera: Camera) -> PaidState:
        """No vehicle seen yet."""
        terms = StayTerms(frozenset(_paid(camera)), excuses=False)
        return PaidState(camera, start_stays(camera, terms), MappingProxyType({}))

    def step(self, state: PaidState, observation: Observation) -> tuple[PaidState, tuple[Finding, ...]]:
        """A finding for each stay beyond the free time that has ended, or lasts too long to wait for its end."""
        stays, staying, ended = step_stays(state.stays, observation)
        told = remembered(state.told, staying, ended, observation.video_s)
        clock = (observation.video_s, observation.time)
        over = list(ended)
        for stay in staying:
            before = state.going.get(stay.number)
            if before is not None and stay.since_s > before.since_s:  # the hours of the tariff have ended
                over.append(before)
            elif stay.seconds >= LONGEST_S:
                over.append(stay)
        found: list[Finding] = []
        for stay in over:
            if self._long_enough(state.camera, stay) and not is_told(told, stay):
                told = (*told, Told(stay.zone, stay.track, None if stay.driven_off else stay.home, clock[0]))
                found.append(self._finding(state.camera, stay, clock))
        going = MappingProxyType({stay.number: stay for stay in staying})
        return PaidState(state.camera, stays, going, told, clock), tuple(found)

    def finish(self, state: PaidState) -> tuple[Finding, ...]:
        """A stay that goes on is told as far as it was seen."""
        if state.clock is None:
            return ()
        return tuple(
            self._finding(state.camera, stay, state.clock)
            for stay in state.going.values()
            if self._long_enough(state.camera, stay) and not is_told(state.told, stay)
        )

    def _long_enough(self, camera: Camera, stay: Stay) -> bool:
        own = _paid(camera)[stay.zone].grace_s
        return stay.seconds >= (GRACE_S if own is None else own)

    def _finding(self, camera: Camera, stay: Stay, clock: tuple[float, datetime]) -> Finding:
        begin, end = (clock[1] + timedelta(seconds=second - clock[0]) for second in (stay.since_s, stay.at.video_s))
        paid = (
            ("zone", stay.zone), ("tariff", _paid(camera)[stay.zone].tariff or ""),
            ("begin", begin.isoformat(timespec="seconds")), ("end", end.isoformat(timespec="seconds")),
            ("minutes", round(stay.seconds / 60, 1)),
        )  # fmt: skip
        return Finding(
            type=FindingType.VIOLATION, kind=self.kind, rule_version=self.version, onset_s=stay.since_s,
            video_s=stay.at.video_s, score=1.0 if stay.arrived else 0.8,
            trace=(
                Reason("paid_stay", paid),
                *facts_of(stay),
                Reason("stay_ended" if stay.driven_off else "stay_end_not_seen"),
            ),
            moments=moments_of(stay), track=stay.track, class_id=stay.class_id, zone=stay.zone, box=stay.at.box,
        )  # fmt: skip


RULE: Final = PaidParking()


def _paid(camera: Camera) -> dict[str, Zone]:
    return {zone.id: zone for zone in camera.zones_of("parking") if zone.tariff is not None}
