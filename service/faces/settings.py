"""The faces file: which external system is asked. Without one the port is off, and nothing of it can be used.

TOML, named by ``QYRAN_FACES_FILE``; an unknown key is an error, the token is "env:NAME" or "file:PATH".
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from qyran.errors import ConfigError, NotFound
from service.ports.http import Peer
from service.settings import Settings, read_secret


class PortOff(NotFound):
    """The port to face recognition is off: there is nothing here."""


class FacesFile(BaseModel):
    """The external system.

    Attributes:
        longest_days: for so long at most an order holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^@\s]+$")]
    token: Annotated[str, StringConstraints(pattern=r"^(env|file):.+$")]
    ca_file: Path | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    longest_days: Annotated[int, Field(ge=1, le=180)] = 30

    def peer(self) -> Peer:
        """With its token read."""
        return Peer(self.url, read_secret(self.token), self.ca_file, self.timeout_s)


def faces_file(settings: Settings) -> FacesFile:
    """The faces file of an installation.

    Raises:
        PortOff: there is none.
        ConfigError: it cannot be used.
    """
    path = settings.faces_file
    if path is None:
        raise PortOff("Face recognition is off in this installation; Qyran itself recognises no faces.")
    try:
        return FacesFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The faces file {path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "its top"
        raise ConfigError(f"The faces file {path} is wrong at {place}: {first['msg']}.") from None
