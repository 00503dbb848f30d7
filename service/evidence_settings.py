"""The evidence file: who stamps the time, whose clock is asked, where the ledger's head goes.

TOML, named by ``QYRAN_EVIDENCE_FILE``; an unknown key is an error. How long evidence stays is a term of
`service.privacy_terms`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from qyran.errors import ConfigError
from service.settings import Settings

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^@\s]+$", max_length=255)]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=255)]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,200}(:\d{1,5})?$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeStamp(_Part):
    """The RFC 3161 authority.

    Attributes:
        url: where it answers.
        required: whether a decision may only be signed on evidence that bears a token.
        retry_minutes: first wait after a failure; it doubles up to six hours.
    """

    url: Url
    required: bool = False
    retry_minutes: Annotated[float, Field(gt=0, le=360)] = 1.0


class Clock(_Part):
    """Whose clock is asked.

    Attributes:
        servers: NTP servers, ``host`` or ``host:port``; the answer of the first that is nearest counts.
        every_minutes: how often the worker asks.
    """

    servers: tuple[Host, ...] = ()
    every_minutes: Annotated[float, Field(gt=0, le=1440)] = 10.0


class Publish(_Part):
    """Where the ledger's head goes each day.

    Attributes:
        folder: a file a day is put there.
        url: it is posted there.
        email: it is sent there, by the mail server of the delivery file.
        hour: hour of the day, in the city's time zone, from which the head of the day before is published.
    """

    folder: Path | None = None
    url: Url | None = None
    email: tuple[Address, ...] = ()
    hour: Annotated[int, Field(ge=0, le=23)] = 1


class EvidenceFile(_Part):
    """The whole file; everything in it may be left out.

    Attributes:
        time_stamp: None asks no authority.
        device_papers: folder with a folder of papers for each device, named by its serial number.
    """

    time_stamp: TimeStamp | None = None
    clock: Clock = Clock()
    publish: Publish = Publish()
    device_papers: Path | None = None


def evidence_file(settings: Settings) -> EvidenceFile:
    """The evidence file of an installation; the defaults where it has none.

    Raises:
        ConfigError: it cannot be used.
    """
    path = settings.evidence_file
    if path is None:
        return EvidenceFile()
    try:
        return EvidenceFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The evidence file {path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "its top"
        raise ConfigError(f"The evidence file {path} is wrong at {place}: {first['msg']}.") from None
