"""A scene as its TOML file describes it; unknown keys are errors."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from qyran.errors import InputError

SCENES = Path(__file__).parent / "scenes"
Weather = Literal["clear", "overcast", "dusk", "night", "rain", "rain_night", "snow", "fog"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Texts(_Model):
    """A text in the three languages."""

    kk: str
    ru: str
    en: str


class CameraPose(_Model):
    """Where the camera stands and looks, road metres."""

    position_m: tuple[float, float, float]
    look_at_m: tuple[float, float, float]
    fov_deg: float = Field(gt=10, lt=120)


class SignalTimes(_Model):
    """A fixed-time plan, see `scenarios.signals`."""

    red_at_s: float
    green_s: float = Field(gt=0)
    yellow_s: float = Field(default=3.0, gt=0)
    red_s: float = Field(gt=0)
    red_yellow_s: float = 1.0
    clearance_s: float = 2.0


class Flow(_Model):
    """Random traffic on one path of the layout."""

    path: str
    per_minute: float = Field(ge=0)
    speed_kmh: float = 50.0
    mix: dict[str, float] | None = None


class Walkers(_Model):
    """People on a walk of the layout; `when_red` starts them some seconds after the group turned red."""

    walk: str
    per_minute: float = Field(ge=0)
    when_red: str = ""


class Placed(_Model):
    """One vehicle whose course the file fixes.

    `kind` names what it does: `red_light`, `wrong_way` and `stopped_vehicle` are planted events, `drive` is an
    ordinary vehicle put there on purpose (a hard negative). `at_s` is the second at which its front crosses the stop
    line (red_light, drive on a path with one), enters the path (wrong_way, drive) or comes to rest (stopped_vehicle).
    """

    kind: Literal["red_light", "wrong_way", "stopped_vehicle", "drive"]
    path: str
    at_s: float
    speed_kmh: float = 50.0
    vehicle: str = "sedan"
    stop_m: float = 0.0  # arc length on the path where a stopped vehicle rests
    hold_s: float = 1000.0  # how long it stays
    clear_s: tuple[float, float] = (8.0, 2.0)  # no random traffic enters the path this long before and after


class Smoke(_Model):
    """Smoke from a window of the building with id `building`, later flames; `window` counts from the near end."""

    building: str
    start_s: float
    flame_s: float
    window: int = 1
    floor: int = 2


class Scene(_Model):
    """A whole scene file."""

    name: str
    title: Texts
    template: Literal["crossroads", "arterial", "street"]
    start: AwareDatetime
    duration_s: float = Field(gt=0)
    fps: float = Field(gt=0)
    seed: int
    weather: Weather = "clear"
    speed_limit_kmh: float = 60.0
    latitude: float = 43.2389
    longitude: float = 76.8897
    camera: CameraPose
    signals: SignalTimes | None = None
    flows: list[Flow] = []
    walkers: list[Walkers] = []
    placed: list[Placed] = []
    smoke: Smoke | None = None
    steam: bool = False
    parked_share: float = 0.0

    @property
    def begin(self) -> datetime:
        """Wall-clock time of the first frame (UTC)."""
        return self.start


def scene_names() -> list[str]:
    """The scenes shipped with the package."""
    return sorted(p.stem for p in SCENES.glob("*.toml"))


def load_scene(name_or_path: str | Path) -> Scene:
    """Read a shipped scene by name or a file by path; raises InputError that names the file and the fault."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = SCENES / f"{name_or_path}.toml"
    if not path.is_file():
        raise InputError(f"scene {name_or_path}: no such scene; there are {', '.join(scene_names())}")
    try:
        return Scene.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as fault:
        raise InputError(f"scene file {path}: {fault}") from fault
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"scene file {path}: {where}: {first['msg']}") from fault
