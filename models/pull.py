"""Taking a model over into a folder of installed models: from a folder, a card file or an https address.

The weights a card names are fetched from beside it, compared with the card's SHA-256, and only then put in their
place, weights first: a card is never seen without its weights, and a refusal leaves nothing behind.
"""

from __future__ import annotations

import ipaddress
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

import httpx

from models.card import load_card, parse_card, read_json
from models.registry import shipped
from qyran.errors import ConfigError, InputError

if TYPE_CHECKING:
    from models.card import ModelCard

CARD: Final = "card.json"
MOST_CARD_BYTES: Final = 2**20
MOST_WEIGHT_BYTES: Final = 2**30
"""What a server may send for a card and for weights."""
TIMEOUT_S: Final = 30.0
"""Patience with a silent server."""


def pull(source: str, folder: Path) -> ModelCard:
    """Install the model of `source` into `folder`.

    Args:
        source: a folder with one card, the path of a card, or the https address of a card (http on this machine only).
        folder: of the installed models; made if need be.

    Returns:
        The installed card.

    Raises:
        ConfigError: there is no card, it is wrong, its weights are missing or are not those of the card, or its name
            is that of a shipped model.
        InputError: the address does not answer, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".pulling") as made:
            card = _fetched(source, Path(made))
            _install(card, Path(made) / CARD, folder)
    except OSError as error:
        raise InputError(f"The folder of models {folder} cannot be written: {error.strerror}.") from None
    return load_card(folder / f"{card.name}.json")


def _install(card: ModelCard, made: Path, folder: Path) -> None:
    """Put checked card and weights in their place; older weights of that name go last."""
    if card.name in shipped():
        raise ConfigError(f"The name {card.name!r} belongs to a shipped model; give the card another name.")
    if card.name != Path(card.name).name or card.name.startswith("."):
        raise ConfigError(f"The name {card.name!r} cannot be that of a file; give the card another name.")
    target = folder / f"{card.name}.json"
    file = f"{card.name}-{card.sha256[:12]}{card.path.suffix}"  # so that two models never share a file
    raw = {**json.loads(made.read_text(encoding="utf-8")), "file": file}
    made.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    before = folder / str(json.loads(target.read_text(encoding="utf-8")).get("file")) if target.is_file() else None
    card.path.replace(folder / file)
    made.replace(target)
    if before is not None and before.name != file:
        before.unlink(missing_ok=True)


def _fetched(source: str, made: Path) -> ModelCard:
    """Card and weights in a folder of their own, checked."""
    target = made / CARD
    if "://" in source:
        _download(_allowed(source), target, MOST_CARD_BYTES)
        card = parse_card(read_json(target), target)
        _download(urljoin(source, card.file), made / card.file, MOST_WEIGHT_BYTES)
        return load_card(target)
    path = _card_file(Path(source).expanduser())
    card = load_card(path)
    shutil.copyfile(path, target)
    shutil.copyfile(card.path, made / card.file)
    return load_card(target)


def _card_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    cards = sorted(path.glob("*.json"))
    if len(cards) != 1:
        raise ConfigError(f"The folder {path} holds {len(cards) or 'no'} cards (.json); give the path of one.")
    return cards[0]


def _allowed(source: str) -> str:
    """The address, if it is one to load a model from."""
    parts = urlsplit(source)
    if parts.username or parts.password:
        raise InputError("The address of the model holds a password; give one without.")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or "")):
        return source
    raise InputError(f"The address {source} is not https; give an https address, a folder or the path of a card.")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _download(address: str, target: Path, most: int) -> None:
    size = 0
    try:
        with (
            httpx.stream("GET", address, timeout=TIMEOUT_S, follow_redirects=True) as answer,
            target.open("wb") as stream,
        ):
            _allowed(str(answer.url))
            if answer.status_code != httpx.codes.OK:
                raise InputError(f"The address {address} answers with status {answer.status_code}.")
            for part in answer.iter_bytes():
                size += len(part)
                if size > most:
                    raise InputError(f"The address {address} sends more than {most // 2**20} MiB; it is no model.")
                stream.write(part)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InputError(f"The address {address} cannot be loaded: {type(error).__name__}.") from None
