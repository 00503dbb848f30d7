"""Camera tampering: a camera was turned, blurred, blinded or covered, and must be looked after.

Said once a happening: whatever the view turns into next, the operator already knows, until it was well again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vision.finding import Finding, FindingType, Moment, Reason
from vision.types import View

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.finding import Rule
    from vision.types import Observation


@dataclass(frozen=True, slots=True)
class TamperingState:
    """Whether the present happening was already told."""

    told: bool = False


class CameraTampering:
    """The rule; see the module's docstring."""

    kind = "camera_tampering"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """Nothing: every camera can be turned away."""
        del camera
        return ()

    def start(self, camera: Camera) -> TamperingState:
        """The view is well."""
        del camera
        return TamperingState()

    def step(self, state: TamperingState, observation: Observation) -> tuple[TamperingState, tuple[Finding, ...]]:
        """A finding when the view is lost."""
        view = observation.view
        if view.state is View.OK or state.told:
            return TamperingState(told=view.state is not View.OK), ()
        return TamperingState(told=True), (_finding(observation),)

    def finish(self, state: TamperingState) -> tuple[Finding, ...]:
        """Nothing is pending."""
        del state
        return ()


RULE: Final[Rule[TamperingState]] = CameraTampering()


def _finding(observation: Observation) -> Finding:
    view, now = observation.view, observation.video_s
    since = (("since_s", round(view.since_s, 1)), ("seconds", round(now - view.since_s, 1)))
    return Finding(
        type=FindingType.INCIDENT, kind=CameraTampering.kind, rule_version=CameraTampering.version,
        onset_s=view.since_s, video_s=now, score=1.0,
        trace=(
            Reason(
                "view_moved" if view.state is View.MOVED
                else "view_blurred" if view.state is View.BLURRED
                else "view_blinded" if view.state is View.BLINDED
                else "view_covered",
                since,
            ),
            Reason("view_pauses_rules"),
        ),
        moments=(Moment("onset", view.since_s), Moment("decision", now)),
    )  # fmt: skip
