"""The city file: which bodies issue decisions and decide on appeals, where fines are paid, where a document is checked.

TOML, named by ``QYRAN_CITY_FILE``; an unknown key is an error. A demo store has an invented one of its own.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from qyran.errors import ConfigError
from service.store.database import Store
from violations.decision import Body, Payment

DEMO: Final = Path(__file__).parent / "demo_city.toml"


class CityFile(BaseModel):
    """What decisions say about the city.

    Attributes:
        body: who issues them.
        appeal_body: who decides on appeals.
        payment: where a fine is paid; None is shown as missing.
        verification_url: the document's number is appended to it for the QR code; None prints the number alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    body: Body
    appeal_body: Body
    payment: Payment | None = None
    verification_url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None


def city_of(store: Store) -> CityFile:
    """The city file of an installation.

    Raises:
        ConfigError: a real store has none, or it cannot be used.
    """
    path = store.settings.city_file or (DEMO if store.demo else None)
    if path is None:
        raise ConfigError(
            "Decisions name their issuing body: set QYRAN_CITY_FILE to a TOML file with body and appeal_body."
        )
    try:
        return CityFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The city file {path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise ConfigError(f"The city file {path} is wrong at {place}: {first['msg']}.") from None
