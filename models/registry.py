"""Where models are found by name: the shipped ones and those installed in a folder of the user's."""

from __future__ import annotations

from pathlib import Path

from models.card import WEIGHTS
from qyran.errors import ConfigError


def shipped() -> dict[str, Path]:
    """Cards of the shipped models by name, in the order of their names."""
    return _cards(WEIGHTS)


def installed(folder: Path | None) -> dict[str, Path]:
    """Cards of the models installed in a folder by name; none where it is absent."""
    return {} if folder is None else _cards(folder)


def find(named: str, folder: Path | None = None) -> Path:
    """The card of a model.

    Args:
        named: name of a shipped or installed model, or the path of a card.
        folder: of the installed models.

    Raises:
        ConfigError: there is none.
    """
    known = installed(folder) | shipped()  # a shipped name always means the shipped model
    if named in known:
        return known[named]
    if not named.endswith(".json"):
        raise ConfigError(
            f"There is no model {named!r}; give the path of a card (.json) or one of {', '.join(sorted(known))}."
        )
    return Path(named).expanduser()


def _cards(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.json"))}
