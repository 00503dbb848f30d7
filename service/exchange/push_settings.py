"""The exchange file: to which addresses the feed is pushed.

TOML, named by ``QYRAN_EXCHANGE_FILE``; an unknown key is an error, tokens are "env:NAME" or "file:PATH". Without a file
nothing is pushed: the centre reads.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from qyran.errors import ConfigError
from service.exchange.feed import MOST
from service.ports.http import TIMEOUT_S, Peer
from service.settings import Settings, read_secret

HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that are reached without leaving the machine: only there plain HTTP is taken."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Endpoint(_Part):
    """An address that is pushed to.

    Attributes:
        name: what it is called on pages; how far it has taken the feed is kept under it.
        batch: records of one request at most.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^@\s?#]+$", max_length=255)]
    token: Annotated[str, StringConstraints(pattern=r"^(env|file):.+$")] | None = None
    ca_file: Path | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = TIMEOUT_S
    batch: Annotated[int, Field(ge=1, le=MOST)] = 500

    @field_validator("url")
    @classmethod
    def _is_guarded(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in HERE:
            raise ValueError("is not HTTPS")
        return value

    def peer(self) -> Peer:
        """With its token read."""
        return Peer(self.url, self.token and read_secret(self.token), self.ca_file, self.timeout_s)


class ExchangeFile(_Part):
    """The whole file."""

    push: tuple[Endpoint, ...] = ()

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        twice = [name for name, n in Counter(one.name for one in self.push).items() if n > 1]
        if twice:
            raise ValueError(f"names {twice[0]} twice")
        return self


def exchange_file(settings: Settings) -> ExchangeFile:
    """The exchange file of an installation; nothing is pushed where it has none.

    Raises:
        ConfigError: it cannot be used.
    """
    path = settings.exchange_file
    if path is None:
        return ExchangeFile()
    try:
        return ExchangeFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The exchange file {path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "its top"
        raise ConfigError(f"The exchange file {path} is wrong at {place}: {first['msg']}.") from None
