"""A clip of happenings: who plans to do what, drawn only when physics shows exactly that."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final

import numpy as np

from qyran.errors import InputError
from scenarios.acts import Act, acts_of
from scenarios.camera_file import write_camera
from scenarios.compose import cuboid_truth
from scenarios.fleet import draw_look
from scenarios.render import Encoder, set_up, view_of
from scenarios.scene import CameraPose, Scene, Texts
from scenarios.script import Actor, Script, Signals, body
from scenarios.truth import FrameTruth
from vision.camera_parts import Hours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from scenarios.camera import Pinhole
    from scenarios.course import Course
    from scenarios.fleet import Look
    from scenarios.layout import Layout
    from scenarios.scene import Weather

SIZE: Final = (640, 360)  # what many cameras send as their second stream
FPS: Final = 8.0  # as often as a camera is looked at
APART_M: Final = 0.5  # between the sides of two road users
AHEAD_M: Final = 1.0  # and before a vehicle
LOOK_AGAIN_S: Final = 0.25  # how often two plans are compared
TRIES: Final = 40  # for one place in a clip
WEATHERS: Final[dict[str, tuple[Weather, ...]]] = {
    "day": ("clear", "clear", "overcast"), "rain": ("rain",), "night": ("night", "rain_night"),
    "snow": ("snow",), "fog": ("fog",),
}  # fmt: skip
"""Condition to the weathers that are drawn for it."""
CARS: Final = {"sedan": 4.0, "hatch": 2.0, "suv": 3.0, "wagon": 1.0, "minivan": 1.0}
MIXED: Final = {**CARS, "truck_box": 1.0, "bus": 0.6, "van": 0.6}


class PlanError(InputError):
    """A clip does not show what it was made for."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What an actor is in the clip for: an act of the rule, or a near miss, by its name."""

    actor: int
    breaks: bool
    name: str


@dataclass(slots=True)
class Clip:
    """One clip before it is drawn.

    Attributes:
        companions: kinds that those who break the rule may break as well.
        account: reckons the acts from the frames.
    """

    rule: str
    condition: str
    scene: Scene
    layout: Layout
    rng: np.random.Generator
    plan: Signals | None = None
    actors: list[Actor] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    companions: tuple[str, ...] = ()
    size: tuple[int, int] = SIZE
    account: Callable[[tuple[FrameTruth, ...], Layout, datetime], tuple[Act, ...]] = acts_of
    _bodies: list[NDArray[np.float64]] = field(default_factory=list)

    def look(self, mix: Mapping[str, float] = CARS, kind: str | None = None) -> Look:
        """Somebody."""
        return draw_look(self.rng, kind, None if kind else mix)

    def add(
        self,
        look: Look,
        make: Callable[[], Course],
        name: str = "",
        *,
        breaks: bool = False,
        backwards: bool = False,
        ahead_m: float = AHEAD_M,
        tries: int = TRIES,
        meets: tuple[int, ...] = (),
        changes: tuple[tuple[float, Look], ...] = (),
    ) -> Actor | None:
        """Put somebody on a course; `make` draws another one when the last met somebody. None where there is no room.

        Args:
            look: who.
            make: draws a course.
            name: what it is there for; nameless for the traffic around.
            breaks: whether it breaks the clip's rule.
            backwards: whether it drives in reverse gear.
            ahead_m: room that others must leave before it.
            tries: how many courses are drawn.
            meets: ids of those whom it may meet: the other in a crash.
            changes: how it looks from some second on, as in `Actor`.
        """
        times = np.arange(0.0, self.scene.duration_s + LOOK_AGAIN_S, LOOK_AGAIN_S)
        for _ in range(tries):
            actor = Actor(len(self.actors) + 1, look, make(), backwards, changes=changes)
            points = body(actor, times, ahead_m if look.kind != "person" else 0.0)
            if not np.isfinite(points).any() or any(
                _meet(points, other, look.spec.width / 2 + known.look.spec.width / 2 + APART_M)
                for known, other in zip(self.actors, self._bodies, strict=True)
                if known.id not in meets
            ):
                continue
            self.actors.append(actor)
            self._bodies.append(points)
            if name:
                self.intents.append(Intent(actor.id, breaks, name))
            return actor
        return None

    def forget(self, count: int) -> None:
        """Take the last so many actors away again."""
        gone = {actor.id for actor in self.actors[-count:]}
        del self.actors[-count:], self._bodies[-count:]
        self.intents = [intent for intent in self.intents if intent.actor not in gone]

    @property
    def script(self) -> Script:
        """The world of this clip."""
        return Script(self.layout, self.actors, self.plan)

    def camera(self) -> Pinhole:
        """The camera of this clip."""
        return view_of(self.scene, self.size)[0]

    def rehearse(self) -> tuple[Act, ...]:
        """The acts of the clip, reckoned from cuboids, without drawing."""
        camera, world = self.camera(), self.script
        frames = []
        for index in range(round(self.scene.duration_s * self.scene.fps)):
            video_s = index / self.scene.fps
            told = [o for o in (cuboid_truth(s, camera) for s in world.states(video_s)) if o is not None]
            frames.append(FrameTruth(index, video_s, tuple(told), world.signals(video_s)))
        return self.checked(tuple(frames))

    def checked(self, frames: tuple[FrameTruth, ...]) -> tuple[Act, ...]:
        """The acts in some frames.

        Raises:
            PlanError: somebody does not do what they are in the clip for.
        """
        acts = self.account(frames, self.layout, self.scene.start)
        did = frozenset[int]().union(*(act.everybody for act in acts if act.kind == self.rule))
        wanted = {intent.actor for intent in self.intents if intent.breaks}
        names = {intent.actor: intent.name for intent in self.intents}
        if did != wanted:
            wrong = ", ".join(
                f"{names.get(key, 'traffic')} ({key}) {'does' if key in did else 'does not'}"
                for key in sorted(did ^ wanted)
            )
            raise PlanError(f"clip {self.scene.name}: of those who should break {self.rule}: {wrong}")
        return acts


