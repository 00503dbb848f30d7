"""Whether an alerts file can be used, its secrets and certificates included; nothing is sent."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

from qyran.errors import ConfigError
from service.notifying.routing import Receiver, read_alerts_file
from service.settings import read_secret


def check_file(path: Path) -> Iterator[str]:
    """A line for each receiver that can be told.

    Raises:
        ConfigError: the first thing that is wrong, its key named.
    """
    found = read_alerts_file(path)
    for one in found.receivers:
        _check(path, one)
        yield f"{one.id}: {one.channel}{f' for {one.service}' if one.service else ''}, hears {', '.join(one.steps)}"
    if found.drivers is not None:
        if found.drivers.token is not None:
            read_secret(found.drivers.token)
        yield f"warnings for drivers: {'for anybody' if found.drivers.public else 'with a token'}"
    if not found.receivers:
        yield "nobody outside is told"


def _check(path: Path, one: Receiver) -> None:
    for name in ("token", "secret", "inbound_token", "password"):
        where: str | None = getattr(one, name)
        if where is None:
            continue
        try:
            read_secret(where)
        except ConfigError as error:
            raise ConfigError(f"The alerts file {path} is wrong at {name} of {one.id}: {error}") from None
    if one.ca_file is not None:
        try:
            ssl.create_default_context(cafile=str(one.ca_file))
        except OSError as error:
            raise ConfigError(
                f"The alerts file {path} is wrong at ca_file of {one.id}: {error.__class__.__name__}."
            ) from None
