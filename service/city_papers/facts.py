"""What is so in this installation and in this version: figures that papers name, and the parts it is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import TYPE_CHECKING, Final

from qyran import __version__
from qyran.roles import Role
from service.doors import doors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.settings import Settings

NAME: Final = re.compile(r"^[A-Za-z0-9._-]+")
LICENCE: Final = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class Part:
    """A library that the running service is made of."""

    name: str
    version: str
    licence: str


def facts_of(settings: Settings) -> dict[str, str]:
    """Values by the names that stand in the papers' texts."""
    return {
        "version": __version__,
        "roles": str(len(Role)),
        "routes": str(len(doors())),
        "database": "PostgreSQL" if settings.url.get_backend_name() == "postgresql" else "SQLite",
        "passage_days": str(settings.passage_days),
        "video_days": str(settings.video_days),
        "retention_days": str(settings.retention_days),
        "time_zone": settings.time_zone,
        "clock_offset": f"{settings.clock_offset_s:g}",
        "login_attempts": str(settings.login_attempts),
        "login_window": str(settings.login_window_minutes),
        "idle": str(settings.session_idle_minutes),
        "session_hours": str(settings.session_hours),
    }


def parts() -> tuple[Part, ...]:
    """Every library that is installed because the service needs it, directly or through another."""
    seen: dict[str, Part] = {}
    waiting = ["qyran"]
    while waiting:
        name = waiting.pop()
        try:
            found = distribution(name)
        except PackageNotFoundError:  # for another system or Python
            continue
        key = found.metadata["Name"].lower().replace("_", "-")
        if key in seen:
            continue
        seen[key] = Part(found.metadata["Name"], found.version, _licence(found))
        waiting += _needs(found)
    return tuple(seen[key] for key in sorted(seen) if key != "qyran")


def _needs(found: Distribution) -> Iterator[str]:
    """Names of what a library needs without its extras."""
    for line in found.requires or ():
        name = NAME.match(line)
        if name is not None and "extra ==" not in line:
            yield name.group()


def _licence(found: Distribution) -> str:
    told = found.metadata.json
    named = [one.removeprefix(LICENCE) for one in told.get("classifier", ()) if one.startswith(LICENCE)]
    short = str(told.get("license", "")).splitlines()[:1]
    return str(told.get("license_expression", "")) or ", ".join(named) or "".join(short) or "—"