def later_hours(clip: Clip) -> tuple[Hours, ...]:
    """Two hours of every day that begin three hours after the clip."""
    local = (clip.scene.start.hour + 5) % 24  # Kazakhstan keeps UTC+5
    return (Hours(start=time((local + 3) % 24), end=time((local + 5) % 24)),)


def _meet(one: NDArray[np.float64], other: NDArray[np.float64], apart: float) -> bool:
    """Whether two bodies [T, P, 2] come nearer than so many metres."""
    both = np.isfinite(one[:, 0, 0]) & np.isfinite(other[:, 0, 0])
    if not both.any():
        return False
    gaps = one[both][:, :, None] - other[both][:, None]
    return bool((gaps**2).sum(-1).min() < apart * apart)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A clip as it lies on disk, with what is true of it."""

    video: Path
    camera: Path
    frames: tuple[FrameTruth, ...]
    acts: tuple[Act, ...]
    intents: tuple[Intent, ...]


def make_scene(
    rule: str,
    condition: str,
    seed: int,
    template: str,
    pose: CameraPose,
    duration_s: float,
    start: datetime | None = None,
) -> Scene:
    """The scene of a clip; weather and light of its condition."""
    rng = np.random.default_rng(seed + 17)
    weather = str(rng.choice(WEATHERS[condition]))
    name = f"{rule}-{condition}-{seed}"
    noon, night = datetime(2026, 5, 14, 7, 0, tzinfo=UTC), datetime(2026, 5, 14, 17, 30, tzinfo=UTC)
    return Scene(
        name=name, title=Texts(kk=name, ru=name, en=name), template=template,  # type: ignore[arg-type]
        start=start or (night if condition == "night" else noon), duration_s=duration_s, fps=FPS, seed=seed,
        weather=weather, camera=pose,  # type: ignore[arg-type]
    )  # fmt: skip


def draw(clip: Clip, folder: Path) -> Drawn:
    """Draw a clip into a folder: video and camera file, with the truth of its frames.

    Raises:
        PlanError: the drawn clip shows other acts than planned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    camera, air = view_of(clip.scene, clip.size)
    show = set_up(clip.scene, clip.layout, clip.script, camera, air)
    video = folder / f"{clip.scene.name}.mp4"
    encoder = Encoder(video, clip.size, clip.scene.fps)
    frames: list[FrameTruth] = []
    for index in range(round(clip.scene.duration_s * clip.scene.fps)):
        picture, told = show.frame(index)
        encoder.add(picture, index)
        frames.append(told)
    encoder.close()
    path = folder / f"{clip.scene.name}.camera.toml"
    write_camera(clip.scene, clip.layout, camera, path)
    return Drawn(video, path, tuple(frames), clip.checked(tuple(frames)), tuple(clip.intents))
