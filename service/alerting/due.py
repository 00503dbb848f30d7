"""The ladder of an installation, and when the next step of an alert's escalation is due."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from incidents.alert import AlertState
from incidents.escalation import Ladder, Rung, Wait, turns
from incidents.severity import KINDS, Attention
from qyran.errors import ConfigError
from service.settings import Settings
from service.store.alert_tables import Alert

SHIPPED: Final = "escalation.toml"
LONGEST_S: Final = 86_400

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,48}$")]


class _Rung(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name
    when: Wait
    after_s: Annotated[int, Field(ge=1, le=LONGEST_S)]
    tell: Annotated[tuple[Name, ...], Field(min_length=1)]
    attention: frozenset[Attention] = frozenset()
    kinds: frozenset[str] = frozenset()
    repeat_s: Annotated[int | None, Field(ge=10, le=LONGEST_S)] = None
    most: Annotated[int, Field(ge=1, le=100)] = 1

    def rung(self) -> Rung:
        """As the rules take it."""
        return Rung(
            id=self.id,
            when=self.when,
            after=timedelta(seconds=self.after_s),
            tell=self.tell,
            attention=self.attention,
            kinds=self.kinds,
            repeat=None if self.repeat_s is None else timedelta(seconds=self.repeat_s),
            most=self.most,
        )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    valid_from: date
    source: Annotated[str, StringConstraints(min_length=1)]
    rungs: tuple[_Rung, ...]


def ladder_of(settings: Settings) -> Ladder:
    """The installation's ladder; the shipped one where none is named. A changed file counts after the next start.

    Raises:
        ConfigError: the file is absent or wrong; one sentence names the place.
    """
    return _read(settings.escalation_file)


def arm(settings: Settings, row: Alert) -> None:
    """Set when the next step of an alert's escalation is due; None where nobody is waited for or all is done."""
    every = turns(ladder_of(settings), AlertState(row.state), row.kind)
    if row.t_waiting is None or row.escalation_step >= len(every):
        row.escalation_due = None
        return
    row.escalation_due = row.t_waiting + every[row.escalation_step].after


@lru_cache(maxsize=8)
def _read(path: Path | None) -> Ladder:
    try:
        if path is None:
            text = resources.files("service.alerting").joinpath(SHIPPED).read_text(encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
        file = _File.model_validate(tomllib.loads(text))
    except OSError:
        raise ConfigError(f"The escalation file {path} cannot be read; check QYRAN_ESCALATION_FILE.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise ConfigError(f"The escalation file {path} is no TOML; check its brackets and quotes.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ConfigError(f"The escalation file {path} is wrong at {place or 'its top'}: {first['msg']}.") from None
    ids = [one.id for one in file.rungs]
    unknown = sorted({kind for one in file.rungs for kind in one.kinds} - set(KINDS))
    if len(set(ids)) != len(ids):
        raise ConfigError(f"The escalation file {path} names two rungs alike; each needs an id of its own.")
    if unknown:
        raise ConfigError(f"The escalation file {path} names the kind {unknown[0]}, which does not exist.")
    return Ladder(file.name, file.valid_from, file.source, tuple(one.rung() for one in file.rungs))
